"""Blocks of a plane dealt out to folds, so that no part of it is judged by what it taught itself.

Torch-free; it knows shapes and labels, not what is learnt.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt
from typing import TYPE_CHECKING, Final

import numpy as np

from napari_segloop.core.windowsize import OBJECTS_ACROSS, auto_window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_segloop.core.images import Labels, Mask

SMALLEST, LARGEST = 32, 128  # pixels: side of a block
BLOCKS: Final = 16  # at least so many, where the plane is large enough
GUARD: Final = 8  # pixels beside a block's edge that teach nobody


@dataclass(frozen=True, slots=True, eq=False)
class FoldMap:
    """Which fold each pixel of a plane belongs to.

    Parameters
    ----------
    side : int
        Of a block, in pixels.
    folds : (By, Bx) ndarray of int64
        Of each block.
    """

    side: int
    folds: NDArray[np.int64]

    def read(self, rows: slice, columns: slice) -> NDArray[np.int64]:
        """Return the folds of a window.

        Parameters
        ----------
        rows, columns : slice
            In pixels; what lies beyond the plane belongs to its last blocks.

        Returns
        -------
        (h, w) ndarray of int64
            Of each pixel.
        """
        y, x = (
            (np.arange(part.start, part.stop) // self.side).clip(max=count - 1)
            for part, count in zip((rows, columns), self.folds.shape, strict=True)
        )
        found: NDArray[np.int64] = self.folds[y[:, None], x]
        return found

    def inner(self, rows: slice, columns: slice) -> Mask:
        """Return which pixels of a window lie away from the edges of their blocks.

        Parameters
        ----------
        rows, columns : slice
            In pixels.

        Returns
        -------
        (h, w) ndarray of bool
            True at `GUARD` pixels from an edge and beyond.
        """
        y, x = (np.arange(part.start, part.stop) % self.side for part in (rows, columns))
        down, right = ((at >= GUARD) & (at < self.side - GUARD) for at in (y, x))
        inner: Mask = down[:, None] & right
        return inner


def deal_out(labels: Labels, folds: int, seed: int) -> FoldMap:
    """Deal out blocks two objects wide, as evenly as they go.

    Parameters
    ----------
    labels : (Y, X) ndarray of integer
        Masks: classes or ids.
    folds : int
        How many.
    seed : int
        Fixes which.

    Returns
    -------
    FoldMap
        Of the plane.

    Examples
    --------
    >>> dealt = deal_out(np.zeros((64, 64), np.uint8), 4, seed=0)
    >>> dealt.side, sorted(dealt.folds.ravel().tolist())
    (32, [0, 1, 2, 3])
    """
    wished = min(2 * auto_window(labels) // OBJECTS_ACROSS, isqrt(labels.size // BLOCKS), LARGEST)
    side = max(wished, SMALLEST)
    shape = tuple(-(-length // side) for length in labels.shape)
    dealt = np.arange(int(np.prod(shape))) % folds
    np.random.default_rng(seed).shuffle(dealt)
    return FoldMap(side, dealt.reshape(shape))
