"""What the system, icechunk and zarr say of a fault, in plain words with a remedy.

No fault is swallowed here: each becomes a `StoreError`, with the original as its cause.
"""

from __future__ import annotations

import errno
import os
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import icechunk
import zarr.errors

from napari_segloop.core.errors import OutputError
from napari_segloop.store.errors import StoreError, damaged

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FULL: Final = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}
FORBIDDEN: Final = {errno.EACCES, errno.EPERM, errno.EROFS}
GONE: Final = {errno.ENOENT, errno.ENOTDIR, errno.ESTALE}
_SAFE = "What was saved before is safe, and what is unsaved stays in memory."
_UNREAD = "Check the rights to this project, and the disk or network drive that it lies on."
_FOREIGN = (
    icechunk.IcechunkError,
    zarr.errors.BaseZarrError,
    OSError,
    ValueError,
    TypeError,
    LookupError,
    RuntimeError,
    RecursionError,
    MemoryError,
    AttributeError,  # zarr, of metadata that are no object
)


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn what goes wrong while a project is written into one kind of error.

    Parameters
    ----------
    folder : Path
        The project.

    Yields
    ------
    None
        Write inside.

    Raises
    ------
    StoreError
        Saying what is the matter with the disk.
    """
    try:
        yield
    except (icechunk.IcechunkError, OSError, OutputError) as error:
        raise _unwritten(error, folder) from error


@contextmanager
def reading(what: str, folder: Path | None = None) -> Iterator[None]:
    """Turn what goes wrong while a project is read into one kind of error.

    Parameters
    ----------
    what : str
        Names it in the message.
    folder : Path, optional
        The project.

    Yields
    ------
    None
        Read inside.

    Raises
    ------
    StoreError
        Saying that the project is damaged, or what is the matter with the disk.
    """
    file = None if folder is None else str(folder)
    try:
        yield
    except _FOREIGN as error:
        number = _number(error)
        if number in GONE or not number:
            raise damaged(what, _first_line(error), file) from error
        raise StoreError(what, os.strerror(number).lower(), _UNREAD, file) from error


def _unwritten(error: BaseException, folder: Path) -> StoreError:
    number = _number(error)
    got = os.strerror(number).lower() if number else _first_line(error)
    if number in FULL:
        remedy = f"Free some space on this disk, then save again. {_SAFE}"
    elif number in FORBIDDEN:
        remedy = f"Get the right to write there, or move the project elsewhere. {_SAFE}"
    elif number in GONE:
        remedy = f"Bring the folder or its drive back, then save again. {_SAFE}"
    else:
        remedy = f"Check this disk or network drive, then save again. {_SAFE}"
    return StoreError("to save this project", got, remedy, str(folder))


def _number(error: BaseException) -> int:
    """Return the system's number of a fault, 0 when there is none."""
    if isinstance(error, OutputError):
        error = error.__cause__ or error
    if isinstance(error, OSError) and error.errno:
        return error.errno
    found = re.search(r"os error (\d+)", str(error))
    return int(found[1]) if found else 0


def _first_line(error: BaseException) -> str:
    found = re.search(
        r"^\W*(?:x )?\W*(\S.*)$", str(error), re.MULTILINE
    )  # icechunk marks lines by x
    return found[1].strip() if found else type(error).__name__
