"""``segloop doctor``: what may be asked; :mod:`napari_segloop.cli.diagnosis` does it."""

from __future__ import annotations

import click

from napari_segloop.cli import options


@click.command("doctor", cls=options.ListCommand, short_help="Say what this machine can do.")
@options.json_lines
def command() -> int:
    """Say versions, devices and the precision chosen, and what is wrong."""
    return options.start_job("diagnosis", None)
