"""How far it is to the goal: in minutes, which images lag behind, and version by version."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from qtpy.QtCore import Qt

from napari_segloop.session.ahead import goal_in_words, images_in_words, queue_in_words
from napari_segloop.widgets.part import Part, in_column, prose
from napari_segloop.widgets.rounds_plot import RoundsPlot

if TYPE_CHECKING:
    from qtpy.QtWidgets import QLabel, QWidget

    from napari_segloop.session.loop import LoopSession
    from napari_segloop.session.state import LoopState

_MINUTES_TIP = (
    "Your pace is the median time of the last places that you answered. How many are left to the "
    "goal follows from how the errors fell from version to version; training is not counted."
)
_IMAGES_TIP = (
    "How well the version in use agrees with you on each image, by its own doubt and your random "
    "spot checks. Point at an image of the list to see more."
)


class WayToGoal(Part):
    """Two sentences and a plot; each is there when there is something to say.

    Parameters
    ----------
    session : LoopSession
        Not asked for anything.
    parent : QWidget, optional
        Its parent.
    """

    draws: ClassVar[frozenset[str]] = frozenset({"queue", "versions", "images"})

    def __init__(self, session: LoopSession, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.minutes, self.images = prose(), prose()
        self.plot = RoundsPlot()
        column = in_column(self, 0.2)
        for label, tip in ((self.minutes, _MINUTES_TIP), (self.images, _IMAGES_TIP)):
            label.setTextFormat(Qt.TextFormat.PlainText)  # names of files are in it
            label.setToolTip(tip)
            label.hide()
            column.addWidget(label)
        column.addWidget(self.plot)
        self.hide()

    def draw(self, state: LoopState) -> None:
        """Show how far it is.

        Parameters
        ----------
        state : LoopState
            As the session has it.
        """
        way = state.progress
        goal = goal_in_words(way, state.version, state.agreement, state.goal)
        queue = queue_in_words(state.queue.left, way.pace)
        _write(self.minutes, f"{goal} {queue}.".strip() if queue else goal)
        names = {image.id: image.name for image in state.images}
        _write(self.images, images_in_words(way.images, names, state.goal))
        self.plot.show_rounds(way.rounds, state.goal)
        parts = self.minutes, self.images, self.plot
        self.setVisible(any(not part.isHidden() for part in parts))


def _write(label: QLabel, text: str) -> None:
    label.setText(text)
    label.setVisible(bool(text))
