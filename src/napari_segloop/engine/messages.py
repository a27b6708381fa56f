"""What the engine tells whoever polls it: frozen values, one class per kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from napari_segloop.core.errors import SegLoopError
    from napari_segloop.core.events import Event
    from napari_segloop.core.images import Array
    from napari_segloop.engine.requests import Lane

ChildState = Literal["off", "starting", "ready", "busy", "quiet", "silent", "dead"]
"""``quiet``: it beats but its job has not moved for long; ``silent``: no beat for ten seconds."""


@dataclass(frozen=True, slots=True)
class Message:
    """Base of all messages."""


@dataclass(frozen=True, slots=True)
class ChildChanged(Message):
    """The state of a child process, with one sentence for the user when something is wrong."""

    lane: Lane
    state: ChildState
    text: str = ""


@dataclass(frozen=True, slots=True)
class JobStarted(Message):
    """A job left the queue."""

    job: int


@dataclass(frozen=True, slots=True)
class JobEvent(Message):
    """Something a job said."""

    job: int
    event: Event


@dataclass(frozen=True, slots=True, eq=False)
class JobBlock(Message):
    """A part of a result array.

    Parameters
    ----------
    job : int
        Which job.
    name : str
        ``labels`` or ``uncertainty``.
    window : tuple of (slice, slice)
        Where it belongs in the plane.
    array : ndarray
        Its pixels.
    """

    job: int
    name: str
    window: tuple[slice, slice]
    array: Array


@dataclass(frozen=True, slots=True, eq=False)
class JobDone(Message):
    """A job ended well; ``answer`` is what its request names."""

    job: int
    answer: object


@dataclass(frozen=True, slots=True, eq=False)
class JobFailed(Message):
    """A job ended badly; ``cancelled`` when that was asked for."""

    job: int
    error: SegLoopError
    cancelled: bool = False
