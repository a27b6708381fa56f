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
    command = [sys.executable, "-m", "napari_segloop.cli.main", *map(str, arguments), "--json"]
    started = time.perf_counter()
    around = os.environ | variables
    answer = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT, env=around
    )
    result: Row = json.loads(answer.stdout.splitlines()[-1])
    return result | {"wall": time.perf_counter() - started}
