"""Where an image's pixels come from: what the session asks of a file or an open layer.

A source reads planes; it does not know labels, layers' names or the network.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

import numpy as np

from napari_segloop.core.errors import InputError
from napari_segloop.session.words import counted

if TYPE_CHECKING:
    from napari_segloop.core.images import Array

Index = tuple[int, ...]


class ImageSource(Protocol):
    """An image as planes ``(C, Y, X)``, one for each combination of its leading axes."""

    @property
    def name(self) -> str:
        """What the image list shows."""

    @property
    def where(self) -> str:
        """File path, or ``open layer``."""

    @property
    def leading(self) -> tuple[int, ...]:
        """Lengths of the axes before Y and X, without channels; empty for a single plane."""

    @property
    def axes(self) -> str:
        """A letter for each leading axis: T, Z, or Q where it is not known."""

    @property
    def plane_shape(self) -> tuple[int, int]:
        """Rows and columns."""

    @property
    def channels(self) -> int:
        """Number of channels."""

    @property
    def pixel_size(self) -> tuple[float, float] | None:
        """Height and width of a pixel in micrometres; None when not known."""

    @property
    def gone(self) -> str:
        """What happened, and what to do, when the pixels cannot be had any more."""

    def read(self, index: Index, rows: slice, columns: slice) -> Array:
        """Return pixels; called from a background thread.

        Parameters
        ----------
        index : tuple of int
            One number for each leading axis.
        rows, columns : slice
            The window, in pixels.

        Returns
        -------
        (C, rows, columns) ndarray
            A copy in the stored dtype.

        Raises
        ------
        SegLoopError
            When the pixels cannot be had any more.
        """

    def is_alive(self) -> bool:
        """Say whether the pixels can still be had; quick, without reading."""


class SourcePlane:
    """One plane of a source, as the core reads planes.

    Parameters
    ----------
    source : ImageSource
        The image.
    index : tuple of int
        The plane.
    """

    def __init__(self, source: ImageSource, index: Index) -> None:
        self._source, self._index = source, index

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, rows, columns."""
        return self._source.channels, *self._source.plane_shape

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The stored dtype."""
        return self.read(slice(0, 1), slice(0, 1)).dtype

    def read(self, rows: slice, columns: slice) -> Array:
        """Return a window, see `core.images.PlaneSource.read`.

        Parameters
        ----------
        rows, columns : slice
            The window, in pixels.

        Returns
        -------
        (C, rows, columns) ndarray
            In the stored dtype.
        """
        return self._source.read(self._index, rows, columns)


def indices(source: ImageSource) -> list[Index]:
    """Return the index of each plane, the last leading axis fastest.

    Parameters
    ----------
    source : ImageSource
        The image.

    Returns
    -------
    list of tuple of int
        ``[()]`` for a single plane.
    """
    return list(np.ndindex(source.leading))


def check_channels(name: str, channels: int, expected: int) -> None:
    """Refuse an image that has other channels than what it meets.

    Parameters
    ----------
    name : str
        Of the image.
    channels : int
        How many it has.
    expected : int
        How many the version in use, or the first image of a training, has.

    Raises
    ------
    InputError
        When they differ.
    """
    if channels != expected:
        raise InputError(
            f"images of {counted(expected, 'channel')}",
            f"{channels} in {name}",
            "Exclude it, or add its layers again with the same channels.",
        )


def whole_plane(source: ImageSource, index: Index) -> Array:
    """Read a plane.

    Parameters
    ----------
    source : ImageSource
        The image.
    index : tuple of int
        The plane.

    Returns
    -------
    (C, Y, X) ndarray
        In the stored dtype.

    Raises
    ------
    SegLoopError
        When it cannot be read.
    """
    rows, columns = source.plane_shape
    return source.read(index, slice(0, rows), slice(0, columns))


def checksum(source: ImageSource) -> str:
    """Return a checksum of the middle of the first and the last plane.

    Parameters
    ----------
    source : ImageSource
        An image.

    Returns
    -------
    str
        SHA-256 of at most 512 x 512 pixels of each.

    Raises
    ------
    SegLoopError
        When it cannot be read.
    """
    windows = [
        slice(max(0, length // 2 - 256), min(length, length // 2 + 256))
        for length in source.plane_shape
    ]
    planes = indices(source)
    pixels = [source.read(index, *windows) for index in (planes[0], planes[-1])]
    content = b"".join(np.ascontiguousarray(each).tobytes() for each in pixels)
    return hashlib.sha256(content).hexdigest()
