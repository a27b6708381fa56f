"""A project's annotations as they are read: records, pixels and history, of any snapshot.

Everything that is read is checked first; nothing is written here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_segloop.store import documents
from napari_segloop.store.card import ANNOTATIONS
from napari_segloop.store.checking import find_faults
from napari_segloop.store.errors import damaged
from napari_segloop.store.history import History
from napari_segloop.store.layout import CONTENT, PLANE
from napari_segloop.store.looking import Look

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_segloop.core.images import Array, Mask
    from napari_segloop.store.imagerecords import ImageShape
    from napari_segloop.store.looking import Held
    from napari_segloop.store.records import ImageRecord, ProjectRecord
    from napari_segloop.store.repository import Repository
    from napari_segloop.store.snapshots import Snapshot


class AnnotationReader:
    """What can be asked of a project's annotations.

    Parameters
    ----------
    repository : Repository
        What is kept.
    """

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._history = History(repository)
        self._shapes = dict[tuple[int, str], "ImageShape"]()

    @property
    def folder(self) -> Path:
        """The project."""
        return self._repository.folder

    def project(self, snapshot: str | None = None) -> ProjectRecord:
        """Return what the project is, but for its images.

        Parameters
        ----------
        snapshot : str, optional
            The newest when not given.

        Returns
        -------
        ProjectRecord
            Checked.

        Raises
        ------
        StoreError
            When none was saved yet, or it is damaged.
        """
        found = documents.project_record(self._repository.look(snapshot))
        if found is None:
            raise damaged("the record of a project", "nothing", str(self.folder))
        return found

    def image(self, number: int, snapshot: str | None = None) -> ImageRecord:
        """Return what is known of an image, but for its pixels.

        Parameters
        ----------
        number : int
            Of the image.
        snapshot : str, optional
            The newest when not given.

        Returns
        -------
        ImageRecord
            Checked.

        Raises
        ------
        StoreError
            When there is none, or it is damaged.
        """
        return documents.image_record(self._repository.look(snapshot), number)

    def images(self, snapshot: str | None = None) -> dict[int, ImageRecord]:
        """Return what is known of all images of the list.

        Parameters
        ----------
        snapshot : str, optional
            The newest when not given.

        Returns
        -------
        dict of int to ImageRecord
            By number, in the order of the list.

        Raises
        ------
        StoreError
            When one is missing or damaged.
        """
        store = self._repository.look(snapshot)
        project = documents.project_record(store)
        numbers = () if project is None else project.images
        return documents.image_records(store, numbers)

    def plane(
        self, number: int, index: tuple[int, ...], snapshot: str | None = None
    ) -> dict[str, Array]:
        """Read a whole plane.

        Parameters
        ----------
        number : int
            Of the image.
        index : tuple of int
            The plane.
        snapshot : str, optional
            The newest when not given.

        Returns
        -------
        dict of str to (Y, X) ndarray
            `PLANE`: labels, prediction, checked, kind, epoch, uncertainty; zeros where nothing was
            saved.

        Raises
        ------
        StoreError
            When it is too large to be read at once, or damaged.
        """
        snapshot = snapshot or self._repository.newest
        shape = self._shape(number, snapshot)
        window = slice(0, shape.rows), slice(0, shape.columns)
        return self._look(number, snapshot).window(index, *window)

    def window(
        self,
        number: int,
        index: tuple[int, ...],
        rows: slice,
        columns: slice,
        names: Sequence[str] = PLANE,
        snapshot: str | None = None,
    ) -> dict[str, Array]:
        """Read a window of a plane.

        Parameters
        ----------
        number : int
            Of the image.
        index : tuple of int
            The plane.
        rows, columns : slice
            In pixels, inside the plane.
        names : sequence of str
            Which arrays.
        snapshot : str, optional
            The newest when not given.

        Returns
        -------
        dict of str to (h, w) ndarray
            Zeros where nothing was saved.
        """
        return self._look(number, snapshot).window(index, rows, columns, names)

    def content(
        self,
        number: int,
        index: tuple[int, ...],
        rows: slice,
        columns: slice,
        snapshot: str | None = None,
    ) -> tuple[Array, Mask]:
        """Read the image's own pixels, where they were kept.

        Parameters
        ----------
        number : int
            Of the image.
        index : tuple of int
            The plane.
        rows, columns : slice
            In pixels, inside the plane.
        snapshot : str, optional
            The newest when not given.

        Returns
        -------
        pixels : (C, h, w) ndarray
            In the image's dtype.
        known : (h, w) ndarray of bool
            Where they were kept; the rest is zero.
        """
        return self._look(number, snapshot).content(index, rows, columns)

    def held(
        self, number: int, names: Sequence[str] = (*PLANE, CONTENT), snapshot: str | None = None
    ) -> Held:
        """Tell where anything was saved, without reading it; quick also for a huge image.

        Parameters
        ----------
        number : int
            Of the image.
        names : sequence of str
            Which arrays.
        snapshot : str, optional
            The newest when not given.

        Returns
        -------
        dict of tuple of int to set of (int, int)
            For each plane that has any, the upper left corners of chunks, in pixels.
        """
        return self._look(number, snapshot).held(names)

    def history(self) -> tuple[Snapshot, ...]:
        """List all snapshots that can be looked at.

        Returns
        -------
        tuple of Snapshot
            Newest first.
        """
        return self._history.all()

    def check(self, *, deep: bool = False) -> list[str]:
        """Read everything that can be read.

        Parameters
        ----------
        deep : bool
            Whether older snapshots are read as well, which takes as long for each of them.

        Returns
        -------
        list of str
            One sentence for each fault; empty when all is well.
        """
        newest = self._repository.newest
        older = [each.id for each in self.history() if each.id != newest] if deep else []
        return [fault for each in (newest, *older) for fault in find_faults(self._repository, each)]

    def size(self) -> int:
        """Return what the annotations take on the disk.

        Returns
        -------
        int
            Bytes, older snapshots counted.
        """
        files = (self.folder / ANNOTATIONS).rglob("*")
        return sum(path.stat().st_size for path in files if path.is_file())

    def _look(self, number: int, snapshot: str | None) -> Look:
        snapshot = snapshot or self._repository.newest
        return Look(self._repository.look(snapshot), number, self._shape(number, snapshot))

    def _shape(self, number: int, snapshot: str) -> ImageShape:
        if (number, snapshot) not in self._shapes:
            self._shapes = {(number, snapshot): self.image(number, snapshot).identity.shape}
        return self._shapes[number, snapshot]
