"""``segloop train --project``: teach from a project, and give it a version of its model.

The version tells what taught it: the snapshot, the settings, and its score beside its parent's.
"""

from __future__ import annotations

import datetime
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from napari_segloop.cli.course import Course
from napari_segloop.cli.interrupt import stop_on_interrupt, undisturbed
from napari_segloop.cli.outputs import check_file
from napari_segloop.cli.project_truth import read_truth
from napari_segloop.cli.report import drain
from napari_segloop.cli.starting import model_to_start_from
from napari_segloop.cli.train import CURRENT
from napari_segloop.cli.trained import say, summary, write_models
from napari_segloop.cli.training import reading_for, settings_for
from napari_segloop.core.comparing import facts_of
from napari_segloop.core.errors import InputError
from napari_segloop.core.modelfile import model_bytes, model_from_bytes
from napari_segloop.core.train import fit
from napari_segloop.store.annotations import Save
from napari_segloop.store.project import Project
from napari_segloop.store.records import VersionRecord

if TYPE_CHECKING:
    from napari_segloop.cli.report import Reporter
    from napari_segloop.cli.train import TrainRequest
    from napari_segloop.core.modelfile import Model
    from napari_segloop.core.trainresult import TrainResult
    from napari_segloop.store.records import ProjectRecord


def run(request: TrainRequest, reporter: Reporter) -> int:
    """Teach a network from a project and write it."""
    folder = Path(request.project or "")
    check_file(request.model, [folder])
    with Project.open(folder) as project:
        record, snapshot = project.annotations.project(), project.history()[0].id
        start, parent = first_model(project, record, request.start)
        request = _for_task(request, record.task)
        reading = reading_for(request.reading, start)
        settings_for(request, start, reading)  # wrong values are found before images are read
        images = list(read_truth(project.annotations, snapshot, reporter.notice))
        course = Course(reporter)
        with stop_on_interrupt(course.stop) as should_stop:
            settings = settings_for(request, start, reading)
            result = drain(fit(images, settings, start, should_stop), course.tell)
            with undisturbed():
                written = write_models(result, request.model, request.start)
                version = keep(project, result, parent, snapshot)
                reporter.if_stopped = f"Stopped after the model was written: {request.model}"
    reporter.result(**summary(result, course), **written, version=version, snapshot=snapshot)
    say(result, written, course, reporter)
    reporter.say(f"Version {version} of {folder}.")
    return 130 if result.stopped else 0


def first_model(
    project: Project, record: ProjectRecord, start: str
) -> tuple[Model | None, int | None]:
    """Return what training starts from.

    Parameters
    ----------
    project : Project
        Open.
    record : ProjectRecord
        Its versions.
    start : str
        "current", "starter", "imagenet", "none" or a model file.

    Returns
    -------
    model : Model or None
        None unless there is one.
    parent : int or None
        Its version, where the project has one.
    """
    if start != CURRENT:
        model = model_to_start_from(start)
        known = {each.model: each.number for each in record.versions}
        return model, None if model is None else known.get(model.info.original or model.id)
    current = next((each for each in record.versions if each.number == record.current), None)
    if current is None:
        return None, None
    return model_from_bytes(project.models.get(current.model)), current.number


def keep(project: Project, result: TrainResult, parent: int | None, snapshot: str) -> int:
    """Give a project a version.

    Parameters
    ----------
    project : Project
        Open for writing.
    result : TrainResult
        Of the training.
    parent : int or None
        The version that it started from.
    snapshot : str
        The annotations that taught.

    Returns
    -------
    int
        The version's number; it is in use from now on, unless it lost.
    """
    model, record = result.candidate or result.model, project.annotations.project()
    number = max((each.number for each in record.versions), default=0) + 1
    project.models.put(model.id, model_bytes(model))
    version = described(result, number, parent, snapshot)
    current = number if result.accepted else record.current
    changed = replace(record, versions=(*record.versions, version), current=current)
    message = f"Version {number}" + ("" if result.accepted else ", not accepted")
    project.annotations.save(Save(changed), message, "round", version=current)
    return number


def described(
    result: TrainResult, number: int, parent: int | None, snapshot: str, note: str = "segloop train"
) -> VersionRecord:
    """Return a training as a version of a project.

    Parameters
    ----------
    result : TrainResult
        Of the training.
    number : int
        Of the version.
    parent : int or None
        The version that it started from.
    snapshot : str
        The annotations that taught.
    note : str
        What made it.

    Returns
    -------
    VersionRecord
        With its lineage.
    """
    model = result.candidate or result.model
    info, settings = model.info, asdict(result.settings) if result.settings else {}
    settings["start"] = result.base  # in fact, whatever was asked for
    return VersionRecord(
        number=number,
        model=model.id,
        parent=parent,
        snapshot=snapshot,
        settings={name: value for name, value in settings.items() if value is not None},
        seed=info.seed % 2**53,
        steps=info.steps,
        seconds=result.seconds,
        device=result.device,
        score=info.score,
        start_score=result.start_score,
        dice=_dice(result),
        accepted=result.accepted,
        afresh=bool(result.settings and result.settings.afresh),
        **facts_of(result.verdict),
        created=info.created or datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        teach=len(info.teach_hashes),
        test=len(info.test_hashes),
        software=dict(info.versions),
        note=note,
        values=info.values,
        channels=info.channels,
        task=info.task,
        pixel_size=info.pixel_size,
        **({} if info.errors is None else info.errors.facts()),
    )


def _dice(result: TrainResult) -> dict[str, float]:
    values = (result.candidate or result.model).info.values
    pairs = zip(values, result.dice, strict=False)
    return {str(value): score for value, score in pairs if score is not None}


def _for_task(request: TrainRequest, task: str) -> TrainRequest:
    if request.task not in (None, task):
        got = f"--task {request.task}"
        raise InputError(f"a project for {request.task}", f"one for {task}", f"Leave out {got}.")
    return replace(request, task=task)
