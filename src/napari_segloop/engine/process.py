"""A worker's own process: its pipes, its priority, and its end with the viewer's.

The pipe to the viewer is put where no library can print into it or read from it.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import sys
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

if TYPE_CHECKING:
    from napari_segloop.engine.requests import Lane

NICE = 10
BELOW_NORMAL = 0x4000  # of Windows


class Pipes(NamedTuple):
    """From and to the viewer."""

    incoming: BinaryIO
    outgoing: BinaryIO


def take_pipes() -> Pipes:
    """Take standard input and output away from everybody else in this process.

    Returns
    -------
    Pipes
        What prints from now on goes to standard error; whoever reads finds an empty file.
    """
    sys.stdout.flush()
    incoming, outgoing = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return Pipes(os.fdopen(incoming, "rb"), os.fdopen(outgoing, "wb"))


def lower_priority() -> None:
    """Leave the processors to the viewer when both want them."""
    if sys.platform == "win32":
        kernel = ctypes.windll.kernel32
        kernel.SetPriorityClass(kernel.GetCurrentProcess(), BELOW_NORMAL)
    else:
        os.nice(NICE)


def warm_up(lane: Lane) -> None:
    """Import what the jobs of a lane need.

    Parameters
    ----------
    lane : {"light", "heavy"}
        Only the heavy one imports torch.
    """
    if lane == "heavy":
        importlib.import_module("napari_segloop.engine.networks")
    else:
        importlib.import_module("napari_segloop.core.firstmasks")
        importlib.import_module("napari_segloop.core.ranking")
