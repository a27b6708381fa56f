"""What lies in a project and is read when it is needed: planes, and pixels of images that are away.

A stored plane stands for arrays that did not change since they were saved. Where the project lies
and when it is saved are not known here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.checkstate import Pixels
from napari_segloop.core.corrections import PlaneTruth
from napari_segloop.core.errors import InputError

if TYPE_CHECKING:
    from napari_segloop.core.images import Array, Labels
    from napari_segloop.core.prediction import Bytes
    from napari_segloop.store.project import Project
    from napari_segloop.store.records import Identity

Index = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class StoredPlane:
    """A plane of a project, unread.

    Parameters
    ----------
    project : Project
        Open as long as this is used; it may be renamed and moved.
    image : int
        Number of the image.
    index : tuple of int
        The plane.
    plane_shape : (int, int)
        Rows and columns.
    narrow : numpy dtype
        Of labels, where they fit.
    is_stated : bool
        Whether a human said anything of it.
    """

    project: Project = field(repr=False)
    image: int
    index: Index
    plane_shape: tuple[int, int]
    narrow: np.dtype[np.generic]
    is_stated: bool

    @property
    def nbytes(self) -> int:
        """Memory that it takes: none."""
        return 0

    @property
    def dtype(self) -> str:
        """Of the labels, at most."""
        return "uint8" if self.narrow == np.uint8 else "uint32"

    @property
    def is_checked(self) -> bool:
        """Whether something may be checked, excluded or not to be told."""
        return self.is_stated

    def plane(self) -> PlaneTruth:
        """Read it.

        Returns
        -------
        PlaneTruth
            As it was saved.

        Raises
        ------
        StoreError
            When it is damaged.
        InputError
            When it holds states that do not exist.
        """
        found = self.project.annotations.plane(self.image, self.index)
        labels, prediction = (self._narrowed(found[name]) for name in ("labels", "prediction"))
        wide = np.result_type(labels, prediction)
        states = (_bytes(found[name]) for name in ("checked", "kind", "epoch"))
        return PlaneTruth.of(Pixels(labels.astype(wide), prediction.astype(wide), *states))

    def map(self) -> Bytes:
        """Read how unsure the network was.

        Returns
        -------
        (Y, X) ndarray of uint8
            As it was saved.

        Raises
        ------
        StoreError
            When it is damaged.
        """
        rows, columns = self.plane_shape
        whole = slice(0, rows), slice(0, columns)
        names = ("uncertainty",)
        found = self.project.annotations.window(self.image, self.index, *whole, names)
        return _bytes(found[names[0]])

    def _narrowed(self, stored: Array) -> Labels:
        labels: Labels = stored.astype(np.uint32, copy=False)
        fits = labels.max(initial=0) <= np.iinfo(np.zeros(0, self.narrow).dtype).max
        return labels.astype(self.narrow) if fits else labels


class StoredSource:
    """An image whose original is away: what the project keeps of its pixels.

    Parameters
    ----------
    identity : Identity
        What the image was.
    project : Project
        Open as long as this is used; it may be renamed and moved.
    image : int
        Number of the image.
    """

    def __init__(self, identity: Identity, project: Project, image: int) -> None:
        self.identity, self._project, self._image = identity, project, image

    @property
    def name(self) -> str:
        """As it was."""
        return self.identity.name

    @property
    def where(self) -> str:
        """Where the original was."""
        return self.identity.where or "open layer"

    @property
    def leading(self) -> Index:
        """Lengths of the leading axes."""
        return self.identity.shape.leading

    @property
    def axes(self) -> str:
        """A letter for each leading axis."""
        return self.identity.axes

    @property
    def plane_shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.identity.shape.rows, self.identity.shape.columns

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self.identity.shape.channels

    @property
    def pixel_size(self) -> tuple[float, float] | None:
        """Height and width of a pixel in micrometres."""
        return self.identity.pixel_size

    def read(self, index: Index, rows: slice, columns: slice) -> Array:
        """Return what was kept of a window, see `session.sources.ImageSource.read`.

        Parameters
        ----------
        index : tuple of int
            The plane.
        rows, columns : slice
            The window, in pixels.

        Returns
        -------
        (C, rows, columns) ndarray
            Zeros where nothing was kept.

        Raises
        ------
        InputError
            When nothing at all of it was kept.
        StoreError
            When it is damaged, or too large.
        """
        height, width = self.plane_shape
        window = slice(*rows.indices(height)[:2]), slice(*columns.indices(width)[:2])
        pixels, known = self._project.annotations.content(self._image, index, *window)
        if not known.any():
            raise InputError(
                "pixels that are kept in the project",
                f"none of this place of {self.name}",
                "Bring the image back to where it was, or add it again.",
                self.where,
            )
        return pixels

    @property
    def gone(self) -> str:
        """That the original is away."""
        return f"{self.where} is gone; bring it back, or add it again"

    def is_alive(self) -> bool:
        """Say that the original is away.

        Returns
        -------
        bool
            False.
        """
        return False


def _bytes(stored: Array) -> Bytes:
    return stored.astype(np.uint8, copy=False)
