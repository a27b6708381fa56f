"""What a project can do without: models that nobody uses or pinned, and autosaves of long ago."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_segloop.store.faults import writing

if TYPE_CHECKING:
    import datetime

    from napari_segloop.store.project import Project


@dataclass(frozen=True, slots=True)
class Pruned:
    """What is, or would be, cleared away.

    Parameters
    ----------
    models : tuple of str
        Ids of models of versions that are neither in use nor pinned.
    snapshots : int
        Autosaves that nobody asked to keep.
    bytes : int
        How much smaller the project is; before it is done, what the models take.
    """

    models: tuple[str, ...]
    snapshots: int
    bytes: int


def prunable(project: Project, before: datetime.datetime | None = None) -> Pruned:
    """Say what `prune` would clear away.

    Parameters
    ----------
    project : Project
        Open.
    before : datetime, optional
        Autosaves from before then; none when not given.

    Returns
    -------
    Pruned
        Of bytes those of the models; what autosaves take is known only afterwards.
    """
    models = _unused(project)
    size = sum(project.models.path(model).stat().st_size for model in models)
    return Pruned(models, 0 if before is None else _old(project, before), size)


def prune(project: Project, before: datetime.datetime | None = None) -> Pruned:
    """Clear away models that are neither in use nor pinned, and old autosaves.

    Parameters
    ----------
    project : Project
        Open for writing.
    before : datetime, optional
        Autosaves from before then go; none when not given.

    Returns
    -------
    Pruned
        What is gone; the versions stay in the list.

    Raises
    ------
    StoreError
        When it is read-only, or cannot be written.
    """
    project.check_writable()
    size, gone = project.size(), _unused(project)
    with writing(project.folder):
        for model in gone:
            project.models.delete(model)
    snapshots = 0 if before is None else project.annotations.expire(before)
    return Pruned(gone, snapshots, size - project.size())


def _unused(project: Project) -> tuple[str, ...]:
    """Models that are neither pinned nor in use, now or in a snapshot that is kept."""
    states = [each.id for each in project.history() if each.is_kept]
    records = [project.annotations.project(state) for state in (None, *states)]
    kept = {v.model for r in records for v in r.versions if v.pinned or v.number == r.current}
    return tuple(model for model in project.models.ids() if model not in kept)


def _old(project: Project, before: datetime.datetime) -> int:
    past = project.history()[1:]  # the newest state stays
    old = [each for each in past if each.kind == "autosave" and each.time < before]
    return sum(not each.is_kept for each in old)
