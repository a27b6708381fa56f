"""Chunks whose stated size is looked at before they are unpacked.

A compressed chunk says in its first bytes how much memory it will take. What says more than the
largest chunk of a project, or does not say it, was not written by us.

References
----------
.. [1] Collet, Y. and Kucherawy, M. (2021). Zstandard Compression and the 'application/zstd' Media
   Type. RFC 8878, section 3.1.1. https://www.rfc-editor.org/rfc/rfc8878
"""

from __future__ import annotations

import asyncio
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from icechunk import ChunkType, IcechunkStore
from zarr.abc.store import RangeByteRequest
from zarr.core.buffer import default_buffer_prototype
from zarr.core.sync import sync  # works also for those who have a loop of their own
from zarr.storage import WrapperStore

from napari_segloop.store.errors import damaged
from napari_segloop.store.faults import reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zarr.abc.store import ByteRequest
    from zarr.core.buffer import Buffer, BufferPrototype

MAGIC: Final = b"\x28\xb5\x2f\xfd"
LARGEST_CHUNK: Final = {
    **dict.fromkeys(("labels", "prediction"), 1 << 18),
    "record": 1 << 26,
    "content": 1 << 29,
}
"""Bytes by the name of an array: 256 x 256 in uint32, a document, 1000 channels in float64."""
LARGEST_STATE: Final = 1 << 16
"""Bytes of every other array: 256 x 256 in uint8."""
LONGEST_HEADER: Final = 18


class GuardedStore(WrapperStore[IcechunkStore]):
    """A store that refuses chunks of unknown or enormous size."""

    async def get(
        self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """Return the bytes of a key.

        Parameters
        ----------
        key : str
            Of a chunk or of metadata.
        prototype : BufferPrototype
            Kind of memory.
        byte_range : ByteRequest, optional
            Part of it.

        Returns
        -------
        Buffer or None
            None when there is no such key.

        Raises
        ------
        StoreError
            When it is a chunk that would take too much memory.
        """
        found = await super().get(key, prototype, byte_range)
        name, is_chunk, _ = key.partition("/c/")
        if found is not None and is_chunk:
            largest = LARGEST_CHUNK.get(name.rpartition("/")[2], LARGEST_STATE)
            check_frame(found[:LONGEST_HEADER].to_bytes(), largest)
        return found

    def read(self, keys: Sequence[str], most: Sequence[int] = ()) -> list[bytes | None]:
        """Return the bytes of many keys, side by side.

        Parameters
        ----------
        keys : sequence of str
            Of chunks or of metadata.
        most : sequence of int, optional
            Bytes of each; the rest of it is not read.

        Returns
        -------
        list of bytes or None
            None for each that there is not.

        Raises
        ------
        StoreError
            When one cannot be read, or is a chunk that would take too much memory.
        """
        kind, parts = default_buffer_prototype(), [RangeByteRequest(0, each) for each in most]

        async def gather() -> list[Buffer | None]:
            asked = zip_longest(keys, parts)
            return await asyncio.gather(*(self.get(key, kind, part) for key, part in asked))

        with reading("the documents of a project"):
            return [None if found is None else found.to_bytes() for found in sync(gather())]

    def written(self, path: str) -> list[tuple[int, ...]]:
        """List the chunks that an array holds.

        Parameters
        ----------
        path : str
            Of the array.

        Returns
        -------
        list of tuple of int
            Their places on the grid of chunks.
        """

        async def gather() -> list[tuple[int, ...]]:
            found = self._store.session.chunk_coordinates(f"/{path}")
            return [place async for place in found]

        with reading(f"the chunks of {path}"):
            return sorted(sync(gather()))

    def is_written(self, path: str, place: tuple[int, ...]) -> bool:
        """Tell whether an array holds a chunk.

        Parameters
        ----------
        path : str
            Of the array.
        place : tuple of int
            On the grid of chunks.

        Returns
        -------
        bool
            False where everything is zero because nothing was written.
        """
        with reading(f"the chunks of {path}"):
            kind = self._store.session.chunk_type(f"/{path}", place)
        return kind != ChunkType.UNINITIALIZED


def check_frame(header: bytes, largest: int) -> None:
    """Refuse a compressed chunk that states no size, or too large a one.

    Parameters
    ----------
    header : bytes
        The first bytes of a Zstandard frame [1]_.
    largest : int
        Bytes that it may unpack to.

    Raises
    ------
    StoreError
        With the size.
    """
    size = frame_size(header)
    if size is None or size > largest:
        got = "one of unknown size" if size is None else f"{size} bytes"
        raise damaged(f"a chunk of at most {largest} bytes", got)


def frame_size(header: bytes) -> int | None:
    """Return how many bytes a frame unpacks to.

    Parameters
    ----------
    header : bytes
        The first 18 bytes of it, or all.

    Returns
    -------
    int or None
        None when it is no frame, or does not say it.

    Examples
    --------
    >>> frame_size(bytes.fromhex("28b52ffd2004"))
    4
    """
    if len(header) < 6 or header[:4] != MAGIC:
        return None
    descriptor = header[4]
    single, width = bool(descriptor & 32), (0, 2, 4, 8)[descriptor >> 6]
    width = width or int(single)
    start = 5 + (not single) + (0, 1, 2, 4)[descriptor & 3]
    field = header[start : start + width]
    if not width or len(field) < width:
        return None
    return int.from_bytes(field, "little") + (256 if width == 2 else 0)
