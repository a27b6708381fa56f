"""Many files, of which some may fail: the others are done all the same.

Also the one place where the system's refusals become sentences.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from napari_segloop.core.errors import OutputError, SegLoopError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from napari_segloop.cli.report import Reporter

_REMEDIES = {
    errno.ENOSPC: "Make room on the disk, or write somewhere else.",
    errno.EDQUOT: "Make room on the disk, or write somewhere else.",
    errno.EFBIG: "Write to a disk that takes larger files.",
    errno.EACCES: "Check the rights of the file and its folder.",
    errno.EPERM: "Check the rights of the file and its folder.",
    errno.EROFS: "Choose a place where you may write.",
    errno.ENOENT: "Check the path.",
    errno.ENOTDIR: "Check the path.",
    errno.EISDIR: "Check the path.",
    errno.ENAMETOOLONG: "Use a shorter name.",
    errno.EIO: "Check the disk and its connection.",
}


def in_words(error: OSError) -> SegLoopError:
    """Return the system's refusal as a sentence, or let an unknown one through as the bug it is.

    Parameters
    ----------
    error : OSError
        What the system said.

    Returns
    -------
    SegLoopError
        With a remedy.

    Examples
    --------
    >>> print(in_words(OSError(errno.ENOSPC, "", "masks.tif")))
    masks.tif: Expected to read and write files, got no space left on device. Make room ...
    """
    remedy = _REMEDIES.get(error.errno or 0)
    if remedy is None or error.errno is None:
        raise error
    file = None if error.filename is None else os.fsdecode(error.filename)
    return OutputError("to read and write files", os.strerror(error.errno).lower(), remedy, file)


def for_each(paths: Iterable[Path], work: Callable[[Path], None], reporter: Reporter) -> list[str]:
    """Do the work for each file; a failure is told, and the next file is taken.

    Parameters
    ----------
    paths : iterable of Path
        The files.
    work : callable
        Takes a path.
    reporter : Reporter
        Told of failures.

    Returns
    -------
    list of str
        The files that failed.
    """
    reporter.started = True
    return [str(path) for path in paths if not _succeeds(path, work, reporter)]


def _succeeds(path: Path, work: Callable[[Path], None], reporter: Reporter) -> bool:
    try:
        work(path)
    except SegLoopError as error:
        return _told(error, path, reporter)
    except BrokenPipeError:
        raise
    except OSError as error:
        return _told(in_words(error), path, reporter)
    return True


def _told(error: SegLoopError, path: Path, reporter: Reporter) -> bool:
    error.file = error.file or str(path)
    reporter.error(error)
    return False
