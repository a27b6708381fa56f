"""How a command speaks: JSON lines on standard output, or sentences for people.

Knows streams and event shapes only; what the events mean is the business of who sends them.
"""

from __future__ import annotations

import json as json_module
import math
import os
import sys
import time
from typing import TYPE_CHECKING, TextIO, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping, Sequence

    import click

    from napari_segloop.core.errors import SegLoopError
    from napari_segloop.core.events import Event

Said = TypeVar("Said")
Result = TypeVar("Result")
_SECONDS_BETWEEN_LINES = 10.0


class Reporter:
    """Sends what a command says to the right stream.

    Parameters
    ----------
    json : bool
        Whether standard output carries one JSON object a line; sentences for people otherwise.
    out, err : text streams, optional
        Standard output and standard error.

    Attributes
    ----------
    started : bool
        Whether the work has begun: a failure from here on is exit code 1, before it 2.
    if_stopped : str
        What has come of it so far, as a sentence: said when Ctrl-C ends the command.
    """

    def __init__(self, *, json: bool, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self.json = json
        self.started = False
        self.if_stopped = "Stopped before it was done."
        self._out = out or sys.stdout
        self._err = err or sys.stderr
        self._progress = Progress(self._err)

    def event(self, event: Event) -> None:
        """Send an event of the core; people are told of it by ``notice`` and ``progress``."""
        self.record(**event.to_dict())

    def record(self, **fields: object) -> None:
        """Write one JSON object; nothing for people."""
        if self.json:
            self._out.write(to_json(fields) + "\n")
            self._out.flush()

    def notice(self, text: str) -> None:
        """Tell one sentence."""
        self.record(event="notice", text=text)
        self.say(text)

    def say(self, text: str) -> None:
        """Write a line for people on standard error; nothing with JSON."""
        if not self.json:
            self._progress.clear()
            self._err.write(text + "\n")
            self._err.flush()

    def show(self, text: str) -> None:
        """Write a line of the result for people on standard output; nothing with JSON."""
        if not self.json:
            self._progress.clear()
            self._out.write(text + "\n")
            self._out.flush()

    def progress(self, text: str) -> None:
        """Show how far it is: in place on a terminal, else a line every ten seconds."""
        if not self.json:
            self._progress.show(text)

    def result(self, **fields: object) -> None:
        """Write the last object of a command."""
        self.record(event="result", **fields)

    def error(self, error: SegLoopError) -> None:
        """Write an error, to people always and as an object with JSON."""
        self.record(
            event="error",
            expected=error.expected,
            got=error.got,
            remedy=error.remedy,
            file=error.file,
        )
        self._complain(str(error))

    def usage_error(self, error: click.UsageError) -> None:
        """Write what is wrong with the command line itself."""
        got = error.format_message().rstrip(".")
        command = error.ctx.command_path if error.ctx else "segloop"
        remedy = f"See {command} --help."
        self.record(
            event="error", expected=f"a call of {command}", got=got, remedy=remedy, file=None
        )
        self._complain(f"{got}. {remedy}")

    def interrupted(self) -> None:
        """Write that Ctrl-C ended the command, and what that means."""
        remedy = self.if_stopped
        self.record(
            event="error", expected="to run to the end", got="Ctrl-C", remedy=remedy, file=None
        )
        self._complain(remedy)

    def _complain(self, text: str) -> None:
        self._progress.clear()
        self._err.write(f"segloop: {text}\n")
        self._err.flush()


class Progress:
    """One line that is rewritten on a terminal, and now and then a line elsewhere.

    Parameters
    ----------
    stream : text stream
        Usually standard error.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._in_place = stream.isatty()
        self._width = 0
        self._last = time.monotonic()

    def show(self, text: str) -> None:
        """Show the text, at most ten times a second on a terminal."""
        now = time.monotonic()
        if now - self._last < (0.1 if self._in_place else _SECONDS_BETWEEN_LINES):
            return
        self._last = now
        if self._in_place:
            self._rewrite(text)
        else:
            self._stream.write(text + "\n")
        self._stream.flush()

    def clear(self) -> None:
        """Take the line in place away."""
        if self._width:
            self._rewrite("")
            self._stream.write("\r")

    def _rewrite(self, text: str) -> None:
        self._stream.write("\r" + text.ljust(self._width))
        self._width = len(text)


def to_json(fields: Mapping[str, object]) -> str:
    """Return one line of strict JSON.

    Parameters
    ----------
    fields : mapping of str to object
        Plain data, numpy scalars, paths, tuples.

    Returns
    -------
    str
        ASCII, without NaN and infinity.

    Examples
    --------
    >>> to_json({"event": "validated", "score": float("nan"), "best": (1, True)})
    '{"event": "validated", "score": null, "best": [1, true]}'
    """
    return json_module.dumps(_plain(fields), allow_nan=False)


def _plain(value: object) -> object:
    if hasattr(value, "items"):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(value, "tolist"):  # numpy scalars and arrays, without importing numpy
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return rows as aligned text: the first column left, numbers right.

    Parameters
    ----------
    header : sequence of str
        Names of the columns.
    rows : iterable of sequences
        One entry for each column; None is shown as a dash.

    Returns
    -------
    str
        Lines without a final line break.

    Examples
    --------
    >>> print(table(["class", "Dice"], [[1, 0.91234], [255, None]]))
    class   Dice
    1      0.912
    255        -
    """
    cells = [list(header), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    return "\n".join(_line(row, widths) for row in cells)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first = row[0].ljust(widths[0])
    rest = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
    return "  ".join([first, *rest]).rstrip()


def _cell(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def duration(seconds: float) -> str:
    """Return a time for people.

    Parameters
    ----------
    seconds : float
        How long.

    Returns
    -------
    str
        Seconds below a minute and a half, then minutes, then hours.

    Examples
    --------
    >>> [duration(s) for s in (3.2, 75, 600, 9000)]
    ['3 s', '75 s', '10 min', '2.5 h']
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def drain(job: Generator[Said, None, Result], tell: Callable[[Said], None]) -> Result:
    """Run a job to its end.

    Parameters
    ----------
    job : generator
        Yields events and returns a result.
    tell : callable
        Given each event.

    Returns
    -------
    object
        The job's result.
    """
    while True:
        try:
            event = next(job)
        except StopIteration as end:
            result: Result = end.value
            return result
        tell(event)
