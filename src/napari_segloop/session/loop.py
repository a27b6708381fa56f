"""The loop of one viewer: its state, its actions, and the one place where messages change it.

Qt-free: whoever owns a session calls `pump` now and then on its own thread and listens to the
signals. All arrays stay here; faces get frozen states.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_segloop.core.errors import OutputError, SegLoopError
from napari_segloop.engine.messages import (
    ChildChanged,
    JobBlock,
    JobDone,
    JobEvent,
    JobFailed,
    JobStarted,
    Message,
)
from napari_segloop.session import rounds, weigh
from napari_segloop.session.advice import Situation, next_step, why_learn_again
from napari_segloop.session.agreed import USEFUL, is_reached
from napari_segloop.session.class_actions import ClassActions
from napari_segloop.session.expiry import Expiry
from napari_segloop.session.limits import is_clear
from napari_segloop.session.lineup import fewest
from napari_segloop.session.predicting import seconds_for
from napari_segloop.session.project_care import ProjectCare
from napari_segloop.session.resting import BUDGET
from napari_segloop.session.state import LoopState
from napari_segloop.session.training import Training
from napari_segloop.session.words import about

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from napari_segloop.engine.client import Engine
    from napari_segloop.session.desk import Key
    from napari_segloop.session.errands import Errand
    from napari_segloop.session.parts import Box, Index
    from napari_segloop.session.state import JobState, Level
    from napari_segloop.store.project import Project

PUMP_SECONDS = 0.006
STEADY = {"curve", "jobs", "primary"}
"""Parts that change with every step and tile; each telling draws the whole window again."""
STEADY_SECONDS = 0.25
LOOK_EVERY = 60  # pumps between two looks at whether files and layers are still there


class LoopSession(ClassActions, ProjectCare):
    """One loop.

    Parameters
    ----------
    folder : Path
        Where model files are kept; made when it is needed.
    engine : Engine, optional
        Runs jobs; a new one when not given.
    budget : int
        Bytes of packed planes in memory; what is more goes into a file in the folder.
    begin : callable, optional
        Makes a project, of a name and a task, on a thread of its own, as soon as there is
        something to save; nothing is saved when not given.
    """

    def __init__(
        self,
        folder: Path,
        engine: Engine | None = None,
        budget: int = BUDGET,
        begin: Callable[[str, str], Project] | None = None,
    ) -> None:
        super().__init__(folder, engine, budget)
        self.saver.begin = begin
        self.expiry = Expiry(self.saver, self._took_history)
        self._silent = set[str]()
        self.desk.before_write = lambda key: self.covering.emit(*key)
        self._pumps = 0
        self._told_at = 0.0

    @property
    def state(self) -> LoopState:
        """Everything that a face needs to draw itself; made once for each time of telling."""
        if self._state is None or self.desk.changed:
            self._state = self._new_state()
        return self._state

    def _new_state(self) -> LoopState:
        training = self.running("train")
        curve = training.curve if isinstance(training, Training) else self.curve
        situation = self._situation()
        return LoopState(
            task=self.task,
            classes=self.table,
            objects=weigh.object_rates(self.desk, self.offers),
            images=self.desk.images.states,
            queue=self.queue,
            jobs=tuple(self._job(e) for e in self.errands if e.is_shown and not e.is_over),
            curve=curve,
            versions=self.desk.versions.states,
            version=self.desk.versions.current,
            primary=next_step(situation),
            told=self.desk.told,
            saved=self.saver.state,
            snapshots=self.snapshots,
            recent=self.recent,
            damaged=self.damaged,
            agreement=weigh.agreement(self.desk, self.offers),
            goal=self.goal,
            progress=rounds.progress_of(self.desk, self.offers),
            limit=self.limit,
            below=self.below if self.desk.truths.places else 0,
            is_clear=situation.is_clear,
            answers=tuple(self.offers.answer(place) for place in self.queue.places),
        )

    def start(self) -> None:
        """Start the engine's children, without waiting for them."""
        self.desk.engine.start("light")
        self.desk.engine.start("heavy")

    def pump(self) -> None:
        """Take over what was read and what the engine said since the last call; never waits."""
        self.desk.poll()
        for message in self.desk.engine.poll(PUMP_SECONDS):
            self.apply(message)
        self._pumps += 1
        if self._pumps % LOOK_EVERY == 0:
            self.desk.lookout.look()
        self.errands = [errand for errand in self.errands if not errand.is_over]
        self.saver.poll()
        self.look_out()
        self.expiry.poll()
        if self.desk.writes or self.desk.changed - STEADY or self._is_time():
            self.publish()

    def _is_time(self) -> bool:
        """Say whether how far jobs are may be told again."""
        now = time.monotonic()
        if now - self._told_at < STEADY_SECONDS:
            return False
        self._told_at = now
        return True

    def apply(self, message: Message) -> None:
        """Change the state by one message of the engine.

        Parameters
        ----------
        message : Message
            What the engine told.
        """
        if isinstance(message, ChildChanged):
            self._child(message)
            return
        known = (e for e in self.errands if message.job in e.jobs and not e.is_over)  # type: ignore[attr-defined]
        errand = next(known, None)
        if errand is not None:
            try:
                _forward(errand, message)
            except SegLoopError as error:  # a plane that does not fit, a table that is full
                errand.fail(error)

    def set_view(self, image: int, index: Index, box: Box) -> None:
        """Take note of what the user sees.

        Parameters
        ----------
        image : int
            Number in the list.
        index : tuple of int
            The plane.
        box : (int, int, int, int)
            Top, left, bottom, right, in pixels, inside the plane.
        """
        if self.view != (image, index, box):
            self.view = (image, index, box)
            self.note("view")

    def set_painting(self, is_painting: bool) -> None:  # two states
        """Leave a processor to the user while they paint.

        Parameters
        ----------
        is_painting : bool
            Whether a stroke is being drawn.
        """
        self.desk.engine.set_painting(is_painting)

    def press_primary(self) -> None:
        """Do what the primary button says, as far as that needs no question to the user."""
        action = next_step(self._situation()).action
        if action == "first_masks":
            self.make_first_masks()
        elif action == "train":
            self.train()
        elif action == "predict":
            self.predict_rest()
        elif action == "next_place":
            self.start_checking() if self.queue.at is None else self.accept()

    def predict_rest(self) -> None:
        """Predict all planes that the version in use has not predicted."""
        with self.acting():
            keys = self._unpredicted()
            if self._has(keys):
                self._predict(keys)

    def close(self) -> None:
        """End the engine and all threads; what is not on the disk yet is written."""
        self.desk.engine.close()
        with suppress(OutputError):  # nobody is there to be told
            self.desk.versions.finish()
        self.close_project()
        self.saver.close()
        self.desk.close()
        self.scratch.close()

    def _child(self, message: ChildChanged) -> None:
        silent = message.state in {"silent", "quiet"}
        (self._silent.add if silent else self._silent.discard)(message.lane)
        if message.text:
            level: Level = "warning" if silent else "error"
            self.desk.tell(message.text, level if message.state != "ready" else "info")
        self.note("jobs")

    def _job(self, errand: Errand) -> JobState:
        lane = "light" if errand.kind in {"first_mask", "rank"} else "heavy"
        return replace(errand.state(), answering=lane not in self._silent)

    def _situation(self) -> Situation:
        keys = self._unpredicted()
        return Situation(
            images=sum(1 for _ in self.desk.images.used()),
            has_task=self.task is not None,
            has_masks=bool(self.desk.truths.keys()),
            has_model=self.desk.versions.current is not None,
            queue=self.queue,
            accepted=self.accepted,
            checked=self.checked,
            training=self.running("train") is not None,
            predicting=self.running("predict") is not None,
            train_cost=about(self.seconds),
            predict_cost=self._cost_of(keys),
            unpredicted=len(keys),
            is_useful=self._is_useful(),
            why_again=why_learn_again(self.desk.versions.states),
            is_done=is_reached(weigh.agreement(self.desk, self.offers), self.goal),
            is_clear=not keys and self._is_clear(),
            limit=self.limit,
        )

    def _is_clear(self) -> bool:
        """Say whether nothing is above the limit in what a taught version predicted."""
        known, found = self.desk.versions, self.desk.truths.places
        is_taught = known.current is not None and any(version.steps for version in known.states)
        if not is_taught or any(each.kind == "rank" and not each.is_over for each in self.errands):
            return False
        keys = self.desk.all_keys()
        is_ranked = bool(keys) and all(key in found for key in keys)
        if not is_ranked or fewest(self.desk, self.offers, self.goal):
            return False
        return is_clear(self.queue, (found[key] for key in keys), self.limit)

    def _is_useful(self) -> bool:
        in_use = [v for v in self.desk.versions.states if v.number == self.desk.versions.current]
        return not in_use or in_use[0].score is None or in_use[0].score >= USEFUL

    def _unpredicted(self) -> list[Key]:
        version, predicted = self.desk.versions.current, self.desk.predicted
        return [key for key in self.desk.all_keys() if predicted.get(key) != version]

    def _cost_of(self, keys: Sequence[Key]) -> str:
        seconds = seconds_for(self.desk, self._pixels(keys, "all"))
        return "" if seconds is None else about(seconds)


def _forward(errand: Errand, message: Message) -> None:
    if isinstance(message, JobStarted):
        errand.on_started()
    elif isinstance(message, JobEvent):
        errand.on_event(message.event)
    elif isinstance(message, JobBlock):
        errand.on_block(message)
    elif isinstance(message, JobDone):
        errand.on_done(message.job, message.answer)
    elif isinstance(message, JobFailed):
        errand.on_failed(message.job, message.error, cancelled=message.cancelled)
