"""What can go wrong with a project on the disk, in words for its owner.

An error knows neither files nor formats; whoever raises it says what was expected there.
"""

from __future__ import annotations

from napari_segloop.core.errors import SegLoopError

OLDER = "Open an older snapshot of this project, or its second copy; nothing in it was touched."


class StoreError(SegLoopError):
    """A project that cannot be read or written; what was saved before stays as it is."""


class ProjectBusy(StoreError):
    """Another viewer or command writes into this project; it may be opened read-only."""


def damaged(expected: str, got: object, file: str | None = None) -> StoreError:
    """Say that what lies in a project is not what was written there.

    Parameters
    ----------
    expected : str
        What should have been there, as a noun phrase.
    got : object
        What was found; shortened.
    file : str, optional
        Where.

    Returns
    -------
    StoreError
        To be raised.
    """
    words = got if isinstance(got, str) else repr(got)
    return StoreError(expected, words[:120], OLDER, file)
