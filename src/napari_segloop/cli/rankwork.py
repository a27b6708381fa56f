"""Which files ``segloop rank`` works on, and who judges them: a model, or the starter network."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from napari_segloop.cli.judges import Judge, OfModel, check_masks
from napari_segloop.cli.marks import Marks
from napari_segloop.cli.prediction import FilePredictor, settings_from
from napari_segloop.cli.proofreading import STARTER, OfStarter
from napari_segloop.core.errors import InputError, ModelError
from napari_segloop.core.modelfile import load_model
from napari_segloop.core.prediction import Wanted
from napari_segloop.files.pairing import find_images, pair

if TYPE_CHECKING:
    from pathlib import Path

    from napari_segloop.cli.rank import RankRequest
    from napari_segloop.cli.report import Reporter
    from napari_segloop.core.images import ShouldStop
    from napari_segloop.core.modelfile import Model


@dataclass(frozen=True, slots=True)
class RankWork:
    """The files of one call.

    Parameters
    ----------
    images : list of Path
        To be ranked.
    marks : Marks
        What is checked in them.
    masks : dict of Path to Path
        Given masks of each image; empty where the model's own are ranked.
    skipped : tuple of Path
        Images without masks, where masks are given.
    """

    images: list[Path]
    marks: Marks
    masks: dict[Path, Path] = field(default_factory=dict)
    skipped: tuple[Path, ...] = ()


def plan_work(request: RankRequest) -> RankWork:
    """Find the files of a call.

    Parameters
    ----------
    request : RankRequest
        The call.

    Returns
    -------
    RankWork
        Nothing but names was looked at.

    Raises
    ------
    InputError
        When files are missing, or do not pair.
    """
    axes = request.reading.axes
    if not request.masks:
        images = find_images(request.inputs)
        return RankWork(images, Marks(request.checked, images, axes))
    pairing = pair(request.inputs, request.masks)
    masks = {each.image: each.labels for each in pairing.pairs}
    marks = Marks(request.checked, list(masks), axes)
    return RankWork(list(masks), marks, masks, pairing.skipped)


def judge_for(
    request: RankRequest, work: RankWork, should_stop: ShouldStop, reporter: Reporter
) -> Judge:
    """Return who says how likely masks are wrong.

    Parameters
    ----------
    request : RankRequest
        The call.
    work : RankWork
        Its files.
    should_stop : callable
        Asked at every tile.
    reporter : Reporter
        Told of tiles.

    Returns
    -------
    Judge
        Ready.

    Raises
    ------
    InputError
        When files, masks and model do not fit together; ModelError is such.
    Stopped
        When the user asked for it.
    """
    if work.skipped:
        reporter.notice(f"Passed over {len(work.skipped)} image(s) without masks.")
    if str(request.model) == STARTER:
        return _starter(request, work, should_stop, reporter)
    model = load_model(request.model)
    _check_task(model, request)
    given = bool(work.masks)
    predictor = FilePredictor(
        model,
        request.reading,
        settings_from(request.computing, quality=request.quality),
        Wanted(uncertainty=not given, probabilities=given),
        should_stop,
        reporter,
    )
    predictor.check(work.images)
    axes = request.reading.axes or model.info.axes
    check_masks(work.masks, predictor.open, axes)
    return OfModel(predictor, work.masks or None, axes)


def _starter(
    request: RankRequest, work: RankWork, should_stop: ShouldStop, reporter: Reporter
) -> OfStarter:
    if not work.masks:
        raise InputError(
            "masks to rank with the word starter, which knows no classes of its own",
            "none",
            "Name them with --masks, or give a model.",
        )
    judge = OfStarter(
        work.masks,
        work.marks,
        objects=request.task == "objects",
        reading=request.reading,
        computing=request.computing,
        should_stop=should_stop,
        reporter=reporter,
    )
    judge.learn()
    return judge


def _check_task(model: Model, request: RankRequest) -> None:
    if request.task not in (None, model.info.task):
        raise ModelError(
            f"a model for {request.task}",
            f"one for {model.info.task}",
            "Leave --task out: a model knows its own.",
            str(request.model),
        )
