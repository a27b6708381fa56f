"""Whether a file is still the one that it was: a look at its size, time and inode before each use.

Only when these are others are bytes compared, each state of the file once. What the file holds and
what it is compared with is not known here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_segloop.session.filesums import stamp_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_segloop.session.filesums import Stamp


class Seal:
    """The seal of one file; used from several threads.

    Parameters
    ----------
    path : Path
        The file, or a folder.
    stamp : tuple or None
        As it was when its bytes were known to be right; None: they are to be compared first.
    is_same : callable
        Compares bytes with those that the file had.
    """

    def __init__(self, path: Path, stamp: Stamp | None, is_same: Callable[[], bool]) -> None:
        self._path, self._good, self._is_same = path, stamp, is_same
        self._bad: Stamp | None = None
        self.is_broken = False

    def is_whole(self) -> bool:
        """Look at the file.

        Returns
        -------
        bool
            False when it holds something else now; True also when it is away.
        """
        stamp = stamp_of(self._path)
        if stamp is None:
            return True
        if stamp not in (self._good, self._bad):
            self._compare(stamp)
        self.is_broken = stamp != self._good
        return not self.is_broken

    def break_now(self) -> None:
        """Take note that what is there now is not what was there, whatever a look at it says."""
        self._good, self._bad, self.is_broken = None, stamp_of(self._path), True

    def compare_with(self, is_same: Callable[[], bool]) -> None:
        """Compare with what is known better now.

        Parameters
        ----------
        is_same : callable
            Compares bytes with those that the file had.
        """
        self._is_same = is_same

    def _compare(self, stamp: Stamp) -> None:
        is_same = self._is_same()
        if stamp_of(self._path) != stamp:  # somebody is writing: look again later
            return
        if is_same:
            self._good = stamp
        else:
            self._bad = stamp
