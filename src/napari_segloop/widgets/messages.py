"""One line for what the user is told: what happened, and what to do.

Draws `Told`; where it comes from it does not know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from qtpy.QtCore import Qt
from qtpy.QtGui import QIcon, QPainter
from qtpy.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from napari_segloop.widgets.part import Part
from napari_segloop.widgets.pictures import cross
from napari_segloop.widgets.theme import colours_of, em

if TYPE_CHECKING:
    from qtpy.QtCore import QEvent
    from qtpy.QtGui import QColor, QPaintEvent

    from napari_segloop.session.loop import LoopSession
    from napari_segloop.session.state import Level, LoopState, Told

LONGEST = 260
"""Characters that are shown; the tooltip has them all."""
_WORDS: dict[Level, str] = {"info": "Note", "warning": "Warning", "error": "Error"}


class MessageLine(Part):
    """The last message, until it is dismissed or another comes.

    Parameters
    ----------
    session : LoopSession
        Not asked for anything.
    parent : QWidget, optional
        Its parent.
    """

    draws: ClassVar[frozenset[str]] = frozenset({"told"})

    def __init__(self, session: LoopSession, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._level: Level = "info"
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setMinimumWidth(1)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setStyleSheet("background: transparent;")
        self.text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.dismiss = QToolButton()
        self.dismiss.setAutoRaise(True)
        self.dismiss.setStyleSheet("background: transparent;")
        self.dismiss.setToolTip("Dismiss this message")
        self.dismiss.setAccessibleName("Dismiss this message")
        self.dismiss.clicked.connect(self.hide)
        self._lay_out()
        self.hide()

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(em(self, 1.7), em(self, 0.25), em(self, 0.2), em(self, 0.25))
        row.setSpacing(em(self, 0.2))
        row.addWidget(self.text, 1)
        row.addWidget(self.dismiss, 0, Qt.AlignmentFlag.AlignTop)

    def draw(self, state: LoopState) -> None:
        """Show the session's last message.

        Parameters
        ----------
        state : LoopState
            As the session has it.
        """
        if state.told is None:
            self.hide()
        else:
            self.show_told(state.told)

    def show_told(self, told: Told) -> None:
        """Show a message in place of the one before.

        Parameters
        ----------
        told : Told
            What to say.
        """
        whole = f"{told.text} {told.remedy}".strip()
        is_long = len(whole) > LONGEST
        self._level = told.level
        self.text.setText(f"{whole[:LONGEST].rstrip()}…" if is_long else whole)
        self.text.setToolTip("\n".join(part for part in (told.text, told.remedy) if part))
        self.text.setAccessibleName(f"{_WORDS[told.level]}: {whole}")
        self.show()
        self.update()

    def changeEvent(self, event: QEvent | None) -> None:
        """Redraw the cross in the colours of a new theme.

        Parameters
        ----------
        event : QEvent
            Style, palette or font changed.
        """
        super().changeEvent(event)
        if hasattr(self, "dismiss"):
            self.dismiss.setIcon(QIcon(cross(em(self, 0.8), colours_of(self).text)))

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """Draw the ground, and at the left the sign of its level.

        Parameters
        ----------
        _event : QPaintEvent
            Not needed: it is drawn whole.
        """
        painter, colours = QPainter(self), colours_of(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.surface)
        painter.drawRoundedRect(self.rect(), em(self, 0.15), em(self, 0.15))
        painter.fillRect(0, 0, em(self, 0.25), self.height(), self._colour())
        self._paint_sign(painter)

    def _paint_sign(self, painter: QPainter) -> None:
        size = em(self, 1)
        painter.setBrush(self._colour())
        circle = self.rect().adjusted(em(self, 0.5), em(self, 0.3), 0, 0)
        circle.setSize(circle.size().__class__(size, size))
        painter.drawEllipse(circle)
        font = self.font()
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(colours_of(self).background)
        painter.drawText(
            circle, Qt.AlignmentFlag.AlignCenter, "i" if self._level == "info" else "!"
        )

    def _colour(self) -> QColor:
        colours = colours_of(self)
        by_level = {"info": colours.marked, "warning": colours.warning, "error": colours.error}
        return by_level[self._level]
