"""One writer for each project: a lock that the system takes back when its holder dies.

The storage beneath is not safe for two writers; readers need no lock. What is written is not known
here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from napari_segloop.store.errors import ProjectBusy
from napari_segloop.store.faults import writing

if TYPE_CHECKING:
    from pathlib import Path

LOCK = "lock"


def hold(folder: Path) -> FileLock:
    """Become the one writer of a project, on every thread of this process.

    Parameters
    ----------
    folder : Path
        The project.

    Returns
    -------
    FileLock
        Held; `release` gives it back, and so does the end of this process.

    Raises
    ------
    ProjectBusy
        When another viewer or command holds it.
    StoreError
        When the folder cannot be written.
    """
    lock = FileLock(folder / LOCK, timeout=0, thread_local=False)
    with writing(folder):
        try:
            lock.acquire()
        except Timeout as error:
            raise ProjectBusy(
                "a project that nobody else is writing",
                "one that is open in another viewer or command",
                "Close it there, or open it here read-only.",
                str(folder),
            ) from error
    return lock
