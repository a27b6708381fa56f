"""One lane: a queue of jobs, the child that runs them, and what the user is told of it.

A small state machine that is driven by `poll` alone, in its caller's thread. One job at a time
is in the child; the others wait here and survive its death.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from napari_segloop import __version__
from napari_segloop.engine import failures, wire
from napari_segloop.engine.child import Child, Ended
from napari_segloop.engine.endings import cannot_start, died, restarted, told
from napari_segloop.engine.failures import Cancelled
from napari_segloop.engine.frames import FrameError, Packet
from napari_segloop.engine.messages import (
    ChildChanged,
    JobBlock,
    JobDone,
    JobEvent,
    JobFailed,
    JobStarted,
)
from napari_segloop.engine.shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_segloop.core.errors import SegLoopError
    from napari_segloop.engine.messages import ChildState, Message
    from napari_segloop.engine.requests import Lane as Name
    from napari_segloop.engine.requests import Request

NOT_ANSWERING = (
    "The computing process is not answering. It may recover by itself; Restart ends its job and "
    "starts a new one."
)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a child may be silent.

    Parameters
    ----------
    silence : float
        Seconds without a beat until it counts as not answering.
    quiet : float
        Seconds without a word of its job until that is told.
    starting : float
        As ``silence``, while it starts: importing torch stops the beats.
    """

    silence: float = 10.0
    quiet: float = 60.0
    starting: float = 60.0


@dataclass(slots=True, eq=False)
class Job:
    """A request in the queue or in the child."""

    number: int
    request: Request
    is_cancelled: bool = False


