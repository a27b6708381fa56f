"""Work that takes several steps: read planes, ask the engine, take over what comes back.

Each kind of errand is a class; all of them work on the desk and none knows another.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from napari_segloop.core.errors import SegLoopError
from napari_segloop.session.state import JobState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_segloop.core.events import Event
    from napari_segloop.engine.messages import JobBlock
    from napari_segloop.engine.requests import Request
    from napari_segloop.session.desk import Desk, Key, Pixels


class Errand:
    """What all errands have in common.

    Parameters
    ----------
    desk : Desk
        What is worked on.
    title : str
        For the user.
    """

    kind = "errand"
    is_shown = True

    def __init__(self, desk: Desk, title: str) -> None:
        self.desk, self.title = desk, title
        self.number = 0  # among the errands of a session
        self.jobs = set[int]()
        self.reading = 0
        self.is_over = self.is_stopping = False
        self.began: float | None = None
        self.done: float | None = None
        self.seconds_left: float | None = None
        self.at_end: Callable[[bool], None] = lambda is_well: None

    def begin(self) -> None:
        """Start; overridden."""

    def on_started(self) -> None:
        """Take note that the engine began."""
        if self.began is None:
            self.began = time.monotonic()
        self._show()

    def on_event(self, event: Event) -> None:
        """Take note of what a job said; overridden.

        Parameters
        ----------
        event : Event
            Of one of its jobs.
        """

    def on_block(self, block: JobBlock) -> None:
        """Take over a part of a result; overridden.

        Parameters
        ----------
        block : JobBlock
            Of one of its jobs.
        """

    def on_done(self, job: int, answer: object) -> None:
        """Take over an answer; overridden, calls `finish_if_idle`.

        Parameters
        ----------
        job : int
            The engine's number.
        answer : object
            What the request names.
        """
        del answer
        self.jobs.discard(job)
        self.finish_if_idle()

    def on_failed(self, job: int, error: SegLoopError, *, cancelled: bool) -> None:
        """Give up after a job failed.

        Parameters
        ----------
        job : int
            The engine's number.
        error : SegLoopError
            Why.
        cancelled : bool
            Whether the user wanted it.
        """
        self.jobs.discard(job)
        self.fail(None if cancelled else error)

    def fail(self, error: SegLoopError | None) -> None:
        """End badly, with a message unless the user wanted it.

        Parameters
        ----------
        error : SegLoopError or None
            Why.
        """
        if self.is_over:
            return
        if error is not None:
            self.desk.tell(error)
        for job in tuple(self.jobs):
            self.desk.engine.cancel(job)
        self._end(is_well=False)

    def stop(self) -> None:
        """Ask the jobs to stop; what they have so far is kept."""
        self.is_stopping = True
        for job in self.jobs:
            self.desk.engine.cancel(job)
        self._show()
        if not self.jobs:
            self._end(is_well=False)

    def state(self) -> JobState:
        """Return what the user sees of it.

        Returns
        -------
        JobState
            Its ``id`` stays, however many jobs follow one another.
        """
        return JobState(
            self.number, self.kind, self.title, self.done, self.seconds_left,
            stopping=self.is_stopping,
        )  # fmt: skip

    def submit(self, request: Request) -> int:
        """Hand a request to the engine.

        Parameters
        ----------
        request : Request
            What to do.

        Returns
        -------
        int
            The job's number.
        """
        job = self.desk.engine.submit(request)
        self.jobs.add(job)
        return job

    def read(self, key: Key, then: Callable[[Pixels], None]) -> None:
        """Read a plane, unless the errand is over by then.

        Parameters
        ----------
        key : (int, tuple of int)
            Image and index.
        then : callable
            Called with the pixels.
        """
        self.reading += 1

        def keep(pixels: Pixels) -> None:
            self.reading -= 1
            if self.is_over or self.is_stopping:
                self.finish_if_idle()
                return
            try:
                then(pixels)
            except SegLoopError as error:  # too much for one request
                self.fail(error)

        def give_up(error: SegLoopError) -> None:
            self.reading -= 1
            if self.is_over or self.is_stopping:
                self.finish_if_idle()
            else:
                self.on_unread(key, error)

        self.desk.read(key, keep, give_up)

    def on_unread(self, key: Key, error: SegLoopError) -> None:
        """Give up after a plane could not be read.

        Parameters
        ----------
        key : (int, tuple of int)
            Image and index.
        error : SegLoopError
            Why.
        """
        self.fail(error if key[0] in self.desk.images else None)

    def finish_if_idle(self) -> None:
        """End well when nothing is left to do; errands with more to come override `has_more`."""
        if not self.jobs and not self.reading and not self.is_over and not self.has_more():
            self._end(is_well=not self.is_stopping)

    def has_more(self) -> bool:
        """Say whether something is left to be asked; overridden.

        Returns
        -------
        bool
            False here.
        """
        return False

    def estimate(self, done: float, seconds_left: float | None = None) -> None:
        """Take note of how far it is and estimate what is left.

        Parameters
        ----------
        done : float
            From 0 to 1.
        seconds_left : float, optional
            Where the job itself knows better than what was spent so far tells.
        """
        self.done = done
        if seconds_left is not None:
            self.seconds_left = seconds_left
        elif self.began is not None and done > 0:
            spent = time.monotonic() - self.began
            self.seconds_left = spent * (1 - done) / done
        self._show()

    def _end(self, *, is_well: bool) -> None:
        if self.is_over:
            return
        self.is_over = True
        self._show()
        self.at_end(is_well)

    def _show(self) -> None:
        self.desk.changed |= {"jobs", "primary"}


class PlaneByPlane(Errand):
    """An errand that asks for one plane after the other.

    Parameters
    ----------
    desk : Desk
        What is worked on.
    title : str
        For the user.
    keys : sequence of (int, tuple of int)
        Planes, in order.
    """

    def __init__(self, desk: Desk, title: str, keys: Sequence[Key]) -> None:
        super().__init__(desk, title)
        self._left, self._total = list(keys), max(1, len(keys))
        self._keys = dict[int, "Key"]()
        self.ended = list["Key"]()

    def begin(self) -> None:
        """Ask for the first planes."""
        self._ask()
        self.finish_if_idle()

    def has_more(self) -> bool:
        """Say whether planes are left.

        Returns
        -------
        bool
            False also after Stop.
        """
        return bool(self._left) and not self.is_stopping

    def _ask(self) -> None:
        """Ask for what comes next, if anything; overridden."""
