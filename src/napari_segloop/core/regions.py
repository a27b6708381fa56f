"""Rectangles on a plane that a human is asked to look at, and how they are ranked.

A region knows pixels and numbers only: not which file it is in, nor who shows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

STRATEGIES = ("ranked", "foreground", "random", "entropy")
"""How a simulated user may choose places (`napari_segloop.core.strategies`)."""
BOX: Final = 17
"""Pixels: the larger of the boxes that the error model looks at, and about what one notices."""


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle offered for checking, worst first.

    Parameters
    ----------
    y, x : int
        Upper left corner, in pixels.
    height, width : int
        Size, in pixels.
    score : float
        What the ranking sorts by; larger is worse.
    expected_error : float
        Sum of the error probabilities over the unchecked pixels, in pixels.
    reason : str
        Why it is offered, in words.
    index : tuple of int
        The plane: one number for each leading axis.
    worst : float
        How likely it is, 0 to 1, that something in it is wrong to be acted upon (`worst_box`);
        0 where that is not known, as in first masks.
    """

    y: int
    x: int
    height: int
    width: int
    score: float
    expected_error: float
    reason: str
    index: tuple[int, ...] = ()
    worst: float = 0.0

    @property
    def slices(self) -> tuple[slice, slice]:
        """The region as ``(rows, columns)`` slices of its plane."""
        return slice(self.y, self.y + self.height), slice(self.x, self.x + self.width)


def worst_box(errors: NDArray[np.uint8]) -> float:
    """Return the largest mean error probability of a box of 17 pixels.

    Parameters
    ----------
    errors : (Y, X) ndarray of uint8
        Error probability times 255 where a human can act, 0 elsewhere. The zeros count: one pixel
        is not worth a look.

    Returns
    -------
    float
        From 0 to 1, above 0 if any pixel is; boxes are as small as a plane that is smaller.

    Examples
    --------
    >>> errors = np.zeros((64, 64), np.uint8)
    >>> errors[20:37, 30:64] = 51
    >>> round(worst_box(errors), 4), round(worst_box(errors[:25]), 4)
    (0.2, 0.0588)
    """
    if not errors.any():
        return 0.0
    from scipy import ndimage  # noqa: PLC0415  # slow, and opening the dock needs none of it

    size = tuple(min(BOX, length) for length in errors.shape)
    # A box that reaches over the edge meets zeros, so that one inside is never worse.
    means: NDArray[np.float64] = ndimage.uniform_filter(
        errors.astype(np.float64), size, mode="constant"
    )
    return min(1.0, float(means.max()) / 255)
