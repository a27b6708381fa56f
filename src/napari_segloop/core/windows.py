"""The windows with the largest sums, greedily and without overlap, by integral images.

A plane is read in strips and summed over cells, so that memory goes with the number of cells and
not with that of pixels. What is summed, and why, is not known here.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from napari_segloop.core.images import Mask

    Sums = NDArray[np.int64]
    Pair = tuple[int, int]

LARGEST_GRID = 1 << 22
CELLS_PER_WINDOW = 8
STRIP = 1 << 22


class Weights(Protocol):
    """A plane of weights that is read window by window."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows, columns."""

    def read(self, rows: slice, columns: slice) -> tuple[NDArray[np.uint8], Mask]:
        """Return the weights of a window.

        Parameters
        ----------
        rows, columns : slice
            The window, in pixels.

        Returns
        -------
        weights : (rows, columns) ndarray of uint8
            What is summed.
        open : (rows, columns) ndarray of bool
            Which pixels nobody has checked.
        """


def worst_windows(plane: Weights, size: Pair, top: int, least_open: float) -> Iterator[Pair]:
    """Choose windows by falling sum of weights.

    Parameters
    ----------
    plane : Weights
        The weights, and which pixels are open (still to be looked at).
    size : (int, int)
        Height and width of a window, at most the plane's.
    top : int
        Largest number of windows.
    least_open : float
        Open pixels that a window must have.

    Yields
    ------
    (int, int)
        Row and column of a window's upper left corner; of equal sums the upper, then the left.
        Sums are above 0 and windows do not overlap. Up to 4 million pixels the choice is that of
        the exhaustive greedy search; beyond, of a grid refined to single pixels.
    """
    if 0 in plane.shape:
        return
    cell = _cell(plane.shape, size)
    search = _Search(plane, size, cell, least_open)
    count = 0
    while count < top and (start := search.best()) is not None:
        corner = search.refine(start)
        if corner is None:
            search.drop(start, (1, 1))
            continue
        search.take(corner)
        count += 1
        yield corner


class _Search:
    """The sums of all windows on a grid, and the best that is left."""

    def __init__(self, plane: Weights, size: Pair, cell: int, least_open: float) -> None:
        self._plane, self._size, self._cell, self._least_open = plane, size, cell, least_open
        self._places = [_places(n, side, cell) for n, side in zip(plane.shape, size, strict=True)]
        weights, opened = _cell_sums(plane, cell)
        self._sums = self._windows(weights)
        self._sums[self._windows(opened) < least_open] = 0
        self._row_best = self._sums.max(axis=1)
        self._taken: dict[Pair, Pair] = {}

    def best(self) -> Pair | None:
        """Return the corner of the best window, or None when all that is left sums to 0."""
        row = int(self._row_best.argmax())
        if self._row_best[row] <= 0:
            return None
        column = int(self._sums[row].argmax())
        return int(self._places[0][row]), int(self._places[1][column])

    def drop(self, corner: Pair, size: Pair) -> None:
        """Forget the windows whose corners are less than ``size`` from a corner."""
        rows, columns = (
            slice(*np.searchsorted(places, (at - reach + 1, at + reach)))
            for places, at, reach in zip(self._places, corner, size, strict=True)
        )
        self._sums[rows, columns] = 0
        self._row_best[rows] = self._sums[rows].max(axis=1)

    def take(self, corner: Pair) -> None:
        """Forget the windows that overlap this one."""
        self.drop(corner, self._size)
        self._taken[self._block(corner)] = corner

    def _block(self, corner: Pair) -> Pair:
        """Return which part of the plane, as large as a window, holds a corner: of one at most."""
        return corner[0] // self._size[0], corner[1] // self._size[1]

    def _taken_near(self, start: Pair) -> Iterator[Pair]:
        """Yield the corners that windows less than a cell away from a corner may overlap."""
        row, column = self._block(start)
        for block in product(range(row - 2, row + 3), range(column - 2, column + 3)):
            if block in self._taken:
                yield self._taken[block]

    def refine(self, start: Pair) -> Pair | None:
        """Return the best corner less than a cell away, or None if there is none."""
        if self._cell == 1:
            return start
        rows, columns = (
            np.arange(max(0, at - self._cell + 1), min(n - side, at + self._cell - 1) + 1)
            for at, n, side in zip(start, self._plane.shape, self._size, strict=True)
        )
        (height, width) = self._size
        weights, opened = self._plane.read(
            slice(int(rows[0]), int(rows[-1]) + height),
            slice(int(columns[0]), int(columns[-1]) + width),
        )
        sums = _box_sums(_integral(weights), self._size)
        sums[_box_sums(_integral(opened), self._size) < self._least_open] = 0
        for y, x in self._taken_near(start):
            near = np.abs(rows - y) < height, np.abs(columns - x) < width
            sums[np.ix_(*near)] = 0
        row, column = np.unravel_index(sums.argmax(), sums.shape)
        return (int(rows[row]), int(columns[column])) if sums[row, column] > 0 else None

    def _windows(self, cells: Sums) -> Sums:
        """Sum the cells that each window of the grid touches."""
        table = _integral(cells)
        (top, bottom), (left, right) = (
            (places // self._cell, -(-(places + side) // self._cell))
            for places, side in zip(self._places, self._size, strict=True)
        )
        upper, lower = table[top], table[bottom]
        return lower[:, right] - lower[:, left] - upper[:, right] + upper[:, left]


def _cell(shape: Pair, size: Pair) -> int:
    fitting = int(np.ceil(np.sqrt(shape[0] * shape[1] / LARGEST_GRID)))
    return max(1, min(fitting, min(size) // CELLS_PER_WINDOW))


def _places(length: int, side: int, cell: int) -> Sums:
    """List the corners on the grid; the last window ends at the plane's edge."""
    return np.append(np.arange(0, length - side, cell), length - side)


def _cell_sums(plane: Weights, cell: int) -> tuple[Sums, Sums]:
    rows, columns = plane.shape
    strip = max(1, STRIP // (columns * cell)) * cell
    weights, opened = [], []
    for start in range(0, rows, strip):
        read = plane.read(slice(start, min(rows, start + strip)), slice(0, columns))
        weights.append(_sum_cells(read[0], cell))
        opened.append(_sum_cells(read[1], cell))
    return np.concatenate(weights), np.concatenate(opened)


def _sum_cells(values: NDArray[np.uint8] | Mask, cell: int) -> Sums:
    if cell == 1:
        return values.astype(np.int64)
    rows = np.add.reduceat(values, np.arange(0, values.shape[0], cell), axis=0, dtype=np.int64)
    sums: Sums = np.add.reduceat(rows, np.arange(0, values.shape[1], cell), axis=1)
    return sums


def _integral(values: NDArray[np.uint8] | Mask | Sums) -> Sums:
    table = np.zeros((values.shape[0] + 1, values.shape[1] + 1), np.int64)
    np.cumsum(values, axis=0, dtype=np.int64, out=table[1:, 1:])
    np.cumsum(table[1:, 1:], axis=1, out=table[1:, 1:])
    return table


def _box_sums(table: Sums, size: Pair) -> Sums:
    height, width = size
    below, above = table[height:], table[:-height]
    return below[:, width:] - below[:, :-width] - above[:, width:] + above[:, :-width]
