"""Teach a network on checked pixels: a generator of events that returns the better model.

The caller's model is never changed. The loop knows steps and scores; images, patches, schedule
and scoring are their own modules'.
"""

from __future__ import annotations

import datetime
import importlib.metadata
import time
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

import torch
from torch import nn

from napari_segloop.core.beginning import architecture_of, first_network, same_outputs
from napari_segloop.core.classroom import Best, Classroom
from napari_segloop.core.comparing import gain
from napari_segloop.core.confidence import fit_temperature
from napari_segloop.core.devices import (
    choose_device,
    in_words,
    is_out_of_memory,
    keep_large_blocks,
    set_threads,
)
from napari_segloop.core.errors import ResourceError, SegLoopError
from napari_segloop.core.events import Event, Notice, StepDone, TrainingPlanned
from napari_segloop.core.example import example_of
from napari_segloop.core.lesson import Lesson, TrainingImage, prepare_lesson
from napari_segloop.core.modelfile import Model
from napari_segloop.core.modelinfo import ModelInfo
from napari_segloop.core.probing import probe_training
from napari_segloop.core.schedule import Budget, is_scoring_step

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from napari_segloop.core.images import ShouldStop
    from napari_segloop.core.scoring import Scored
    from napari_segloop.core.settings import TrainSettings

VERSIONED = ("napari-segloop", "torch", "segmentation-models-pytorch", "numpy")


@dataclass(frozen=True, slots=True, eq=False)
class TrainResult:
    """What a training led to.

    Parameters
    ----------
    model : Model
        The winner.
    candidate : Model or None
        The new model, when it lost against the one that training started from.
    accepted : bool
        Whether the winner is the new model.
    score : float or None
        Of the new model on the test regions: mean Dice, 0 to 1; None without test regions.
    start_score : float or None
        Of the model that training started from, on the same regions.
    steps : int
        Steps taken.
    seconds : float
        Wall time.
    stopped : bool
        Whether it was asked to stop.
    dice : tuple of float or None
        Of the new model, per class.
    device : str
        Where it was taught, in which precision.
    settings : TrainSettings or None
        How it was taught.
    """

    model: Model
    candidate: Model | None
    accepted: bool
    score: float | None
    start_score: float | None
    steps: int
    seconds: float
    stopped: bool
    dice: tuple[float | None, ...] = ()
    device: str = ""
    settings: TrainSettings | None = None


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
        Notice, TrainingPlanned, StepDone, Validated.

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
    classroom = yield from _open(lesson, settings, start)
    yield from _announce(lesson, budget.steps)
    before = _score_before(classroom, start)
    best, stopped = Best(), False
    for step in count():
        closing = classroom.closing_cost(budget.steps, step)
        stopped = should_stop()
        if stopped or budget.is_over(closing) or step == budget.steps:
            break
        started, known = time.monotonic(), budget.steps
        loss = classroom.step(budget.due_step(step, closing), known)
        budget.note_step(time.monotonic() - started, closing)
        if budget.steps != known:
            yield from _announce(lesson, budget.steps)
        yield StepDone(step + 1, budget.steps or 0, loss, budget.elapsed)
        if step + 1 != budget.steps and is_scoring_step(step + 1, budget.steps):
            yield from best.consider(classroom, step + 1)
    if budget.steps is None:  # stopped before a number was fixed
        yield from _announce(lesson, step)
    if not stopped or best.scored is None:  # a Stop must not take long
        yield from best.consider(classroom, step)
    return _conclude(classroom, best, _Story(settings, start, before, step, budget, stopped))


@dataclass(frozen=True, slots=True)
class _Story:
    """How a training went."""

    settings: TrainSettings
    start: Model | None
    before: Scored | None
    steps: int
    budget: Budget
    stopped: bool


