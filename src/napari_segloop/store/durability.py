"""What icechunk wrote, brought to the disk before anything points at it.

icechunk writes each object under its final name by a rename, but does not wait for the disk. Here
new objects are found by name, flushed side by side, and only then may a reference move. What is in
an object is not known here.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from napari_segloop.core.durable import flush, flush_folder

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

OBJECTS: Final = ("chunks", "manifests", "transactions", "sums", "snapshots")
"""Folders of a repository in the order in which they may be copied: before what names them."""
AT_ONCE: Final = 16
"""Flushes side by side: the file system joins them into few writes of its journal."""


class Unflushed:
    """The objects of a repository that are not known to be on the disk.

    Parameters
    ----------
    folder : Path
        The repository; what lies there now counts as flushed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._flushed = {name: _names(folder / name) for name in OBJECTS}

    def flush(self) -> None:
        """Bring every new object to the disk, then the folders that name them.

        Raises
        ------
        OSError
            When the disk fails; what is new then stays so.
        """
        found = {name: _names(self._folder / name) for name in OBJECTS}
        new = {name: found[name] - self._flushed[name] for name in OBJECTS}
        flush_all(self._folder / name / file for name in OBJECTS for file in new[name])
        for name in OBJECTS:
            if new[name]:
                flush_folder(self._folder / name)
        if any(not self._flushed[name] and new[name] for name in OBJECTS):
            flush_folder(self._folder)
        self._flushed = found


def flush_reference(folder: Path) -> None:
    """Bring a reference to the disk that was just written.

    Parameters
    ----------
    folder : Path
        Of the reference, for example ``refs/branch.main``.

    Raises
    ------
    OSError
        When the disk fails.
    """
    flush_all(path for path in folder.iterdir() if "#" not in path.name)
    flush_folder(folder)
    flush_folder(folder.parent)


def flush_tree(folder: Path) -> None:
    """Bring a whole folder to the disk.

    Parameters
    ----------
    folder : Path
        With everything below it.

    Raises
    ------
    OSError
        When the disk fails.
    """
    flush_all(path for path in folder.rglob("*") if path.is_file())
    for path in (*folder.rglob("*/"), folder):
        flush_folder(path)


def flush_all(paths: Iterable[Path]) -> None:
    """Bring files to the disk, many at once.

    Parameters
    ----------
    paths : iterable of Path
        The files.

    Raises
    ------
    OSError
        The first fault.
    """
    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(flush, paths))


def _names(folder: Path) -> set[str]:
    with suppress(FileNotFoundError):
        return {name for name in os.listdir(folder) if "#" not in name}  # fast
    return set()
