"""A project that is damaged: what is wrong, what can still be read, and a new project of that.

What is damaged is read and copied, never changed.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections import deque
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from napari_segloop.core.durable import replacing
from napari_segloop.store.annotations import Annotations
from napari_segloop.store.card import ANNOTATIONS, Card
from napari_segloop.store.copying import copy_folder
from napari_segloop.store.durability import OBJECTS
from napari_segloop.store.errors import StoreError
from napari_segloop.store.faults import writing
from napari_segloop.store.locking import LOCK
from napari_segloop.store.mirror import MARK, read_mark
from napari_segloop.store.recent import ENDING, check_name, mirror_of
from napari_segloop.store.repository import MAIN, Repository

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_segloop.store.snapshots import Snapshot

MOST_TRIED: Final = 200
"""Snapshots that are looked at, newest first."""
_REFERENCE: Final = f"refs/branch.{MAIN}/ref.json"


class DamagedProject(StoreError):
    """A project that cannot be opened as it is; nothing in it was touched.

    Parameters
    ----------
    folder : Path
        The project.
    faults : tuple of str
        What is wrong, in words.
    newest_readable : str or None
        The newest snapshot that can be read; `recover` makes a project of it.
    mirror : Path or None
        The second copy, if there is one now; `recover` takes it as well.
    """

    def __init__(
        self,
        folder: Path,
        faults: tuple[str, ...],
        newest_readable: str | None,
        mirror: Path | None,
    ) -> None:
        left = [] if newest_readable is None else [f"its snapshot {newest_readable} can be read"]
        left += [] if mirror is None else [f"there is a second copy at {mirror}"]
        remedy = f"Nothing in it was touched; {' and '.join(left) or 'nothing else was found'}."
        super().__init__("a project that is whole", faults[0], remedy, str(folder))
        self.folder, self.faults = folder, faults
        self.newest_readable, self.mirror = newest_readable, mirror


def check_records(annotations: Annotations) -> None:
    """Read every record, so that what is damaged never looks empty.

    Parameters
    ----------
    annotations : Annotations
        Closed when a record is damaged.

    Raises
    ------
    StoreError
        Saying which.
    """
    try:
        annotations.project()
        annotations.images()
    except StoreError:
        annotations.close()
        raise


def damage(folder: Path, error: StoreError) -> DamagedProject:
    """Say what is wrong with a project and what is left of it.

    Parameters
    ----------
    folder : Path
        The project.
    error : StoreError
        Why it cannot be opened.

    Returns
    -------
    DamagedProject
        To be raised.
    """
    fault = f"{error.expected}: {error.got}"
    return DamagedProject(folder, (fault,), newest_readable(folder), mirror_at(folder))


def newest_readable(folder: Path) -> str | None:
    """Find the newest snapshot of a damaged project of which everything can be read.

    Parameters
    ----------
    folder : Path
        The project.

    Returns
    -------
    str or None
        Its id; None when there is none.
    """
    place = folder / ANNOTATIONS / "snapshots"
    if not place.is_dir():
        return None
    files = [path for path in place.iterdir() if path.name.isalnum()]
    files.sort(key=lambda path: path.stat().st_mtime_ns, reverse=True)
    return next((path.name for path in files[:MOST_TRIED] if is_readable(folder, path.name)), None)


def is_readable(folder: Path, snapshot: str) -> bool:
    """Return whether all records and pixels of a snapshot can be read.

    Parameters
    ----------
    folder : Path
        The project.
    snapshot : str
        Its id.

    Returns
    -------
    bool
        False also where this system gives no links.
    """
    with suppress(StoreError, OSError), _stand_in(folder, snapshot) as place:
        annotations = Annotations.open(place, read_only=True)
        annotations.project()
        return not annotations.check()
    return False


def describe(folder: Path, snapshot: str) -> Snapshot | None:
    """Say what a snapshot of a damaged project is.

    Parameters
    ----------
    folder : Path
        The project.
    snapshot : str
        Its id.

    Returns
    -------
    Snapshot or None
        None when not even that can be read.
    """
    with suppress(StoreError, OSError), _stand_in(folder, snapshot) as place:
        return Annotations.open(place, read_only=True).history()[0]
    return None


def recover(folder: Path, to: Path, snapshot: str | None = None) -> Path:
    """Make a new project of a damaged one, or of a second copy.

    Parameters
    ----------
    folder : Path
        What is left; it stays as it is.
    to : Path
        The new project's own folder; must not exist.
    snapshot : str, optional
        Becomes the newest state; the newest one of the second copy when not given.

    Returns
    -------
    Path
        The new project, which has an id of its own and is called as its folder.

    Raises
    ------
    StoreError
        When the place is taken or full, or nothing can be read.
    InputError
        For a name that no folder can have.
    """
    if os.path.lexists(to):
        raise StoreError("a name that is free", "one that exists", "Choose another name.", str(to))
    if snapshot is not None and not is_readable(folder, snapshot):
        remedy = "Choose an older one, or take the second copy."
        raise StoreError("a snapshot that can be read", snapshot, remedy, str(folder))
    name = check_name(to.name.removesuffix(ENDING))
    with writing(to):
        to.parent.mkdir(parents=True, exist_ok=True)
        copy_folder(folder, to, frozenset({LOCK, MARK}))
        Card.new(name).write(to)
        if snapshot is not None:
            _point(to / ANNOTATIONS, snapshot)
            _drop_lost(to)
    return to


def mirror_at(folder: Path) -> Path | None:
    """Return the second copy of a project, if it is there now.

    Parameters
    ----------
    folder : Path
        The project, perhaps damaged.

    Returns
    -------
    Path or None
        The copy itself.
    """
    chosen = mirror_of(folder)
    if chosen is not None:
        with suppress(StoreError, OSError):
            copy = chosen / folder.name
            mark = read_mark(copy)
            return copy if mark is not None and mark.updated else None
    return None


@contextmanager
def _stand_in(folder: Path, snapshot: str) -> Iterator[Path]:
    """Give a folder in which a snapshot is the newest state; objects are links to the project's."""
    with tempfile.TemporaryDirectory() as made:
        place = Path(made) / ANNOTATIONS
        place.mkdir()
        for name in OBJECTS:
            if (folder / ANNOTATIONS / name).is_dir():
                (place / name).symlink_to((folder / ANNOTATIONS / name).resolve())
        _point(place, snapshot)
        yield Path(made)


def _drop_lost(folder: Path) -> None:
    """Take away names of snapshots that are lost: nothing could be cleared away beside them."""
    for tag in (folder / ANNOTATIONS / "refs").glob("tag.*"):
        try:
            snapshot = json.loads((tag / "ref.json").read_text())["snapshot"]
            deque(Repository(folder).history(snapshot), maxlen=0)
        except (StoreError, OSError, ValueError, LookupError, TypeError):
            shutil.rmtree(tag, ignore_errors=True)


def _point(annotations: Path, snapshot: str) -> None:
    reference = annotations / _REFERENCE
    shutil.rmtree(reference.parent, ignore_errors=True)
    reference.parent.mkdir(parents=True)
    with replacing(reference) as temporary:
        temporary.write_text(f'{{"snapshot":"{snapshot}"}}')
