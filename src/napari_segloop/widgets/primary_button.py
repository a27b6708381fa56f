"""The one button with the sensible next step, which never changes under the cursor.

It holds a new step back while the mouse is over it; what a step does is for others to know.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QFont, QPainter
from qtpy.QtWidgets import QPushButton, QWidget

from napari_segloop.session.state import Primary
from napari_segloop.widgets.theme import blend, colours_of, em

if TYPE_CHECKING:
    from qtpy.QtCore import QEvent
    from qtpy.QtGui import QColor, QPaintEvent


class PrimaryButton(QPushButton):
    """Shows a `Primary`; a click does what the text says.

    Parameters
    ----------
    parent : QWidget, optional
        Its parent.

    Attributes
    ----------
    pressed_step : Signal
        Emits the `Primary` whose text was on the button when it was clicked.
    """

    pressed_step = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("segloop_primary")
        self._shown = Primary("nothing", "", enabled=False)
        self._latest = self._shown
        self._is_spent = False
        self.setAutoDefault(False)
        self.clicked.connect(self._press)
        self._apply()

    @property
    def shown(self) -> Primary:
        """The step whose text is on the button."""
        return self._shown

    @property
    def is_held(self) -> bool:
        """Whether a newer step waits for the mouse to leave."""
        return self._latest != self._shown

    def show_step(self, step: Primary) -> None:
        """Show a step, now or when the mouse has left.

        Parameters
        ----------
        step : Primary
            The next step.
        """
        self._latest = step
        follows_click = self._is_spent and same_words(step, self._shown)
        if follows_click or not (self.underMouse() or self.isDown()):
            self._apply()

    def _apply(self) -> None:
        step = self._latest
        self._shown, self._is_spent = step, False
        self.setText(step.text)
        self.setToolTip(f"{step.text}\n{step.tooltip}".strip())
        self.setAccessibleName(step.text)
        self.setAccessibleDescription(step.tooltip)
        self.setEnabled(step.enabled and step.action != "nothing")
        self.update()

    def _press(self) -> None:
        """Hand the step on once; a second click waits until its consequence is shown."""
        if self._is_spent:
            return
        self._is_spent = True
        self.pressed_step.emit(self._shown)
        if not self.is_held or not self.underMouse():
            self._apply()
        self.update()

    def leaveEvent(self, event: QEvent | None) -> None:
        """Show what was held back.

        Parameters
        ----------
        event : QEvent
            The mouse left.
        """
        super().leaveEvent(event)
        self._apply()

    def sizeHint(self) -> QSize:
        """Return two lines of text, so that it never changes its size.

        Returns
        -------
        QSize
            In pixels.
        """
        return QSize(em(self, 10), em(self, 2.7))

    def minimumSizeHint(self) -> QSize:
        """Return a size that fits every dock.

        Returns
        -------
        QSize
            In pixels.
        """
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """Draw the button in the theme's accent, its text in one or two lines.

        Parameters
        ----------
        _event : QPaintEvent
            Not needed: it is drawn whole.
        """
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground, ink = self._ground_and_ink()
        ring = colours_of(self).text if self.hasFocus() else ground
        painter.setPen(ring)
        painter.setBrush(ground)
        room = self.rect().adjusted(1, 1, -1, -1)
        painter.drawRoundedRect(room, em(self, 0.25), em(self, 0.25))
        font = QFont(self.font())
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(ink)
        inner = room.adjusted(em(self, 0.4), 0, -em(self, 0.4), 0)
        flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
        painter.drawText(inner, flags, self.text())

    def _ground_and_ink(self) -> tuple[QColor, QColor]:
        colours = colours_of(self)
        if not self.isEnabled() or self._is_spent:
            return colours.surface, colours.dim
        if self.isDown():
            return blend(colours.accent, colours.text, 0.3), colours.on_accent
        hovered = blend(colours.accent, colours.text, 0.12)
        return (hovered if self.underMouse() else colours.accent), colours.on_accent


def same_words(one: Primary, other: Primary) -> bool:
    """Say whether two steps differ by numbers only.

    Parameters
    ----------
    one, other : Primary
        The steps.

    Returns
    -------
    bool
        True when both do the same.

    Examples
    --------
    >>> three, four = (Primary("next_place", f"Next place, {n} of 12") for n in (3, 4))
    >>> same_words(three, four)
    True
    """
    bare = [re.sub(r"\d+", "#", step.text) for step in (one, other)]
    return one.action == other.action and bare[0] == bare[1]
