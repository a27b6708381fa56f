"""Whether one network is better than another, judged on the same test regions.

Few small regions make a score uncertain; a difference within its own error is none. Knows counts
of pixels only, no networks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterator

DRAWS = 200
Counts = npt.NDArray[np.int64]
"""(regions, classes, 2): twice the pixels of a class that are right, and all that are predicted
or true."""


def mean_dice(counts: Counts) -> float:
    """Return the Dice of each class over all regions, averaged over classes without background.

    Parameters
    ----------
    counts : (R, K, 2) ndarray of int64
        Of each region and class; see `Counts`.

    Returns
    -------
    float
        From 0 to 1; 1 when no class but background occurs or was predicted.

    Examples
    --------
    >>> mean_dice(np.array([[[8, 8], [2, 4]], [[8, 8], [4, 4]]]))
    0.75
    """
    right, total = np.moveaxis(counts[:, 1:].sum(0), -1, 0)
    occurs = total > 0
    return float((right[occurs] / total[occurs]).mean()) if occurs.any() else 1.0


def gain(new: Counts, old: Counts) -> tuple[float, float]:
    """Return how much better one network is than another, and the error of that.

    Regions are drawn again and again with replacement, the same ones for both networks.

    Parameters
    ----------
    new, old : (R, K, 2) ndarray of int64
        Of the same regions.

    Returns
    -------
    (float, float)
        Difference of the mean Dice, and its standard error; 0 for a single region.

    References
    ----------
    Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 6.
    """
    found = [mean_dice(new[drawn]) - mean_dice(old[drawn]) for drawn in _draws(len(new))]
    return mean_dice(new) - mean_dice(old), float(np.std(found))


def _draws(regions: int) -> Iterator[npt.NDArray[np.int64]]:
    random = np.random.default_rng(0)
    for _ in range(DRAWS):
        yield random.integers(0, regions, regions)
