"""Training: improve or learn again, how long, how it goes, and what it changed.

Draws curve, jobs and versions; what is trained on the session knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from qtpy.QtWidgets import QDoubleSpinBox, QLabel, QWidget
from superqt.utils import qthrottled

from napari_segloop.session.advice import other_choice, why_learn_again
from napari_segloop.widgets.curve import CurvePlot
from napari_segloop.widgets.part import Part, button, in_column, in_row, prose
from napari_segloop.widgets.words import before_and_after, teach_and_test

if TYPE_CHECKING:
    from napari_segloop.session.loop import LoopSession
    from napari_segloop.session.state import Curve, JobState, LoopState

DRAWN_EVERY = 250  # ms
IMPROVE = "Go on from the version in use with all that is checked by now"
AGAIN = (
    "Start afresh from all that is checked, in two and a half times as long; helps when labels "
    "changed a lot"
)
NEVER_WORSE = "A new version takes over only if it is not worse on the test regions."
TEST = "Test regions are never trained on; agreement is the mean Dice over the classes on them."


class TrainSection(Part):
    """The buttons, the curve, and the words to it.

    Parameters
    ----------
    session : LoopSession
        Asked to train.
    parent : QWidget, optional
        Its parent.
    """

    draws: ClassVar[frozenset[str]] = frozenset({"curve", "jobs", "versions", "images"})

    def __init__(self, session: LoopSession, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.improve = button("Improve", f"{IMPROVE}. {NEVER_WORSE}", self._improve)
        self.again = button("Learn again from all", f"{AGAIN}. {NEVER_WORSE}", self._learn_again)
        self.minutes = QDoubleSpinBox()
        self._set_up_minutes()
        self.split = QLabel()
        self.split.setToolTip(TEST)
        self.result = prose()
        self.result.setToolTip(TEST)
        self._choice: int | None = None
        self.choose = button("Use", "Predict and improve with the other version", self._choose)
        self.plot = CurvePlot()
        self.plot.hide()
        self._show_soon = qthrottled(self._show_curve, timeout=DRAWN_EVERY, parent=self)
        self._lay_out()

    def _set_up_minutes(self) -> None:
        self.minutes.setRange(0.1, 600)
        self.minutes.setValue(self._session.seconds / 60)
        self.minutes.setDecimals(1)
        self.minutes.setSingleStep(0.5)
        self.minutes.setSuffix(" min")
        self.minutes.setToolTip(
            "How long Improve may take, scoring included; Learn again from all takes 2.5 times that"
        )
        self.minutes.setAccessibleName("Time for training, in minutes")

    def _lay_out(self) -> None:
        column = in_column(self, 0.3)
        column.addLayout(in_row(self.improve, self.again))
        column.addLayout(in_row(QLabel("Time"), self.minutes, stretch=True))
        column.addWidget(self.split)
        column.addWidget(self.plot)
        column.addWidget(self.result)
        column.addWidget(self.choose)

    def draw(self, state: LoopState) -> None:
        """Show the training that runs, or the last one.

        Parameters
        ----------
        state : LoopState
            As the session has it.
        """
        job = _training(state)
        checked = any(image.checked_pixels for image in state.images)
        self.improve.setEnabled(checked and job is None)
        self.again.setEnabled(checked and job is None and bool(state.versions))
        self.split.setText(self._split(state, is_checked=checked))
        done = f"{before_and_after(state.versions)} {why_learn_again(state.versions)}".strip()
        self.result.setText(NEVER_WORSE if job is not None else done)
        self.result.setVisible(bool(self.result.text()))
        self._choice = other_choice(state.versions, state.version) if job is None else None
        self.choose.setVisible(self._choice is not None)
        self.choose.setText(f"Use version {self._choice}")
        self.summarised.emit(teach_and_test(state.curve.teach, state.curve.test))
        self._show_soon(state.curve)

    @staticmethod
    def _split(state: LoopState, *, is_checked: bool) -> str:
        if not is_checked:
            return "Check some places first: only they teach."
        return teach_and_test(state.curve.teach, state.curve.test)

    def _show_curve(self, curve: Curve) -> None:
        self.plot.setVisible(bool(curve.losses or curve.scores))
        self.plot.show_curve(curve)

    def _improve(self) -> None:
        self.ask(self._session.train, again=False, seconds=60 * self.minutes.value())

    def _choose(self) -> None:
        if self._choice is not None:
            self.ask(self._session.use_version, self._choice)

    def _learn_again(self) -> None:
        self.ask(self._session.train, again=True, seconds=60 * self.minutes.value())


def _training(state: LoopState) -> JobState | None:
    return next((job for job in state.jobs if job.kind == "train"), None)
