"""Files copied so that a copy is whole and the same, or absent.

What they hold is not known here.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from napari_segloop.core.durable import flush, flush_folder
from napari_segloop.store.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

PARTIAL: Final = ".partial"
_PIECE: Final = 1 << 20


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file.

    Parameters
    ----------
    path : Path
        The file; read piece by piece.

    Returns
    -------
    str
        Hexadecimal.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def copy_file(source: Path, target: Path) -> str:
    """Copy a file, wait until it is on the disk, read it again and only then give it its name.

    Parameters
    ----------
    source : Path
        A file that nobody changes.
    target : Path
        Its copy; folders are made, an older one is replaced.

    Returns
    -------
    str
        SHA-256 of both. The folder is not flushed.

    Raises
    ------
    OSError
        When one of them cannot be read or written.
    StoreError
        When the copy is not the same.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(target.name + PARTIAL)
    try:
        wanted = _written(source, temporary)
        if sha256_of(temporary) != wanted:
            raise StoreError(
                "a copy that is the same",
                "other content where it was written",
                "Check this disk or drive, or use another one.",
                str(target),
            )
        temporary.replace(target)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    return wanted


def copy_folder(source: Path, target: Path, left_out: frozenset[str] = frozenset()) -> None:
    """Copy a folder; it gets its name when all is there.

    Parameters
    ----------
    source : Path
        A folder in which nothing changes.
    target : Path
        Does not exist.
    left_out : frozenset of str
        Names at its top that are not copied.

    Raises
    ------
    OSError
        When a file cannot be read or written; nothing is left then.
    StoreError
        When a copy is not the same, or a link leads outside.
    """
    temporary = target.with_name(target.name + PARTIAL)
    with suppress(FileNotFoundError):
        shutil.rmtree(temporary)
    try:
        temporary.mkdir(parents=True)
        for path in files_in(source):
            inside = path.relative_to(source)
            if inside.parts[0] not in left_out:
                copy_file(path, temporary / inside)
        for path in (*temporary.rglob("*/"), temporary):
            flush_folder(path)
        temporary.rename(target)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    flush_folder(target.parent)


def move_folder(source: Path, target: Path, left_out: frozenset[str] = frozenset()) -> None:
    """Rename a folder; where that is not possible, copy it, compare, and delete the old one.

    Parameters
    ----------
    source : Path
        A folder in which nothing changes.
    target : Path
        Does not exist.
    left_out : frozenset of str
        Names at its top that need not come along.

    Raises
    ------
    OSError
        When it cannot be copied; it stays where it was then.
    StoreError
        When the copy is not the same, or a link leads outside.
    """
    try:
        source.rename(target)
    except OSError:
        copy_folder(source, target, left_out)
        shutil.rmtree(source)
    flush_folder(target.parent)


def files_in(folder: Path) -> Iterator[Path]:
    """Walk through a folder, which no link may leave.

    Parameters
    ----------
    folder : Path
        Exists.

    Yields
    ------
    Path
        Every file, but what an interrupted write left.

    Raises
    ------
    StoreError
        For a link to a place outside.
    """
    refuse_links(folder)
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.endswith(PARTIAL) and "#" not in path.name:
            yield path


def refuse_links(folder: Path) -> None:
    """Refuse a folder out of which a link leads; quick also for 100,000 files.

    Parameters
    ----------
    folder : Path
        Exists.

    Raises
    ------
    StoreError
        Naming the first such link.
    """
    root = folder.resolve()
    left = [str(folder)]
    while left:
        with os.scandir(left.pop()) as entries:
            for entry in entries:
                is_folder = entry.is_dir(follow_symlinks=False)
                if entry.is_symlink() or is_folder:
                    _check_inside(Path(entry.path), root)
                if is_folder:
                    left.append(entry.path)


def size_of(folder: Path) -> int:
    """Return how many bytes the files of a folder take.

    Parameters
    ----------
    folder : Path
        Its files may come and go meanwhile.

    Returns
    -------
    int
        Bytes.
    """
    total = 0
    for path in folder.rglob("*"):
        with suppress(OSError):
            total += path.lstat().st_size if path.is_file() else 0
    return total


def _written(source: Path, target: Path) -> str:
    digest = hashlib.sha256()
    with source.open("rb") as read, target.open("wb") as write:
        while piece := read.read(_PIECE):
            digest.update(piece)
            write.write(piece)
    flush(target)
    return digest.hexdigest()


def _check_inside(path: Path, root: Path) -> None:
    if not path.resolve().is_relative_to(root):
        raise StoreError(
            "a project whose files lie in its own folder",
            f"a link to {path.resolve()}",
            "Ask where this project comes from before you take the link away.",
            str(path),
        )
