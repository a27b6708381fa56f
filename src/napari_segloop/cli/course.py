"""How a training goes, told step by step: what was planned, how far it is, what is suspicious.

Knows events and words, no files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_segloop.cli.report import duration
from napari_segloop.core.events import (
    Notice,
    StepDone,
    Suspicion,
    Suspicious,
    TrainingPlanned,
    Validated,
)

if TYPE_CHECKING:
    from napari_segloop.cli.report import Reporter
    from napari_segloop.core.events import Event


class Course:
    """Tells how a training goes, and remembers what was planned."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._score: float | None = None
        self.planned: TrainingPlanned | None = None
        self.suspicious = list[Suspicion]()

    def tell(self, event: Event) -> None:
        """Tell of an event."""
        self._reporter.event(event)
        if isinstance(event, Notice):
            self._reporter.say(event.text)
        elif isinstance(event, TrainingPlanned):
            self._plan(event)
        elif isinstance(event, Validated):
            self._score = event.score
        elif isinstance(event, Suspicious):
            self._suspect(event)
        elif isinstance(event, StepDone):
            self._step(event)

    def stop(self) -> None:
        """Say what the first Ctrl-C does."""
        self._reporter.notice(
            "Stopping: the best weights so far will be written, in a moment. "
            "A second Ctrl-C gives up, and nothing is written."
        )
        self._reporter.if_stopped = "Given up: nothing was written."

    def _plan(self, event: TrainingPlanned) -> None:
        self.planned = event
        regions = f"{event.teach_regions} regions teach, {event.test_regions} test"
        self._reporter.say(f"{counted(event.steps)}; {regions}.")

    def _suspect(self, event: Suspicious) -> None:
        self.suspicious += event.regions
        for each in event.regions:
            plane = f", plane {';'.join(map(str, each.index))}" if each.index else ""
            place = f"{each.image}{plane}, row {each.y}, column {each.x}"
            self._reporter.say(f"{place} ({each.height} x {each.width} px): {each.reason}.")

    def _step(self, event: StepDone) -> None:
        self._reporter.started = True
        score = "" if self._score is None else f", agreement {100 * self._score:.0f} %"
        left = "" if event.seconds_left is None else f", {duration(event.seconds_left)} left"
        when = f" of {event.steps}{left}" if event.steps else ""
        self._reporter.progress(f"step {event.step}{when}, loss {event.loss:.3f}{score}")


def counted(steps: int | None) -> str:
    """Return a number of steps in words.

    Parameters
    ----------
    steps : int or None
        How many.

    Returns
    -------
    str
        As in "40 steps".
    """
    return "1 step" if steps == 1 else f"{steps} steps"
