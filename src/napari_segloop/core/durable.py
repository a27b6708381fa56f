"""Files that are whole or absent: written beside their place, flushed, then renamed."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from napari_segloop.core.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path that takes the place of `path` if all goes well.

    Parameters
    ----------
    path : Path
        The final file; an older one stays untouched until the last moment.

    Yields
    ------
    Path
        Where to write, in the same folder and with the same suffixes.

    Raises
    ------
    OutputError
        When the disk is full, the folder is missing or not writable.
    """
    temporary = path.parent / f".{os.getpid()}.{path.name}"
    try:
        _check_free(path)
        yield temporary
        flush(temporary)
        temporary.replace(path)
        flush_folder(path.parent)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def cannot_write(path: Path, error: OSError) -> OutputError:
    """Say in plain words why a file could not be written.

    Parameters
    ----------
    path : Path
        The file.
    error : OSError
        What the system said.

    Returns
    -------
    OutputError
        To be raised.
    """
    return OutputError(
        "to write this file",
        (error.strerror or str(error)).lower(),
        "Free some space or choose another folder, then run it again; nothing was replaced.",
        str(path),
    )


def _check_free(path: Path) -> None:
    if path.exists() and not path.is_file():
        msg = "it is a folder or a device"
        raise OSError(msg)


def flush(path: Path) -> None:
    """Wait until a file or folder is on the disk.

    Parameters
    ----------
    path : Path
        Must exist.
    """
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush_folder(path: Path) -> None:
    """Make a rename durable where that can be asked for.

    Windows cannot open folders, some network file systems cannot flush them; the new file is in
    its place by then.

    Parameters
    ----------
    path : Path
        The folder in which something was renamed.
    """
    with suppress(OSError):
        flush(path)
