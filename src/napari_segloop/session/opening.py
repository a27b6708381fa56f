"""A project read as it lies there: records, and where the pixels of each image are now.

Planes are not read before they are needed. What the session makes of it is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from napari_segloop.core.errors import SegLoopError
from napari_segloop.engine.requests import ModelBlob
from napari_segloop.session.books import Books
from napari_segloop.session.identity import find
from napari_segloop.session.stored import StoredSource
from napari_segloop.store.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from napari_segloop.session.sources import ImageSource
    from napari_segloop.store.project import Project
    from napari_segloop.store.records import ImageRecord
    from napari_segloop.store.snapshots import Snapshot


@dataclass(frozen=True, slots=True, eq=False)
class FoundImage:
    """An image of a project.

    Parameters
    ----------
    record : ImageRecord
        What was saved of it.
    source : ImageSource
        The original, or what the project keeps of its pixels.
    note : str
        Why the original cannot be used; empty when it can.
    """

    record: ImageRecord
    source: ImageSource
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A project that was read.

    Parameters
    ----------
    project : Project
        Open.
    books : Books
        Its records.
    images : tuple of FoundImage
        In the order of the list.
    blob : ModelBlob or None
        The model in use.
    history : tuple of Snapshot
        Newest first.
    size : int
        Bytes that it takes.
    faults : tuple of str
        What could not be read, in words.
    """

    project: Project
    books: Books
    images: tuple[FoundImage, ...]
    blob: ModelBlob | None
    history: tuple[Snapshot, ...] = field(repr=False)
    size: int
    faults: tuple[str, ...] = ()


def open_project_at(folder: Path) -> Project:
    """Open a project, read-only where another viewer writes into it.

    Parameters
    ----------
    folder : Path
        Its folder.

    Returns
    -------
    Project
        Open.

    Raises
    ------
    StoreError
        When there is none, or it is damaged.
    """
    from napari_segloop.store.project import Project, ProjectBusy  # noqa: PLC0415  # slow: zarr

    try:
        return Project.open(folder)
    except ProjectBusy:
        return Project.open(folder, read_only=True)


def read_project(project: Project, known: Mapping[int, ImageSource] | None = None) -> Found:
    """Read what is in a project; on any thread.

    Parameters
    ----------
    project : Project
        Open.
    known : mapping of int to ImageSource, optional
        Sources of images that are in use already.

    Returns
    -------
    Found
        All but planes.

    Raises
    ------
    StoreError
        When it is damaged.
    """
    record = project.annotations.project()
    images = [_image(project, number, known or {}) for number in record.images]
    blob, faults = _model(project, {v.number: v.model for v in record.versions}, record.current)
    if blob is None and record.current is not None:
        record = replace(record, current=None)
    books = Books(record, tuple(each.record for each in images), {}, {})
    return Found(project, books, tuple(images), blob, past(project), project.size(), faults)


def past(project: Project) -> tuple[Snapshot, ...]:
    """List the states that one can go back to; on any thread.

    Parameters
    ----------
    project : Project
        Open.

    Returns
    -------
    tuple of Snapshot
        Newest first, without the empty project that everything began with.
    """
    return tuple(each for each in project.history() if each.kind != "begin")


def _image(project: Project, number: int, known: Mapping[int, ImageSource]) -> FoundImage:
    record = project.annotations.image(number)
    if number in known and not isinstance(known[number], StoredSource):
        return FoundImage(record, known[number])
    try:
        return FoundImage(record, find(record.identity))
    except SegLoopError as error:
        kept = StoredSource(record.identity, project, number)
        return FoundImage(record, kept, str(error))


def _model(
    project: Project, models: Mapping[int, str], current: int | None
) -> tuple[ModelBlob | None, tuple[str, ...]]:
    if current is None or current not in models:
        return None, ()
    try:
        return ModelBlob(models[current], project.models.get(models[current])), ()
    except StoreError as error:
        return None, (f"Version {current} cannot be used: {error.got}. {error.remedy}",)
