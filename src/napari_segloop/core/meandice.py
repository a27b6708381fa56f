"""The mean Dice of a table of predicted and true classes, and how it changes with each count.

Background does not count, nor does a class that is neither predicted nor true.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from napari_segloop.core.images import Mask

Floats = npt.NDArray[np.float64]


def mean_dice(counts: Floats, shown: Mask | None = None) -> float:
    """Return the mean Dice over classes without background that are there.

    Parameters
    ----------
    counts : (K, K) ndarray of float64
        Pixels by predicted and by true class.
    shown : (K,) ndarray of bool, optional
        Classes that count; all when not given.

    Returns
    -------
    float
        0 to 1; 1 where there is nothing but background.

    Examples
    --------
    >>> mean_dice(np.array([[5.0, 1.0], [1.0, 3.0]]))
    0.75
    """
    there = _there(counts, shown)
    if not there.any():
        return 1.0
    sizes = counts.sum(0) + counts.sum(1)
    return float((2 * counts.diagonal()[there] / sizes[there]).mean())


def slope_of(counts: Floats, shown: Mask | None = None) -> Floats:
    """Return how the mean Dice changes with each count.

    Parameters
    ----------
    counts : (K, K) ndarray of float64
        Pixels by predicted and by true class.
    shown : (K,) ndarray of bool, optional
        Classes that count; all when not given.

    Returns
    -------
    (K, K) ndarray of float64
        Derivatives.
    """
    sizes, there = counts.sum(0) + counts.sum(1), _there(counts, shown)
    if not there.any():
        return np.zeros_like(counts)
    safe = np.where(there, sizes, 1)
    own = np.where(there, 2 / safe, 0)
    less = np.where(there, 2 * counts.diagonal() / safe**2, 0)
    slope: Floats = (np.diag(own) - less[:, None] - less[None, :]) / there.sum()
    return slope


def _there(counts: Floats, shown: Mask | None) -> Mask:
    there: Mask = counts.sum(0) + counts.sum(1) > 0
    if shown is not None:
        there = there & shown
    there[0] = False
    return there
