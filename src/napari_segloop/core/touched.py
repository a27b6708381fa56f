"""Which pieces of a plane changed: squares of a fixed grid, found by comparing content.

What becomes of them (they are saved) is not known here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_segloop.core.checkstate import Window
    from napari_segloop.core.images import Mask

CHUNK: Final = 256
"""Side of a piece, in pixels; pieces at the end of a plane are smaller."""
Piece = tuple[int, int]
"""Row and column of a piece on the grid."""


def pieces_with(mask: Mask, window: Window) -> frozenset[Piece]:
    """Return the pieces in which anything is marked.

    Parameters
    ----------
    mask : (h, w) ndarray of bool
        Marked pixels.
    window : tuple of (slice, slice)
        Where in the plane they are; plain bounds.

    Returns
    -------
    frozenset of (int, int)
        Rows and columns of the grid.

    Examples
    --------
    >>> sorted(pieces_with(np.ones((2, 2), bool), (slice(255, 257), slice(600, 602))))
    [(0, 2), (1, 2)]
    """
    if not mask.any():
        return frozenset()
    found = mask
    for axis, side in enumerate(window):
        found = np.logical_or.reduceat(found, _starts(side) - side.start, axis=axis)
    top, left = (side.start // CHUNK for side in window)
    return frozenset((top + row, left + column) for row, column in np.argwhere(found).tolist())


def pieces_of(window: Window) -> frozenset[Piece]:
    """Return the pieces that a window touches.

    Parameters
    ----------
    window : tuple of (slice, slice)
        Plain bounds.

    Returns
    -------
    frozenset of (int, int)
        Rows and columns of the grid; none for an empty window.
    """
    rows, columns = (
        range(side.start // CHUNK, -(-side.stop // CHUNK)) if side.stop > side.start else range(0)
        for side in window
    )
    return frozenset((row, column) for row in rows for column in columns)


def window_of(piece: Piece, shape: tuple[int, int]) -> Window:
    """Return the pixels of a piece.

    Parameters
    ----------
    piece : (int, int)
        Row and column of the grid.
    shape : (int, int)
        Of the plane.

    Returns
    -------
    tuple of (slice, slice)
        Inside the plane.
    """
    rows, columns = (
        slice(at * CHUNK, min((at + 1) * CHUNK, length))
        for at, length in zip(piece, shape, strict=True)
    )
    return rows, columns


def around(pieces: frozenset[Piece], shape: tuple[int, int]) -> frozenset[Piece]:
    """Return pieces and those that touch them, corners counted.

    Parameters
    ----------
    pieces : frozenset of (int, int)
        Rows and columns of the grid.
    shape : (int, int)
        Of the plane.

    Returns
    -------
    frozenset of (int, int)
        Inside the plane.
    """
    rows, columns = (-(-length // CHUNK) for length in shape)
    steps = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    near = {(row + down, column + right) for row, column in pieces for down, right in steps}
    return frozenset((r, c) for r, c in near if 0 <= r < rows and 0 <= c < columns)


def _starts(side: slice) -> NDArray[np.intp]:
    """Return where the pieces of one side begin, the first one where the side does."""
    first = side.start // CHUNK * CHUNK
    starts: NDArray[np.intp] = np.maximum(np.arange(first, side.stop, CHUNK), side.start)
    return starts
