"""A table as the dock shows one: whole rows, no grid, and as wide as the dock.

Knows how a table looks, not what is in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QSize, Qt, Signal
from qtpy.QtGui import QPainter
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QSizePolicy, QTableView, QWidget

from napari_segloop.widgets.theme import colours_of, em

if TYPE_CHECKING:
    from qtpy.QtCore import QItemSelection
    from qtpy.QtGui import QKeyEvent, QPaintEvent

    from napari_segloop.widgets.rows import Rows

_Selection = QAbstractItemView.SelectionMode
_RETURN = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class Table(QTableView):
    """A table of frozen rows.

    Parameters
    ----------
    rows : Rows
        Its model.
    name : str
        For screen readers.
    stretched : int
        The column that takes the free room; the others are as wide as their text.
    lines : tuple of int
        It is at least and at most so many rows high.
    line : float
        Height of a row, in em.
    parent : QWidget, optional
        Its parent.

    Attributes
    ----------
    chosen : Signal
        Emits nothing, after another row was selected.
    entered_row : Signal
        Emits a row's place after a plain click or Return.
    """

    chosen = Signal()
    entered_row = Signal(int)

    def __init__(
        self,
        rows: Rows,  # type: ignore[type-arg]  # any rows
        name: str,
        *,
        stretched: int = 0,
        lines: tuple[int, int] = (3, 6),
        line: float = 1.5,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._lines, self._line = lines, line
        self._hint = ""
        self.setModel(rows)
        rows.setParent(self)
        self.rows = rows
        self.setAccessibleName(name)
        self._dress()
        self._fit_columns(stretched)
        self.clicked.connect(self._click)
        selection = self.selectionModel()
        if selection is not None:
            selection.selectionChanged.connect(self._select)
        for signal in (rows.rowsInserted, rows.rowsRemoved, rows.layoutChanged):
            signal.connect(self.updateGeometry)

    def _dress(self) -> None:
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(_Selection.SingleSelection)
        self.setShowGrid(False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setIconSize(QSize(em(self, 0.95), em(self, 0.95)))
        side = self.verticalHeader()
        if side is not None:
            side.hide()
            side.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
            side.setDefaultSectionSize(em(self, self._line))

    def _fit_columns(self, stretched: int) -> None:
        header = self.horizontalHeader()
        if header is None:
            return
        header.setHighlightSections(False)
        header.setMinimumSectionSize(em(self, 1.5))
        header.setResizeContentsPrecision(40)  # rows looked at, of perhaps thousands
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column in range(self.rows.columnCount()):
            mode = QHeaderView.ResizeMode.ResizeToContents
            is_stretched = column == stretched
            header.setSectionResizeMode(
                column, QHeaderView.ResizeMode.Stretch if is_stretched else mode
            )

    def hide_titles(self) -> None:
        """Show rows only, where they say themselves what they are."""
        if (header := self.horizontalHeader()) is not None:
            header.hide()

    def set_hint(self, text: str) -> None:
        """Say what an empty table is for.

        Parameters
        ----------
        text : str
            Shown while there are no rows.
        """
        self._hint = text

    def selected_rows(self) -> list[int]:
        """Return the places of the selected rows.

        Returns
        -------
        list of int
            From the top.
        """
        selection = self.selectionModel()
        if selection is None:
            return []
        return sorted(index.row() for index in selection.selectedRows())

    def sizeHint(self) -> QSize:
        """Return the height of its rows, within its limits.

        Returns
        -------
        QSize
            In pixels.
        """
        least, most = self._lines
        lines = min(max(self.rows.rowCount(), least), most)
        header = self.horizontalHeader()
        top = header.sizeHint().height() if header is not None and not header.isHidden() else 0
        return QSize(em(self, 10), top + lines * em(self, self._line) + em(self, 0.4))

    def minimumSizeHint(self) -> QSize:
        """Return a size below which it is not pressed.

        Returns
        -------
        QSize
            In pixels.
        """
        return QSize(em(self, 5), self.sizeHint().height())

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Enter a row by Return.

        Parameters
        ----------
        event : QKeyEvent
            The key.
        """
        editing = self.state() == QAbstractItemView.State.EditingState
        if event is not None and event.key() in _RETURN and not editing:
            if self.currentIndex().isValid():
                self.entered_row.emit(self.currentIndex().row())
            return
        super().keyPressEvent(event)

    def changeEvent(self, event: QEvent | None) -> None:
        """Draw pictures again in the colours of a new theme.

        Parameters
        ----------
        event : QEvent
            Style, palette or font changed.
        """
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.StyleChange and hasattr(self, "rows"):
            self.rows.redraw()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the table, or the hint of an empty one.

        Parameters
        ----------
        event : QPaintEvent
            What to draw.
        """
        super().paintEvent(event)
        view = self.viewport()
        if view is None or self.rows.rowCount() or not self._hint:
            return
        painter = QPainter(view)
        painter.setPen(colours_of(self).dim)
        flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
        gap = em(self, 0.5)
        painter.drawText(view.rect().adjusted(gap, 0, -gap, 0), flags, self._hint)

    def _click(self) -> None:
        if len(self.selected_rows()) == 1:
            self.entered_row.emit(self.currentIndex().row())

    def _select(self, _selected: QItemSelection, _deselected: QItemSelection) -> None:
        self.chosen.emit()
