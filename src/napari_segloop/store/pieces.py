"""Pieces of planes written into a session: each array made on first use, empty chunks left out.

``prediction`` is kept as its difference from ``labels`` (exclusive or), which is empty wherever
nobody corrected anything.
"""

from __future__ import annotations

from itertools import groupby, islice
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from napari_segloop.store import layout
from napari_segloop.store.errors import StoreError
from napari_segloop.store.layout import CHUNK, CONTENT, STATES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import zarr
    from numpy.typing import NDArray

    from napari_segloop.core.images import Array
    from napari_segloop.store.chunkguard import GuardedStore
    from napari_segloop.store.imagerecords import ImageShape
    from napari_segloop.store.snapshots import PlaneChunk

    Piece = tuple[int, int, Array]
AT_ONCE: Final = 256
"""Pieces; those of a plane of 4096 x 4096 pixels, 176 MiB with ids."""
_REMEDY = "This is a fault of the program: please report it. Nothing was saved."


class PieceWriter:
    """Writes the pieces of one image.

    Parameters
    ----------
    store : GuardedStore
        Of a session that may write.
    number : int
        Of the image.
    shape : ImageShape
        Of the image.
    objects : bool
        Whether labels are ids, which need more than uint8.
    """

    def __init__(
        self, store: GuardedStore, number: int, shape: ImageShape, *, objects: bool
    ) -> None:
        self._store, self._number, self._shape = store, number, shape
        self._objects = objects
        self._arrays = dict[str, "zarr.Array[Any]"]()

    def write(self, chunks: Iterable[PlaneChunk]) -> None:
        """Write pieces, those of a plane that follow one another at once.

        Parameters
        ----------
        chunks : iterable of PlaneChunk
            Of this image; `AT_ONCE` of them are in memory.

        Raises
        ------
        StoreError
            When a piece does not lie on the grid, or has another shape or dtype than its image.
        """
        for index, group in groupby(chunks, key=lambda chunk: chunk.index):
            self._check_plane(index)
            while pieces := list(islice(group, AT_ONCE)):
                self._write_labels(index, pieces)
                for name in (*STATES, CONTENT):
                    self._write(name, index, [p for c in pieces if (p := self._piece(c, name))])

    def _piece(self, chunk: PlaneChunk, name: str) -> Piece | None:
        """Return where a piece of an array belongs, if there is one, checked."""
        pixels: Array | None = getattr(chunk, name)
        if pixels is None:
            return None
        size = self._size(chunk)
        wanted = (self._shape.channels, *size) if name == CONTENT else size
        if pixels.shape != wanted:
            raise StoreError(f"{name} of shape {wanted}", f"{pixels.shape}", _REMEDY)
        return chunk.y, chunk.x, self._checked(name, pixels)

    def _checked(self, name: str, pixels: Array) -> Array:
        if name == CONTENT:
            if pixels.dtype.newbyteorder("=") != np.dtype(self._shape.dtype).newbyteorder("="):
                raise StoreError(f"pixels in {self._shape.dtype}", f"{pixels.dtype}", _REMEDY)
            return pixels
        largest = 0xFF if name in STATES else 0xFFFFFFFF
        if pixels.dtype.kind not in "bui" or not 0 <= pixels.min() <= pixels.max() <= largest:
            raise StoreError(f"{name} from 0 to {largest}", f"{pixels.dtype}", _REMEDY)
        return pixels.astype(np.uint8 if name in STATES else np.uint32)

    def _size(self, chunk: PlaneChunk) -> tuple[int, int]:
        """Return the size of the piece that begins here."""
        y, x, rows, columns = chunk.y, chunk.x, self._shape.rows, self._shape.columns
        if y % CHUNK or x % CHUNK or not (0 <= y < rows and 0 <= x < columns):
            raise StoreError(f"a piece on the grid of {CHUNK} px", f"({y}, {x})", _REMEDY)
        return min(CHUNK, rows - y), min(CHUNK, columns - x)

    def _check_plane(self, index: tuple[int, ...]) -> None:
        leading = self._shape.leading
        if len(index) != len(leading) or not all(
            0 <= at < length for at, length in zip(index, leading, strict=True)
        ):
            raise StoreError(f"a plane of {leading}", f"{index}", _REMEDY)

    def _write_labels(self, index: tuple[int, ...], chunks: Sequence[PlaneChunk]) -> None:
        labels, differences = list["Piece"](), list["Piece"]()
        for chunk in chunks:
            new, predicted = self._piece(chunk, "labels"), self._piece(chunk, "prediction")
            if new is None and predicted is None:
                continue
            now = self._old("labels", index, chunk) if new is None else new[2].astype(np.uint32)
            prediction = (
                self._old("labels", index, chunk) ^ self._old("prediction", index, chunk)
                if predicted is None
                else predicted[2].astype(np.uint32)
            )
            differences.append((chunk.y, chunk.x, now ^ prediction))
            if new is not None:
                labels.append(new)
        self._write("labels", index, labels)
        self._write("prediction", index, differences)

    def _old(self, name: str, index: tuple[int, ...], chunk: PlaneChunk) -> NDArray[np.uint32]:
        """Return what is kept of the labels, or of how the prediction differs from them."""
        height, width = self._size(chunk)
        array = self._find(name)
        if array is None:
            return np.zeros((height, width), np.uint32)
        window = slice(chunk.y, chunk.y + height), slice(chunk.x, chunk.x + width)
        return layout.read(array, (*index, *window)).astype(np.uint32)

    def _write(self, name: str, index: tuple[int, ...], pieces: Sequence[Piece]) -> None:
        if not pieces:
            return
        array = self._array(name, max(int(pixels.max()) for *_, pixels in pieces))
        every = (slice(None),) if name == CONTENT else ()
        for y, x, pixels in joined(pieces):
            height, width = pixels.shape[-2:]
            window = slice(y, y + height), slice(x, x + width)
            array[(*every, *index, *window)] = pixels.astype(array.dtype, copy=False)

    def _find(self, name: str) -> zarr.Array[Any] | None:
        if name not in self._arrays:
            wanted = layout.spec(self._number, name, self._shape)
            found = layout.find(self._store, wanted, writable=True)
            if found is None:
                return None
            self._arrays[name] = found
        return self._arrays[name]

    def _array(self, name: str, largest: int) -> zarr.Array[Any]:
        """Return an array that holds a value, made or made wider if need be."""
        wanted, found = layout.spec(self._number, name, self._shape), self._find(name)
        if found is None:
            large = name in layout.LABELS and (self._objects or largest > 0xFF)
            self._arrays[name] = layout.make(self._store, wanted, wanted.dtypes[-1 if large else 0])
        elif name in layout.LABELS and largest > np.iinfo(found.dtype).max:
            self._arrays[name] = layout.widen(self._store, wanted, found)
        return self._arrays[name]


def joined(pieces: Sequence[Piece]) -> list[Piece]:
    """Make one piece of those that fill a rectangle.

    Parameters
    ----------
    pieces : sequence of (int, int, ndarray)
        Row, column and pixels ``(..., h, w)``, on the grid of chunks.

    Returns
    -------
    list of (int, int, ndarray)
        One piece, or the same ones when they fill no rectangle.

    Examples
    --------
    >>> chunk = np.ones((CHUNK, CHUNK), np.uint8)
    >>> [(y, x, pixels.shape) for y, x, pixels in joined([(0, 0, chunk), (0, 256, chunk)])]
    [(0, 0, (256, 512))]
    """
    by_place = {(y, x): pixels for y, x, pixels in pieces}
    rows, columns = (sorted({place[axis] for place in by_place}) for axis in (0, 1))
    is_full = len(by_place) == len(pieces) == len(rows) * len(columns)
    if not is_full or any(
        here[-1] - here[0] != CHUNK * (len(here) - 1) for here in (rows, columns)
    ):
        return list(pieces)
    lines = [np.concatenate([by_place[y, x] for x in columns], axis=-1) for y in rows]
    return [(rows[0], columns[0], np.concatenate(lines, axis=-2))]
