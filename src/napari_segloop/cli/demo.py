"""``segloop demo``: what may be asked; :mod:`napari_segloop.cli.demonstration` does it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from napari_segloop.cli import options


@dataclass(frozen=True, slots=True)
class DemoRequest:
    """One call of ``segloop demo``.

    Parameters
    ----------
    output : Path
        The folder to write to.
    computing : Computing
        Where to compute.
    """

    output: Path
    computing: options.Computing


@click.command("demo", cls=options.ListCommand, short_help="Run the whole loop on a sample.")
@click.option(
    "--output",
    type=options.PATH,
    default=Path("segloop-demo"),
    show_default=True,
    metavar="DIR",
    help="The folder to write to.",
)
@options.computing
@options.json_lines
def command(**request: object) -> int:
    """Run the whole loop on an embedded sample, without a screen, in a few minutes.

    First masks, train, predict, rank, a made-up user corrects the worst places, train again.
    """
    return options.start_job("demonstration", DemoRequest(**request))  # type: ignore[arg-type]
