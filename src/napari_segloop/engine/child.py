"""One child process and the two threads that serve its pipes; queues in, queue out.

Nothing here waits for the child: writing is the writer thread's, reading and the process's end
are the supervising thread's. What the packets mean is the lane's.
"""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from napari_segloop.core.errors import SegLoopError
from napari_segloop.engine.frames import Packet, read_frame, write_frame
from napari_segloop.engine.packets import Assembler, frames_of

if TYPE_CHECKING:
    from collections.abc import Sequence

LOG_TAIL = 4000  # bytes
GRACE = 3.0  # seconds between the end of the pipe and the end of the process


@dataclass(frozen=True, slots=True)
class Ended:
    """A child is gone.

    Parameters
    ----------
    code : int or None
        What the process returned; negative for a signal; None when it never started.
    problem : str
        What was wrong with the pipe or the start, as a sentence; empty when nothing was.
    log : str
        The end of its standard error.
    """

    code: int | None
    problem: str
    log: str


class Child:
    """A child process that is started at once, without waiting for it.

    Parameters
    ----------
    command : sequence of str
        Command line.
    inline : bool
        Never refer to files, which another computer could not open.
    """

    def __init__(self, command: Sequence[str], *, inline: bool) -> None:
        self.inbox: queue.SimpleQueue[Packet | Ended] = queue.SimpleQueue()
        self.heard = time.monotonic()
        self._command, self._inline = tuple(command), inline
        self._outgoing: queue.SimpleQueue[Packet | None] = queue.SimpleQueue()
        self._urgent: deque[Packet] = deque()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._is_unwanted = False
        self._thread = threading.Thread(target=self._supervise, name="segloop", daemon=True)
        self._thread.start()

    def send(self, packet: Packet, *, urgent: bool = False) -> None:
        """Send a packet soon.

        Parameters
        ----------
        packet : Packet
            Its arrays must not change until they are sent.
        urgent : bool
            Before all others, even in the middle of one; without arrays.
        """
        if urgent:
            self._urgent.append(packet)
            packet = Packet({})
        self._outgoing.put(packet)

    def kill(self) -> None:
        """End the process and all that it started, at once, also a stopped one."""
        with self._lock:
            self._is_unwanted = True
            if self._process is not None:
                _kill(self._process)

    @property
    def pid(self) -> int | None:
        """Number of the process, once it was started."""
        return self._process.pid if self._process else None

    def check(self) -> None:
        """See to it that the end of the process is noticed though something holds its pipe."""
        if self._process is not None and self._process.poll() is not None:
            _kill(self._process)

    def join(self, seconds: float) -> None:
        """Wait for the supervising thread.

        Parameters
        ----------
        seconds : float
            At most so long.
        """
        self._thread.join(seconds)

    def _supervise(self) -> None:
        with tempfile.TemporaryFile() as log:
            ended = self._serve(log)
        self.inbox.put(ended)

    def _serve(self, log: BinaryIO) -> Ended:
        try:
            process = self._start(log)
        except (OSError, ValueError) as error:
            return Ended(None, f"{self._command[0]!r} cannot be started: {error}", "")
        problem = self._read(process)
        self._outgoing.put(None)
        code = _end_of(process)
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):
                cast("BinaryIO", pipe).close()
        return Ended(code, problem, _tail(log))

    def _start(self, log: BinaryIO) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._is_unwanted:
                msg = "it was not wanted any more"
                raise OSError(msg)
            self._process = process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                **_apart(),
            )
        self.heard = time.monotonic()
        writer = threading.Thread(target=self._write, args=(process.stdin,), daemon=True)
        writer.start()
        return process

    def _read(self, process: subprocess.Popen[bytes]) -> str:
        """Pass packets on until the pipe ends; say what was wrong with it."""
        assembler, stream = Assembler(), cast("BinaryIO", process.stdout)
        try:
            for frame in iter(partial(read_frame, stream), None):
                self.heard = time.monotonic()
                if (packet := assembler.feed(frame)) is not None:
                    self.inbox.put(packet)
        except SegLoopError as error:
            _kill(process)
            return str(error)
        return ""

    def _write(self, stream: BinaryIO) -> None:
        with suppress(OSError, ValueError):  # the reader finds out why the pipe is gone
            for packet in iter(self._outgoing.get, None):
                self._write_one(stream, packet)

    def _write_one(self, stream: BinaryIO, packet: Packet) -> None:
        frames = frames_of(packet, inline=self._inline) if packet.head else iter(())
        for frame in frames:
            self._write_urgent(stream)
            write_frame(stream, frame)
        self._write_urgent(stream)

    def _write_urgent(self, stream: BinaryIO) -> None:
        while self._urgent:
            for frame in frames_of(self._urgent.popleft()):
                write_frame(stream, frame)


def _apart() -> dict[str, Any]:
    """Start it in a group of its own, so that Ctrl-C in a terminal does not reach it."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def _kill(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        process.kill()
        return
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _end_of(process: subprocess.Popen[bytes]) -> int:
    """Wait for a process whose pipe ended, and end it if it lingers."""
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        _kill(process)
    return process.wait()


def _tail(log: BinaryIO) -> str:
    log.seek(max(0, log.seek(0, os.SEEK_END) - LOG_TAIL))
    return log.read().decode("utf-8", "replace")
