"""Places drawn by chance: what is wrong in them says how good everything else is.

Every pixel of a plane lies in one cell of a grid, and each cell has a lot of its own, a hash of
where it lies. The cells with the lowest lots are the spot checks: a sample without preference, of
which the same cells come first whatever was predicted, checked or added since. Files and networks
are not known here; planes come one at a time.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from heapq import nsmallest
from operator import attrgetter
from typing import TYPE_CHECKING

from napari_segloop.core.checkstate import CHECKED, NOT_CHECKED
from napari_segloop.core.errors import InputError
from napari_segloop.core.regions import Region

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from napari_segloop.core.images import Array

REASON = "random spot check: shows how good the rest is"

_ORDER = attrgetter("lot", "identity", "region.index", "region.y", "region.x")

Cell = tuple[int, int, int, int]
"""Row, column, height, width, in pixels."""


@dataclass(frozen=True, slots=True)
class SpotCheck:
    """A cell that was drawn.

    Parameters
    ----------
    lot : float
        From 0 to 1; the lowest come first.
    identity : str
        Of the image.
    region : Region
        The place.
    done : bool
        Whether nothing in it is left to be checked: it belongs to the sample, and is not offered.
    """

    lot: float
    identity: str
    region: Region
    done: bool = False


@dataclass(frozen=True, slots=True)
class Draw:
    """The first spot checks of some planes.

    Parameters
    ----------
    first : tuple of SpotCheck
        By rising lot.
    cells : int
        How many there were to draw from.
    """

    first: tuple[SpotCheck, ...] = ()
    cells: int = 0

    @property
    def probability(self) -> float:
        """Of any cell to be drawn, 0 to 1; 1 where there was none."""
        return len(self.first) / self.cells if self.cells else 1.0

    @property
    def offered(self) -> tuple[SpotCheck, ...]:
        """Those that somebody has to look at, by rising lot."""
        return tuple(check for check in self.first if not check.done)


@dataclass(frozen=True, slots=True, eq=False)
class CellPlane:
    """A plane that spot checks are drawn from.

    Parameters
    ----------
    identity : str
        Of the image, different for each.
    index : tuple of int
        The plane: one number for each leading axis.
    shape : tuple of int
        Rows and columns.
    side : int
        Of a cell, in pixels.
    checked : (Y, X) ndarray of integer, optional
        0 not checked, 1 checked, 2 can't tell, 3 excluded; None means all 0. A cell in which all
        is 2 or 3 is none: nobody can say what is true there.

    Raises
    ------
    InputError
        When the checked mask has another shape.
    """

    identity: str
    index: tuple[int, ...]
    shape: tuple[int, ...]
    side: int
    checked: Array | None = None

    def __post_init__(self) -> None:
        if self.checked is not None and self.checked.shape != tuple(self.shape):
            raise InputError(
                f"a checked mask of shape {tuple(self.shape)}",
                f"shape {self.checked.shape}",
                "Give the mask of this plane.",
            )

    def cells(self) -> Iterator[tuple[Cell, bool]]:
        """Yield the cells of which something can be said.

        Yields
        ------
        cell : (int, int, int, int)
            Row, column, height, width.
        bool
            Whether nothing in it is left to be checked.
        """
        for cell in cells_of(self.shape, self.side):
            y, x, height, width = cell
            said = None if self.checked is None else self.checked[y : y + height, x : x + width]
            is_done = said is not None and not bool((said == NOT_CHECKED).any())
            if said is None or not is_done or bool((said == CHECKED).any()):
                yield cell, is_done


def cells_of(shape: tuple[int, ...], side: int) -> list[Cell]:
    """Divide a plane into cells, those at its lower and right edge smaller.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns.
    side : int
        Of a cell, in pixels.

    Returns
    -------
    list of (int, int, int, int)
        Row, column, height and width of each, row by row; every pixel lies in one of them.

    Raises
    ------
    InputError
        When the side is below 1.

    Examples
    --------
    >>> cells_of((40, 70), 40)
    [(0, 0, 40, 40), (0, 40, 40, 30)]
    """
    if side < 1:
        raise InputError("a side of at least 1 pixel", f"{side}", "Use 128.")
    height, width = shape
    return [
        (y, x, min(side, height - y), min(side, width - x))
        for y in range(0, height, side)
        for x in range(0, width, side)
    ]


def place_of(identity: str, index: tuple[int, ...], cell: Cell, seed: int = 0) -> float:
    """Return a cell's lot: by chance, and always the same.

    Parameters
    ----------
    identity : str
        Of the image, different for each.
    index : tuple of int
        The plane: one number for each leading axis.
    cell : (int, int, int, int)
        Row, column, height, width; the first two count.
    seed : int
        Another one draws other cells.

    Returns
    -------
    float
        From 0 to 1, 1 not included.

    Examples
    --------
    >>> round(place_of("images/cell1.tif", (), (0, 128, 64, 64)), 6)
    0.392372
    """
    numbers = " ".join(str(int(number)) for number in (seed, cell[0], cell[1], *index))
    text = f"{numbers}\n{identity}"
    digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53


def spot_check(
    cell: Cell, index: tuple[int, ...] = (), weights: tuple[float, float] = (0.0, 0.0)
) -> Region:
    """Return a cell as a place to check.

    Parameters
    ----------
    cell : (int, int, int, int)
        Row, column, height, width.
    index : tuple of int
        The plane.
    weights : (float, float)
        Score and expected error, in pixels, where they are known.

    Returns
    -------
    Region
        With its reason.

    Examples
    --------
    >>> spot_check((0, 32, 32, 16), (4,)).reason
    'random spot check: shows how good the rest is'
    """
    return Region(*cell, *weights, REASON, index)


def draw_plane(
    plane: CellPlane,
    count: int,
    weigh: Callable[[Cell], tuple[float, float]] = lambda _: (0.0, 0.0),
    seed: int = 0,
    highest: float = 1.0,
) -> Draw:
    """Draw the first cells of one plane.

    Parameters
    ----------
    plane : CellPlane
        Divided into cells.
    count : int
        How many to draw.
    weigh : callable
        Gives score and expected error of the cells that are drawn.
    seed : int
        Another one draws other cells.
    highest : float
        Lot above which cells are counted only, since so many lower ones are known.

    Returns
    -------
    Draw
        To be joined with those of other planes by `draw`.

    Raises
    ------
    InputError
        When the number is below 1.
    """
    if count < 1:
        raise InputError("at least 1 spot check", f"{count}", "Ask for 20.")
    cells = list(plane.cells())
    lots = [(place_of(plane.identity, plane.index, cell, seed), cell, done) for cell, done in cells]
    first = [
        SpotCheck(lot, plane.identity, spot_check(cell, plane.index, weigh(cell)), done)
        for lot, cell, done in nsmallest(count, (each for each in lots if each[0] <= highest))
    ]
    return Draw(tuple(first), len(cells))


def draw(draws: Iterable[Draw], count: int) -> Draw:
    """Draw the first cells over all planes.

    Parameters
    ----------
    draws : iterable of Draw
        Of single planes, or of some planes together; each of at least as many cells, if it had
        them. Taken one by one.
    count : int
        How many to draw.

    Returns
    -------
    Draw
        In any order of the planes the same.

    Examples
    --------
    >>> planes = (CellPlane("stack.tif", (z,), (256, 256), 64) for z in range(10))
    >>> some = draw((draw_plane(plane, 3) for plane in planes), 3)
    >>> len(some.first), some.cells, some.probability
    (3, 160, 0.01875)
    """
    joined = Draw()
    for each in draws:
        first = sorted([*joined.first, *each.first], key=_ORDER)
        joined = Draw(tuple(first[:count]), joined.cells + each.cells)
    return joined
