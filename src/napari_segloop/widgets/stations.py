"""The stations of the loop as a strip in words, the current one marked.

Which one is current follows from the state; what a click on one shows is for others to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, get_args

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QFont, QFontMetrics, QPainter
from qtpy.QtWidgets import QAbstractButton, QHBoxLayout, QWidget

from napari_segloop.widgets.part import Part
from napari_segloop.widgets.theme import colours_of, em

if TYPE_CHECKING:
    from qtpy.QtGui import QPaintEvent

    from napari_segloop.session.loop import LoopSession
    from napari_segloop.session.state import LoopState

Station = Literal["Segment", "Annotate", "Train", "Check", "Predict"]
STATIONS: tuple[Station, ...] = get_args(Station)
MEANING: dict[Station, str] = {
    "Segment": "First masks, any way: threshold, masks of another tool, a saved model",
    "Annotate": "Correct the masks in place with napari's brushes",
    "Train": "Teach the network with what was checked by you",
    "Check": "Be taken to the places where the network is probably wrong",
    "Predict": "Masks for the view, the plane, the stack, all images",
}


def station_of(state: LoopState) -> Station:
    """Say where in the loop the user is.

    Parameters
    ----------
    state : LoopState
        Everything.

    Returns
    -------
    str
        One of `STATIONS`: that of the job that runs or of the place being checked, else that of
        the next step. Checking before the first version exists is annotating.
    """
    kinds = {job.kind for job in state.jobs}
    checking: Station = "Check" if state.versions else "Annotate"
    if state.queue.at is not None:
        return checking
    if "train" in kinds or state.primary.action == "train":
        return "Train"
    if "predict" in kinds or state.primary.action == "predict":
        return "Predict"
    return checking if state.primary.action == "next_place" else "Segment"


class StationButton(QAbstractButton):
    """One word of the strip.

    Parameters
    ----------
    station : str
        The word.
    """

    def __init__(self, station: Station) -> None:
        super().__init__()
        self.setText(station)
        self.setAccessibleName(f"Station {station}")
        self.setToolTip(MEANING[station])
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def nextCheckState(self) -> None:
        """Leave the mark to the state: a click moves the view, not the loop."""

    def sizeHint(self) -> QSize:
        """Return the room that the bold word takes.

        Returns
        -------
        QSize
            In pixels.
        """
        width = QFontMetrics(self._font(is_bold=True)).horizontalAdvance(self.text())
        return QSize(width + em(self, 0.5), em(self, 1.7))

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """Draw the word, and a bar under the current one.

        Parameters
        ----------
        _event : QPaintEvent
            Not needed: it is drawn whole.
        """
        painter, colours = QPainter(self), colours_of(self)
        is_here = self.isChecked()
        painter.setFont(self._font(is_bold=is_here))
        strong = is_here or self.underMouse() or self.hasFocus()
        painter.setPen(colours.text if strong else colours.dim)
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())
        thickness = em(self, 0.16)
        bar = self.rect().adjusted(0, self.height() - thickness, 0, 0)
        painter.fillRect(bar, colours.accent if is_here else colours.line)

    def _font(self, *, is_bold: bool) -> QFont:
        font = QFont(self.font())
        font.setBold(is_bold)
        return font


class StationStrip(Part):
    """All stations side by side.

    Parameters
    ----------
    session : LoopSession
        Not asked for anything.
    parent : QWidget, optional
        Its parent.

    Attributes
    ----------
    visited : Signal
        Emits the station that was clicked on.
    """

    draws: ClassVar[frozenset[str]] = frozenset({"primary", "queue", "jobs", "versions"})
    visited = Signal(str)

    def __init__(self, session: LoopSession, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(em(self, 0.15))
        self.buttons = {station: StationButton(station) for station in STATIONS}
        for station, made in self.buttons.items():
            made.clicked.connect(lambda _checked=False, name=station: self.visited.emit(name))
            row.addWidget(made, len(station))

    @property
    def current(self) -> Station | None:
        """The one that is marked."""
        return next((name for name, made in self.buttons.items() if made.isChecked()), None)

    def draw(self, state: LoopState) -> None:
        """Mark the current station.

        Parameters
        ----------
        state : LoopState
            As the session has it.
        """
        here = station_of(state)
        for station, made in self.buttons.items():
            made.setChecked(station == here)
            made.setAccessibleDescription("you are here" if station == here else "")
