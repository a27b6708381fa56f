"""A plane of a stored array, read window by window as ``(C, y, x)``.

Knows axes and chunks; not files, nor what the pixels mean.
"""

from __future__ import annotations

import threading
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.files.stored import Key, Pixels, reading

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_segloop.core.images import Array

SMALL = 2**25
"""Bytes: planes up to here are kept once they were read."""


class FilePlane:
    """A plane of an image in a file.

    Parameters
    ----------
    path : Path
        The file, for error messages.
    pixels : Pixels
        The stored array.
    axes : str
        Its axes.
    index : tuple of int
        One number for each leading axis.
    channels : sequence of int
        Which channels, counted over the axes C and S together.
    """

    def __init__(
        self,
        path: Path,
        pixels: Pixels,
        axes: str,
        index: tuple[int, ...],
        channels: Sequence[int],
    ) -> None:
        self._path = path
        self._pixels = pixels
        self._axes = axes
        self._index = index
        self._channels = list(channels)
        self._lock = threading.Lock()
        self._kept: Array | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, rows, columns."""
        rows, columns = (self._pixels.shape[self._axes.index(a)] for a in "YX")
        return len(self._channels), rows, columns

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The stored dtype in native byte order."""
        return self._pixels.dtype.newbyteorder("=")

    def read(self, rows: slice, columns: slice) -> Array:
        """Return the window ``(C, rows, columns)``.

        Parameters
        ----------
        rows, columns : slice
            The window, in pixels, inside the plane.

        Returns
        -------
        (C, y, x) ndarray
            In the stored dtype, native byte order.

        Raises
        ------
        InputError
            When the file is damaged.
        """
        if self._is_read_whole():
            return self._whole()[:, rows, columns]
        return self._window(rows, columns)

    def _is_read_whole(self) -> bool:
        """Whether a window costs as much as the plane, or the plane is small."""
        places = [self._axes.index(a) for a in "YX"]
        chunks, shape = self._pixels.chunks, self._pixels.shape
        one_chunk = all(chunks[p] >= shape[p] and shape[p] > 1 for p in places)
        return one_chunk or prod(self.shape) * self.dtype.itemsize <= SMALL

    def _whole(self) -> Array:
        with self._lock:
            if self._kept is None:
                self._kept = self._window(slice(None), slice(None))
            return self._kept

    def _window(self, rows: slice, columns: slice) -> Array:
        with reading(self._path):
            channels = self._read_channels(rows, columns)
        return channels.astype(self.dtype, copy=False)

    def _read_channels(self, rows: slice, columns: slice) -> Array:
        """Read channel by channel, unless channels share a chunk."""
        places = [p for p, a in enumerate(self._axes) if a in "CS"]
        if not places:
            return self._array(rows, columns, {})
        if len(places) > 1 or self._pixels.chunks[places[0]] > 1 or self._axes[-1] in "CS":
            return self._array(rows, columns, {})[self._channels]
        read = [self._array(rows, columns, {places[0]: c}) for c in self._channels]
        return np.concatenate(read)

    def _array(self, rows: slice, columns: slice, fixed: dict[int, int]) -> Array:
        """Return ``(C, y, x)`` with all channels, or with the fixed one."""
        leading = iter(self._index)
        whole = slice(None)
        by_axis = {"Y": rows, "X": columns, "C": whole, "S": whole}
        key: Key = tuple(
            fixed.get(p, by_axis[a]) if a in by_axis else next(leading)
            for p, a in enumerate(self._axes)
        )
        window = np.asarray(self._pixels[key])
        left = "".join(a for p, a in enumerate(self._axes) if a in by_axis and p not in fixed)
        order = [left.index(a) for a in sorted(left, key="CSYX".index)]
        window = window.transpose(order)
        return window.reshape(-1, *window.shape[-2:])
