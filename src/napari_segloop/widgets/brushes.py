"""The brushes for what is checked: checked by you, can't tell, excluded area, and one that erases.

Shows which one is in hand and says which one is wanted; it knows no layer.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Signal
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import QWidget

from napari_segloop.core.checkstate import CANT_TELL, CHECKED, EXCLUDED
from napari_segloop.widgets.brush import ERASER
from napari_segloop.widgets.labels_layers import CHECKED_COLOURS
from napari_segloop.widgets.part import button, in_column, in_row, prose
from napari_segloop.widgets.theme import em

if TYPE_CHECKING:
    from qtpy.QtWidgets import QPushButton

_BRUSHES = {
    CHECKED: ("Checked", "The labels under it are right, background too: they are truth"),
    CANT_TELL: ("Can't tell", "Nobody can tell what is under it: never truth, never an error"),
    EXCLUDED: ("Excluded", "A bubble, a fold, a scale bar: never truth, ranked or predicted"),
    ERASER: ("Erase", "What is under it is not checked any more"),
}


class Brushes(QWidget):
    """Four brushes, one of them in hand, or none.

    Parameters
    ----------
    parent : QWidget, optional
        Its parent.

    Attributes
    ----------
    wanted : Signal
        Emits the value to paint, 0 to 3; None to go back to the masks.
    """

    wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buttons: dict[int, QPushButton] = {}
        for value, (text, tip) in _BRUSHES.items():
            made = button(text, tip, partial(self._ask, value), f"Brush: {text}")
            made.setCheckable(True)
            if value in CHECKED_COLOURS:
                made.setIcon(self._swatch(CHECKED_COLOURS[value]))
                made.setIconSize(QSize(em(self, 0.6), em(self, 0.6)))
            self.buttons[value] = made
        self._in_hand: int | None = None
        column = in_column(self, 0.2)
        column.addWidget(prose("Brush over any part of the image, a place or not:"))
        row = in_row(*self.buttons.values())
        row.setSpacing(em(self, 0.15))
        column.addLayout(row)

    def show_brush(self, value: int | None) -> None:
        """Show which one is in hand.

        Parameters
        ----------
        value : int or None
            What it paints; None when it is another tool.
        """
        self._in_hand = value
        for each, made in self.buttons.items():
            made.setChecked(each == value)

    def _ask(self, value: int) -> None:
        was_in_hand = value == self._in_hand
        self.show_brush(self._in_hand)  # a click alone takes nothing
        self.wanted.emit(None if was_in_hand else value)

    def _swatch(self, colour: str) -> QIcon:
        picture = QPixmap(em(self, 0.6), em(self, 0.6))
        picture.fill(QColor(colour))
        return QIcon(picture)
