"""Teach a network on checked pixels: a generator of events that returns the better model.

The caller's model is never changed. The loop knows steps and scores; images, patches, schedule
and scoring are their own modules'.
"""

from __future__ import annotations

import copy
import datetime
import importlib.metadata
import time
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING

import torch
from torch import nn

from napari_segloop.core.augment import vary
from napari_segloop.core.confidence import fit_temperature
from napari_segloop.core.devices import choose_device, place, probe_training, set_threads
from napari_segloop.core.errors import ModelError, ResourceError
from napari_segloop.core.events import Event, Notice, StepDone, TrainingPlanned, Validated
from napari_segloop.core.learner import Learner
from napari_segloop.core.lesson import Lesson, TrainingImage, prepare_lesson
from napari_segloop.core.modelfile import Model
from napari_segloop.core.modelinfo import ModelInfo
from napari_segloop.core.network import build_network, build_pretrained
from napari_segloop.core.patches import Batch, PatchSampler, TeachingImage
from napari_segloop.core.schedule import Budget, one_cycle
from napari_segloop.core.scoring import Examiner, Scored

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from napari_segloop.core.images import ShouldStop
    from napari_segloop.core.settings import TrainSettings

SCORED_AT = (0.7, 0.85, 1.0)  # of the steps
FORWARD_COST = 0.35  # of a training step on the same pixels
CLOSING_COST = 4.0  # steps' worth of time for hashing and writing
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

    Yields
    ------
    Event
        Notice, TrainingPlanned, StepDone, Validated.

    Returns
    -------
    TrainResult
        With the winner.

    Raises
    ------
    InputError
        When images, labels or settings do not fit together; TruthError and ModelError are such.
    ResourceError
        When memory did not suffice.
    """
    try:
        return (yield from _fit(images, settings, start, should_stop))
    except (torch.OutOfMemoryError, MemoryError) as error:
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
    lesson = prepare_lesson(images, settings)
    classroom = yield from _open(lesson, settings, start)
    yield from _announce(lesson, budget)
    best = _Best()
    stopped = False
    for step in count():
        closing = classroom.closing_cost(budget.steps, step)
        stopped = should_stop()
        if stopped or budget.is_over(closing) or step == budget.steps:
            break
        started, known = time.monotonic(), budget.steps
        loss = classroom.step(step, known)
        budget.note_step(time.monotonic() - started, closing)
        if known is None and budget.steps is not None:
            yield from _announce(lesson, budget)
        yield StepDone(step + 1, budget.steps or 0, loss, budget.elapsed)
        if step + 1 != budget.steps and is_scoring_step(step + 1, budget.steps):
            yield from best.consider(classroom, step + 1)
    yield from best.consider(classroom, step)
    return _conclude(classroom, best, _Story(settings, start, step, budget, stopped))


def is_scoring_step(step: int, steps: int | None) -> bool:
    """Say whether the network is scored after this many steps.

    Parameters
    ----------
    step : int
        Steps taken.
    steps : int or None
        Steps planned; nothing is scored before that is known.

    Returns
    -------
    bool
        True at 70, 85 and 100 per cent.

    Examples
    --------
    >>> [step for step in range(1, 101) if is_scoring_step(step, 100)]
    [70, 85, 100]
    """
    return steps is not None and step in {max(1, round(share * steps)) for share in SCORED_AT}


class _Classroom:
    """The network with everything that teaching it and scoring it needs."""

    def __init__(
        self, network: nn.Module, lesson: Lesson, settings: TrainSettings, precision: str
    ) -> None:
        self.device = device = choose_device(settings.device)
        self.lesson, self.precision, self._settings = lesson, precision, settings
        self.learner = Learner(network, settings.learning_rate, precision, device)
        self._sampler = PatchSampler(
            [
                TeachingImage(image, truth, device)
                for image, truth in zip(lesson.images, lesson.teaching_truth(), strict=True)
            ],
            settings.patch,
            settings.batch,
            settings.seed,
        )
        self._noise = torch.Generator().manual_seed(settings.seed)
        blocks = lesson.split.test or lesson.split.teach
        self.examiner = Examiner(lesson.images, lesson.truths, blocks, lesson.outputs, device)

    def step(self, step: int, steps: int | None) -> float:
        """Take one step on the next patches."""
        return self.learner.step(self._patches(), one_cycle(step, steps))

    def graduate(self) -> nn.Module:
        """Return the network of this moment."""
        return self.learner.graduate()

    def closing_cost(self, steps: int | None, step: int) -> float:
        """Return how many steps' worth of time the scorings to come and the end need."""
        left = sum(1 for share in SCORED_AT if steps is None or share * steps > step)
        patches = self._settings.batch * self._settings.patch**2
        one = FORWARD_COST * self.examiner.pixels / patches
        return max(left, 1) * one + CLOSING_COST

    def _patches(self) -> Batch:
        batch = self._sampler.draw()
        return replace(batch, images=vary(batch.images, self._noise))


