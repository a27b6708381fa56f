"""Pixels read out of a snapshot: labels and what is checked, and the image beneath them.

Windows are bounded, so that no record can ask for more memory than a large plane takes. Nothing is
written here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from napari_segloop.store import layout
from napari_segloop.store.errors import StoreError
from napari_segloop.store.layout import CHUNK, CONTENT, LABELS, PLANE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from napari_segloop.core.images import Array, Mask
    from napari_segloop.store.chunkguard import GuardedStore
    from napari_segloop.store.imagerecords import ImageShape

Held = dict[tuple[int, ...], set[tuple[int, int]]]
LARGEST_WINDOW: Final = 1 << 29
"""Pixels, all channels counted."""


class Look:
    """The pixels of one image in one snapshot.

    Parameters
    ----------
    store : GuardedStore
        The snapshot.
    number : int
        Of the image.
    shape : ImageShape
        Of the image.
    """

    def __init__(self, store: GuardedStore, number: int, shape: ImageShape) -> None:
        self._store, self._number, self._shape = store, number, shape

    def window(
        self, index: tuple[int, ...], rows: slice, columns: slice, names: Sequence[str] = PLANE
    ) -> dict[str, Array]:
        """Read a window of a plane.

        Parameters
        ----------
        index : tuple of int
            The plane.
        rows, columns : slice
            In pixels, inside the plane.
        names : sequence of str
            Of `PLANE`.

        Returns
        -------
        dict of str to (h, w) ndarray
            Zeros where nothing was saved.
        """
        at = self._at(index, rows, columns, 1)
        wanted = {*names, *LABELS} if "prediction" in names else set(names)
        found = {str(name): self._read(name, (*index, *at)) for name in PLANE if name in wanted}
        if "prediction" in names:
            found["prediction"] = np.bitwise_xor(found["prediction"], found["labels"])
        return {name: found[name] for name in names}

    def content(self, index: tuple[int, ...], rows: slice, columns: slice) -> tuple[Array, Mask]:
        """Read the image's own pixels, where they were kept.

        Parameters
        ----------
        index : tuple of int
            The plane.
        rows, columns : slice
            In pixels, inside the plane.

        Returns
        -------
        pixels : (C, h, w) ndarray
            In the image's dtype.
        known : (h, w) ndarray of bool
            Where they were kept; the rest is zero.
        """
        at = self._at(index, rows, columns, self._shape.channels)
        pixels = self._read(CONTENT, (slice(0, self._shape.channels), *index, *at))
        return pixels, self._known(index, *at)

    def held(self, names: Sequence[str]) -> Held:
        """Tell where anything was saved, without reading it.

        Parameters
        ----------
        names : sequence of str
            Of `PLANE`, or `CONTENT`.

        Returns
        -------
        dict of tuple of int to set of (int, int)
            For each plane that has any, the upper left corners of chunks, in pixels.
        """
        wanted = {*names, "labels"} if "prediction" in names else set(names)
        found: Held = {}
        for name in wanted:
            for *index, y, x in self._written(name):
                found.setdefault(tuple(index), set()).add((y * CHUNK, x * CHUNK))
        return found

    def _written(self, name: str) -> Iterator[tuple[int, ...]]:
        """Yield plane, row and column of the chunks of an array that lie in the image."""
        wanted = layout.spec(self._number, name, self._shape)
        if layout.find(self._store, wanted) is None:
            return
        grid = tuple(-(-a // b) for a, b in zip(wanted.shape, wanted.chunks, strict=True))
        for place in self._store.written(wanted.path):
            if all(at < length for at, length in zip(place, grid, strict=True)):
                yield place[1:] if name == CONTENT else place

    def _read(self, name: str, at: tuple[slice | int, ...]) -> Array:
        wanted = layout.spec(self._number, name, self._shape)
        array = layout.find(self._store, wanted)
        if array is not None:
            return layout.read(array, at)
        size = [each.stop - each.start for each in at if isinstance(each, slice)]
        return np.zeros(size, wanted.dtypes[0])

    def _known(self, index: tuple[int, ...], rows: slice, columns: slice) -> Mask:
        wanted = layout.spec(self._number, CONTENT, self._shape)
        known = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.bool_)
        if layout.find(self._store, wanted) is None:
            return known
        for row in range(rows.start // CHUNK, -(-rows.stop // CHUNK)):
            for column in range(columns.start // CHUNK, -(-columns.stop // CHUNK)):
                y, x = row * CHUNK - rows.start, column * CHUNK - columns.start
                held = self._store.is_written(wanted.path, (0, *index, row, column))
                known[max(y, 0) : y + CHUNK, max(x, 0) : x + CHUNK] = held
        return known

    def _at(
        self, index: tuple[int, ...], rows: slice, columns: slice, channels: int
    ) -> tuple[slice, slice]:
        """Return rows and columns, if they lie in the image and are not too large."""
        shape, sides = self._shape, (rows, columns)
        inside = len(index) == len(shape.leading) and all(
            0 <= at < length for at, length in zip(index, shape.leading, strict=True)
        )
        for side, length in zip(sides, (shape.rows, shape.columns), strict=True):
            inside = inside and side.step in (None, 1) and 0 <= side.start < side.stop <= length
        if not inside:
            got = f"plane {index}, rows {rows}, columns {columns}"
            raise StoreError(f"a window of {shape.leading} planes", got, "Choose another window.")
        size = channels * (rows.stop - rows.start) * (columns.stop - columns.start)
        if size > LARGEST_WINDOW:
            remedy = "Read it window by window."
            raise StoreError(f"a window of at most {LARGEST_WINDOW} px", f"{size}", remedy)
        return rows, columns
