"""What is given to a save and what comes back: pieces of planes, and the snapshot that they made.

Values alone: how they are kept is `napari_segloop.store.annotations`' subject.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

from napari_segloop.store.checks import (
    COUNT,
    NUMBER,
    SNAPSHOT,
    Check,
    one_of,
    optional,
    table,
    text,
)
from napari_segloop.store.record import Record

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable

    from napari_segloop.core.images import Array
    from napari_segloop.store.records import ImageRecord, ProjectRecord

Cause = Literal["autosave", "round", "manual", "restore", "begin"]


@dataclass(frozen=True, slots=True)
class PlaneChunk:
    """One piece of a plane that changed, on the grid of chunks; None is what did not change.

    Parameters
    ----------
    image : int
        Number of the image.
    index : tuple of int
        The plane.
    y, x : int
        Upper left corner, multiples of `CHUNK`.
    labels, prediction : (h, w) ndarray of integer or None
        As the session has them; ``h`` and ``w`` are `CHUNK`, less at the plane's edge.
    checked, kind, epoch, uncertainty : (h, w) ndarray of uint8 or None
        The same.
    content : (C, h, w) ndarray or None
        The image's pixels.
    """

    image: int
    index: tuple[int, ...]
    y: int
    x: int
    labels: Array | None = None
    prediction: Array | None = None
    checked: Array | None = None
    kind: Array | None = None
    epoch: Array | None = None
    uncertainty: Array | None = None
    content: Array | None = None


@dataclass(frozen=True, slots=True)
class Save:
    """What becomes durable together or not at all.

    Parameters
    ----------
    project : ProjectRecord or None
        When it changed.
    images : tuple of ImageRecord
        New and changed ones.
    chunks : iterable of PlaneChunk
        What changed in planes; gone through once, best plane by plane, and never all in memory.
    removed : tuple of int
        Numbers of images that were taken off the list.
    """

    project: ProjectRecord | None = None
    images: tuple[ImageRecord, ...] = ()
    chunks: Iterable[PlaneChunk] = ()
    removed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Note(Record):
    """What is kept beside a snapshot's time and message.

    Parameters
    ----------
    kind : {"autosave", "round", "manual", "restore", "begin"}
        Why it was made.
    counts : dict of str to int
        As the session counted.
    version : int or None
        The version of the model in use.
    parent : str or None
        The state that it followed.
    """

    kind: str
    counts: dict[str, int] = field(default_factory=dict)
    version: int | None = None
    parent: str | None = None
    checks: ClassVar[dict[str, Check]] = {
        "kind": one_of(*get_args(Cause)),
        "counts": table(text(100), COUNT, 100),
        "version": optional(NUMBER),
        "parent": optional(SNAPSHOT),
    }


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One state of a project that can be looked at and restored.

    Parameters
    ----------
    id : str
        Its name, given by icechunk.
    time : datetime
        When, UTC.
    parent : str or None
        The state that it followed; perhaps expired since.
    message : str
        In words; the one of `Annotations.keep` when it was kept.
    kind : {"autosave", "round", "manual", "restore", "begin"}
        Why it was made.
    counts : dict of str to int
        Of images, checked pixels and accepted places, as the session counted them.
    version : int or None
        The version of the model in use.
    is_kept : bool
        Whether a human asked to keep it, or a restore kept it.
    """

    id: str
    time: datetime.datetime
    parent: str | None
    message: str
    kind: str
    counts: dict[str, int] = field(default_factory=dict)
    version: int | None = None
    is_kept: bool = False
