"""What the user said of places, in order, so that it can be taken back and said again.

It keeps statements; planes and the queue are changed elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Container

    from napari_segloop.core.corrections import PlaneSnapshot
    from napari_segloop.session.state import Place

Key = tuple[int, tuple[int, ...]]
Statement = Literal["accept", "cant_tell"]
MOST: Final = 200


@dataclass(frozen=True, slots=True, eq=False)
class Acceptance:
    """A statement about a place.

    Parameters
    ----------
    key : (int, tuple of int)
        Image and index.
    place : Place
        Where.
    act : {"accept", "cant_tell"}
        What was said.
    counted : int
        How many places it added to those checked: 0 when the place was done before.
    before, after : PlaneSnapshot
        How it was, and what it became.
    """

    key: Key
    place: Place
    act: Statement
    counted: int
    before: PlaneSnapshot
    after: PlaneSnapshot


class Acceptances:
    """Statements that can be taken back, and those that were."""

    def __init__(self) -> None:
        self._done = list[Acceptance]()
        self._undone = list[Acceptance]()

    def add(self, acceptance: Acceptance) -> None:
        """Take note of a new statement; what was taken back before cannot be had again.

        Parameters
        ----------
        acceptance : Acceptance
            The newest.
        """
        self._undone.clear()
        self.add_again(acceptance)

    def add_again(self, acceptance: Acceptance) -> None:
        """Take note of a statement that was made again.

        Parameters
        ----------
        acceptance : Acceptance
            With what it changed this time.
        """
        self._done.append(acceptance)
        del self._done[:-MOST]

    def take_back(self, images: Container[int]) -> Acceptance | None:
        """Return the last statement about one of some images; it can be had again.

        Parameters
        ----------
        images : container of int
            Images of the list; statements about others are dropped.

        Returns
        -------
        Acceptance or None
            None when there is none.
        """
        last = _pop(self._done, images)
        if last is not None:
            self._undone.append(last)
        return last

    def next(self, images: Container[int]) -> Acceptance | None:
        """Return what was taken back last, to be made again.

        Parameters
        ----------
        images : container of int
            Images of the list; statements about others are dropped.

        Returns
        -------
        Acceptance or None
            None when there is none.
        """
        return _pop(self._undone, images)

    def clear(self) -> None:
        """Forget everything."""
        self._done.clear()
        self._undone.clear()


def _pop(statements: list[Acceptance], images: Container[int]) -> Acceptance | None:
    while statements:
        last = statements.pop()
        if last.key[0] in images:
            return last
    return None