def _open(
    lesson: Lesson, settings: TrainSettings, start: Model | None
) -> Generator[Event, None, Classroom]:
    """Build the network, choose the precision, gather the patches."""
    set_threads(settings.threads)
    torch.manual_seed(settings.seed)
    device = choose_device(settings.device)
    keep_large_blocks()
    network = yield from first_network(lesson, settings, start)
    precision = probe_training(device)
    torch.manual_seed(settings.seed)
    if not lesson.split.test:
        yield Notice(
            "There is too little truth to keep test regions: the score is on regions that were "
            "also taught, and says less. Check some more places."
        )
    return Classroom(network, lesson, settings, precision)


def _announce(lesson: Lesson, steps: int | None) -> Iterator[Event]:
    if steps is not None:
        yield TrainingPlanned(steps, len(lesson.split.teach), len(lesson.split.test))


def _conclude(classroom: Classroom, best: Best, story: _Story) -> TrainResult:
    """Make the model, compare it with the one it started from."""
    if best.network is None or best.scored is None:
        msg = "a training that ended without a scored network"
        raise ValueError(msg)
    model = _new_model(classroom, best.network, best.scored, story)
    accepted = _is_accepted(best.scored, story)
    if not _is_finite(best.network):
        accepted = _refuse_endless(story.start)
    winner = model if accepted or story.start is None else story.start
    return TrainResult(
        model=winner,
        candidate=None if accepted else model,
        accepted=accepted,
        score=model.info.score,
        start_score=story.before.score if story.before else None,
        steps=story.steps,
        seconds=story.budget.elapsed,
        stopped=story.stopped,
        dice=best.scored.dice,
        device=in_words(classroom.device, classroom.precision),
        settings=story.settings,
    )


def _is_finite(network: nn.Module) -> bool:
    return all(bool(weight.isfinite().all()) for weight in network.state_dict().values())


def _refuse_endless(start: Model | None) -> bool:
    """Fall back on the model to start from when a training left the range of numbers."""
    if start is None:
        raise SegLoopError(
            "a training that settles",
            "weights that are no numbers",
            "Train again with another --seed, or with more and cleaner labels.",
        )
    return False


def _score_before(classroom: Classroom, start: Model | None) -> Scored | None:
    if start is None or not same_outputs(start, classroom.lesson):
        return None
    return classroom.score_of(start)


def _is_accepted(scored: Scored, story: _Story) -> bool:
    """Refuse what is worse; what was learnt anew must be better by more than the error of that."""
    if story.before is None:
        return True
    if not story.settings.afresh:
        return scored.score >= story.before.score
    better, error = gain(scored.counts, story.before.counts)
    return better >= error


def _known_as(start: Model | None) -> str | None:
    """Return the id that versions know a model by: that of its weights in full precision."""
    return None if start is None else start.info.original or start.id


def _new_model(classroom: Classroom, network: nn.Module, scored: Scored, story: _Story) -> Model:
    lesson, settings = classroom.lesson, story.settings
    has_test = bool(lesson.split.test)
    built = architecture_of(lesson, settings, story.start)
    info = ModelInfo(
        task=settings.task,
        encoder=built.encoder,
        depth=built.depth,
        channels=lesson.channels,
        values=lesson.values,
        normalization=lesson.normalization,
        temperature=fit_temperature(scored.logits, scored.truth),
        axes=settings.axes,
        selected=settings.channels,
        score=scored.score if has_test else None,
        steps=story.steps,
        seed=settings.seed,
        precision=classroom.precision,
        teach_hashes=tuple(block.content for block in lesson.split.teach),
        test_hashes=tuple(block.content for block in lesson.split.test),
        start=_known_as(story.start),
        versions=tuple((name, importlib.metadata.version(name)) for name in VERSIONED),
        author=settings.author,
        pixel_size=lesson.pixel_size,
        example=example_of(lesson),
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    )
    plain = network.cpu().to(memory_format=torch.contiguous_format)
    return Model(info, plain.eval().requires_grad_(requires_grad=False))
