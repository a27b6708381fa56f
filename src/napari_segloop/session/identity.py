"""What an image is, so that another one is never taken for it.

Compared are shape and dtype, then size and time of the file; where those differ, its bytes. Nothing
is opened that a record alone names, but to be compared with it.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from napari_segloop.core.errors import InputError, SegLoopError
from napari_segloop.session.filesource import FileSource
from napari_segloop.session.sources import SourcePlane, checksum, indices
from napari_segloop.store.records import Identity, ImageShape

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from napari_segloop.session.sources import ImageSource

BLOCK: Final = 1 << 16
"""Bytes of a sampled block."""
BLOCKS: Final = 16
OPEN_LAYER: Final = "open layer"
_METADATA: Final = ("zarr.json", ".zattrs", ".zgroup", "0/zarr.json", "0/.zarray")


def identify(source: ImageSource) -> Identity:
    """Say what an image is now; on any thread.

    Parameters
    ----------
    source : ImageSource
        Its pixels.

    Returns
    -------
    Identity
        Of a file by its bytes, of an open layer by some of its pixels.

    Raises
    ------
    SegLoopError
        When it cannot be read.
    """
    rows, columns = source.plane_shape
    dtype = SourcePlane(source, indices(source)[0]).dtype.newbyteorder("=").name
    shape = ImageShape(tuple(source.leading), rows, columns, source.channels, dtype)
    where = "" if source.where == OPEN_LAYER else source.where
    size, mtime, header, sample = _of_file(Path(where)) if where else (None, None, None, None)
    if sample is None:
        sample = checksum(source)
    return Identity(
        where, source.name, shape, source.axes, source.pixel_size, size, mtime, header, sample
    )


def unread(source: ImageSource) -> Identity:
    """Say what is known of an image that could not be read.

    Parameters
    ----------
    source : ImageSource
        Its shape is known.

    Returns
    -------
    Identity
        Like no other image.
    """
    rows, columns = source.plane_shape
    shape = ImageShape(tuple(source.leading), rows, columns, source.channels, "uint8")
    where = "" if source.where == OPEN_LAYER else source.where
    return Identity(where, source.name, shape, source.axes, source.pixel_size)


def find(identity: Identity) -> FileSource:
    """Return the original of an image, if it is where it was and what it was.

    Parameters
    ----------
    identity : Identity
        What it was.

    Returns
    -------
    FileSource
        Its pixels.

    Raises
    ------
    InputError
        When it is away, or another one is in its place.
    """
    return find_at(identity, Path(identity.where))


def find_at(identity: Identity, path: Path) -> FileSource:
    """Return the original of an image, if it is this file.

    Parameters
    ----------
    identity : Identity
        What it was.
    path : Path
        Where it is looked for.

    Returns
    -------
    FileSource
        Its pixels.

    Raises
    ------
    InputError
        When there is none, or another one.
    """
    try:
        stat = path.stat() if identity.where else None
    except OSError:
        stat = None
    if stat is None:
        raise _away(identity, "moved or deleted", path)
    known = identity.shape
    measures = identity.axes, known.leading, (known.rows, known.columns), known.channels
    source = FileSource(path, known=measures, pixel_size=identity.pixel_size)
    if path.is_file() and (stat.st_size, stat.st_mtime) == (identity.size, identity.mtime):
        return source
    _compare(identity, path)
    return source


def _compare(identity: Identity, path: Path) -> None:
    """Refuse a file whose bytes or shape are others; its time alone may differ."""
    source = FileSource(path)
    try:
        found = identify(source)
    except SegLoopError as error:
        raise _away(identity, f"one that cannot be read ({error.got})", path) from error
    for name in ("shape", "size", "header_sha", "sample_sha"):
        if getattr(found, name) != getattr(identity, name):
            raise _away(identity, "another one, or one that was changed, in its place", path)


def _of_file(path: Path) -> tuple[int | None, float | None, str | None, str | None]:
    """Return size, time, and sums of the header and of some blocks; all of it None for no file."""
    try:
        if path.is_dir():
            return None, path.stat().st_mtime, _sum(_metadata(path)), None
        stat = path.stat()
        with path.open("rb") as file:
            header, sample = _sum([file.read(BLOCK)]), _sum(_blocks(file, stat.st_size))
    except OSError:
        return None, None, None, None
    return stat.st_size, stat.st_mtime, header, sample


def _metadata(folder: Path) -> Iterator[bytes]:
    for name in _METADATA:
        with suppress(OSError):
            yield (folder / name).read_bytes()[: 1 << 20]


def _blocks(file: BinaryIO, size: int) -> Iterator[bytes]:
    for start in np.linspace(0, max(0, size - BLOCK), BLOCKS).astype(int).tolist():
        file.seek(start)
        yield file.read(BLOCK)


def _sum(pieces: list[bytes] | Iterator[bytes]) -> str:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def _away(identity: Identity, got: str, path: Path) -> InputError:
    return InputError(
        f"{identity.name} as it was added",
        got,
        "Bring it back, or show where it is now. What you checked in it is kept.",
        str(path) if identity.where else None,
    )
