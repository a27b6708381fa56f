"""Teach a network on checked pixels: a generator of events that returns the better model.

The caller's model is never changed. The loop knows steps and scores; images, patches, schedule
and scoring are their own modules'.
"""

from __future__ import annotations

import time
from itertools import count
from typing import TYPE_CHECKING

import torch

from napari_segloop.core.beginning import first_network
from napari_segloop.core.best import Best
from napari_segloop.core.classroom import Classroom
from napari_segloop.core.contenders import SHARES, can_be_averaged
from napari_segloop.core.devices import (
    choose_device,
    is_out_of_memory,
    keep_large_blocks,
    set_threads,
)
from napari_segloop.core.errors import ResourceError
from napari_segloop.core.events import Event, Notice, StepDone, TrainingPlanned
from napari_segloop.core.inspecting import inspect
from napari_segloop.core.lesson import Lesson, TrainingImage, prepare_lesson
from napari_segloop.core.plateau import Plateau
from napari_segloop.core.probing import probe_training
from napari_segloop.core.schedule import Budget, is_scoring_step
from napari_segloop.core.suspicions import contradictions
from napari_segloop.core.trainresult import Story
from napari_segloop.core.verdict import conclude, folds_for, score_before

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from napari_segloop.core.images import ShouldStop
    from napari_segloop.core.modelfile import Model
    from napari_segloop.core.settings import TrainSettings
    from napari_segloop.core.trainresult import TrainResult


def fit(
    images: Sequence[TrainingImage],
    settings: TrainSettings,
    start: Model | None = None,
    should_stop: ShouldStop = lambda: False,
) -> Generator[Event, None, TrainResult]:
    """Teach a network on the checked pixels of some images.

    Parameters
    ----------
    images : sequence of TrainingImage
        Planes with labels.
    settings : TrainSettings
        How to train.
    start : Model, optional
        Weights to improve; they also have to be beaten on the test regions.
    should_stop : callable
        Asked at every step; the best weights so far are returned.

    Returns
    -------
    TrainResult
        With the winner.

    Yields
    ------
    Event
        Notice, TrainingPlanned, StepDone, Validated, Suspicious.

    Raises
    ------
    InputError
        When images, labels or settings do not fit together; TruthError and ModelError are such.
    ResourceError
        When memory did not suffice.
    SegLoopError
        When the training led to no numbers.
    """
    try:
        return (yield from _fit(images, settings, start, should_stop))
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise ResourceError(
            f"memory for {settings.batch} patches of {settings.patch} pixels",
            "too little",
            "Close other programs, or train with --device cpu.",
        ) from error


def _fit(
    images: Sequence[TrainingImage],
    settings: TrainSettings,
    start: Model | None,
    should_stop: ShouldStop,
) -> Generator[Event, None, TrainResult]:
    budget = Budget(settings.steps, settings.seconds)
    lesson = prepare_lesson(images, settings, start.info if start else None)
    yield from contradictions(lesson, images)
    classroom, base = yield from _open(lesson, settings, start)
    yield from _announce(lesson, budget.steps)
    before = score_before(classroom, start)
    best, plateau, stopped = Best(folds_for(classroom, start)), Plateau(), False
    more = len(SHARES) * can_be_averaged(classroom, before, start)  # means are scored, too
    for step in count():
        closing = classroom.closing_cost(budget.steps, step, more)
        stopped = should_stop()
        if stopped or budget.is_over(closing) or step == budget.steps:
            break
        started, known = time.monotonic(), budget.steps
        loss = classroom.step(budget.due_step(step, closing), known)
        budget.note_step(time.monotonic() - started, closing)
        if plateau.note(loss) and budget.end_early():
            yield Notice("The loss has stopped falling: training ends before its time is up.")
        if budget.steps != known:
            yield from _announce(lesson, budget.steps)
        left = budget.seconds_left(classroom.closing_cost(budget.steps, step + 1, more))
        yield StepDone(step + 1, budget.steps or 0, loss, budget.elapsed, left)
        if step + 1 != budget.steps and is_scoring_step(step + 1, budget.steps):
            yield from best.consider(classroom, step + 1)
    if budget.steps is None:  # stopped before a number was fixed
        yield from _announce(lesson, step)
    if not stopped or best.is_empty:  # a Stop must not take long
        yield from best.consider(classroom, step)
    story = Story(settings, start, before, step, budget.elapsed, stopped, base)
    result = conclude(classroom, best, story)
    if not stopped and not budget.is_over(classroom.inspection_cost(step)):
        others = [start] if start and before and start is not result.model else []
        yield from inspect(classroom, [result.model, *others], images, step)
    return result


def _open(
    lesson: Lesson, settings: TrainSettings, start: Model | None
) -> Generator[Event, None, tuple[Classroom, str]]:
    """Build the network, choose the precision, gather the patches."""
    set_threads(settings.threads)
    torch.manual_seed(settings.seed)
    device = choose_device(settings.device)
    keep_large_blocks()
    begun = yield from first_network(lesson, settings, start)
    precision = probe_training(device)
    torch.manual_seed(settings.seed)
    if not lesson.split.test:
        yield Notice(
            "There is too little truth to keep test regions: the score is on regions that were "
            "also taught, and says less. Check some more places."
        )
    return Classroom(begun.network, lesson, settings, precision), begun.base


def _announce(lesson: Lesson, steps: int | None) -> Iterator[Event]:
    if steps is not None:
        yield TrainingPlanned(steps, len(lesson.split.teach), len(lesson.split.test))
