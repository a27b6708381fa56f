"""What a repository holds beside pixels: its format, and JSON documents as arrays of bytes.

A document is an array and no attribute, so that a snapshot that does not change it does not carry
it along. What is in one is not known here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import uuid4

import numpy as np
import zarr
from zarr.codecs import BytesCodec, ZstdCodec

from napari_segloop.store import layout
from napari_segloop.store.errors import StoreError, damaged
from napari_segloop.store.faults import reading

if TYPE_CHECKING:
    from napari_segloop.core.images import Array
    from napari_segloop.store.chunkguard import GuardedStore

FORMAT: Final = 1
PROJECT: Final = "project/record"


def begin(store: GuardedStore) -> None:
    """Write what a project begins with.

    Parameters
    ----------
    store : GuardedStore
        Of a session that may write.
    """
    zarr.create_group(store, attributes={"format": FORMAT})


def touch(store: GuardedStore) -> None:
    """Change something that means nothing, so that there is something to commit.

    Parameters
    ----------
    store : GuardedStore
        Of a session that may write.
    """
    root = zarr.open_group(store, mode="r+")
    root.attrs["touched"] = uuid4().hex[:8]


def check_format(store: GuardedStore) -> None:
    """Refuse what a newer version wrote, and what is no project at all.

    Parameters
    ----------
    store : GuardedStore
        Of a snapshot.

    Raises
    ------
    StoreError
        With the format.
    """
    with reading("a project's annotations"):
        found = zarr.open_group(store, mode="r").attrs["format"]
    if type(found) is not int or found < 1:
        raise damaged("a project's format", found)
    if found > FORMAT:
        remedy = "Update napari-segloop to open this project; nothing in it was touched."
        raise StoreError(f"a project of format {FORMAT} or older", f"format {found}", remedy)


def remove(store: GuardedStore, number: int) -> None:
    """Take an image out, with all its arrays.

    Parameters
    ----------
    store : GuardedStore
        Of a session that may write.
    number : int
        Of the image.
    """
    root = zarr.open_group(store, mode="r+")
    if layout.folder(number) in root:
        del root[layout.folder(number)]


def read_document(store: GuardedStore, path: str, largest: int) -> bytes | None:
    """Return a document, if it was written.

    Parameters
    ----------
    store : GuardedStore
        Of a session.
    path : str
        In the repository.
    largest : int
        Bytes.

    Returns
    -------
    bytes or None
        None when there is none.

    Raises
    ------
    StoreError
        When it is larger, or no document.
    """
    with reading(path):
        try:
            array = zarr.open_array(store, path=path, mode="r")
        except FileNotFoundError:
            return None
    length = array.shape[0] if array.ndim == 1 else 0
    if not 0 < length <= largest:
        raise damaged(f"a document of 1 to {largest} bytes", f"shape {array.shape}", path)
    layout.check(array, layout.Spec(path, (length,), (length,), ("|u1",)))
    return layout.read(array, (slice(0, length),)).tobytes()


def write_document(store: GuardedStore, path: str, data: bytes) -> None:
    """Write a document in place of an older one.

    Parameters
    ----------
    store : GuardedStore
        Of a session.
    path : str
        In the repository.
    data : bytes
        What to write.
    """
    content: Array = np.frombuffer(data, np.uint8)
    zarr.create_array(
        store,
        name=path,
        data=content,
        chunks=content.shape,
        serializer=BytesCodec(),
        compressors=ZstdCodec(level=1),
        fill_value=0,
        overwrite=True,
    )
