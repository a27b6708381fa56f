"""``segloop train``: what may be asked; :mod:`napari_segloop.cli.training` does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from napari_segloop.cli import options
from napari_segloop.cli.outputs import check_file
from napari_segloop.cli.startword import check_start
from napari_segloop.core.settings import STARTS, TASKS

DEFAULT_MINUTES = 2.0
CURRENT = "current"
"""The version in use in a project, to start from."""

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class TrainRequest:
    """One call of ``segloop train``.

    Parameters
    ----------
    images, labels, checked : tuple of Path
        Files and folders; `checked` may be empty, and all are when a project teaches.
    project : Path, optional
        What is checked in it teaches.
    model : Path
        The file to write.
    task : {"classes", "objects"}, optional
        What label values mean; classes, or the task of the start model, when not given.
    start : str
        A model file, "starter", "imagenet", "none", or "current": the version in use in the
        project.
    encoder : str, optional
        Any encoder of segmentation-models-pytorch.
    ignore : int, optional
        A label value that is never truth.
    steps : int, optional
        Optimiser steps.
    minutes : float, optional
        Wall time from the start of the process to the file closed.
    seed : int
        Fixes weights, patches and augmentation.
    reading : Reading
        How images are read.
    computing : Computing
        Where to compute.
    """

    images: tuple[Path, ...]
    labels: tuple[Path, ...]
    checked: tuple[Path, ...]
    project: Path | None
    model: Path
    task: str | None
    start: str
    encoder: str | None
    ignore: int | None
    steps: int | None
    minutes: float | None
    seed: int
    reading: options.Reading
    computing: options.Computing


@click.command("train", cls=options.ListCommand, short_help="Teach a network from checked labels.")
@options.path_list("--images", "The images.")
@options.path_list("--labels", "Their labels, paired by file name.")
@options.path_list("--checked", "Where labels are truth (value 1).  [default: everywhere]")
@click.option(
    "--project",
    type=options.PATH,
    metavar="PROJECT",
    help="Learn from what is checked in a project, which gets a new version of its model.",
)
@click.option(
    "--model", type=options.PATH, required=True, metavar="OUT", help="The model file to write."
)
@click.option(
    "--task",
    type=click.Choice(TASKS),
    help="Label values are classes, or ids of single objects.  [default: classes]",
)
@click.option(
    "--start",
    metavar="MODEL|starter|imagenet|none",
    help="Start from a model, from general microscopy, from everyday photos "
    "(needs a network once), or from zero.  [default: starter; with --project the version in use]",
)
@click.option("--encoder", metavar="NAME", help="Any encoder of smp.  [default: resnet34]")
@click.option("--ignore", type=int, metavar="VALUE", help="A label value that is never truth.")
@click.option("--steps", type=click.IntRange(1), metavar="N", help="Train exactly so many steps.")
@click.option(
    "--minutes",
    type=options.Minutes(),
    metavar="M",
    help=f"Be done after so many minutes.  [default: {DEFAULT_MINUTES:.0f}, unless --steps]",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, metavar="N")
@options.reading
@options.computing
@options.json_lines
def command(**request: object) -> int:
    """Teach a network from checked labels.

    Some checked regions teach, some test. With --start MODEL the new weights are taken only if
    they are not worse on the test regions. Ctrl-C stops and keeps the best weights.
    """
    if request["steps"] is not None and request["minutes"] is not None:
        raise click.UsageError("--steps and --minutes exclude each other")
    files = [name for name in ("images", "labels", "checked") if request[name]]
    if request["project"] is None:
        _need_files(files)
    elif files or request["reading"] != options.Reading():
        raise click.UsageError("--project brings its images; leave out what names or reads others")
    if request["start"] is None:
        request["start"] = CURRENT if request["project"] else STARTS[0]
    asked = TrainRequest(**request)  # type: ignore[arg-type]
    if asked.project is None or asked.start != CURRENT:
        check_start(asked.start)
    check_file(asked.model)
    job = "project_training" if request["project"] else "training"
    if_stopped = "Stopped before anything was learnt; nothing was written."
    return options.start_job(job, asked, if_stopped)


def _need_files(given: list[str]) -> None:
    """Refuse a training without images or labels."""
    missing = [f"--{name}" for name in ("images", "labels") if name not in given]
    if missing:
        raise click.UsageError(f"{' and '.join(missing)} missing, or --project")
