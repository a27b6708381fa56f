"""Image and label files as stacks of planes.

Knows axes and channels; not formats, nor which labels belong to which image.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Self

import numpy as np

from napari_segloop.core.errors import InputError
from napari_segloop.files.axes import split_axes
from napari_segloop.files.names import image_name, label_name
from napari_segloop.files.planes import FilePlane

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

    from napari_segloop.core.images import Labels, PlaneSource
    from napari_segloop.files.pixelsize import PixelSize
    from napari_segloop.files.stored import Stored


class StackFile:
    """What image and label files have in common: axes, shape and planes.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        NAME, by which images and labels are paired.
    stored : Stored
        The opened array.
    axes : str
        One letter for each stored axis.
    """

    def __init__(self, path: Path, name: str, stored: Stored, axes: str) -> None:
        self.path = path
        self.name = name
        self.axes = axes
        self.shape = stored.pixels.shape
        self.dtype = stored.pixels.dtype.newbyteorder("=")
        self.pixel_size: PixelSize | None = stored.pixel_size
        self._stored = stored

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; a later read opens it again."""
        self._stored.close()

    @property
    def leading_axes(self) -> str:
        """The axes that planes are counted along, for example ``"TZ"``."""
        return split_axes(self.axes)[0]

    @property
    def leading_shape(self) -> tuple[int, ...]:
        """How many planes there are along each leading axis."""
        pairs = zip(self.axes, self.shape, strict=True)
        return tuple(length for axis, length in pairs if axis not in "CSYX")

    @property
    def plane_shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = (self.shape[self.axes.index(a)] for a in "YX")
        return rows, columns

    def indices(self) -> Iterator[tuple[int, ...]]:
        """Yield the index of each plane, the last leading axis fastest.

        Yields
        ------
        tuple of int
            One number for each leading axis; ``()`` for a single plane.
        """
        yield from np.ndindex(self.leading_shape)


class ImageFile(StackFile):
    """An image in a file, read lazily.

    Parameters
    ----------
    path : Path
        The file.
    stored : Stored
        The opened array.
    axes : str
        One letter for each stored axis.
    channels : sequence of int, optional
        Which channels are read, in this order; all by default.

    Raises
    ------
    InputError
        Channels that the image does not have.
    """

    def __init__(
        self, path: Path, stored: Stored, axes: str, channels: Sequence[int] | None = None
    ) -> None:
        super().__init__(path, image_name(path), stored, axes)
        count = prod(n for a, n in zip(axes, self.shape, strict=True) if a in "CS")
        if stored.colours is not None and axes.endswith("S") and "C" not in axes:
            count = stored.colours
        self.channel_indices = _check_channels(path, count, channels)

    @property
    def channels(self) -> int:
        """How many channels are read."""
        return len(self.channel_indices)

    def plane(self, index: tuple[int, ...] = ()) -> PlaneSource:
        """Return one plane, to be read window by window.

        Parameters
        ----------
        index : tuple of int
            One number for each leading axis.

        Returns
        -------
        PlaneSource
            ``(C, Y, X)``.
        """
        pixels = self._stored.pixels
        return FilePlane(self.path, pixels, self.axes, index, self.channel_indices)


class LabelFile(StackFile):
    """Labels in a file: whole numbers, read plane by plane.

    Parameters
    ----------
    path : Path
        The file.
    stored : Stored
        The opened array.
    axes : str
        One letter for each stored axis, without channels.

    Raises
    ------
    InputError
        Colours or numbers that are not whole.
    """

    def __init__(self, path: Path, stored: Stored, axes: str) -> None:
        super().__init__(path, label_name(path), stored, axes)
        if self.dtype.kind == "b":
            self.dtype = np.dtype(np.uint8)
        if self.dtype.kind not in "ui":
            raise InputError(
                "labels of whole numbers",
                f"dtype {self.dtype}",
                "Save them as 8-bit or 16-bit integers.",
                str(path),
            )

    def read(
        self, index: tuple[int, ...] = (), rows: slice = slice(None), columns: slice = slice(None)
    ) -> Labels:
        """Return the labels of a plane, or of a window of it.

        Parameters
        ----------
        index : tuple of int
            One number for each leading axis.
        rows, columns : slice
            The window, in pixels; the whole plane by default.

        Returns
        -------
        (Y, X) ndarray of integers
            In native byte order; never negative.

        Raises
        ------
        InputError
            Negative labels, or a damaged file.
        """
        plane = FilePlane(self.path, self._stored.pixels, self.axes, index, (0,))
        labels: Labels = plane.read(rows, columns)[0].astype(self.dtype, copy=False)
        if self.dtype.kind == "i" and labels.size and labels.min() < 0:
            raise InputError(
                "labels from 0 upwards",
                f"the value {labels.min()}",
                "Give every object or class a positive number and background 0.",
                str(self.path),
            )
        return labels


def _check_channels(path: Path, count: int, channels: Sequence[int] | None) -> tuple[int, ...]:
    """Return the channels to read."""
    chosen = tuple(range(count)) if channels is None else tuple(channels)
    if not chosen or any(not 0 <= c < count for c in chosen) or len(set(chosen)) < len(chosen):
        raise InputError(
            f"different channels from 0 to {count - 1}",
            ", ".join(map(str, chosen)) or "none",
            "Choose with --channels, for example --channels 0.",
            str(path),
        )
    return chosen
