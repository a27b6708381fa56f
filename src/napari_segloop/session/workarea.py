"""A work area: a box of an image too large to edit whole, as an image of its own.

Its pixels are read through the large image, so nothing is copied but its labels. Which boxes are
worth working on, and how they are shown, is not known here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from napari_segloop.core.errors import InputError
from napari_segloop.core.workboxes import WorkBox, check_memory

if TYPE_CHECKING:
    from napari_segloop.core.images import Array
    from napari_segloop.session.sources import ImageSource

Index = tuple[int, ...]
ID_BYTES: Final = 4
"""Of a label, at most: ids may grow beyond 65,535."""


class WorkArea:
    """A box of an image as a source; see `session.sources.ImageSource`.

    Parameters
    ----------
    source : ImageSource
        The large image.
    box : WorkBox
        Leading axes, Y and X, without channels.

    Raises
    ------
    InputError
        When the box is not inside the image, or its labels would take more than 2 GiB.
    """

    def __init__(self, source: ImageSource, box: WorkBox) -> None:
        shape = (*source.leading, *source.plane_shape)
        if len(box.stop) != len(shape) or any(np.greater(box.stop, shape)):
            raise InputError(
                f"a work area inside an image of shape {shape}",
                f"{box.start} to {box.stop}",
                "Draw it on the image.",
            )
        self.box = check_memory(box, ID_BYTES)
        self.base = source

    @property
    def name(self) -> str:
        """The image's name and where the area begins."""
        return f"{self.base.name} area {', '.join(map(str, self.box.start))}"

    @property
    def where(self) -> str:
        """``open layer``, or the file and where the area begins in it."""
        where = self.base.where
        return (
            where if where == "open layer" else f"{where} at {', '.join(map(str, self.box.start))}"
        )

    @property
    def axes(self) -> str:
        """As the image's."""
        return self.base.axes

    @property
    def leading(self) -> tuple[int, ...]:
        """Lengths of the axes before Y and X."""
        return self.box.shape[:-2]

    @property
    def plane_shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.box.shape[-2:]
        return rows, columns

    @property
    def channels(self) -> int:
        """As many as the image has."""
        return self.base.channels

    @property
    def pixel_size(self) -> tuple[float, float] | None:
        """The image's."""
        return self.base.pixel_size

    @property
    def gone(self) -> str:
        """What happened to the image."""
        return self.base.gone

    def is_alive(self) -> bool:
        """Say whether the large image is still open.

        Returns
        -------
        bool
            Nothing is read for it.
        """
        return self.base.is_alive()

    def read(self, index: Index, rows: slice, columns: slice) -> Array:
        """Return a window of a plane of the area; called from a background thread.

        Parameters
        ----------
        index : tuple of int
            One number for each leading axis, from the area's first.
        rows, columns : slice
            The window, in the area's pixels.

        Returns
        -------
        (C, rows, columns) ndarray
            A copy in the stored dtype.

        Raises
        ------
        InputError
            When the image was removed or has another shape now.
        """
        place = tuple(at + first for at, first in zip(index, self.box.start[:-2], strict=True))
        windows = (
            slice(first + part.start, first + part.stop)
            for part, first in zip((rows, columns), self.box.start[-2:], strict=True)
        )
        return self.base.read(place, *windows)