class _Best:
    """The best network so far and its score."""

    def __init__(self) -> None:
        self.network: nn.Module | None = None
        self.scored: Scored | None = None

    def consider(self, classroom: _Classroom, step: int) -> Iterator[Event]:
        """Score the network of this moment and keep it when it is the best."""
        network = classroom.graduate()
        scored = classroom.examiner.score(network, classroom.precision)
        better = self.scored is None or scored.score > self.scored.score
        if better:
            self.network, self.scored = network, scored
        yield Validated(step, scored.score, better)


@dataclass(frozen=True, slots=True)
class _Story:
    """How a training went."""

    settings: TrainSettings
    start: Model | None
    steps: int
    budget: Budget
    stopped: bool


def _open(
    lesson: Lesson, settings: TrainSettings, start: Model | None
) -> Generator[Event, None, _Classroom]:
    """Build the network, choose the precision, gather the patches."""
    set_threads(settings.threads)
    torch.manual_seed(settings.seed)
    device = choose_device(settings.device)
    network = yield from _first_network(lesson, settings, start)
    probed = place(copy.deepcopy(network).train(), device)
    precision = probe_training(probed, device)
    torch.manual_seed(settings.seed)
    if not lesson.split.test:
        yield Notice(
            "There is too little truth to keep test regions: the score is on regions that were "
            "also taught, and says less. Check some more places."
        )
    return _Classroom(network, lesson, settings, precision)


def _first_network(
    lesson: Lesson, settings: TrainSettings, start: Model | None
) -> Generator[Event, None, nn.Module]:
    if start is None and settings.pretrained:
        network, problem = build_pretrained(settings.encoder, lesson.channels, lesson.outputs)
        if problem:
            yield Notice(problem)
        return network
    network = build_network(_encoder(settings, start), lesson.channels, lesson.outputs)
    if start is None:
        return network
    _check_start(start, lesson, settings)
    if _same_outputs(start, lesson):
        network.load_state_dict(start.network.state_dict())
        return network
    kept = {k: v for k, v in start.network.state_dict().items() if "segmentation_head" not in k}
    network.load_state_dict(kept, strict=False)
    yield Notice(
        f"The classes changed from {list(start.info.values)} to {list(lesson.values)}: the last "
        "layer starts anew and the two models are not compared."
    )
    return network


def _encoder(settings: TrainSettings, start: Model | None) -> str:
    return start.info.encoder if start else settings.encoder


def _same_outputs(start: Model, lesson: Lesson) -> bool:
    return start.info.values == lesson.values and start.info.outputs == lesson.outputs


def _check_start(start: Model, lesson: Lesson, settings: TrainSettings) -> None:
    if start.info.task != settings.task:
        raise ModelError(
            f"a model for {settings.task} to start from",
            f"one for {start.info.task}",
            f"Train with --task {start.info.task}, or start from another model.",
        )
    if start.info.channels != lesson.channels:
        raise ModelError(
            f"a model for {lesson.channels} channel(s) to start from",
            f"one for {start.info.channels}",
            "Select channels with --channels, or start from another model.",
        )


def _announce(lesson: Lesson, budget: Budget) -> Iterator[Event]:
    if budget.steps is not None:
        yield TrainingPlanned(budget.steps, len(lesson.split.teach), len(lesson.split.test))


def _conclude(classroom: _Classroom, best: _Best, story: _Story) -> TrainResult:
    """Make the model, compare it with the one it started from."""
    if best.network is None or best.scored is None:
        msg = "a training that ended without a scored network"
        raise ValueError(msg)
    model = _new_model(classroom, best.network, best.scored, story)
    start_score = _start_score(classroom, story.start)
    accepted = start_score is None or best.scored.score >= start_score
    winner = model if accepted or story.start is None else story.start
    return TrainResult(
        model=winner,
        candidate=None if accepted else model,
        accepted=accepted,
        score=model.info.score,
        start_score=start_score,
        steps=story.steps,
        seconds=story.budget.elapsed,
        stopped=story.stopped,
        dice=best.scored.dice,
    )


def _start_score(classroom: _Classroom, start: Model | None) -> float | None:
    if start is None or not _same_outputs(start, classroom.lesson):
        return None
    network = place(copy.deepcopy(start.network), classroom.device)
    return classroom.examiner.score(network, classroom.precision).score


def _new_model(classroom: _Classroom, network: nn.Module, scored: Scored, story: _Story) -> Model:
    lesson, settings = classroom.lesson, story.settings
    has_test = bool(lesson.split.test)
    info = ModelInfo(
        task=settings.task,
        encoder=_encoder(settings, story.start),
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
        start=story.start.id if story.start else None,
        versions=tuple((name, importlib.metadata.version(name)) for name in VERSIONED),
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    )
    plain = network.cpu().to(memory_format=torch.contiguous_format)
    return Model(info, plain.eval().requires_grad_(requires_grad=False))
