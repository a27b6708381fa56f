"""The line at the bottom: which project is open, and when it was saved or what is wrong.

Draws `SavedState`; a click on it opens the menu of the project. How saving works it does not know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from qtpy.QtCore import QPoint, QPointF, QRect, QSize, Qt
from qtpy.QtGui import QPainter, QPolygonF
from qtpy.QtWidgets import QAbstractButton, QWidget

from napari_segloop.widgets.part import Part, button, in_column
from napari_segloop.widgets.project_menu import ProjectMenu
from napari_segloop.widgets.project_words import size_words
from napari_segloop.widgets.theme import blend, colours_of, em

if TYPE_CHECKING:
    from qtpy.QtCore import QEvent
    from qtpy.QtGui import QColor, QPaintEvent

    from napari_segloop.session.loop import LoopSession
    from napari_segloop.session.state import LoopState, SavedState

NO_PROJECT = "No project yet"
COPY = "Make a copy to work in"
WHY_COPY = "A new project beside this one, with what you have done here; it is saved from then on"
READ_ONLY = "Read-only: nothing is saved"
FULL_ROOM = 0.7
"""Share of the line that words on saving may take from the name."""


class SavedButton(QAbstractButton):
    """The project's name with an arrow at the left, words on saving at the right."""

    def __init__(self) -> None:
        super().__init__()
        self._words, self._level = "", "info"
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    @property
    def words(self) -> str:
        """What stands at the right."""
        return self._words

    @property
    def level(self) -> str:
        """How bad it is: ``info``, ``warning`` or ``error``."""
        return self._level

    def show_saved(self, name: str, words: str, level: str) -> None:
        """Say something else.

        Parameters
        ----------
        name : str
            Of the project.
        words : str
            A few, on saving.
        level : {"info", "warning", "error"}
            How bad it is.
        """
        self._words, self._level = words, level
        self.setText(name)
        self.setAccessibleName(f"{name}, {words}" if words else name)
        self.update()

    def sizeHint(self) -> QSize:
        """Return one line.

        Returns
        -------
        QSize
            In pixels.
        """
        return QSize(em(self, 8), em(self, 1.6))

    def changeEvent(self, event: QEvent | None) -> None:
        """Draw again in the colours of a new theme.

        Parameters
        ----------
        event : QEvent
            Style, palette or font changed.
        """
        super().changeEvent(event)
        self.update()

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """Draw ground, name, arrow and words.

        Parameters
        ----------
        _event : QPaintEvent
            Not needed: it is drawn whole.
        """
        painter, colours = QPainter(self), colours_of(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        is_warm = self.underMouse() or self.hasFocus()
        ground = blend(colours.surface, colours.line, 0.6) if is_warm else colours.background
        painter.setBrush(ground)
        painter.drawRoundedRect(self.rect(), em(self, 0.15), em(self, 0.15))
        gap = em(self, 0.4)
        room = self.rect().adjusted(gap, 0, -gap, 0)
        left = self._paint_words(painter, room)
        self._paint_name(painter, QRect(room.topLeft(), QPoint(left - gap, room.bottom())))

    def _paint_words(self, painter: QPainter, room: QRect) -> int:
        """Draw what stands at the right; return where it begins."""
        metrics, is_bad = painter.fontMetrics(), self._level != "info"
        sign = em(self, 1.2) if is_bad else 0
        most = int(FULL_ROOM * room.width()) - sign
        words = metrics.elidedText(self._words, Qt.TextElideMode.ElideRight, most)
        left = room.right() - metrics.horizontalAdvance(words)
        painter.setPen(self._ink())
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        painter.drawText(room, flags, words)
        if is_bad:
            self._paint_sign(painter, left - sign)
        return left - sign

    def _paint_sign(self, painter: QPainter, left: int) -> None:
        """Draw what is said without colour as well."""
        colours, size = colours_of(self), em(self, 0.95)
        circle = QRect(left, (self.height() - size) // 2, size, size)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.error if self._level == "error" else colours.warning)
        painter.drawEllipse(circle)
        font = self.font()
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(colours.background)
        painter.drawText(circle, Qt.AlignmentFlag.AlignCenter, "!")
        painter.setFont(self.font())

    def _paint_name(self, painter: QPainter, room: QRect) -> None:
        size, colours = em(self, 0.22), colours_of(self)
        width = max(0, room.width() - 5 * size)
        metrics = painter.fontMetrics()
        name = metrics.elidedText(self.text(), Qt.TextElideMode.ElideMiddle, width)
        painter.setPen(colours.text)
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(room, flags, name)
        at = QPointF(room.left() + metrics.horizontalAdvance(name) + 3 * size, self.height() / 2)
        corners = [QPointF(-size, -size / 2), QPointF(size, -size / 2), QPointF(0, size * 0.8)]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.dim)
        painter.drawPolygon(QPolygonF([at + corner for corner in corners]))

    def _ink(self) -> QColor:
        colours = colours_of(self)
        by_level = {"info": colours.dim, "warning": colours.text, "error": colours.error}
        return by_level[self._level]


class SavedLine(Part):
    """The line with its menu.

    Parameters
    ----------
    session : LoopSession
        Asked for what the menu offers.
    parent : QWidget, optional
        Its parent.
    """

    draws: ClassVar[frozenset[str]] = frozenset({"saved", "jobs"})

    def __init__(self, session: LoopSession, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.button = SavedButton()
        self.project = ProjectMenu(session, self)
        self.button.clicked.connect(self._show_menu)
        self.copy = button(COPY, WHY_COPY, lambda: self.ask(session.copy_project))
        column = in_column(self, 0.2)
        column.addWidget(self.copy)
        column.addWidget(self.button)

    def draw(self, state: LoopState) -> None:
        """Say which project is open and when it was saved.

        Parameters
        ----------
        state : LoopState
            As the session has it.
        """
        saved = state.saved
        level = "warning" if saved.is_read_only and saved.level == "info" else saved.level
        self.button.show_saved(saved.name or NO_PROJECT, _words(saved), level)
        self.button.setToolTip(_tooltip(saved))
        self.button.setAccessibleDescription(saved.text)
        self.project.show_size(saved)
        self.copy.setVisible(saved.is_read_only)
        self.copy.setEnabled(not any(job.kind == "copy" for job in state.jobs))

    def _show_menu(self) -> None:
        menu = self.project.menu()
        if self._session.state.saved.path:
            self.ask(self._session.measure_project)
        above = QPoint(0, -menu.sizeHint().height())
        menu.exec(self.button.mapToGlobal(above))
        menu.deleteLater()


def _words(saved: SavedState) -> str:
    if saved.is_read_only and saved.level != "error":
        return READ_ONLY
    return saved.text.split(". ")[0]


def _tooltip(saved: SavedState) -> str:
    size = "" if saved.bytes is None else f"{size_words(saved.bytes)} on this disk"
    begins = "" if saved.path else "A project begins by itself with what you do first."
    copy = saved.mirror_text and f"{saved.mirror_text}\n{saved.mirror}"
    click = "Click for what can be done with the project."
    lines = (saved.text, begins, saved.path, size, copy, click)
    return "\n".join(line for line in lines if line)
