"""What a repository holds beside pixels: its format, and records as arrays of bytes.

A document is an array and no attribute, so that a snapshot that does not change it does not carry
it along. Pixels are not known here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import uuid4

import numpy as np
import zarr
from numcodecs import Zstd
from zarr.codecs import BytesCodec, ZstdCodec

from napari_segloop.store import layout
from napari_segloop.store.chunkguard import LONGEST_HEADER, frame_size
from napari_segloop.store.errors import StoreError, damaged
from napari_segloop.store.faults import reading
from napari_segloop.store.imagerecords import ImageRecord
from napari_segloop.store.record import LARGEST_RECORD, parse
from napari_segloop.store.records import ProjectRecord

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_segloop.core.images import Array
    from napari_segloop.store.chunkguard import GuardedStore

FORMAT: Final = 1
PROJECT: Final = "project/record"
LARGEST_DOCUMENTS: Final = 1 << 28
"""Bytes of all that is read at once: a thousand images with a hundred places each take 30 MB."""
_ZSTD: Final = ZstdCodec(level=1, checksum=True)


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
    return read_documents(store, [path])[0]


def read_documents(store: GuardedStore, paths: Sequence[str]) -> list[bytes | None]:
    """Return documents, side by side: an array by array takes ten times as long.

    Parameters
    ----------
    store : GuardedStore
        Of a session.
    paths : sequence of str
        In the repository.

    Returns
    -------
    list of bytes or None
        None for each that there is not.

    Raises
    ------
    StoreError
        When one is too large, or no document, or all together are too large.
    """
    said = store.read([f"{path}/zarr.json" for path in paths])
    sizes = {p: _size(p, text) for p, text in zip(paths, said, strict=True) if text is not None}
    if sum(sizes.values()) > LARGEST_DOCUMENTS:
        got = f"{sum(sizes.values())}"
        raise damaged(f"documents of at most {LARGEST_DOCUMENTS} bytes together", got)
    chunks = store.read([f"{path}/c/0" for path in sizes], [2 * n + 1024 for n in sizes.values()])
    found = {p: _unpacked(p, sizes[p], chunk) for p, chunk in zip(sizes, chunks, strict=True)}
    return [found.get(path) for path in paths]


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
        compressors=_ZSTD,
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
    return image_records(store, [number])[number]


def image_records(store: GuardedStore, numbers: Sequence[int]) -> dict[int, ImageRecord]:
    """Read the records of images.

    Parameters
    ----------
    store : GuardedStore
        Of a snapshot.
    numbers : sequence of int
        Of the images.

    Returns
    -------
    dict of int to ImageRecord
        Checked, in the same order.

    Raises
    ------
    StoreError
        When one is missing or damaged.
    """
    documents = read_documents(store, [layout.record(number) for number in numbers])
    return {number: _image(number, data) for number, data in zip(numbers, documents, strict=True)}


def _image(number: int, data: bytes | None) -> ImageRecord:
    if data is None:
        raise damaged(f"the record of image {number}", "nothing")
    found = ImageRecord.from_bytes(data)
    if found.number != number:
        raise damaged(f"the record of image {number}", f"that of {found.number}")
    return found


def _size(path: str, said: bytes) -> int:
    """Return the size of a document, if its array is one that `write_document` made."""
    found = parse(said, f"what {path} says of itself")
    shape = found.get("shape")
    length = shape[0] if isinstance(shape, list) and len(shape) == 1 else 0
    if type(length) is not int or not 0 < length <= LARGEST_RECORD:
        raise damaged(f"a document of 1 to {LARGEST_RECORD} bytes", f"shape {shape}", path)
    if any(found.get(name) != value for name, value in _like(length).items()):
        raise damaged(f"a document of {length} bytes", "an array of another kind", path)
    return length


def _like(length: int) -> dict[str, object]:
    """Return what matters of what the array of a document says of itself."""
    return {
        "zarr_format": 3,
        "node_type": "array",
        "data_type": "uint8",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [length]}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "codecs": [{"name": "bytes"}, _ZSTD.to_dict()],
    }


def _unpacked(path: str, size: int, chunk: bytes | None) -> bytes:
    if chunk is None:  # zeros, which are no document
        raise damaged(f"a document of {size} bytes", "nothing", path)
    if frame_size(chunk[:LONGEST_HEADER]) != size:
        raise damaged(f"a document of {size} bytes", "another size", path)
    with reading(path):
        return bytes(Zstd().decode(chunk))
