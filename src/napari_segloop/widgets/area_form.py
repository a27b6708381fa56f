"""Which part of a large image shall become a work area: what is in view or a box, and which planes.

Shows and gives numbers; it draws no box and knows no layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QGridLayout, QLabel, QRadioButton, QSpinBox, QWidget

from napari_segloop.widgets.part import button, in_column, in_row, prose
from napari_segloop.widgets.theme import em

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_segloop.widgets.workarea import LeadingAxis

DRAW = "Drag a rectangle over the image, then press Enter or Make."


@dataclass(frozen=True, slots=True)
class AreaWish:
    """What the user wants as a work area.

    Parameters
    ----------
    is_drawn : bool
        A box that the user draws; else what is in view.
    ranges : tuple of (int, int)
        First and one past the last plane along each leading axis.
    """

    is_drawn: bool
    ranges: tuple[tuple[int, int], ...]


class _Range:
    """From and to along one axis; they follow the slider until the user says otherwise."""

    def __init__(self, axis: LeadingAxis) -> None:
        self.first, self.last = _plane(axis, "First"), _plane(axis, "Last")
        self._is_touched = False
        self.follow(axis.at)
        self.first.valueChanged.connect(self._move_first)
        self.last.valueChanged.connect(self._move_last)

    @property
    def value(self) -> tuple[int, int]:
        return self.first.value(), self.last.value() + 1

    def follow(self, at: int) -> None:
        if self._is_touched:
            return
        for box in (self.first, self.last):
            with QSignalBlocker(box):
                box.setValue(at)

    def _move_first(self, value: int) -> None:
        self._is_touched = True
        self.last.setValue(max(value, self.last.value()))

    def _move_last(self, value: int) -> None:
        self._is_touched = True
        self.first.setValue(min(value, self.first.value()))


class AreaForm(QWidget):
    """The questions, hidden until they are asked.

    Parameters
    ----------
    parent : QWidget, optional
        Its parent.

    Attributes
    ----------
    wanted : Signal
        Emits an `AreaWish`.
    drawing : Signal
        Emits whether a box shall be drawn from now on.
    """

    wanted = Signal(object)
    drawing = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = QRadioButton("What is in view")
        self.box = QRadioButton("A box that I draw")
        self.view.setToolTip("The rows and columns that you see now")
        self.box.setToolTip("A rectangle that you drag over the image")
        self.view.setChecked(True)
        self.box.toggled.connect(self._switch)
        self.hint = prose(DRAW)
        self.hint.hide()
        self.ranges = list[_Range]()
        self.planes = QWidget()
        self.make = button("Make work area", "It becomes an image of its own, in place", self.ask)
        self.cancel = button("Cancel", "Make none", self.close_form, "Make no work area")
        self._lay_out()
        self.hide()

    def _lay_out(self) -> None:
        column = in_column(self, 0.25)
        column.addLayout(in_row(self.view, self.box, stretch=True))
        column.addWidget(self.hint)
        column.addWidget(self.planes)
        column.addLayout(in_row(self.make, self.cancel, stretch=True))

    def start(self, axes: Sequence[LeadingAxis]) -> None:
        """Ask about an image.

        Parameters
        ----------
        axes : sequence of LeadingAxis
            Its axes before Y and X, with the planes in view.
        """
        self.view.setChecked(True)
        old, self.planes = self.planes, QWidget()
        self.ranges = [_Range(axis) for axis in axes]
        grid = QGridLayout(self.planes)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(em(self, 0.2))
        grid.setColumnStretch(4, 1)
        for row, (axis, each) in enumerate(zip(axes, self.ranges, strict=True)):
            grid.addWidget(QLabel(f"{axis.name} (0 to {axis.length - 1}) from"), row, 0)
            for place, widget in enumerate((each.first, QLabel("to"), each.last), 1):
                grid.addWidget(widget, row, place)
        layout = self.layout()
        if layout is not None:
            layout.replaceWidget(old, self.planes)
        old.hide()
        old.deleteLater()
        self.planes.setVisible(bool(axes))
        self.show()

    def follow(self, at: Sequence[int]) -> None:
        """Follow the sliders, where the user chose no planes yet.

        Parameters
        ----------
        at : sequence of int
            The plane in view along each leading axis.
        """
        for each, plane in zip(self.ranges, at, strict=True):
            each.follow(plane)

    def wish(self) -> AreaWish:
        """Return what the form says.

        Returns
        -------
        AreaWish
            At least one plane of each axis.
        """
        return AreaWish(self.box.isChecked(), tuple(each.value for each in self.ranges))

    def ask(self) -> None:
        """Hand on what the form says; it stays open until it was done."""
        self.wanted.emit(self.wish())

    def close_form(self) -> None:
        """Ask no longer; a box that was drawn is not wanted."""
        self.hide()
        self.view.setChecked(True)

    def _switch(self, is_drawn: bool) -> None:  # a Qt slot
        self.hint.setVisible(is_drawn)
        self.drawing.emit(is_drawn)


def _plane(axis: LeadingAxis, which: str) -> QSpinBox:
    box = QSpinBox()
    box.setRange(0, axis.length - 1)
    box.setToolTip(f"{which} plane along {axis.name}, counted from 0 as at the slider")
    box.setAccessibleName(f"{which} plane along {axis.name}")
    return box
