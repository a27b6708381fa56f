"""Going back to an older state of a project without losing the versions that came since."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_segloop.store.annotations import Save

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_segloop.store.annotations import Snapshot
    from napari_segloop.store.project import Project
    from napari_segloop.store.records import VersionRecord


def restore(project: Project, snapshot: str) -> Snapshot:
    """Make an older state the newest one; the present one is kept first.

    Parameters
    ----------
    project : Project
        Open for writing.
    snapshot : str
        Its id.

    Returns
    -------
    Snapshot
        The newest one: as the older one, but for versions that came since, which stay in the list.

    Raises
    ------
    StoreError
        When there is no such snapshot, or it cannot be written.
    """
    store = project.annotations
    since = store.project().versions
    back, record = store.restore(snapshot), store.project()
    versions = with_those_since(record.versions, since)
    if len(versions) == len(record.versions):
        return back
    save = Save(replace(record, versions=versions))
    return store.save(save, back.message, "restore", back.counts, back.version)


def with_those_since(
    back: Iterable[VersionRecord], since: Iterable[VersionRecord]
) -> tuple[VersionRecord, ...]:
    """Return the versions of an older state and those that came after it.

    Parameters
    ----------
    back, since : iterable of VersionRecord
        Of the older state, which counts, and of the newer one.

    Returns
    -------
    tuple of VersionRecord
        By number.
    """
    found = {each.number: each for each in (*since, *back)}
    return tuple(found[number] for number in sorted(found))
