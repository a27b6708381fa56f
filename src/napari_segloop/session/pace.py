"""When to save: soon after the last change, in time while changes go on, later after a fault.

Pure arithmetic on times in seconds; what is saved is not known here.
"""

from __future__ import annotations

from typing import Final

QUIET: Final = 2.0
"""Seconds after the last change."""
LONGEST: Final = 8.0
"""Seconds after the first one, so that it is on the disk ten seconds after it was made."""
AGAIN: Final = 10.0
"""Seconds after a fault."""


class Pace:
    """The times of one saver."""

    def __init__(self) -> None:
        self._first: float | None = None
        self._last = 0.0
        self._is_hurried = False
        self._not_before = 0.0

    @property
    def is_waiting(self) -> bool:
        """Whether something changed since the last save began."""
        return self._first is not None

    def note(self, now: float) -> None:
        """Take note of a change.

        Parameters
        ----------
        now : float
            The time.
        """
        self._first = now if self._first is None else self._first
        self._last = now

    def hurry(self) -> None:
        """Save what changed at once."""
        self._is_hurried = True

    def is_due(self, now: float) -> bool:
        """Say whether to begin a save.

        Parameters
        ----------
        now : float
            The time.

        Returns
        -------
        bool
            Never while nothing changed.
        """
        if self._first is None or now < self._not_before:
            return False
        is_late = now - self._last >= QUIET or now - self._first >= LONGEST
        return self._is_hurried or is_late

    def begin(self) -> None:
        """Take note that what changed so far is being saved."""
        self._first, self._is_hurried = None, False

    def fail(self, now: float) -> None:
        """Take note that it was not saved.

        Parameters
        ----------
        now : float
            The time.
        """
        self.note(now)
        self._not_before = now + AGAIN

    def retry(self) -> None:
        """Try again at once after a fault."""
        self._not_before = 0.0
