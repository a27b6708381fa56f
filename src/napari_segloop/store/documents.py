"""What a repository holds beside pixels: its format, and records as arrays of bytes.

A document is an array and no attribute, so that a snapshot that does not change it does not carry
it along. Pixels are not known here.
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
from napari_segloop.store.imagerecords import ImageRecord
from napari_segloop.store.record import LARGEST_RECORD
from napari_segloop.store.records import ProjectRecord

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


def read_document(store: GuardedStore, path: str) -> bytes | None:
    """Return a document, if it was written.

    Parameters
    ----------
    store : GuardedStore
        Of a session.
    path : str
        In the repository.

    Returns
    -------
    bytes or None
        None when there is none.

    Raises
    ------
    StoreError
        When it is too large, or no document.
    """
    with reading(path):
        try:
            array = zarr.open_array(store, path=path, mode="r")
        except FileNotFoundError:
            return None
    length = array.shape[0] if array.ndim == 1 else 0
    if not 0 < length <= LARGEST_RECORD:
        raise damaged(f"a document of 1 to {LARGEST_RECORD} bytes", f"shape {array.shape}", path)
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
        compressors=ZstdCodec(level=1, checksum=True),
        fill_value=0,
        overwrite=True,
    )


def project_record(store: GuardedStore) -> ProjectRecord | None:
    """Read the record of the project.

    Parameters
    ----------
    store : GuardedStore
        Of a snapshot.

    Returns
    -------
    ProjectRecord or None
        Checked; None before one was saved.
    """
    data = read_document(store, PROJECT)
    return None if data is None else ProjectRecord.from_bytes(data)


def image_record(store: GuardedStore, number: int) -> ImageRecord:
    """Read the record of an image.

    Parameters
    ----------
    store : GuardedStore
        Of a snapshot.
    number : int
        Of the image.

    Returns
    -------
    ImageRecord
        Checked.

    Raises
    ------
    StoreError
        When there is none, or it is damaged.
    """
    data = read_document(store, layout.record(number))
    if data is None:
        raise damaged(f"the record of image {number}", "nothing")
    found = ImageRecord.from_bytes(data)
    if found.number != number:
        raise damaged(f"the record of image {number}", f"that of {found.number}")
    return found
