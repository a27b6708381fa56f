"""Going back to an older state of a project without losing the versions that came since."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_segloop.store.annotations import Save

if TYPE_CHECKING:
    from napari_segloop.store.annotations import Snapshot
    from napari_segloop.store.project import Project


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
    since = {each.number: each for each in store.project().versions}
    back, record = store.restore(snapshot), store.project()
    versions = since | {each.number: each for each in record.versions}
    if len(versions) == len(record.versions):
        return back
    ordered = tuple(versions[number] for number in sorted(versions))
    save = Save(replace(record, versions=ordered))
    return store.save(save, back.message, "restore", back.counts, back.version)
