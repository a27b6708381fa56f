"""A training that is stopped, continued and overheard, and the same steps without the rest.

`fit` is called as users call it. The names that it calls are wrapped while it runs, so that what
is measured is the loop itself and not a copy of it.
"""

from __future__ import annotations

import copy
import time
from collections import defaultdict
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import torch
from torch.nn import functional

from benchmarks.clocks import Timed, timed
from benchmarks.models import training_images
from napari_segloop.core import classroom, learner
from napari_segloop.core.devices import choose_device
from napari_segloop.core.events import StepDone
from napari_segloop.core.patches import PatchSampler
from napari_segloop.core.scoring import Examiner
from napari_segloop.core.train import fit

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from benchmarks.harness import Run
    from napari_segloop.core.learner import Learner
    from napari_segloop.core.patches import Batch
    from napari_segloop.core.settings import TrainSettings

UNKNOWN = -1
STILL = 1e-4  # relative rate of bare steps: the same work, and the network stays as it is
PARTS = ("cutting patches", "varying grey values", "steps of the learner", "scoring", "the rest")


def cross_entropy(logits: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Return what a plain loop minimises.

    Parameters
    ----------
    logits : (B, K, Y, X) Tensor
        Any precision.
    truth : (B, Y, X) Tensor of int64
        Class numbers, -1 where not checked.

    Returns
    -------
    Tensor
        A scalar.
    """
    return functional.cross_entropy(logits.float(), truth, ignore_index=UNKNOWN)


class Loop:
    """A training that is stopped and continued."""

    def __init__(self, settings: TrainSettings, run: Run) -> None:
        images = training_images("crystals", smoke=run.smoke)
        self._events: Generator[object, None, object] = fit(images or [], settings)

    def advance(self, steps: int) -> None:
        """Go on until so many more steps are done."""
        for event in self._events:
            steps -= isinstance(event, StepDone)
            if steps == 0:
                return

    def finish(self) -> None:
        """Go on to the end."""
        for _ in self._events:
            pass


@dataclass(slots=True)
class Overheard:
    """What the loop spends its time on, and what it teaches with."""

    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    arguments: tuple[Any, ...] = ()
    batch: Batch | None = None

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Time the parts of the loop while it runs."""
        real = learner.Learner

        def note(*arguments: Any) -> Learner:  # noqa: ANN401  # whatever the classroom passes
            self.arguments = (copy.deepcopy(arguments[0]), *arguments[1:])
            return real(*arguments)

        with ExitStack() as stack:
            stack.enter_context(patch.object(classroom, "Learner", note))
            for part, place, name in (
                (PARTS[0], PatchSampler, "draw"),
                (PARTS[1], classroom, "vary"),
                (PARTS[2], real, "step"),
                (PARTS[3], Examiner, "score"),
            ):
                whole = self._timed(getattr(place, name), part)
                stack.enter_context(patch.object(place, name, whole))
            yield

    def _timed(self, function: Callable[..., Any], part: str) -> Callable[..., Any]:
        @wraps(function)
        def call(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401
            if part == PARTS[2]:
                self.batch = self.batch or arguments[1]
            start = time.perf_counter()
            answer = function(*arguments, **named)
            self.seconds[part] += time.perf_counter() - start
            return answer

        return call


class Bare:
    """The network, optimisers and precision of the loop, on one resident batch."""

    def __init__(self, overheard: Overheard, wait: Callable[[], None]) -> None:
        if overheard.batch is None:
            msg = "a loop that took no step"
            raise ValueError(msg)
        self.settle, self._overheard = wait, overheard
        self.network, *rest = overheard.arguments
        self._learner = learner.Learner(copy.deepcopy(self.network), *rest)
        device = choose_device(rest[-1].type)
        images = overheard.batch.images.to(device).contiguous(memory_format=torch.channels_last)
        self.batch = replace(overheard.batch, images=images, truth=overheard.batch.truth.to(device))
        self.time(1)

    def time(self, steps: int) -> Timed:
        """Time so many steps with plain cross-entropy."""
        with patch.object(learner, "segmentation_loss", cross_entropy):
            return timed(lambda: [self.ours() for _ in range(steps)], self.settle)

    def ours(self) -> float:
        """Take a step with our loss; it is not overheard."""
        before = self._overheard.seconds[PARTS[2]]
        loss = self._learner.step(self.batch, STILL)
        self._overheard.seconds[PARTS[2]] = before
        return loss
