"""Read pixels on a thread, so that no file and no lazy array ever holds up the viewer.

One thread, first come, first served. What was read is handed over when its owner polls. Other work
that would hold up the viewer has readers of its own. The module does not know images or jobs.
"""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from napari_segloop.core.errors import InputError, ResourceError, SegLoopError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class _Errand(Generic[T]):
    read: Callable[[], T]
    then: Callable[[T], None]
    failed: Callable[[SegLoopError], None]


class Ask(Protocol):
    """Something like `Reader.ask`."""

    def __call__(
        self,
        read: Callable[[], T],
        then: Callable[[T], None],
        failed: Callable[[SegLoopError], None],
    ) -> None:
        """Have something done, and its result handed over."""


def ask_at_once(
    read: Callable[[], T], then: Callable[[T], None], failed: Callable[[SegLoopError], None]
) -> None:
    """Do what a `Reader` does, here and now.

    Parameters
    ----------
    read, then, failed : callable
        As for `Reader.ask`.
    """
    _carry_out(_Errand(read, then, failed))()  # type: ignore[arg-type]  # T in, T out


class Reader:
    """Runs reading functions one after the other on a thread of its own."""

    def __init__(self) -> None:
        self._asked: queue.SimpleQueue[_Errand[object] | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def ask(
        self,
        read: Callable[[], T],
        then: Callable[[T], None],
        failed: Callable[[SegLoopError], None],
    ) -> None:
        """Have something read.

        Parameters
        ----------
        read : callable
            Called on the thread.
        then : callable
            Called with the result by `poll`.
        failed : callable
            Called by `poll` instead, when pixels could not be read.
        """
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="segloop reader", daemon=True)
            self._thread.start()
        self._asked.put(_Errand(read, then, failed))  # type: ignore[arg-type]  # T in, T out

    def poll(self) -> None:
        """Hand over what was read since the last call; never waits."""
        while not self._done.empty():
            self._done.get()()

    def close(self) -> None:
        """End the thread after what it reads now."""
        if self._thread is not None:
            self._asked.put(None)
            self._thread = None

    def _work(self) -> None:
        while (errand := self._asked.get()) is not None:
            self._done.put(_carry_out(errand))


def _carry_out(errand: _Errand[object]) -> Callable[[], None]:
    """Return what is left to do on the polling thread."""
    try:
        found = errand.read()
    except SegLoopError as error:
        return _later(errand.failed, error)
    except MemoryError:
        return _later(errand.failed, _no_memory())
    except Exception as error:  # noqa: BLE001  # a lazy array runs anybody's code
        return _later(errand.failed, _unreadable(error))
    return lambda: errand.then(found)


def _later(call: Callable[[SegLoopError], None], error: SegLoopError) -> Callable[[], None]:
    return lambda: call(error)


def _no_memory() -> ResourceError:
    return ResourceError("memory for a plane", "too little", "Close other programs or images.")


def _unreadable(error: Exception) -> InputError:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return InputError("pixels that can be read", reason, "Look whether the image is still there.")
