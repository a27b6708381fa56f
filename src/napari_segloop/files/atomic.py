"""Files that appear whole or not at all.

A result is written under a hidden temporary name in its own folder and renamed when it is
complete and on the disk. This module knows paths, not formats.
"""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

from napari_segloop.core.durable import cannot_write, flush, flush_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn a full disk or missing rights into one kind of error.

    Parameters
    ----------
    path : Path
        What is written.

    Yields
    ------
    None
        Write inside.

    Raises
    ------
    OutputError
        Naming the file.
    """
    try:
        yield
    except OSError as error:
        raise cannot_write(path, error) from error


def temporary_name(path: Path) -> Path:
    """Return a hidden name in the same folder, made for this write alone.

    Parameters
    ----------
    path : Path
        The final name.

    Returns
    -------
    Path
        Ends in ``.tmp``, so that no folder of inputs shows it.
    """
    return path.with_name(f".{path.name}.{uuid4().hex[:8]}.tmp")


def commit(temporary: Path, path: Path) -> None:
    """Give a complete file or folder its final name.

    Parameters
    ----------
    temporary : Path
        What was written.
    path : Path
        The final name; what was there is replaced.
    """
    if temporary.is_dir():
        _sync_all()
        _replace_folder(temporary, path)
    else:
        flush(temporary)
        os.replace(temporary, path)
    flush_folder(path.parent)


def discard(temporary: Path) -> None:
    """Remove what was not completed.

    Parameters
    ----------
    temporary : Path
        A file or folder; it may be gone already.
    """
    if temporary.is_dir():
        shutil.rmtree(temporary, ignore_errors=True)
    else:
        temporary.unlink(missing_ok=True)


def _sync_all() -> None:
    """Wait until all files are on the disk: one call, where a Zarr may have 100,000 files."""
    if os.name != "nt":
        os.sync()


def _replace_folder(temporary: Path, path: Path) -> None:
    """Rename a folder over another, which comes back if that fails."""
    if not path.exists():
        os.replace(temporary, path)
        return
    old = temporary_name(path)
    os.replace(path, old)
    try:
        os.replace(temporary, path)
    except OSError:
        os.replace(old, path)
        raise
    discard(old)
