"""Where things lie in a repository: groups, arrays, and what an array must look like.

An array that lies there is used only if it is exactly what would have been made: shape, chunks and
dtype follow from the record of its image, so that no file decides how much memory is taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import zarr
from zarr.codecs import BytesCodec, ZstdCodec

from napari_segloop.store.errors import damaged
from napari_segloop.store.faults import reading

if TYPE_CHECKING:
    from zarr.core.array_spec import ArrayConfigParams

    from napari_segloop.core.images import Array
    from napari_segloop.store.chunkguard import GuardedStore
    from napari_segloop.store.records import ImageShape

CHUNK: Final = 256
LABELS: Final = ("labels", "prediction")
STATES: Final = ("checked", "kind", "epoch", "uncertainty")
PLANE: Final = (*LABELS, *STATES)
CONTENT: Final = "content"


@dataclass(frozen=True, slots=True)
class Spec:
    """What an array of an image looks like.

    Parameters
    ----------
    path : str
        In the repository.
    shape, chunks : tuple of int
        In pixels.
    dtypes : tuple of str
        Allowed ones, the smallest first.
    """

    path: str
    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    dtypes: tuple[str, ...]

    @property
    def config(self) -> ArrayConfigParams:
        """Zeros are left out where they mean nothing; in `CONTENT` they are pixels."""
        return {"write_empty_chunks": self.path.endswith(CONTENT)}

    @property
    def names(self) -> tuple[str, ...]:
        """One name for each axis; manifests are split along ``y`` and ``x``."""
        return (*(f"a{number}" for number in range(len(self.shape) - 2)), "y", "x")


def folder(number: int) -> str:
    """Return the group of an image.

    Parameters
    ----------
    number : int
        Of the image.

    Returns
    -------
    str
        For example "images/0007".
    """
    return f"images/{number:04}"


def record(number: int) -> str:
    """Return the document of an image.

    Parameters
    ----------
    number : int
        Of the image.

    Returns
    -------
    str
        Its path.
    """
    return f"{folder(number)}/record"


def spec(number: int, name: str, shape: ImageShape) -> Spec:
    """Say what an array of an image looks like.

    Parameters
    ----------
    number : int
        Of the image.
    name : str
        One of `PLANE`, or `CONTENT`.
    shape : ImageShape
        Of the image.

    Returns
    -------
    Spec
        Its layout.
    """
    path, plane = f"{folder(number)}/{name}", (*shape.leading, shape.rows, shape.columns)
    chunks = (*(1 for _ in shape.leading), CHUNK, CHUNK)
    if name == CONTENT:
        dtype = np.dtype(shape.dtype).newbyteorder("<").str
        return Spec(path, (shape.channels, *plane), (shape.channels, *chunks), (dtype,))
    return Spec(path, plane, chunks, ("|u1", "<u4") if name in LABELS else ("|u1",))


def find(store: GuardedStore, wanted: Spec, *, writable: bool = False) -> zarr.Array[Any] | None:
    """Return an array, if it was made.

    Parameters
    ----------
    store : GuardedStore
        Of a session.
    wanted : Spec
        What it has to look like.
    writable : bool
        Whether it is going to be changed.

    Returns
    -------
    zarr.Array or None
        None when it was not made yet.

    Raises
    ------
    StoreError
        When it looks different.
    """
    with reading(wanted.path):
        try:
            array = zarr.open_array(
                store, path=wanted.path, mode="r+" if writable else "r", config=wanted.config
            )
        except FileNotFoundError:
            return None
    check(array, wanted)
    return array


def read(array: zarr.Array[Any], at: tuple[slice | int, ...]) -> Array:
    """Read a part of an array.

    Parameters
    ----------
    array : zarr.Array
        Of `find`.
    at : tuple of slice or int
        Which part.

    Returns
    -------
    ndarray
        In memory.

    Raises
    ------
    StoreError
        When a chunk is damaged or missing.
    """
    with reading(f"the chunks of {array.path}"):
        return np.asarray(array[at])


def make(store: GuardedStore, wanted: Spec, dtype: str) -> zarr.Array[Any]:
    """Make an array; nothing is written but what it looks like.

    Parameters
    ----------
    store : GuardedStore
        Of a session.
    wanted : Spec
        What it looks like.
    dtype : str
        One of those allowed.

    Returns
    -------
    zarr.Array
        All zeros.
    """
    return zarr.create_array(
        store,
        name=wanted.path,
        shape=wanted.shape,
        chunks=wanted.chunks,
        dtype=dtype,
        serializer=BytesCodec(),
        compressors=ZstdCodec(level=1, checksum=True),
        fill_value=0,
        dimension_names=wanted.names,
        config=wanted.config,
        overwrite=True,
    )


def check(array: zarr.Array[Any], wanted: Spec) -> None:
    """Refuse what would not have been made here: its chunks could ask for any memory.

    Parameters
    ----------
    array : zarr.Array
        As it lies there.
    wanted : Spec
        What it has to look like.

    Raises
    ------
    StoreError
        With both.
    """
    codecs = (array.serializer, *array.compressors, *array.filters)
    is_plain = len(codecs) == 2 and isinstance(codecs[0], BytesCodec)
    if (
        array.shape != wanted.shape
        or array.chunks != wanted.chunks
        or array.shards is not None
        or array.dtype.str not in wanted.dtypes
        or array.fill_value != 0
        or not (is_plain and isinstance(codecs[-1], ZstdCodec))
    ):
        got = f"{array.dtype} {array.shape} in chunks {array.chunks}"
        raise damaged(f"{wanted.path} of {wanted.shape} in chunks {wanted.chunks}", got)


def widen(store: GuardedStore, wanted: Spec, narrow: zarr.Array[Any]) -> zarr.Array[Any]:
    """Make an array anew in the largest dtype that is allowed, with what it holds.

    Parameters
    ----------
    store : GuardedStore
        Of a session that may write.
    wanted : Spec
        What it looks like.
    narrow : zarr.Array
        As it is.

    Returns
    -------
    zarr.Array
        The new one.
    """
    windows = [window(wanted, place) for place in store.written(wanted.path)]
    held = [read(narrow, at) for at in windows]  # at most what a user painted
    wide = make(store, wanted, wanted.dtypes[-1])
    for at, pixels in zip(windows, held, strict=True):
        wide[at] = pixels.astype(wide.dtype)
    return wide


def window(wanted: Spec, place: tuple[int, ...]) -> tuple[slice, ...]:
    """Return the part of an array that a chunk covers.

    Parameters
    ----------
    wanted : Spec
        Of the array.
    place : tuple of int
        On the grid of chunks.

    Returns
    -------
    tuple of slice
        In pixels.
    """
    sides = zip(place, wanted.chunks, wanted.shape, strict=True)
    return tuple(slice(at * side, min((at + 1) * side, length)) for at, side, length in sides)
