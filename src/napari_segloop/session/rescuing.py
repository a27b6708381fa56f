"""A project that is damaged, in words, and the way to what is left of it: a new project beside it.

What is damaged stays as it is, and is never shown as empty.
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from napari_segloop.core.errors import InputError, OutputError
from napari_segloop.session.opening import open_project_at, read_project
from napari_segloop.session.state import DamagedState, SnapshotState
from napari_segloop.store.errors import StoreError
from napari_segloop.store.recent import ENDING, mirror_of, new_name, set_mirror

if TYPE_CHECKING:
    from napari_segloop.session.opening import Found
    from napari_segloop.store.project import Project
    from napari_segloop.store.rescue import DamagedProject
    from napari_segloop.store.snapshots import Snapshot


def read_or_say(folder: Path) -> Found | DamagedState:
    """Open and read a project, or say what is wrong with it; on any thread.

    Parameters
    ----------
    folder : Path
        Its folder.

    Returns
    -------
    Found or DamagedState
        The latter also says what is left.

    Raises
    ------
    StoreError
        When it is no project, or cannot be read for another reason.
    """
    from napari_segloop.store.project import DamagedProject  # noqa: PLC0415  # slow: zarr

    try:
        return read_whole(folder)
    except DamagedProject as error:
        return _describe(error)


def read_whole(folder: Path) -> Found:
    """Open and read a project; one that cannot be read is not held; on any thread.

    Parameters
    ----------
    folder : Path
        Its folder.

    Returns
    -------
    Found
        All but planes.

    Raises
    ------
    StoreError
        When it is damaged, or no project.
    """
    project = open_project_at(folder)
    try:
        return read_project(project)
    except BaseException:
        project.close()
        raise


def rescue(damaged: DamagedState, *, from_copy: bool) -> Found:
    """Make a new project of what is left of a damaged one, beside it, and open that.

    Parameters
    ----------
    damaged : DamagedState
        What is left.
    from_copy : bool
        Whether the second copy is taken, instead of the newest readable state.

    Returns
    -------
    Found
        The new project.

    Raises
    ------
    StoreError
        When it cannot be made; nothing of it is left then.
    """
    from napari_segloop.store.rescue import recover  # noqa: PLC0415  # slow: zarr

    folder = Path(damaged.path)
    place = Path(damaged.mirror) if from_copy else folder
    snapshot = None if from_copy or damaged.snapshot is None else damaged.snapshot.id
    name = new_name(folder.parent, f"{damaged.name} rescued")
    new = recover(place, folder.parent / f"{name}{ENDING}", snapshot)
    found = _read_or_remove(new)
    with suppress(OutputError):  # a convenience
        set_mirror(new, mirror_of(folder))
    return found


def copy(project: Project, snapshot: str) -> Found:
    """Make a copy of a project beside it, as it was in a snapshot, and open that.

    Parameters
    ----------
    project : Project
        Another one may write into it meanwhile.
    snapshot : str
        Becomes the newest state of the copy.

    Returns
    -------
    Found
        The copy, open for writing.

    Raises
    ------
    StoreError
        When it cannot be made; nothing of it is left then.
    """
    from napari_segloop.store.rescue import recover  # noqa: PLC0415  # slow: zarr

    folder = project.folder
    new = folder.parent / f"{new_name(folder.parent, f'{project.name} copy')}{ENDING}"
    return _read_or_remove(recover(folder, new, snapshot))


def _read_or_remove(new: Path) -> Found:
    try:
        return read_whole(new)
    except StoreError:
        shutil.rmtree(new, ignore_errors=True)
        raise


def check_left(damaged: DamagedState | None, *, from_copy: bool) -> DamagedState:
    """Refuse what is not there.

    Parameters
    ----------
    damaged : DamagedState or None
        What is left.
    from_copy : bool
        Whether the second copy is wanted.

    Returns
    -------
    DamagedState
        The same.

    Raises
    ------
    InputError
        When nothing is left of the kind.
    """
    if damaged is None or not (damaged.mirror if from_copy else damaged.snapshot):
        raise InputError("something left of a damaged project", "nothing", "Open another project.")
    return damaged


def _describe(error: DamagedProject) -> DamagedState:
    from napari_segloop.store.mirror import read_mark  # noqa: PLC0415  # slow: zarr
    from napari_segloop.store.rescue import describe  # noqa: PLC0415

    folder, found, mirrored = error.folder, None, ""
    if error.newest_readable is not None:
        found = describe(folder, error.newest_readable)
    if error.mirror is not None:
        mark = read_mark(error.mirror)
        mirrored = "" if mark is None else mark.updated
    return DamagedState(
        str(folder),
        folder.name.removesuffix(ENDING),
        "; ".join(error.faults),
        None if found is None or found.kind == "begin" else snapshot_state(found),
        "" if error.mirror is None else str(error.mirror),
        mirrored,
    )


def snapshot_state(made: Snapshot) -> SnapshotState:
    """Return a snapshot for a face.

    Parameters
    ----------
    made : Snapshot
        Of a project.

    Returns
    -------
    SnapshotState
        The same but for its parent.
    """
    return SnapshotState(
        made.id, made.time, made.message, made.kind, made.counts, made.version, made.is_kept
    )
