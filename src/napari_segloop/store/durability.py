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
        self._threads = ThreadPoolExecutor(AT_ONCE)

    def flush(self) -> None:
        """Bring every new object to the disk, and the folders that name them.

        Raises
        ------
        OSError
            When the disk fails; what is new then stays so.
        """
        found = {name: _names(self._folder / name) for name in OBJECTS}
        new = {name: found[name] - self._flushed[name] for name in OBJECTS}
        paths = [self._folder / name / file for name in OBJECTS for file in new[name]]
        folders = [self._folder / name for name in OBJECTS if new[name]]
        _flush_all(self._threads, paths, (*folders, self._folder))
        self._flushed = found

    def flush_reference(self, folder: Path) -> None:
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
        files = [path for path in folder.iterdir() if "#" not in path.name]
        _flush_all(self._threads, files, (folder, folder.parent))


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
    files = [path for path in folder.rglob("*") if path.is_file()]
    with ThreadPoolExecutor(AT_ONCE) as threads:
        _flush_all(threads, files, (*folder.rglob("*/"), folder))


def sweep(folder: Path) -> None:
    """Delete what writes that were killed left; nobody may write meanwhile.

    Parameters
    ----------
    folder : Path
        The repository.

    Raises
    ------
    OSError
        When one cannot be deleted.
    """
    for name in OBJECTS:
        for path in (folder / name).glob("*#*"):
            path.unlink(missing_ok=True)


def _flush_all(threads: ThreadPoolExecutor, files: Iterable[Path], folders: Iterable[Path]) -> None:
    """Bring files and folders to the disk side by side."""
    begun = [threads.submit(flush, path) for path in files]
    begun += [threads.submit(flush_folder, path) for path in folders]
    for each in begun:
        each.result()


def _names(folder: Path) -> set[str]:
    with suppress(FileNotFoundError):
        return {name for name in os.listdir(folder) if "#" not in name}  # fast
    return set()
