"""``segloop evaluate``: what may be asked; :mod:`napari_segloop.cli.evaluating` does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from napari_segloop.cli import options
from napari_segloop.core.settings import TASKS

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class EvaluateRequest:
    """One call of ``segloop evaluate``.

    Parameters
    ----------
    prediction, truth : Path
        A file or a folder each.
    task : {"classes", "objects"}
        What label values mean.
    checked : tuple of Path
        Where truth is truth; everywhere when empty.
    uncertainty : tuple of Path
        Uncertainty maps to be judged.
    axes : str, optional
        The stored axes, named by the user.
    """

    prediction: Path
    truth: Path
    task: str
    checked: tuple[Path, ...]
    uncertainty: tuple[Path, ...]
    axes: str | None


@click.command("evaluate", cls=options.ListCommand, short_help="Compare a prediction with truth.")
@click.argument("prediction", type=options.PATH)
@click.argument("truth", type=options.PATH)
@click.option(
    "--task",
    type=click.Choice(TASKS),
    default="classes",
    show_default=True,
    help="Label values are classes, or ids of single objects.",
)
@options.path_list("--checked", "Where the truth is truth (value 1).  [default: everywhere]")
@options.path_list("--uncertainty", "Uncertainty maps of the prediction, to be judged too.")
@click.option("--axes", metavar="AXES", help="Name the stored axes, for example ZYX.")
@options.json_lines
def command(**request: object) -> int:
    """Compare PREDICTION with TRUTH: two files, or two folders paired by file name.

    For classes, Dice pooled over all pixels; for objects, the share found at an overlap of 50 and
    75 %, and panoptic quality. With --uncertainty also whether the maps find the wrong pixels, and
    how far their percentages can be trusted; of an object, a pixel is wrong when the object found
    there is not the true one.
    """
    return options.start_job("evaluating", EvaluateRequest(**request))  # type: ignore[arg-type]
