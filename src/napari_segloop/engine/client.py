"""The viewer's side: submit requests, poll messages; never waits, never imports torch.

Two child processes of the same worker: light jobs need not wait for torch, nor for training.
Threads only fill queues; everything else happens in the caller's thread, inside `poll`.
"""

from __future__ import annotations

import os
import sys
import time
import weakref
from itertools import count
from typing import TYPE_CHECKING

from napari_segloop.engine import wire
from napari_segloop.engine.frames import pack_head
from napari_segloop.engine.lane import Job, Lane, Limits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_segloop.engine.messages import ChildState, Message
    from napari_segloop.engine.requests import Lane as Name
    from napari_segloop.engine.requests import Request

WORKER = "napari_segloop.engine.worker"
PATIENCE = 5.0  # seconds for the threads of killed children


class Engine:
    """Runs requests in child processes.

    Parameters
    ----------
    command : sequence of str, optional
        Starts a worker; ``--lane`` and its name are appended. This Python's own when not given;
        ``["ssh", HOST, "python", "-m", "napari_segloop.engine.worker"]`` computes elsewhere.
    remote : bool
        Send pixels always, never the names of files.
    limits : Limits, optional
        How long a child may be silent.

    Examples
    --------
    >>> engine = Engine()
    >>> engine.poll()
    []
    >>> engine.close()
    """

    def __init__(
        self,
        command: Sequence[str] | None = None,
        *,
        remote: bool = False,
        limits: Limits | None = None,
    ) -> None:
        base = tuple(command or (sys.executable, "-P", "-m", WORKER))
        names: tuple[Name, ...] = ("light", "heavy")
        limits = limits or Limits()
        self._lanes = {
            name: Lane(name, (*base, "--lane", name), limits, remote=remote) for name in names
        }
        self._numbers = count(1)
        self._close = weakref.finalize(self, _end_all, os.getpid(), [*self._lanes.values()])

    def start(self, lane: Name) -> None:
        """Start a child before it is needed; returns at once.

        Parameters
        ----------
        lane : {"light", "heavy"}
            Which.
        """
        if self._close.alive:
            self._lanes[lane].start()

    def submit(self, request: Request) -> int:
        """Queue a job.

        Parameters
        ----------
        request : Request
            What to do; its arrays must not change any more.

        Returns
        -------
        int
            The job's number.

        Raises
        ------
        InputError
            When an array holds no real numbers.
        FrameError
            When there is too much in one request.
        """
        pack_head(wire.pack(request).head)
        number = next(self._numbers)
        if self._close.alive:
            self._lanes[request.lane].submit(Job(number, request))
        return number

    def cancel(self, job: int) -> None:
        """Ask a job to stop: one that waits fails at once, one that runs answers soon.

        Parameters
        ----------
        job : int
            Its number; one that is over does nothing.
        """
        for lane in self._lanes.values():
            lane.cancel(job)

    def restart(self, lane: Name) -> None:
        """End a child that does not answer; its job fails, the waiting ones go on.

        Parameters
        ----------
        lane : {"light", "heavy"}
            Which.
        """
        self._lanes[lane].restart()

    def set_painting(self, on: bool) -> None:
        """Leave a processor to the viewer while the user paints.

        Parameters
        ----------
        on : bool
            Whether they do.
        """
        for lane in self._lanes.values():
            lane.paint(on=on)

    def state(self, lane: Name) -> ChildState:
        """Return the state of a child, as last told by `poll`.

        Parameters
        ----------
        lane : {"light", "heavy"}
            Which.

        Returns
        -------
        str
            See `ChildState`.
        """
        return self._lanes[lane].state

    def poll(self, seconds: float = 0.005) -> list[Message]:
        """Return what happened since the last time; never waits.

        Parameters
        ----------
        seconds : float
            Stop taking messages after this time; the others come next time.

        Returns
        -------
        list of Message
            In order within a lane.
        """
        until = time.monotonic() + seconds
        said: list[Message] = []
        for lane in self._lanes.values():
            lane.poll(until)
            said += lane.said
            lane.said.clear()
        return said

    def close(self) -> None:
        """End all children; no job runs after this. Twice does no harm."""
        self._close()


def _end_all(owner: int, lanes: Sequence[Lane]) -> None:
    """End the children of lanes, also at the interpreter's exit; not in a fork of it."""
    if os.getpid() != owner:
        return
    children = [lane.child for lane in lanes if lane.child is not None]
    for child in children:
        child.kill()
    for child in children:
        child.join(PATIENCE)
    for lane in lanes:
        lane.waiting.clear()
        lane.child = lane.running = None
