"""The places to check as a table: pictures, where, why, how likely wrong; a click goes there.

Draws the queue; which places are in it, and where their pictures come from, is the session's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from qtpy.QtCore import QItemSelectionModel, QSize, Qt, Signal
from qtpy.QtGui import QIcon, QImage, QPixmap
from qtpy.QtWidgets import QHeaderView, QWidget

from napari_segloop.session.words import counted
from napari_segloop.widgets.listening import Ear
from napari_segloop.widgets.part import Part, in_column
from napari_segloop.widgets.place_words import PlaceRow, row_of, tooltip
from napari_segloop.widgets.rows import Column, Rows
from napari_segloop.widgets.section import Section
from napari_segloop.widgets.table import Table
from napari_segloop.widgets.theme import colours_of, em

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from qtpy.QtGui import QPaintEvent, QResizeEvent

    from napari_segloop.session.loop import LoopSession
    from napari_segloop.session.state import LoopState, Place

NUMBER, WHERE, WHY, LIKELY, STATE = range(5)
PICTURE, LINE = 2.4, 3.1  # em
NAMES = 0.18  # of the width
WIDTHS = {NUMBER: PICTURE + 0.5, LIKELY: 3.4, STATE: 3.0}  # em; states may take two lines
_TIP = "All places in the order of checking; click a column's title to sort by it"
_ASCENDING, _DESCENDING = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder
_Select: Final = QItemSelectionModel.SelectionFlag


class _PlacesView(Table):
    """A table that says when other rows may be seen."""

    painted = Signal()

    def __init__(self, rows: Rows[PlaceRow]) -> None:
        super().__init__(rows, "Places to check", stretched=WHY, lines=(2, 5), line=LINE)
        self.setWordWrap(True)
        self.setIconSize(QSize(em(self, PICTURE), em(self, PICTURE)))
        self.set_hint("No places to check yet.")
        if (header := self.horizontalHeader()) is not None:
            for column in (WHERE, *WIDTHS):
                header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
                self.setColumnWidth(column, em(self, WIDTHS.get(column, 3)))
            header.setSectionsClickable(True)
            header.setToolTip(_TIP)

    def seen(self) -> tuple[PlaceRow, ...]:
        """Return the rows that can be seen, from the top."""
        view = self.viewport()
        if view is None or not self.rows.rowCount():
            return ()
        last = self.rowAt(view.height() - 1)
        first = max(0, self.rowAt(0))
        found: tuple[PlaceRow, ...] = self.rows.rows[first : None if last < 0 else last + 1]
        return found

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Give images' names a share of the width, and reasons what is left.

        Parameters
        ----------
        event : QResizeEvent
            The new size.
        """
        super().resizeEvent(event)
        self.setColumnWidth(WHERE, max(em(self, 3), round(NAMES * self.width())))

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the table, and tell of it.

        Parameters
        ----------
        event : QPaintEvent
            What to draw.
        """
        super().paintEvent(event)
        self.painted.emit()


class PlaceTable(Part):
    """The places under a header that folds.

    Parameters
    ----------
    session : LoopSession
        Asked to go to places, and for pictures.
    parent : QWidget, optional
        Its parent.
    """

    draws: ClassVar[frozenset[str]] = frozenset({"queue", "images", "classes"})

    def __init__(self, session: LoopSession, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.rows: Rows[PlaceRow] = Rows(self._columns(), lambda row: row.place)
        self.table = _PlacesView(self.rows)
        self.table.entered_row.connect(self._go)
        self.table.painted.connect(self._want_pictures)
        self.section = Section("Places", self.table, _TIP)
        self.section.folded.connect(self._on_folded)
        self._sorted_by, self._order = NUMBER, _ASCENDING
        self._here: Place | None = None
        self._icons = dict["Place", tuple[object, QIcon]]()  # each with the picture it is of
        if (header := self.table.horizontalHeader()) is not None:
            header.sectionClicked.connect(self.sort_by)
        in_column(self).addWidget(self.section)
        self._ear = Ear(self, session.thumbnails.ready, self._on_picture)

    def _columns(self) -> tuple[Column[PlaceRow], ...]:
        def is_bold(row: PlaceRow) -> bool:
            return row.is_here

        texts = {
            "Place": lambda row: "",
            "Where": lambda row: row.where,
            "Why": lambda row: row.why,
            "Wrong": lambda row: row.likely,
            "State": lambda row: row.state,
        }
        return tuple(
            Column(
                title, text, self._picture if title == "Place" else None, tooltip, is_bold=is_bold
            )
            for title, text in texts.items()
        )

    def draw(self, state: LoopState) -> None:
        """Show the places; nothing but how many are left while they are folded away.

        Parameters
        ----------
        state : LoopState
            As the session has it.
        """
        total, left = len(state.queue.places), state.queue.left
        hidden = f" · {state.below:,} hidden" if state.below else ""
        summary = f"{left} of {counted(total, 'place')} left{hidden}" if total or hidden else ""
        self.section.header.set_summary(summary)
        if not self.section.is_open:
            return
        rows = [row_of(state, number) for number in range(total)]
        self._icons = {r.place: self._icons[r.place] for r in rows if r.place in self._icons}
        self._show(rows)
        if state.queue.here != self._here:
            self._here = state.queue.here
            self._select_here()

    def sort_by(self, column: int) -> None:
        """Sort by a column; by the same one once more the other way round.

        Parameters
        ----------
        column : int
            From the left.
        """
        falls = column == LIKELY  # the most likely first
        if column == self._sorted_by:
            falls = self._order == _ASCENDING
        self._sorted_by, self._order = column, _DESCENDING if falls else _ASCENDING
        if (header := self.table.horizontalHeader()) is not None:
            header.setSortIndicatorShown(True)
            header.setSortIndicator(column, self._order)
        self._show(sorted(self.rows.rows, key=lambda row: row.number))

    def _show(self, rows: list[PlaceRow]) -> None:
        is_falling = self._order == _DESCENDING
        rows = sorted(rows, key=lambda row: row.sort_key(self._sorted_by), reverse=is_falling)  # type: ignore[arg-type,return-value]  # all of one kind
        self.rows.set_rows(rows)
        for column in (WHERE, LIKELY):  # where they would say the same of all places
            is_told = len({row.sort_key(column) for row in rows}) > 1
            self.table.setColumnHidden(column, not is_told)

    def _select_here(self) -> None:
        places = [place for place, row in enumerate(self.rows.rows) if row.is_here]
        selection = self.table.selectionModel()
        if not places or selection is None:
            return
        index = self.rows.index(places[0], NUMBER)
        selection.setCurrentIndex(index, _Select.ClearAndSelect | _Select.Rows)
        self.table.scrollTo(index)

    def _go(self, place: int) -> None:
        self.ask(self._session.go_to, self.rows.rows[place].place)

    def _on_folded(self, is_folded: bool) -> None:  # a Qt slot
        if is_folded:
            self._here = None
            self._session.thumbnails.rest()
        else:
            self.draw(self._session.state)

    def _want_pictures(self) -> None:
        """Have pictures made of the rows that are seen."""
        seen = [row.place for row in self.table.seen()]
        self._session.thumbnails.want(seen, [row.place for row in self.rows.rows])

    def _on_picture(self, _: Place) -> None:
        if self.section.is_open:
            self.rows.redraw()

    def _picture(self, row: PlaceRow) -> QIcon:
        found = self._session.thumbnails.picture(row.place)
        known, icon = self._icons.get(row.place, (None, None))
        if icon is None or known is not found:
            pixmap = self._blank() if found is None else self._shown(found)
            icon = QIcon(pixmap)
            icon.addPixmap(pixmap, QIcon.Mode.Selected)  # else it is tinted
            if found is None:
                return icon  # in the colours of today's theme
            self._icons[row.place] = found, icon
        return icon

    def _side(self) -> int:
        return round(em(self, PICTURE) * self.devicePixelRatioF())

    def _blank(self) -> QPixmap:
        pixmap = QPixmap(self._side(), self._side())
        pixmap.fill(colours_of(self).background)
        pixmap.setDevicePixelRatio(self.devicePixelRatioF())
        return pixmap

    def _shown(self, picture: NDArray[np.uint8]) -> QPixmap:
        (height, width), raw = picture.shape[:2], picture.tobytes()
        image = QImage(raw, width, height, 3 * width, QImage.Format.Format_RGB888)
        keep, smooth = (
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
        pixmap = QPixmap.fromImage(image).scaled(self._side(), self._side(), keep, smooth)
        pixmap.setDevicePixelRatio(self.devicePixelRatioF())
        return pixmap
