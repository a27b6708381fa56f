"""The command line as a program calls it, each time a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from benchmarks.harness import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.harness import Row


def call(*arguments: object, **variables: str) -> Row:
    """Run segloop.

    Parameters
    ----------
    *arguments : object
        Of the command line, without ``--json``.
    **variables : str
        Of the environment, beside those that are there.

    Returns
    -------
    dict
        Its result, with the wall time of the process as ``wall``.
    """
    started = time.perf_counter()
    answer = subprocess.run(
        _command(arguments),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=ROOT,
        env=os.environ | variables,
    )
    result: Row = json.loads(answer.stdout.splitlines()[-1])
    return result | {"wall": time.perf_counter() - started}


def listen(*arguments: object) -> Iterator[tuple[float, Row]]:
    """Run segloop and hear what it says while it runs.

    Parameters
    ----------
    *arguments : object
        Of the command line, without ``--json``.

    Yields
    ------
    (float, dict)
        Seconds since the process was started, and an event; an event ``ended`` comes last.

    Raises
    ------
    CalledProcessError
        When it failed.
    """
    started = time.perf_counter()
    with subprocess.Popen(
        _command(arguments), stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        for line in process.stdout or ():
            yield time.perf_counter() - started, json.loads(line)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    yield time.perf_counter() - started, {"event": "ended"}


def _command(arguments: tuple[object, ...]) -> list[str]:
    return [sys.executable, "-m", "napari_segloop.cli.main", *map(str, arguments), "--json"]
