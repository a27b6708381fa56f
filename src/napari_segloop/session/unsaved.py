"""Which pieces of planes changed since they were last saved; nothing else is known of them here."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_segloop.core.touched import Piece
    from napari_segloop.session.resting import Name


class Unsaved:
    """Pieces by plane, those of its truth and those of its map of doubt apart.

    Attributes
    ----------
    edition : int
        Grows with everything that is noted.
    dropped : set of int
        Images of which everything was dropped.
    """

    def __init__(self) -> None:
        self._pieces = dict["Name", set["Piece"]]()
        self.edition = 0
        self.dropped = set[int]()

    def __bool__(self) -> bool:
        return bool(self._pieces)

    def note(self, name: Name, pieces: Iterable[Piece]) -> None:
        """Take note of pieces that changed.

        Parameters
        ----------
        name : (str, int, tuple of int)
            Which of a plane's arrays, and the plane.
        pieces : iterable of (int, int)
            Rows and columns of the grid.
        """
        new = set(pieces)
        if new:
            self._pieces.setdefault(name, set()).update(new)
            self.edition += 1

    def put_back(self, name: Name, pieces: set[Piece]) -> None:
        """Count pieces as unsaved that were taken, without counting it as a change.

        Parameters
        ----------
        name : (str, int, tuple of int)
            Which of a plane's arrays, and the plane.
        pieces : set of (int, int)
            Rows and columns of the grid.
        """
        if pieces:
            self._pieces.setdefault(name, set()).update(pieces)

    def look(self) -> dict[Name, frozenset[Piece]]:
        """Return what is unsaved.

        Returns
        -------
        dict of (str, int, tuple of int) to frozenset of (int, int)
            A copy.
        """
        return {name: frozenset(pieces) for name, pieces in self._pieces.items()}

    def take(self) -> tuple[Name, set[Piece]]:
        """Return all that is unsaved of one plane, and count it as taken.

        Returns
        -------
        (str, int, tuple of int), set of (int, int)
            Of any plane of which something is unsaved.
        """
        name = next(iter(self._pieces))
        return name, self._pieces.pop(name)

    def forget(self, image: int) -> None:
        """Take note that everything that was known of an image is dropped.

        Parameters
        ----------
        image : int
            Its number.
        """
        for name in [name for name in self._pieces if name[1] == image]:
            del self._pieces[name]
        self.dropped.add(image)

    def clear(self) -> None:
        """Count everything as saved."""
        self._pieces.clear()
        self.dropped.clear()
