"""The first question: kinds of area, or single objects, with a picture each.

Asked once; what follows from the answer it does not know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from qtpy.QtCore import QEvent, QRect, QSize, Qt
from qtpy.QtGui import QFont, QPainter
from qtpy.QtWidgets import QAbstractButton, QHBoxLayout, QLabel, QSizePolicy, QWidget

from napari_segloop.widgets.part import Part, in_column
from napari_segloop.widgets.pictures import areas_picture, objects_picture
from napari_segloop.widgets.theme import colours_of, em

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtGui import QPaintEvent, QPixmap

    from napari_segloop.session.loop import LoopSession
    from napari_segloop.session.state import LoopState
    from napari_segloop.widgets.theme import Colours

QUESTION = "<b>What do you want to find?</b>"


class PictureButton(QAbstractButton):
    """A large button: picture, answer, examples.

    Parameters
    ----------
    picture : callable
        Width, height and colours to pixmap.
    answer : str
        In bold.
    examples : str
        Below it.
    """

    def __init__(
        self, picture: Callable[[int, int, Colours], QPixmap], answer: str, examples: str
    ) -> None:
        super().__init__()
        self._picture = picture
        self._examples = examples
        self._drawn: tuple[int, bool, QPixmap] | None = None
        self.setText(answer)
        self.setAccessibleName(f"{answer} ({examples})")
        self.setToolTip(f"{answer} ({examples})")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Return room for the picture and four lines.

        Returns
        -------
        QSize
            In pixels.
        """
        return QSize(em(self, 9.5), em(self, 10.2))

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """Draw ground, picture and words.

        Parameters
        ----------
        _event : QPaintEvent
            Not needed: it is drawn whole.
        """
        painter, colours, gap = QPainter(self), colours_of(self), em(self, 0.4)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_warm = self.underMouse() or self.hasFocus()
        painter.setPen(colours.accent if is_warm else colours.line)
        painter.setBrush(colours.line if self.isDown() else colours.surface)
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), gap / 2, gap / 2)
        picture = self._picture_for(self.width() - 2 * gap, colours)
        painter.drawPixmap(gap, gap, picture)
        top = gap + em(self, 5)
        self._paint_words(painter, QRect(gap, top, self.width() - 2 * gap, self.height() - top))

    def _paint_words(self, painter: QPainter, room: QRect) -> None:
        colours, font = colours_of(self), QFont(self.font())
        flags = int(Qt.AlignmentFlag.AlignHCenter) | int(Qt.TextFlag.TextWordWrap)
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(colours.text)
        room = room.adjusted(0, em(self, 0.3), 0, 0)
        used = painter.boundingRect(room, flags, self.text())
        painter.drawText(room, flags, self.text())
        painter.setFont(self.font())
        painter.setPen(colours.dim)
        below = room.adjusted(0, used.height() + em(self, 0.15), 0, 0)
        painter.drawText(below, flags, self._examples)

    def _picture_for(self, width: int, colours: Colours) -> QPixmap:
        if self._drawn is None or self._drawn[:2] != (width, colours.dark):
            picture = self._picture(width, em(self, 5), colours)
            self._drawn = (width, colours.dark, picture)
        return self._drawn[2]


class FirstQuestion(Part):
    """Both answers side by side, until one is given.

    Parameters
    ----------
    session : LoopSession
        Told the answer.
    parent : QWidget, optional
        Its parent.
    """

    draws: ClassVar[frozenset[str]] = frozenset({"task"})

    def __init__(self, session: LoopSession, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.areas = PictureButton(areas_picture, "Kinds of area", "tissue, membrane…")
        self.objects = PictureButton(
            objects_picture, "Single objects to count and size", "nuclei, crystals…"
        )
        self.areas.clicked.connect(lambda: self.ask(session.answer_task, "classes"))
        self.objects.clicked.connect(lambda: self.ask(session.answer_task, "objects"))
        answers = QHBoxLayout()
        answers.setSpacing(em(self, 0.4))
        answers.addWidget(self.areas, 1)
        answers.addWidget(self.objects, 1)
        column = in_column(self)
        column.addWidget(QLabel(QUESTION))
        column.addLayout(answers)

    def draw(self, state: LoopState) -> None:
        """Ask, or be gone.

        Parameters
        ----------
        state : LoopState
            As the session has it.
        """
        self.setVisible(state.task is None)

    def changeEvent(self, event: QEvent | None) -> None:
        """Draw again in the colours of a new theme.

        Parameters
        ----------
        event : QEvent
            Style, palette or font changed.
        """
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.StyleChange:
            self.update()
