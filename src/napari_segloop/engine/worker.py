"""The child process: ``python -m napari_segloop.engine.worker --lane heavy``.

The main thread runs jobs, one thread listens, one beats each second. Whatever goes wrong in a
job ends that job with a sentence; the end of the pipe ends the process at once.
"""

from __future__ import annotations

import gc
import os
import queue
import sys
import threading
import time
import traceback
from typing import TYPE_CHECKING, BinaryIO, Literal

from napari_segloop import __version__
from napari_segloop.core.errors import SegLoopError
from napari_segloop.core.events import Event
from napari_segloop.engine import failures, wire
from napari_segloop.engine.control import Control
from napari_segloop.engine.explaining import explained
from napari_segloop.engine.failures import Cancelled
from napari_segloop.engine.frames import Packet, write_frame
from napari_segloop.engine.jobs import Block, Job, Work, all_jobs
from napari_segloop.engine.packets import frames_of, read_packets
from napari_segloop.engine.process import lower_priority, take_pipes, warm_up

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from napari_segloop.engine.requests import Lane

PROTOCOL = 1
BEAT = 1.0  # seconds


class Link:
    """The way to the viewer, shared by two threads.

    Parameters
    ----------
    stream : binary file
        The pipe.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._spoke = time.monotonic()

    @property
    def seconds_quiet(self) -> float:
        """Time since the job last said something."""
        return time.monotonic() - self._spoke

    def note(self) -> None:
        """Note that a job begins."""
        self._spoke = time.monotonic()

    def tell(self, packet: Packet) -> None:
        """Send a packet; a beat may come between its frames.

        Parameters
        ----------
        packet : Packet
            What to say.
        """
        for frame in frames_of(packet):
            with self._lock:
                write_frame(self._stream, frame)
            self._spoke = time.monotonic()

    def beat(self, job: int | None) -> None:
        """Send a sign of life.

        Parameters
        ----------
        job : int or None
            The job that runs.
        """
        quiet = 0.0 if job is None else self.seconds_quiet
        packet = Packet({"type": "beat", "job": job, "quiet": quiet})
        for frame in frames_of(packet):
            with self._lock:
                write_frame(self._stream, frame)


class Worker:
    """Runs jobs one after the other.

    Parameters
    ----------
    link : Link
        Where events and answers go.
    jobs : dict
        What it can do, by kind.
    """

    def __init__(self, link: Link, jobs: dict[str, Job]) -> None:
        self._link, self._jobs = link, jobs
        self._waiting: queue.SimpleQueue[Packet] = queue.SimpleQueue()
        self._control = Control()

    def listen(self, stream: BinaryIO) -> None:
        """Take what the viewer sends until it is gone; then end the process, whatever it does.

        Parameters
        ----------
        stream : binary file
            The pipe.
        """
        code = 0
        try:
            for packet in read_packets(stream):
                self._take(packet)
        except SegLoopError as error:
            code = 1
            sys.stderr.write(f"{error}\n")
            sys.stderr.flush()
        finally:
            os._exit(code)

    def beat(self) -> None:
        """Beat each second, and end with the parent even if the pipe stays open."""
        parent = os.getppid()
        while True:
            if os.getppid() != parent:
                os._exit(0)
            self._link.beat(self._control.job)
            time.sleep(BEAT)

    def work(self) -> None:
        """Run jobs for ever."""
        while True:
            packet = self._waiting.get()
            self._link.note()
            with _Ending(self._link, self._control, _number(packet)):
                self._run(packet)
            del packet

    def _take(self, packet: Packet) -> None:
        match packet.head["type"]:
            case "job":
                self._waiting.put(packet)
            case "cancel":
                self._control.cancel(_number(packet))
            case "painting":
                self._control.painting = bool(packet.head.get("on"))

    def _run(self, packet: Packet) -> None:
        job, kind = _number(packet), str(packet.head.get("kind"))
        request = self._control.shelf.restore(wire.unpack(wire.REQUESTS[kind], packet))
        if self._control.should_stop():
            raise Cancelled
        answer = self._forward(job, self._jobs[kind](request, self._control))
        packed = wire.pack(answer)
        self._say(job, "done", packed, kind)

    def _forward(self, job: int, work: Work) -> object:
        while True:
            try:
                said = next(work)
            except StopIteration as end:
                return end.value
            self._forward_one(job, said)

    def _forward_one(self, job: int, said: Event | Block) -> None:
        if isinstance(said, Event):
            self._say(job, "event", wire.pack(said), said.kind)
            return
        rows, columns = said.window
        box = [rows.start, rows.stop, columns.start, columns.stop]
        head = {"type": "block", "job": job, "name": said.name, "box": box}
        self._link.tell(Packet(head, (said.array,)))

    def _say(self, job: int, what: str, packed: Packet, kind: str) -> None:
        head = {"type": what, "job": job, "kind": kind}
        self._link.tell(Packet(head | packed.head, packed.arrays))


class _Ending:
    """Turns whatever ends a job, other than its answer, into a message."""

    def __init__(self, link: Link, control: Control, job: int) -> None:
        self._link, self._control, self._job = link, control, job

    def __enter__(self) -> None:
        self._control.begin(self._job)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> Literal[True]:
        self._control.end()
        if isinstance(error, BrokenPipeError):
            os._exit(0)
        if error is not None:
            traceback.print_exception(kind, error, trace, file=sys.stderr)
            sys.stderr.flush()
            self._tell(error)
            gc.collect()
        return True

    def _tell(self, error: BaseException) -> None:
        about = failures.to_json(explained(error))
        head = {"type": "failed", "job": self._job, "error": about}
        self._link.tell(Packet(head | {"cancelled": isinstance(error, Cancelled)}))


def _number(packet: Packet) -> int:
    number = packet.head.get("job")
    return number if isinstance(number, int) else -1


def main(arguments: Sequence[str] | None = None, jobs: dict[str, Job] | None = None) -> None:
    """Serve until the viewer is gone.

    Parameters
    ----------
    arguments : sequence of str, optional
        ``--lane light`` or ``--lane heavy``; the process's own when not given.
    jobs : dict, optional
        What the worker can do.
    """
    lane: Lane = "heavy" if "heavy" in (arguments or sys.argv[1:]) else "light"
    pipes = take_pipes()
    link = Link(pipes.outgoing)
    hello = {"pid": os.getpid(), "version": __version__, "lane": lane, "protocol": PROTOCOL}
    link.tell(Packet({"type": "hello"} | hello))
    worker = Worker(link, jobs or all_jobs())
    threading.Thread(target=worker.listen, args=(pipes.incoming,), daemon=True).start()
    threading.Thread(target=worker.beat, daemon=True).start()
    lower_priority()
    warm_up(lane)
    link.tell(Packet({"type": "ready"}))
    worker.work()


if __name__ == "__main__":
    main()
