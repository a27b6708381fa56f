"""Random spot checks of ``segloop rank --audit``, drawn while the images pass by.

It does not know how places are ranked: it is told what a place weighs.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from napari_segloop.core.spotchecks import CellPlane, Draw, draw, draw_plane

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from napari_segloop.core.images import Array
    from napari_segloop.core.regions import Region
    from napari_segloop.core.spotchecks import Cell


class Audit:
    """The first spot checks of all images so far; of none where none was asked for.

    Parameters
    ----------
    count : int, optional
        How many to draw.
    images : sequence of Path
        All that they are drawn from.
    """

    def __init__(self, count: int | None, images: Sequence[Path]) -> None:
        self._count = count
        self._identities = identities(images)
        self._drawn = Draw()

    def draw_plane(
        self,
        path: Path,
        index: tuple[int, ...],
        side: int,
        checked: Array | None,
        shape: tuple[int, ...],
        weigh: Callable[[Cell], tuple[float, float]],
    ) -> Draw:
        """Draw from one plane; `add` makes it count, once the whole image could be read.

        Parameters
        ----------
        path : Path
            The image.
        index : tuple of int
            The plane.
        side : int
            Of a cell, in pixels.
        checked : (Y, X) ndarray of integer or None
            What was checked already.
        shape : tuple of int
            Rows and columns.
        weigh : callable
            From a cell to its score and expected error.

        Returns
        -------
        Draw
            Of nothing when no spot checks were asked for.
        """
        if self._count is None:
            return Draw()
        plane = CellPlane(self._identities[path], index, shape, side, checked)
        return draw_plane(plane, self._count, weigh)

    def add(self, draws: Iterable[Draw]) -> None:
        """Count the planes of an image.

        Parameters
        ----------
        draws : iterable of Draw
            One for each plane.
        """
        if self._count is not None:
            self._drawn = draw([self._drawn, *draws], self._count)

    def found(self) -> Iterator[tuple[Path, Region]]:
        """Yield what somebody has to look at, in the order of the draw.

        Yields
        ------
        path : Path
            An image.
        region : Region
            A place in it.
        """
        paths = {identity: path for path, identity in self._identities.items()}
        for check in self._drawn.offered:
            yield paths[check.identity], check.region

    @property
    def probability(self) -> float:
        """Of any place to be drawn."""
        return self._drawn.probability

    def to_dict(self) -> dict[str, object] | None:
        """Return what was drawn, for the result.

        Returns
        -------
        dict or None
            None when no spot checks were asked for.
        """
        if self._count is None:
            return None
        first, offered = len(self._drawn.first), len(self._drawn.offered)
        return {
            "drawn": first,
            "offered": offered,
            "checked_already": first - offered,
            "places": self._drawn.cells,
            "probability": self.probability,
        }

    def words(self) -> str:
        """Return what was drawn, to follow a number of places to check.

        Returns
        -------
        str
            Empty when no spot checks were asked for.
        """
        if self._count is None:
            return ""
        first, offered = len(self._drawn.first), len(self._drawn.offered)
        done = f" ({first - offered} more already checked)" if first > offered else ""
        return f" and {offered} random spot check{'' if offered == 1 else 's'}{done}"


def identities(images: Sequence[Path]) -> dict[Path, str]:
    """Name images so that a moved folder keeps its spot checks.

    Parameters
    ----------
    images : sequence of Path
        All different.

    Returns
    -------
    dict of Path to str
        Folder and name; the whole path where several images have both in common.
    """
    names = {path: "/".join(path.absolute().parts[-2:]) for path in images}
    counts = Counter(names.values())
    return {
        path: name if counts[name] == 1 else path.absolute().as_posix()
        for path, name in names.items()
    }
