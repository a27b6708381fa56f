"""How well the version in use agrees with its user on all images, and the goal."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from qtpy.QtCore import QSignalBlocker
from qtpy.QtWidgets import QLabel, QSpinBox, QWidget

from napari_segloop.session.agreed import WHY_OBJECTS, in_words, is_reached, objects_in_words, why
from napari_segloop.widgets.part import Part, in_column, in_row, prose

if TYPE_CHECKING:
    from napari_segloop.session.loop import LoopSession
    from napari_segloop.session.state import LoopState

_GOAL_TIP = (
    "Done means: the lower end of the estimate is at the goal.\n"
    "Agreement is the mean Dice over classes without background, of all that was predicted."
)


class Agreement(Part):
    """A sentence, and the goal beside it.

    Parameters
    ----------
    session : LoopSession
        Told the goal.
    parent : QWidget, optional
        Its parent.
    """

    draws: ClassVar[frozenset[str]] = frozenset({"queue", "versions"})

    def __init__(self, session: LoopSession, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.words, self.objects = prose(), prose()
        self.objects.setToolTip(WHY_OBJECTS)
        self.goal = QSpinBox()
        self.goal.setRange(1, 99)
        self.goal.setSuffix(" %")
        self.goal.setKeyboardTracking(False)
        self.goal.setToolTip(_GOAL_TIP)
        self.goal.setAccessibleName("Goal, agreement in per cent")
        self.goal.setValue(round(100 * session.state.goal))
        self.goal.valueChanged.connect(self._set_goal)
        self.label = QLabel("Done when at least")
        self.label.setToolTip(_GOAL_TIP)
        column = in_column(self, 0.2)
        column.addWidget(self.words)
        column.addWidget(self.objects)
        column.addLayout(in_row(self.label, self.goal, stretch=True))
        self.hide()

    def draw(self, state: LoopState) -> None:
        """Show the estimate.

        Parameters
        ----------
        state : LoopState
            As the session has it.
        """
        told = state.agreement
        self.setVisible(told is not None)
        if told is None:
            return
        text = in_words(told)
        done = is_reached(told, state.goal)
        self.words.setText(f"{text} <b>Done: the goal is reached.</b>" if done else text)
        self.words.setToolTip(why(told))
        self.objects.setVisible(state.objects is not None)
        self.objects.setText("" if state.objects is None else objects_in_words(state.objects))
        if not self.goal.hasFocus():
            with QSignalBlocker(self.goal):
                self.goal.setValue(round(100 * state.goal))

    def _set_goal(self, value: int) -> None:
        self.ask(self._session.set_goal, value / 100)
