"""A taught network and everything that its file says of it."""

from __future__ import annotations

import datetime
import importlib.metadata
from typing import TYPE_CHECKING

import torch

from napari_segloop.core.beginning import architecture_of
from napari_segloop.core.calibration import calibrate
from napari_segloop.core.comparing import mean_dice
from napari_segloop.core.confidence import fit_temperature
from napari_segloop.core.devices import place
from napari_segloop.core.example import example_of
from napari_segloop.core.familiarity import familiar_with
from napari_segloop.core.modelfile import Model
from napari_segloop.core.modelinfo import ModelInfo
from napari_segloop.core.seldom import count

if TYPE_CHECKING:
    from napari_segloop.core.classroom import Classroom
    from napari_segloop.core.contenders import Contender
    from napari_segloop.core.errormodel import ErrorModel
    from napari_segloop.core.trainresult import Story

VERSIONED = ("napari-segloop", "torch", "segmentation-models-pytorch", "numpy")


def new_model(classroom: Classroom, best: Contender, story: Story) -> Model:
    """Put the header on a network that was taught.

    Parameters
    ----------
    classroom : Classroom
        Where it was taught.
    best : Contender
        The network, moved to the CPU, and its answers in the test regions.
    story : Story
        How the training went.

    Returns
    -------
    Model
        In evaluation mode.
    """
    lesson, settings = classroom.lesson, story.settings
    built = architecture_of(lesson, settings, story.start)
    temperature = _temperature(best)
    info = ModelInfo(
        task=settings.task,
        encoder=built.encoder,
        depth=built.depth,
        channels=lesson.channels,
        values=lesson.values,
        normalization=lesson.normalization,
        temperature=temperature,
        errors=_errors(classroom, best, story, temperature),
        familiar=familiar_with(lesson),
        taught=count(lesson.teaching_truth(), len(lesson.values)),
        axes=settings.axes,
        selected=settings.channels,
        score=mean_dice(best.judged) if _is_tested(classroom, best, story) else None,
        steps=story.steps,
        seed=settings.seed,
        precision=classroom.precision,
        teach_hashes=tuple(block.content for block in lesson.split.teach),
        test_hashes=tuple(block.content for block in lesson.split.test),
        inherited_hashes=_inherited(classroom, story),
        start=_known_as(story.start),
        base=story.base,
        versions=tuple((name, importlib.metadata.version(name)) for name in VERSIONED),
        author=settings.author,
        pixel_size=lesson.pixel_size,
        example=example_of(lesson),
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    )
    plain = best.network.cpu().to(memory_format=torch.contiguous_format)
    return Model(info, plain.eval().requires_grad_(requires_grad=False))


def _temperature(best: Contender) -> float:
    """Fit the temperature on the regions that calibrate."""
    folds = torch.tensor(best.folds.calibrating)
    here = torch.isin(best.scored.regions, folds)
    return fit_temperature(best.scored.logits[here], best.scored.truth[here])


def _errors(classroom: Classroom, best: Contender, story: Story, temperature: float) -> ErrorModel:
    """Fit the error model on the regions that calibrate, as long as they were not taught."""
    network = place(best.network, classroom.device)
    regions = best.folds.calibrating if _is_tested(classroom, best, story) else ()
    is_objects = story.settings.task == "objects"
    asked = classroom.examiner, network, classroom.precision, temperature, regions
    return calibrate(*asked, objects=is_objects)


def _is_tested(classroom: Classroom, best: Contender, story: Story) -> bool:
    """Say whether there are regions to score on that never taught these weights."""
    is_new = best.folds.is_honest or story.settings.afresh
    return bool(classroom.lesson.split.test) and is_new


def _inherited(classroom: Classroom, story: Story) -> tuple[str, ...]:
    """Return what taught the weights that training started from, and did not teach now."""
    if story.start is None or story.settings.afresh:
        return ()
    here = {block.look for block in classroom.lesson.split.teach}
    return tuple(sorted(story.start.info.seen - here))


def _known_as(start: Model | None) -> str | None:
    """Return the id that versions know a model by: that of its weights in full precision."""
    return None if start is None else start.info.original or start.id
