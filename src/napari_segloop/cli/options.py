"""The options that commands share, and lists of values after one flag.

Everything here is known before numpy is imported; the jobs get frozen requests of plain values.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from napari_segloop.core.settings import DEVICES, QUALITIES

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_segloop.cli.report import Reporter

PATH = click.Path(path_type=Path)


class Minutes(click.FloatRange):
    """A finite time above nothing."""

    def __init__(self) -> None:
        super().__init__(0, min_open=True)

    def convert(
        self, value: str | float, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Refuse what is no time, such as nan, which compares with nothing."""
        minutes = float(super().convert(value, param, ctx))  # type: ignore[arg-type]  # parses text
        if not math.isfinite(minutes):
            self.fail(f"{value} is no time.", param, ctx)
        return minutes


class ListCommand(click.Command):
    """A command whose repeatable options also take several values after one flag.

    ``--images a.tif b.tif`` means ``--images a.tif --images b.tif``. The list ends at the next
    option, or at ``--``.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Repeat the flag before each value of a list."""
        flags = {
            flag
            for parameter in self.params
            if isinstance(parameter, click.Option) and parameter.multiple
            for flag in parameter.opts
        }
        return super().parse_args(ctx, spread(args, flags))


def spread(arguments: list[str], flags: set[str]) -> list[str]:
    """Return the arguments with each list flag repeated before each of its values.

    Parameters
    ----------
    arguments : list of str
        As typed.
    flags : set of str
        Options that take lists.

    Returns
    -------
    list of str
        What click understands.

    Raises
    ------
    click.UsageError
        When a list is empty.

    Examples
    --------
    >>> spread(["--images", "a", "b", "--seed", "1"], {"--images"})
    ['--images', 'a', '--images', 'b', '--seed', '1']
    """
    end = arguments.index("--") if "--" in arguments else len(arguments)
    done: list[str] = []
    position = 0
    while position < end:
        values = _values_after(arguments[position + 1 : end])
        if arguments[position] not in flags:
            done.append(arguments[position])
            position += 1
            continue
        if not values:
            raise click.UsageError(f"{arguments[position]} needs at least one value")
        done += [part for value in values for part in (arguments[position], value)]
        position += 1 + len(values)
    return done + arguments[end:]


def _values_after(arguments: list[str]) -> list[str]:
    stops = (i for i, argument in enumerate(arguments) if argument.startswith("-"))
    return arguments[: next(stops, len(arguments))]


def channel_numbers(text: str) -> tuple[int, ...]:
    """Return channels typed as ``0,2``.

    Parameters
    ----------
    text : str
        Numbers counted from 0.

    Returns
    -------
    tuple of int
        The same numbers.

    Raises
    ------
    click.BadParameter
        When they are no such numbers.

    Examples
    --------
    >>> channel_numbers("0,2")
    (0, 2)
    """
    parts = text.split(",")
    if not all(part.strip().isdecimal() for part in parts):
        raise click.BadParameter(f"{text!r}: channels are counted from 0, for example 0,2")
    return tuple(int(part) for part in parts)


@dataclass(frozen=True, slots=True)
class Reading:
    """How images are read.

    Parameters
    ----------
    axes : str, optional
        The stored axes, named by the user.
    channels : tuple of int, optional
        The channels to use, counted from 0.
    """

    axes: str | None = None
    channels: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Computing:
    """Where to compute.

    Parameters
    ----------
    device : {"auto", "cpu", "cuda", "mps"}
        The kind of device.
    threads : int, optional
        Processor threads.
    """

    device: str = "auto"
    threads: int | None = None


def reading(job: Callable[..., int]) -> Callable[..., int]:
    """Add ``--axes`` and ``--channels``, which arrive as one argument ``reading``."""

    @click.option(
        "--axes", metavar="AXES", help="Name the stored axes, for example CYX, TZCYX or ZYX."
    )
    @click.option(
        "--channels",
        type=channel_numbers,
        multiple=True,
        metavar="N,...",
        help="Use these channels only, counted from 0.",
    )
    @wraps(job)
    def with_reading(
        *, axes: str | None, channels: tuple[tuple[int, ...], ...], **rest: object
    ) -> int:
        numbers = tuple(number for several in channels for number in several)
        return job(reading=Reading(axes, numbers or None), **rest)

    return with_reading


def computing(job: Callable[..., int]) -> Callable[..., int]:
    """Add ``--device`` and ``--threads``, which arrive as one argument ``computing``."""

    @click.option(
        "--device",
        type=click.Choice(DEVICES),
        default="auto",
        show_default=True,
        help="Where to compute.",
    )
    @click.option(
        "--threads", type=click.IntRange(1), metavar="N", help="Processor threads.  [default: all]"
    )
    @wraps(job)
    def with_computing(*, device: str, threads: int | None, **rest: object) -> int:
        return job(computing=Computing(device, threads), **rest)

    return with_computing


def quality(job: Callable[..., int]) -> Callable[..., int]:
    """Add ``--quality``."""
    return click.option(
        "--quality",
        type=click.Choice(QUALITIES),
        default="fast",
        show_default=True,
        help="careful looks twice where the network is not sure: a little better, and it finds its "
        "errors better, in at most twice the time.",
    )(job)


def json_lines(job: Callable[..., int]) -> Callable[..., int]:
    """Add ``--json``, which :func:`napari_segloop.cli.main.main` has seen already."""
    return click.option(
        "--json",
        "json_lines",
        is_flag=True,
        expose_value=False,
        help="Write one JSON object a line on standard output.",
    )(job)


def path_list(
    flag: str, explanation: str, *, required: bool = False
) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Return an option that takes several paths."""
    return click.option(
        flag,
        type=PATH,
        multiple=True,
        required=required,
        metavar="DIR|FILE...",
        help=explanation,
    )


def start_job(module: str, request: object, if_stopped: str | None = None) -> int:
    """Import the module that does the work and run it.

    Parameters
    ----------
    module : str
        A module of this package with ``run(request, reporter)``.
    request : object
        Plain values.
    if_stopped : str, optional
        What Ctrl-C leaves during start-up, as a sentence; the job knows about later.

    Returns
    -------
    int
        The exit code.
    """
    reporter: Reporter = click.get_current_context().obj
    reporter.if_stopped = if_stopped or reporter.if_stopped
    job: Any = import_module(f"napari_segloop.cli.{module}")
    return int(job.run(request, reporter))
