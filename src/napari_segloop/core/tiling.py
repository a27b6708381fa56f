"""Where the tiles of a prediction lie, and which pixels each one owns.

A tile is read with a halo and only the pixels it owns are kept: no blending, one owner for each
pixel, so that any order and any division of the work gives the same result. Tiles start on the
network's 32-pixel grid and share one shape. At the edge of the image a tile ends with the image
and pays no halo there. Pure geometry: no pixels, no torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

STRIDE = 32
Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Span:
    """One tile along one axis, in pixels of the image padded to the grid.

    Parameters
    ----------
    start, stop : int
        What is read.
    own_start, own_stop : int
        What is kept.
    """

    start: int
    stop: int
    own_start: int
    own_stop: int


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile: its span of rows and its span of columns."""

    rows: Span
    columns: Span

    @property
    def owned(self) -> tuple[slice, slice]:
        """The pixels that the tile owns, as ``(rows, columns)`` slices of the image."""
        r, c = self.rows, self.columns
        return slice(r.own_start, r.own_stop), slice(c.own_start, c.own_stop)

    @property
    def inside(self) -> tuple[slice, slice]:
        """The same pixels as slices of what is read for the tile."""
        rows, columns = (
            slice(span.own_start - span.start, span.own_stop - span.start)
            for span in (self.rows, self.columns)
        )
        return rows, columns


def up_to_grid(length: int) -> int:
    """Round a length up to the grid.

    Parameters
    ----------
    length : int
        Pixels.

    Returns
    -------
    int
        The next multiple of 32.

    Examples
    --------
    >>> up_to_grid(1), up_to_grid(64), up_to_grid(65)
    (32, 64, 96)
    """
    return -(-length // STRIDE) * STRIDE


def tile_length(length: int, count: int, halo: int) -> int:
    """Return the shortest tile with which `count` tiles cover an axis.

    Parameters
    ----------
    length : int
        Pixels of the image along the axis.
    count : int
        Tiles along the axis.
    halo : int
        Pixels read beyond what is kept, a multiple of 16.

    Returns
    -------
    int
        A multiple of 32.

    Examples
    --------
    >>> tile_length(2048, 1, 32), tile_length(2048, 2, 32), tile_length(2048, 4, 32)
    (2048, 1056, 576)
    """
    padded = up_to_grid(length)
    if count == 1:
        return padded
    return min(padded, 2 * halo + up_to_grid(-(-(padded - 2 * halo) // count)))


def spans(length: int, tile: int, halo: int) -> tuple[Span, ...]:
    """Cover an axis with tiles of one length.

    Parameters
    ----------
    length : int
        Pixels of the image along the axis.
    tile : int
        Pixels of a tile, a multiple of 32, larger than two halos unless it covers the axis.
    halo : int
        Pixels that every kept pixel lies away from a tile's inner edges.

    Returns
    -------
    tuple of Span
        In order; what they own covers ``0 .. length`` without overlap.

    Examples
    --------
    >>> [(s.start, s.own_start, s.own_stop) for s in spans(2048, 1056, 32)]
    [(0, 0, 1024), (992, 1024, 2048)]
    """
    padded = up_to_grid(length)
    if tile >= padded:
        return (Span(0, padded, 0, length),)
    count = _count(length, tile, halo)
    free = (padded - tile) // STRIDE
    starts = [STRIDE * (free * i // (count - 1)) for i in range(count)]
    borders = [(left + tile + right) // 2 for left, right in pairwise(starts)]
    owned = pairwise([0, *borders, length])
    return tuple(Span(a, a + tile, lo, hi) for a, (lo, hi) in zip(starts, owned, strict=True))


def grid(shape: tuple[int, int], tile: tuple[int, int], halo: int) -> Iterator[Tile]:
    """Return all tiles of a plane, row by row.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns of the image.
    tile : tuple of int
        Rows and columns of a tile, halo included.
    halo : int
        Pixels.

    Returns
    -------
    iterator of Tile
        What they own covers the plane without overlap.
    """
    rows, columns = (spans(n, t, halo) for n, t in zip(shape, tile, strict=True))
    return (Tile(r, c) for r, c in product(rows, columns))


def surroundings(box: Box, shape: tuple[int, int], halo: int) -> Box:
    """Return what must be read to predict a box alone.

    Parameters
    ----------
    box : tuple of int
        (top, left, bottom, right) in pixels, inside the plane.
    shape : tuple of int
        Rows and columns of the plane.
    halo : int
        Pixels.

    Returns
    -------
    tuple of int
        A box that begins on the grid, with a halo on each side but at the plane's edge.

    Examples
    --------
    >>> surroundings((300, 10, 400, 90), (1000, 1000), 112)
    (160, 0, 512, 202)
    """
    (top, left, bottom, right), (rows, columns) = box, shape
    y, x = (max(0, start - halo) // STRIDE * STRIDE for start in (top, left))
    return y, x, min(bottom + halo, rows), min(right + halo, columns)


def from_middle(tiles: Iterable[Tile], box: Box) -> list[Tile]:
    """Order tiles by the distance of what they own from the middle of a box.

    Parameters
    ----------
    tiles : iterable of Tile
        Of one plane.
    box : tuple of int
        (top, left, bottom, right) in pixels.

    Returns
    -------
    list of Tile
        Nearest first; equally near ones in the order given.
    """
    y, x = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2

    def distance(tile: Tile) -> float:
        r, c = tile.rows, tile.columns
        dy = max(r.own_start - y, 0, y - r.own_stop)
        dx = max(c.own_start - x, 0, x - c.own_stop)
        return dy * dy + dx * dx

    return sorted(tiles, key=distance)


def fit_tile(shape: tuple[int, int], largest: int, halo: int) -> tuple[int, int]:
    """Choose the tile that computes the fewest pixels for an image.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns of the image.
    largest : int
        Upper limit of the side of a square tile, halo included; a strip may be longer but has no
        larger area.
    halo : int
        Pixels.

    Returns
    -------
    tuple of int
        Rows and columns, multiples of 32.

    Examples
    --------
    >>> fit_tile((2048, 2048), 1088, 32)
    (1056, 1056)
    >>> fit_tile((100, 300), 1088, 32)
    (128, 320)
    """
    area = largest * largest

    def cost(tile: tuple[int, int]) -> tuple[int, int]:
        (rows, columns), (height, width) = shape, tile
        tiles = _count(rows, height, halo) * _count(columns, width, halo)
        return tiles * height * width, abs(height - width)

    lengths = [_lengths(n, largest, halo) for n in shape]
    fitting = [(h, w) for h, w in product(*lengths) if h * w <= area]
    return min(fitting or [(min(lengths[0]), min(lengths[1]))], key=cost)


def _count(length: int, tile: int, halo: int) -> int:
    """Return how many tiles of one length cover an axis."""
    padded = up_to_grid(length)
    return 1 if tile >= padded else -(-(padded - 2 * halo) // (tile - 2 * halo))


def _lengths(length: int, largest: int, halo: int) -> list[int]:
    """Tile lengths from a quarter of the limit to four times it, none longer than needed."""
    shortest = up_to_grid(max(4 * halo, largest // 4))
    tried = range(shortest, max(shortest, 4 * largest) + 1, STRIDE)
    return sorted({tile_length(length, _count(length, tile, halo), halo) for tile in tried})
