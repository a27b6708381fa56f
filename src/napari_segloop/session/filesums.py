"""Sums over the bytes of a file or a folder, and what the system says of it without reading.

What a difference means is not known here.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from typing import BinaryIO

Stamp = tuple[tuple[int, int, int], ...]
"""Size, time and inode of a file; of a folder and its metadata."""

BLOCK: Final = 1 << 16
"""Bytes of a sampled block."""
BLOCKS: Final = 16
PIECE: Final = 1 << 22
"""Bytes that are read between two questions whether to go on."""
_METADATA: Final = ("zarr.json", ".zattrs", ".zgroup", "0/zarr.json", "0/.zarray")


def stamp_of(path: Path) -> Stamp | None:
    """Return what the system says of a file or a folder.

    Parameters
    ----------
    path : Path
        Not opened.

    Returns
    -------
    tuple of (int, int, int) or None
        None when it is not there.
    """
    try:
        found = path.stat()
        paths = [path / name for name in _METADATA] if path.is_dir() else []
    except OSError:
        return None
    stats = [found]
    for each in paths:
        with suppress(OSError):
            stats.append(each.stat())
    return tuple((stat.st_size, stat.st_mtime_ns, stat.st_ino) for stat in stats)


def quick_sums(path: Path) -> tuple[int | None, float | None, str | None, str | None]:
    """Return size, time, and sums of the header and of some blocks.

    Parameters
    ----------
    path : Path
        A file, or a folder, which has neither size nor blocks.

    Returns
    -------
    int, float, str, str
        In bytes, in seconds since 1970, SHA-256; all of it None when it cannot be read.
    """
    try:
        if path.is_dir():
            return None, path.stat().st_mtime, _sum(_metadata(path)), None
        stat = path.stat()
        with path.open("rb") as file:
            header, sample = _sum([file.read(BLOCK)]), _sum(_blocks(file, stat.st_size))
    except OSError:
        return None, None, None, None
    return stat.st_size, stat.st_mtime, header, sample


def full_sum(path: Path, go_on: Callable[[], bool] = lambda: True) -> str | None:
    """Return the sum of all of a file, or of all files of a folder and their names.

    Parameters
    ----------
    path : Path
        Read in pieces.
    go_on : callable
        Asked before each piece.

    Returns
    -------
    str or None
        SHA-256; None when it cannot be read, or is not wanted any more.
    """
    digest = hashlib.sha256()
    try:
        for piece in _folder(path) if path.is_dir() else _file(path):
            if not go_on():
                return None
            digest.update(piece)
    except OSError:
        return None
    return digest.hexdigest()


def _folder(folder: Path) -> Iterator[bytes]:
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        yield f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\0".encode()
        yield from _file(path)


def _file(path: Path) -> Iterator[bytes]:
    with path.open("rb", buffering=0) as file:
        while piece := file.read(PIECE):
            yield piece


def _metadata(folder: Path) -> Iterator[bytes]:
    for name in _METADATA:
        with suppress(OSError):
            yield (folder / name).read_bytes()[: 1 << 20]


def _blocks(file: BinaryIO, size: int) -> Iterator[bytes]:
    for start in np.linspace(0, max(0, size - BLOCK), BLOCKS).astype(int).tolist():
        file.seek(start)
        yield file.read(BLOCK)


def _sum(pieces: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()
