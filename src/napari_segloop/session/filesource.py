"""An image file as a source of planes; its header is read when it is first needed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.errors import InputError
from napari_segloop.files.names import image_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_segloop.core.images import Array
    from napari_segloop.files.stacks import ImageFile
    from napari_segloop.session.seals import Seal

Index = tuple[int, ...]


Measures = tuple[str, tuple[int, ...], tuple[int, int], int]
"""Leading axes and their lengths, rows and columns, channels."""


class FileSource:
    """Planes of a file; see `session.sources.ImageSource`.

    Parameters
    ----------
    path : Path
        A TIFF, PNG or OME-Zarr.
    axes : str, optional
        Names the stored axes.
    channels : sequence of int, optional
        Which channels to read.
    known : tuple, optional
        Its shape (`Measures`), where that was read before; another one is refused.
    pixel_size : (float, float), optional
        Height and width in micrometres, as it was read before.
    """

    def __init__(
        self,
        path: Path,
        axes: str | None = None,
        channels: Sequence[int] | None = None,
        known: Measures | None = None,
        pixel_size: tuple[float, float] | None = None,
    ) -> None:
        self.path = Path(path)
        self.named_axes, self.selected = axes, channels
        self._shape, self._pixel_size = known, pixel_size
        self.seal: Seal | None = None  # as soon as it is known what the file holds

    @property
    def name(self) -> str:
        """File name without its suffix."""
        return image_name(self.path)

    @property
    def where(self) -> str:
        """The path."""
        return str(self.path)

    @property
    def axes(self) -> str:
        """A letter for each leading axis."""
        return self._measures()[0]

    @property
    def leading(self) -> tuple[int, ...]:
        """Lengths of the leading axes."""
        return self._measures()[1]

    @property
    def plane_shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self._measures()[2]

    @property
    def channels(self) -> int:
        """Number of channels that are read."""
        return self._measures()[3]

    @property
    def pixel_size(self) -> tuple[float, float] | None:
        """Height and width in micrometres, as soon as the file was opened once."""
        return self._pixel_size

    @property
    def gone(self) -> str:
        """That the file is gone, or another one is in its place."""
        if self.is_replaced:
            return (
                f"{self.where} was overwritten with other content. What you checked is kept with "
                "the old one: bring that back, or add the file again as a new image"
            )
        return f"{self.where} is gone; bring it back, or take it off the list"

    @property
    def is_replaced(self) -> bool:
        """Whether another file was in its place when it was last looked at."""
        return self.seal is not None and self.seal.is_broken

    def read(self, index: Index, rows: slice, columns: slice) -> Array:
        """Return a window of a plane, see `session.sources.ImageSource.read`.

        Parameters
        ----------
        index : tuple of int
            The plane.
        rows, columns : slice
            The window, in pixels.

        Returns
        -------
        (C, rows, columns) ndarray
            In the stored dtype.

        Raises
        ------
        InputError
            When the file is gone, or was replaced by another one, also while it was read.
        """
        with self.open() as image:
            pixels = np.array(image.plane(index).read(rows, columns))
        self._check()
        return pixels

    def is_alive(self) -> bool:
        """Say whether the file is still there.

        Returns
        -------
        bool
            False also when another one is in its place. Its bytes are read only when its size,
            time or inode are new; slow where a network drive does not answer.
        """
        try:
            is_there = self.path.exists()
        except OSError:  # the drive is gone
            return False
        return is_there and (self.seal is None or self.seal.is_whole())

    def open(self) -> ImageFile:
        """Open the file.

        Returns
        -------
        ImageFile
            To be closed by the caller.

        Raises
        ------
        InputError
            When the file is gone, or was replaced by another one.
        """
        from napari_segloop.files.images import open_image  # noqa: PLC0415  # slow: zarr

        self._check()
        image = open_image(self.path, self.named_axes, self.selected)
        known, found = self._shape, _measures(image)
        if known is not None and found != known:
            image.close()
            raise InputError(
                f"an image with {_in_words(known)}",
                _in_words(found),
                "The file was replaced. Remove it from the image list and add it again.",
                str(self.path),
            )
        self._shape, size = found, image.pixel_size
        self._pixel_size = None if size is None else (size.y, size.x)
        return image

    def _check(self) -> None:
        """Refuse a file that was overwritten, before its pixels are taken for those that were."""
        if self.seal is not None and not self.seal.is_whole():
            raise InputError(
                f"{self.name} as it was added",
                "other content under its name",
                "Bring the old file back, or add the new one again, as an image of its own.",
                str(self.path),
            )

    def _measures(self) -> Measures:
        if self._shape is None:
            with self.open() as image:
                return _measures(image)
        return self._shape


def _measures(image: ImageFile) -> Measures:
    return image.leading_axes, image.leading_shape, image.plane_shape, image.channels


def _in_words(measures: Measures) -> str:
    _, leading, plane, channels = measures
    return f"shape {(*leading, *plane)} and {channels} channels"
