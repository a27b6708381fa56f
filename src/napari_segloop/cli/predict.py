"""``segloop predict``: what may be asked; :mod:`napari_segloop.cli.predicting` does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from napari_segloop.cli import options

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class PredictRequest:
    """One call of ``segloop predict``.

    Parameters
    ----------
    model : Path
        A model file.
    inputs : tuple of Path
        Image files and folders.
    output : Path
        The folder to write to.
    uncertainty, probabilities : bool
        What to write beside the labels.
    quality : {"fast", "careful"}
        Whether to look twice where the network is not sure.
    exact : bool
        Predict as one pass over the whole image would.
    reading : Reading
        How images are read.
    computing : Computing
        Where to compute.
    """

    model: Path
    inputs: tuple[Path, ...]
    output: Path
    uncertainty: bool
    probabilities: bool
    quality: str
    exact: bool
    reading: options.Reading
    computing: options.Computing


@click.command("predict", cls=options.ListCommand, short_help="Predict labels with a model.")
@click.argument("model", type=options.PATH)
@click.argument("inputs", type=options.PATH, nargs=-1, required=True, metavar="INPUT...")
@click.option(
    "--output", type=options.PATH, required=True, metavar="DIR", help="The folder to write to."
)
@click.option("--uncertainty", is_flag=True, help="Also write how probably each label is wrong.")
@click.option("--probabilities", is_flag=True, help="Also write the probability of each class.")
@options.quality
@click.option("--exact", is_flag=True, help="Predict as one pass over the whole image would; slow.")
@options.reading
@options.computing
@options.json_lines
def command(**request: object) -> int:
    """Predict labels of images and folders with a MODEL.

    For every INPUT named NAME.*, writes DIR/NAME.tif; for OME-Zarr, DIR/NAME.ome.zarr. A file
    that fails does not stop the others.
    """
    job = PredictRequest(**request)  # type: ignore[arg-type]
    return options.start_job("predicting", job, "Stopped before anything was predicted.")
