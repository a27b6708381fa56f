"""``segloop simulate``: what may be asked; :mod:`napari_segloop.cli.simulation` does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from napari_segloop.cli import options
from napari_segloop.cli.outputs import check_file
from napari_segloop.cli.rank import window_size
from napari_segloop.cli.startword import check_start
from napari_segloop.core.regions import STRATEGIES
from napari_segloop.core.settings import STARTS, TASKS

DEFAULT_MINUTES = 1.0
LONGER = "Every third round takes two and a half times as many."

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class SimulateRequest:
    """One call of ``segloop simulate``.

    Parameters
    ----------
    images, truth : Path
        A file or a folder each.
    csv : Path, optional
        The table to write.
    rounds, places : int
        Rounds, and places corrected in each.
    window : int, optional
        Side of a place in pixels; sized to the first masks when not given.
    how : str
        Which places are corrected.
    work_on : int, optional
        How many images are corrected; at most two thirds, and those when not given.
    task : {"classes", "objects"}, optional
        What label values mean; classes, or the task of the start model, when not given.
    start : str
        A model file, "starter", "imagenet" or "none".
    encoder : str, optional
        Any encoder of segmentation-models-pytorch.
    ignore : int, optional
        A label value that is never truth.
    steps : int, optional
        Optimiser steps of each round.
    minutes : float, optional
        Time of each round's training.
    seed : int
        Fixes the division of the images, what is drawn, and training.
    reading : Reading
        How images are read.
    computing : Computing
        Where to compute.
    """

    images: Path
    truth: Path
    csv: Path | None
    rounds: int
    places: int
    window: int | None
    how: str
    work_on: int | None
    task: str | None
    start: str
    encoder: str | None
    ignore: int | None
    steps: int | None
    minutes: float | None
    seed: int
    reading: options.Reading
    computing: options.Computing


def count(
    flag: str, default: int, explanation: str
) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Return an option that takes a number of at least 1."""
    return click.option(
        flag,
        type=click.IntRange(1),
        default=default,
        show_default=True,
        metavar="N",
        help=explanation,
    )


@click.command(
    "simulate",
    cls=options.ListCommand,
    short_help="Rehearse the loop with a simulated annotator, for researchers.",
)
@click.argument("images", type=options.PATH)
@click.argument("truth", type=options.PATH)
@click.option("--csv", type=options.PATH, metavar="FILE", help="The table to write.")
@count("--rounds", 3, "Corrections and trainings in turn.")
@count("--places", 8, "Places corrected in each round.")
@click.option(
    "--window",
    type=window_size,
    default="auto",
    show_default=True,
    metavar="N|auto",
    help="Side of a place in pixels.",
)
@click.option(
    "--how",
    type=click.Choice(STRATEGIES),
    default=STRATEGIES[0],
    show_default=True,
    help="Which places: as the dock offers them, random ones of which half lie on a class, random "
    "ones, or those of largest mean entropy.",
)
@click.option(
    "--work-on",
    type=click.IntRange(1),
    metavar="N",
    help="Correct so many images, and only score the others.  [default: two thirds]",
)
@click.option(
    "--task",
    type=click.Choice(TASKS),
    help="Label values are classes, or ids of single objects.  [default: classes]",
)
@click.option(
    "--start",
    default=STARTS[0],
    show_default=True,
    metavar=f"MODEL|{'|'.join(STARTS)}",
    help="What the first round starts from.",
)
@click.option("--encoder", metavar="NAME", help="Any encoder of smp.  [default: resnet34]")
@click.option("--ignore", type=int, metavar="VALUE", help="A label value that is never truth.")
@click.option(
    "--steps", type=click.IntRange(1), metavar="N", help=f"Train so many steps a round.  {LONGER}"
)
@click.option(
    "--minutes",
    type=options.Minutes(),
    metavar="M",
    help=f"Train so many minutes a round.  {LONGER}  "
    f"[default: {DEFAULT_MINUTES:.0f}, unless --steps]",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, metavar="N")
@options.reading
@options.computing
@options.json_lines
def command(**request: object) -> int:
    """Play the loop on IMAGES with somebody who knows their TRUTH, and score every round.

    A third of the images is never corrected, and only scored: Dice pooled over all their pixels. On
    the others, a simulated annotator corrects some places a round and pays for looks, ways and
    strokes in seconds; then a network is improved. Every third round learns again from all, for two
    and a half times as many steps or minutes. The result is a learning curve and the area under it.
    Ctrl-C keeps the rounds that are over.

    Round 0 is what a threshold finds, before anything was corrected or taught. The first network
    has none to be compared with, unless --start names one: it is taken over as "first".
    """
    if request["steps"] is not None and request["minutes"] is not None:
        raise click.UsageError("--steps and --minutes exclude each other")
    job = SimulateRequest(**request)  # type: ignore[arg-type]
    check_start(job.start)
    if job.csv is not None:
        check_file(job.csv)
    return options.start_job("simulation", job, "Stopped before the first round was over.")
