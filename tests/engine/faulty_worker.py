"""A worker whose first masks misbehave as the bytes of the image say."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.events import Notice
from napari_segloop.core.firstmasks import FirstMaskSettings
from napari_segloop.engine.failures import Cancelled
from napari_segloop.engine.jobs import all_jobs
from napari_segloop.engine.requests import FirstMaskAnswer, FirstMaskRequest
from napari_segloop.engine.worker import main

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_segloop.engine.control import Control
    from napari_segloop.engine.jobs import Work


def raise_shape_error(control: Control) -> None:
    msg = "The size of tensor a (3) must match the size of tensor b (4)\nand more"
    raise RuntimeError(msg)


def raise_memory_error(control: Control) -> None:
    raise MemoryError


def print_here_and_there(control: Control) -> None:
    sys.stdout.write("a stray word\n")
    sys.stdout.flush()
    os.write(1, b"another one\n")
    subprocess.run([sys.executable, "-c", "print(input())"], check=False)


def wait_for_paint(control: Control) -> None:
    while not control.painting:
        time.sleep(0.01)


def wait_to_be_stopped(control: Control) -> None:
    while not control.should_stop():
        time.sleep(0.01)
    raise Cancelled


WAYS: dict[str, Callable[[Control], object]] = {
    "memory": raise_memory_error,
    "shape": raise_shape_error,
    "leave": lambda control: sys.exit(3),
    "end": lambda control: os._exit(3),
    "kill": lambda control: os.kill(os.getpid(), signal.SIGKILL),
    "crash": lambda control: ctypes.string_at(0),
    "sleep": lambda control: time.sleep(3600),
    "garbage": lambda control: os.write(_pipe(), b"Segmentation fault (core dumped)\n"),
    "print": print_here_and_there,
    "painting": wait_for_paint,
    "patient": wait_to_be_stopped,
    "well": lambda control: None,
}


def misbehave(request: FirstMaskRequest, control: Control) -> Work:
    word = request.image.tobytes().decode()
    yield Notice(word)
    WAYS[word](control)
    return FirstMaskAnswer(np.array([[os.getpid()]], np.uint32), FirstMaskSettings())


def _pipe() -> int:
    """The descriptor on which frames go out: the only pipe that can be written to beside 1, 2."""
    for number in range(3, 20):
        try:
            os.write(number, b"")
        except OSError:
            continue
        return number
    raise AssertionError


if __name__ == "__main__":
    main(jobs=all_jobs() | {"first_mask": misbehave})
