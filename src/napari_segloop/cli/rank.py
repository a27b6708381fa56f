"""``segloop rank``: what may be asked; :mod:`napari_segloop.cli.ranking` does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from napari_segloop.cli import options
from napari_segloop.cli.outputs import check_file
from napari_segloop.core.settings import TASKS

if TYPE_CHECKING:
    from pathlib import Path


def window_size(text: str) -> int | None:
    """Return a side in pixels, or None for ``auto``.

    Parameters
    ----------
    text : str
        As typed.

    Returns
    -------
    int or None
        Pixels.

    Raises
    ------
    click.BadParameter
        When it is neither.

    Examples
    --------
    >>> window_size("128"), window_size("auto")
    (128, None)
    """
    if text == "auto":
        return None
    if not text.isdecimal() or int(text) < 1:
        raise click.BadParameter(f"{text!r} is neither a number of pixels nor auto")
    return int(text)


@dataclass(frozen=True, slots=True)
class RankRequest:
    """One call of ``segloop rank``.

    Parameters
    ----------
    model : Path
        A model file, or the word ``starter``.
    inputs : tuple of Path
        Image files and folders.
    csv : Path
        The table to write.
    window : int, optional
        Side of a region in pixels; chosen from the image when not given.
    top : int, optional
        How many regions to offer; all when not given.
    checked : tuple of Path
        Files and folders that say what was checked already.
    audit : int, optional
        How many random spot checks to add.
    quality : {"fast", "careful"}
        Whether to look twice where the network is not sure.
    reading : Reading
        How images are read.
    computing : Computing
        Where to compute.
    masks : tuple of Path
        Files and folders with masks from elsewhere, which are ranked instead of the model's own.
    task : {"classes", "objects"}, optional
        What the values of masks mean, where no model says it.
    """

    model: Path
    inputs: tuple[Path, ...]
    csv: Path
    window: int | None
    top: int | None
    checked: tuple[Path, ...]
    audit: int | None
    quality: str
    reading: options.Reading
    computing: options.Computing
    masks: tuple[Path, ...] = ()
    task: str | None = None


@click.command("rank", cls=options.ListCommand, short_help="List the places to check, worst first.")
@click.argument("model", type=options.PATH)
@click.argument("inputs", type=options.PATH, nargs=-1, required=True, metavar="INPUT...")
@click.option("--csv", type=options.PATH, required=True, metavar="FILE", help="The table to write.")
@click.option(
    "--window",
    type=window_size,
    default="auto",
    show_default=True,
    metavar="N|auto",
    help="Side of a place in pixels.",
)
@click.option(
    "--top", type=click.IntRange(1), metavar="K", help="List only so many.  [default: all]"
)
@options.path_list(
    "--masks", "Rank these masks of another tool instead of the model's; paired by file name."
)
@click.option(
    "--task",
    type=click.Choice(TASKS),
    help="What the values of --masks are, with the word starter: classes, or ids of single objects."
    "  [default: classes]",
)
@options.path_list("--checked", "What was checked already, paired by file name.")
@click.option(
    "--audit",
    type=click.IntRange(1),
    metavar="K",
    help="Add so many random spot checks: how often they are wrong says how good the rest is.",
)
@options.quality
@options.reading
@options.computing
@options.json_lines
def command(**request: object) -> int:
    """List the places where a MODEL is probably wrong, worst first.

    With --audit also random spot checks. Every place has the same chance to become one, so that
    what is wrong in them says how good the rest is; the worst places cannot say that. With the same
    images and --window N the same ones come first again, whatever the model.

    With --masks the places where masks of another tool are probably wrong. MODEL may then be the
    word starter: without any training, masks are doubted where they disagree with what the rest of
    them teach about pixels that look alike.
    """
    job = RankRequest(**request)  # type: ignore[arg-type]
    check_file(job.csv)
    return options.start_job("ranking", job, "Stopped; no table was written.")
