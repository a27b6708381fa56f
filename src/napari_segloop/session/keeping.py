"""One save: what it is made of, and the writing of it, on a thread of its own.

When to save, and what to do when it fails, is not known here.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from napari_segloop.core.checkstate import CHECKED
from napari_segloop.core.errors import InputError
from napari_segloop.core.touched import CHUNK
from napari_segloop.session.parcels import TRUTH
from napari_segloop.session.taking import Taken, chunks_of
from napari_segloop.store.errors import StoreError
from napari_segloop.store.snapshots import Save

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari_segloop.core.touched import Piece
    from napari_segloop.session.books import Books
    from napari_segloop.session.desk import Key
    from napari_segloop.session.resting import Name
    from napari_segloop.store.project import Project
    from napari_segloop.store.records import ImageRecord, ProjectRecord
    from napari_segloop.store.snapshots import Cause, PlaneChunk, Snapshot

ASIDE: Final = "Queue and image pixels"
"""What a save is called that one does not go back to with one click."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A snapshot that was asked for.

    Parameters
    ----------
    kind : {"autosave", "round", "manual", "restore", "begin"}
        Why.
    message : str
        In words.
    then : callable
        Called with it once it is on the disk.
    """

    kind: Cause
    message: str
    then: Callable[[Snapshot], None]


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """What is to be saved; nobody changes it.

    Parameters
    ----------
    books : Books
        All records, of this moment.
    project : ProjectRecord or None
        When it is another than before.
    images : tuple of ImageRecord
        Those that are others than before.
    removed : tuple of int
        Images of which the project must forget everything first.
    taken : dict of (str, int, tuple of int) to Taken
        Planes.
    content : tuple of PlaneChunk
        Image pixels.
    asked : tuple of Asked
        Snapshots that were asked for.
    """

    books: Books
    project: ProjectRecord | None
    images: tuple[ImageRecord, ...]
    removed: tuple[int, ...]
    taken: dict[Name, Taken]
    content: tuple[PlaneChunk, ...]
    asked: tuple[Asked, ...]

    @property
    def is_step(self) -> bool:
        """Whether it changes what the user did, not only what goes with it."""
        return bool(self.taken or self.removed)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        changed = self.project or self.images or self.removed or self.taken
        return not (changed or self.content or self.asked)


@dataclass(frozen=True, slots=True)
class Written:
    """What is on the disk.

    Parameters
    ----------
    work : Work
        All of it.
    snapshot : Snapshot
        The newest state.
    checked : dict of (int, tuple of int) to frozenset of (int, int)
        Pieces in which something is checked.
    """

    work: Work
    snapshot: Snapshot
    checked: dict[Key, frozenset[Piece]]


def write(project: Project, work: Work) -> Written:
    """Save, however much it is in one transaction; all of it is on the disk on return.

    Parameters
    ----------
    project : Project
        Open for writing.
    work : Work
        What to save.

    Returns
    -------
    Written
        What became of it.

    Raises
    ------
    StoreError
        When it cannot be written.
    OutputError
        When a model cannot be written.
    """
    checked = dict["Key", set["Piece"]]()
    _put_models(project, work.books)
    message, kind = _words(work)
    snapshot = project.annotations.save(
        Save(work.project, work.images, _chunks(work, checked), work.removed),
        message,
        kind,
        work.books.counts,
        work.books.project.current,
    )
    return Written(work, snapshot, {k: frozenset(p) for k, p in checked.items()})


def _words(work: Work) -> tuple[str, Cause]:
    """Say what a snapshot is; one for several that were asked for at once has all their words."""
    if not work.asked:
        return "" if work.is_step else ASIDE, "autosave"
    message = ", ".join(dict.fromkeys(each.message for each in work.asked if each.message))
    kinds = [each.kind for each in work.asked]
    return message, "manual" if "manual" in kinds else kinds[-1]


def _put_models(project: Project, books: Books) -> None:
    """Keep the models of versions before the records that name them.

    A version that was pruned has no model any more; its record says so.
    """
    kept = set(project.models.ids())
    for model in books.models.keys() - kept:
        with suppress(InputError, StoreError):  # a disk that fails is an OutputError
            project.models.put(model, books.models[model]())


def _chunks(work: Work, checked: dict[Key, set[Piece]]) -> Iterator[PlaneChunk]:
    """Yield all pieces, and take note of those in which something is checked."""
    yield from work.content
    for name, taken in work.taken.items():
        for chunk in chunks_of(name, taken):
            if name[0] == TRUTH and np.any(chunk.checked == CHECKED):
                piece = chunk.y // CHUNK, chunk.x // CHUNK
                checked.setdefault((chunk.image, chunk.index), set()).add(piece)
            yield chunk
