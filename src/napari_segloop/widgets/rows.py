"""A table of frozen rows: new rows in, the smallest change out.

Rows are told apart by a key, so selection and scroll bar stay where they are when a row changes;
what the rows are it does not know.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt
from qtpy.QtGui import QFont

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qtpy.QtCore import QObject
    from qtpy.QtGui import QIcon, QPixmap

R = TypeVar("R")
_NOWHERE = QModelIndex()
_Role = Qt.ItemDataRole


@dataclass(frozen=True, slots=True)
class Column(Generic[R]):
    """What one column shows of a row.

    Parameters
    ----------
    title : str
        Its header.
    text : callable
        Row to text.
    picture : callable, optional
        Row to pixmap or icon.
    tooltip : callable, optional
        Row to tooltip.
    is_bold : callable, optional
        Whether the row's text is bold.
    edit : callable, optional
        Called with row and new text when the user has edited it.
    """

    title: str
    text: Callable[[R], str]
    picture: Callable[[R], QPixmap | QIcon] | None = None
    tooltip: Callable[[R], str] | None = None
    is_bold: Callable[[R], bool] | None = None
    edit: Callable[[R, str], object] | None = None


class Rows(QAbstractTableModel, Generic[R]):
    """A table model over frozen rows.

    Parameters
    ----------
    columns : sequence of Column
        From the left.
    key : callable
        Row to what tells it from all others.
    parent : QObject, optional
        Its parent.
    """

    def __init__(
        self,
        columns: Sequence[Column[R]],
        key: Callable[[R], object],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._columns = tuple(columns)
        self._key = key
        self._rows: list[R] = []

    @property
    def rows(self) -> tuple[R, ...]:
        """What is shown."""
        return tuple(self._rows)

    def set_rows(self, rows: Sequence[R]) -> None:
        """Show other rows.

        Parameters
        ----------
        rows : sequence of R
            In the order in which they are shown.
        """
        self._take_away({self._key(row) for row in rows})
        kept = len(self._rows)
        if [self._key(r) for r in self._rows] != [self._key(r) for r in rows[:kept]]:
            self._start_again(rows)
            return
        self._change(rows[:kept])
        if len(rows) > kept:
            self.beginInsertRows(_NOWHERE, kept, len(rows) - 1)
            self._rows.extend(rows[kept:])
            self.endInsertRows()

    def redraw(self) -> None:
        """Have everything drawn again, in the colours of a new theme."""
        if self._rows:
            last = self.index(len(self._rows) - 1, len(self._columns) - 1)
            self.dataChanged.emit(self.index(0, 0), last)

    def _take_away(self, wanted: set[object]) -> None:
        for place in reversed(range(len(self._rows))):
            if self._key(self._rows[place]) not in wanted:
                self.beginRemoveRows(_NOWHERE, place, place)
                del self._rows[place]
                self.endRemoveRows()

    def _change(self, rows: Sequence[R]) -> None:
        for place, row in enumerate(rows):
            if self._rows[place] != row:
                self._rows[place] = row
                end = self.index(place, len(self._columns) - 1)
                self.dataChanged.emit(self.index(place, 0), end)

    def _start_again(self, rows: Sequence[R]) -> None:
        """Another order: rows move, and what is selected moves with them."""
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        keys = [self._key(self._rows[index.row()]) for index in before]
        self._rows = list(rows)
        places = {self._key(row): place for place, row in enumerate(self._rows)}
        after = [
            self.index(places[key], index.column()) if key in places else QModelIndex()
            for key, index in zip(keys, before, strict=True)
        ]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def rowCount(self, parent: QModelIndex = _NOWHERE) -> int:
        """Return the number of rows.

        Parameters
        ----------
        parent : QModelIndex
            Rows have no rows below them.

        Returns
        -------
        int
            How many.
        """
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: QModelIndex = _NOWHERE) -> int:
        """Return the number of columns.

        Parameters
        ----------
        parent : QModelIndex
            Rows have no rows below them.

        Returns
        -------
        int
            How many.
        """
        return 0 if parent.isValid() else len(self._columns)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = _Role.DisplayRole
    ) -> str | None:
        """Return a column's title.

        Parameters
        ----------
        section : int
            Which column.
        orientation : Qt.Orientation
            Only columns have titles.
        role : int
            Only text is given.

        Returns
        -------
        str or None
            The title.
        """
        if role == _Role.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return self._columns[section].title
        return None

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        """Say what one can do with a cell.

        Parameters
        ----------
        index : QModelIndex
            Which cell.

        Returns
        -------
        Qt.ItemFlag
            Select it, and edit it where its column can be.
        """
        flags = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled
        if index.isValid() and self._columns[index.column()].edit:
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def data(self, index: QModelIndex, role: int = _Role.DisplayRole) -> object:
        """Return what a cell shows.

        Parameters
        ----------
        index : QModelIndex
            Which cell.
        role : int
            Text, picture, tooltip, or font.

        Returns
        -------
        str, QPixmap, QIcon, QFont or None
            As the role asks.
        """
        if not index.isValid():
            return None
        row, column = self._rows[index.row()], self._columns[index.column()]
        if role in (_Role.DisplayRole, _Role.EditRole):
            return column.text(row)
        if role == _Role.ToolTipRole and column.tooltip:
            return column.tooltip(row)
        if role == _Role.DecorationRole and column.picture:
            return column.picture(row)
        if role == _Role.FontRole and column.is_bold and column.is_bold(row):
            font = QFont()
            font.setBold(True)
            return font
        return None

    def setData(self, index: QModelIndex, value: object, role: int = _Role.EditRole) -> bool:
        """Hand on what the user typed.

        Parameters
        ----------
        index : QModelIndex
            Which cell.
        value : object
            The text.
        role : int
            Only editing is meant.

        Returns
        -------
        bool
            False: the cell changes when new rows come.
        """
        edit = self._columns[index.column()].edit if index.isValid() else None
        if edit and role == _Role.EditRole:
            row = self._rows[index.row()]
            if str(value) != self._columns[index.column()].text(row):
                edit(row, str(value))
        return False
