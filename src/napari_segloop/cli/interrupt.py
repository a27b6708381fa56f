"""Ctrl-C as a question: the first one asks the work to stop, the second one ends it.

Knows the signal only; the work asks ``should_stop()`` and decides what is worth keeping.
"""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

STOPPING = "Stopping, in a moment. A second Ctrl-C gives up at once."


@contextmanager
def stop_on_interrupt(tell: Callable[[], None]) -> Iterator[Callable[[], bool]]:
    """Give ``should_stop``, which turns true at the first Ctrl-C.

    Parameters
    ----------
    tell : callable
        Called at the first Ctrl-C, to say what happens now.

    Yields
    ------
    callable
        Whether to stop. A second Ctrl-C raises KeyboardInterrupt, a third one kills.
    """
    presses = 0

    def press(number: int, frame: FrameType | None) -> None:
        nonlocal presses
        del number, frame
        presses += 1
        if presses > 1:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            raise KeyboardInterrupt
        tell()

    before = signal.signal(signal.SIGINT, press)
    try:
        yield lambda: presses > 0
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let Ctrl-C mean nothing while results are written, so that all of them are there or none.

    Yields
    ------
    None
        Until this is left.
    """
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
