"""A section that folds: a header with a few words of summary, and what lies under it.

Knows nothing of what it holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QPointF, QRect, QSize, Qt, Signal
from qtpy.QtGui import QPainter, QPolygonF
from qtpy.QtWidgets import QAbstractButton, QVBoxLayout, QWidget

from napari_segloop.widgets.theme import blend, colours_of, em

if TYPE_CHECKING:
    from qtpy.QtGui import QPaintEvent


class SectionHeader(QAbstractButton):
    """The line that one clicks on: arrow, title, and at the right the summary.

    Parameters
    ----------
    title : str
        Name of the section.
    parent : QWidget, optional
        Its parent.
    """

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(title)
        self.setAccessibleName(title)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._summary = ""

    @property
    def summary(self) -> str:
        """What stands at the right."""
        return self._summary

    def set_summary(self, text: str) -> None:
        """Change what stands at the right.

        Parameters
        ----------
        text : str
            A few words.
        """
        if text != self._summary:
            self._summary = text
            self.setAccessibleDescription(text)
            self.update()

    def sizeHint(self) -> QSize:
        """Return one line and some air.

        Returns
        -------
        QSize
            In pixels.
        """
        return QSize(em(self, 8), em(self, 1.7))

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """Draw ground, arrow, title and summary.

        Parameters
        ----------
        _event : QPaintEvent
            Not needed: it is drawn whole.
        """
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter)
        self._paint_arrow(painter)
        self._paint_words(painter)

    def _paint_ground(self, painter: QPainter) -> None:
        colours = colours_of(self)
        hovered = self.underMouse() or self.hasFocus()
        ground = blend(colours.surface, colours.line, 0.6) if hovered else colours.surface
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(self.rect(), em(self, 0.15), em(self, 0.15))

    def _paint_arrow(self, painter: QPainter) -> None:
        painter.setBrush(colours_of(self).dim)
        painter.translate(em(self, 0.75), self.height() / 2)
        painter.rotate(90 if self.isChecked() else 0)
        size = em(self, 0.25)
        corners = [QPointF(-size / 2, -size), QPointF(size * 0.8, 0), QPointF(-size / 2, size)]
        painter.drawPolygon(QPolygonF(corners))
        painter.resetTransform()

    def _paint_words(self, painter: QPainter) -> None:
        colours, left, right = colours_of(self), em(self, 1.4), em(self, 0.5)
        room = self.rect().adjusted(left, 0, -right, 0)
        font = self.font()
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(colours.text)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(room, middle | Qt.AlignmentFlag.AlignLeft, self.text())
        used = painter.fontMetrics().horizontalAdvance(self.text()) + em(self, 1)
        painter.setFont(self.font())
        painter.setPen(colours.dim)
        rest = QRect(room.left() + used, room.top(), max(0, room.width() - used), room.height())
        elide = Qt.TextElideMode.ElideRight
        text = painter.fontMetrics().elidedText(self._summary, elide, rest.width())
        painter.drawText(rest, middle | Qt.AlignmentFlag.AlignRight, text)


class Section(QWidget):
    """A foldable section.

    Parameters
    ----------
    title : str
        Name of the section.
    content : QWidget
        What lies under the header.
    tooltip : str
        What the section is for.
    parent : QWidget, optional
        Its parent.

    Attributes
    ----------
    folded : Signal
        Emits whether it was folded, by the user or by a call.
    """

    folded = Signal(bool)

    def __init__(
        self, title: str, content: QWidget, tooltip: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.header = SectionHeader(title)
        self.header.setToolTip(tooltip)
        self.content = content
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(em(self, 0.3))
        column.addWidget(self.header)
        column.addWidget(content)
        content.hide()
        self.header.toggled.connect(self._show)

    @property
    def is_open(self) -> bool:
        """Whether its content is shown."""
        return self.header.isChecked()

    def unfold(self, is_open: bool = True) -> None:
        """Show or hide what it holds.

        Parameters
        ----------
        is_open : bool
            Which.
        """
        self.header.setChecked(is_open)

    def _show(self, is_open: bool) -> None:
        self.content.setVisible(is_open)
        self.folded.emit(not is_open)