class Lane:
    """A queue and its child.

    Parameters
    ----------
    name : {"light", "heavy"}
        Which lane.
    command : sequence of str
        Command line of the child.
    limits : Limits
        How long it may be silent.
    remote : bool
        Whether it may be on another computer.
    """

    def __init__(self, name: Name, command: Sequence[str], limits: Limits, *, remote: bool) -> None:
        self.state: ChildState = "off"
        self.child: Child | None = None
        self.running: Job | None = None
        self.waiting: deque[Job] = deque()
        self.said: deque[Message] = deque()
        self._name, self._command, self._limits, self._remote = name, command, limits, remote
        self._is_painting = self._has_greeted = self._is_ready = False
        self._shelf = Shelf()

    def start(self) -> None:
        """Start a child unless there is one; returns at once."""
        if self.child is None:
            self.child = Child(self._command, inline=self._remote)
            self._shelf, self._has_greeted, self._is_ready = Shelf(), False, False
            self._change("starting")

    def submit(self, job: Job) -> None:
        """Queue a job.

        Parameters
        ----------
        job : Job
            To be run after those before it.
        """
        self.waiting.append(job)
        self.start()

    def cancel(self, number: int) -> None:
        """Take a job out of the queue, or ask it to stop.

        Parameters
        ----------
        number : int
            Which job; a number that is not here does nothing.
        """
        for job in [job for job in self.waiting if job.number == number]:
            self.waiting.remove(job)
            self.said.append(JobFailed(number, Cancelled(), cancelled=True))
        if self.running is not None and self.running.number == number and self.child is not None:
            self.running.is_cancelled = True
            self.child.send(Packet({"type": "cancel", "job": number}), urgent=True)

    def paint(self, *, on: bool) -> None:
        """Tell the child whether the user paints.

        Parameters
        ----------
        on : bool
            Whether they do.
        """
        self._is_painting = on
        if self.child is not None and self._has_greeted:
            self.child.send(Packet({"type": "painting", "on": on}), urgent=True)

    def restart(self) -> None:
        """End the child and its job; the jobs that wait run in a new one."""
        if self.child is not None:
            self.child.kill()
            self._fail_running(restarted())
            self._leave("off", "")
        if self.waiting:
            self.start()

    def poll(self, until: float) -> None:
        """Take what the child said, and give it the next job.

        Parameters
        ----------
        until : float
            On the monotonic clock: stop then.
        """
        while self.child is not None and not self.child.inbox.empty():
            item = self.child.inbox.get()
            if isinstance(item, Ended):
                self._end(item)
            else:
                self._take(item)
            if time.monotonic() >= until:
                break
        self._watch()
        self._advance()

    def _take(self, packet: Packet) -> None:
        try:
            self._understand(packet)
        except (FrameError, KeyError, ValueError, TypeError) as error:
            self._break(f"what it said makes no sense: {error!r:.200}")

    def _understand(self, packet: Packet) -> None:
        kind = packet.head["type"]
        if kind == "hello":
            self._greet(packet)
        elif kind == "ready":
            self._is_ready = True
            self._change("busy" if self.running else "ready")
        elif kind == "beat":
            self._hear_beat(packet)
        elif self.running is not None and packet.head["job"] == self.running.number:
            self._hear_job(self.running, packet)

    def _greet(self, packet: Packet) -> None:
        version = packet.head.get("version")
        if version != __version__:
            self._break(f"it is version {version}, this is {__version__}: install the same on both")
            return
        self._has_greeted = True
        self.paint(on=self._is_painting)

    def _hear_beat(self, packet: Packet) -> None:
        quiet = packet.head["quiet"]
        if self.running is None or not isinstance(quiet, int | float):
            return
        if quiet > self._limits.quiet:
            text = f"The job has said nothing for {quiet:.0f} s, but its process is alive."
            self._change("quiet", text)
        elif self.state == "quiet":
            self._change("busy")

    def _hear_job(self, job: Job, packet: Packet) -> None:
        match packet.head["type"]:
            case "event":
                event = wire.unpack(wire.EVENTS[str(packet.head["kind"])], packet)
                self.said.append(JobEvent(job.number, event))
            case "block":
                self.said.append(_block(job.number, packet))
            case "done":
                answer: object = wire.unpack(wire.ANSWERS[job.request.kind], packet)
                self._finish(JobDone(job.number, answer))
            case "failed":
                self._shelf.forget()
                error = failures.from_json(packet.head["error"])
                cancelled = packet.head.get("cancelled") is True
                self._finish(JobFailed(job.number, error, cancelled=cancelled))

    def _finish(self, message: JobDone | JobFailed) -> None:
        self.running = None
        self.said.append(message)
        self._change("ready")

    def _advance(self) -> None:
        if self.running is not None or not self.waiting:
            return
        if self.child is None:
            self.start()
        elif self._has_greeted:
            self._send(self.waiting.popleft())

    def _send(self, job: Job) -> None:
        packet = wire.pack(self._shelf.lighten(job.request))
        head = {"type": "job", "job": job.number, "kind": job.request.kind}
        if self.child is not None:
            self.child.send(Packet(head | packet.head, packet.arrays))
        self.running = job
        self.said.append(JobStarted(job.number))
        if self._is_ready:
            self._change("busy")

    def _watch(self) -> None:
        """Tell when the beats stop and when they come back."""
        if self.child is None:
            return
        silent = time.monotonic() - self.child.heard
        limit = self._limits.silence if self._is_ready else self._limits.starting
        if silent > limit:
            self._change("silent", NOT_ANSWERING)
            self.child.check()
        elif self.state == "silent":
            usual: ChildState = "busy" if self.running else "ready"
            self._change(usual if self._is_ready else "starting")

    def _end(self, ended: Ended) -> None:
        error = died(ended) if self._is_ready else cannot_start(ended)
        self._fail_running(error)
        if not self._is_ready:  # one that starts now would fail as well
            self._fail_waiting(error)
        self._leave("dead", told(error))

    def _break(self, problem: str) -> None:
        """End a child that cannot be understood."""
        if self.child is not None:
            self.child.kill()
            self._end(Ended(None, problem, ""))

    def _fail_running(self, error: SegLoopError) -> None:
        job, self.running = self.running, None
        if job is not None:
            self.said.append(JobFailed(job.number, error, cancelled=job.is_cancelled))

    def _fail_waiting(self, error: SegLoopError) -> None:
        while self.waiting:
            self.said.append(JobFailed(self.waiting.popleft().number, error))

    def _leave(self, state: ChildState, text: str) -> None:
        self.child = None
        self._change(state, text)

    def _change(self, state: ChildState, text: str = "") -> None:
        if state != self.state:
            self.state = state
            self.said.append(ChildChanged(self._name, state, text))


def _block(job: int, packet: Packet) -> JobBlock:
    top, bottom, left, right = map(int, cast("list[int]", packet.head["box"]))
    window = slice(top, bottom), slice(left, right)
    (array,) = packet.arrays
    return JobBlock(job, str(packet.head["name"]), window, array)
