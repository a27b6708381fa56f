"""The places to check as a table: pictures, where, why, how likely wrong; a click goes there.

Draws the queue; which places are in it, and where their pictures come from, is the session's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from qtpy.QtCore import QItemSelectionModel, QSize, Qt, Signal
from qtpy.QtGui import QImage, QPixmap
from qtpy.QtWidgets import QHeaderView, QWidget

from napari_segloop.session.words import counted
from napari_segloop.widgets.listening import Ear
from napari_segloop.widgets.part import Part, in_column
from napari_segloop.widgets.place_words import SPOT_CHECK, how_likely, state_of, where, why
from napari_segloop.widgets.rows import Column, Rows
from napari_segloop.widgets.section import Section
from napari_segloop.widgets.table import Table
from napari_segloop.widgets.theme import colours_of, em

if TYPE_CHECKING:
    from qtpy.QtGui import QPaintEvent

    from napari_segloop.session.loop import LoopSession
    from napari_segloop.session.state import LoopState, Place

PICTURE, LINE = 2.4, 2.7  # em
NUMBER, WHERE, WHY, LIKELY, STATE = range(5)
_TIP = "All places in the order of checking; click a column's title to sort by it"
_ASCENDING, _DESCENDING = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder
_Select: Final = QItemSelectionModel.SelectionFlag


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A place of the queue in words.

    Parameters
    ----------
    number : int
        From 1, in the order of checking.
    place : Place
        Where to go.
    where, why, likely, state : str
        As in `place_words`.
    is_here : bool
        Whether the user is there.
    """

    number: int
    place: Place
    where: str
    why: str
    likely: str
    state: str
    is_here: bool

    def sort_key(self, column: int) -> object:
        """Return what the row is sorted by, besides its number.

        Parameters
        ----------
        column : int
            Of the table.

        Returns
        -------
        object
            Comparable with that of other rows.
        """
        keys = (self.number, self.where, self.why, self.place.region.worst, self.state)
        return keys[column]


class _PlacesView(Table):
    """A table that says when other rows may be seen."""

    painted = Signal()

    def __init__(self, rows: Rows[PlaceRow]) -> None:
        super().__init__(rows, "Places to check", lines=(2, 6), line=LINE)
        self.setWordWrap(True)
        self.setIconSize(QSize(em(self, PICTURE), em(self, PICTURE)))
        self.set_hint("No places to check yet.")
        if (header := self.horizontalHeader()) is not None:
            header.setSectionResizeMode(WHERE, QHeaderView.ResizeMode.Stretch)
            header.setSectionResizeMode(WHY, QHeaderView.ResizeMode.Stretch)
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
        self._asked: tuple[Place, ...] = ()
        self._pixmaps = dict["Place", QPixmap]()
        if (header := self.table.horizontalHeader()) is not None:
            header.sectionClicked.connect(self.sort_by)
        in_column(self).addWidget(self.section)
        self._ear = Ear(self, session.thumbnails.ready, self._on_picture)

    def _columns(self) -> tuple[Column[PlaceRow], ...]:
        def is_bold(row: PlaceRow) -> bool:
            return row.is_here

        texts = {
            "Place": lambda row: str(row.number),
            "Where": lambda row: row.where,
            "Why": lambda row: row.why,
            "Wrong": lambda row: row.likely,
            "State": lambda row: row.state,
        }
        return tuple(
            Column(
                title, text, self._picture if title == "Place" else None, _tooltip, is_bold=is_bold
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
        self.section.header.set_summary(
            f"{left} of {counted(total, 'place')} left" if total else ""
        )
        if not self.section.is_open:
            return
        rows = [_row(state, number) for number in range(total)]
        self._pixmaps = {r.place: m for r in rows if (m := self._pixmaps.get(r.place)) is not None}
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
        self._asked = ()
        if is_folded:
            self._here = None
            self._session.thumbnails.rest()
        else:
            self.draw(self._session.state)

    def _want_pictures(self) -> None:
        """Have pictures made of the rows that are seen."""
        seen = tuple(row.place for row in self.table.seen())
        if seen != self._asked:
            self._asked = seen
            self._session.thumbnails.want(seen, [row.place for row in self.rows.rows])

    def _on_picture(self, place: Place) -> None:
        if self.section.is_open:
            self._pixmaps.pop(place, None)
            self.rows.redraw()

    def _picture(self, row: PlaceRow) -> QPixmap:
        if row.place not in self._pixmaps:
            side, ratio = em(self, PICTURE), self.devicePixelRatioF()
            pixmap = QPixmap(round(side * ratio), round(side * ratio))
            pixmap.setDevicePixelRatio(ratio)
            pixmap.fill(colours_of(self).background)
            found = self._session.thumbnails.picture(row.place)
            if found is None:
                return pixmap
            (height, width), raw = found.shape[:2], found.tobytes()
            image = QImage(raw, width, height, 3 * width, QImage.Format.Format_RGB888)
            keep = Qt.AspectRatioMode.KeepAspectRatio
            smooth = Qt.TransformationMode.SmoothTransformation
            small = QPixmap.fromImage(image).scaled(pixmap.size(), keep, smooth)
            small.setDevicePixelRatio(ratio)
            self._pixmaps[row.place] = small
        return self._pixmaps[row.place]


def _row(state: LoopState, number: int) -> PlaceRow:
    place = state.queue.places[number]
    likely, said = how_likely(place), state_of(state, number)
    is_here = number == state.queue.at
    return PlaceRow(
        number + 1, place, where(state, place), why(state, place), likely, said, is_here
    )


def _tooltip(row: PlaceRow) -> str:
    likely = f"\n{row.likely} likely wrong at its worst spot" if row.likely else ""
    said = f"random {SPOT_CHECK}" if row.state == SPOT_CHECK else row.state
    return f"{row.why}\n{row.where}{likely}\n{said}: click or Return goes there"
