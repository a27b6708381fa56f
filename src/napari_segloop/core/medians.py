"""The range of an image's 3 x 3 medians: what hot and dead pixels do not reach.

A network of 19 comparisons on whole rows [1]_, strip by strip so that it stays in the processor's
cache. It does not know what the range is for.

References
----------
.. [1] Devillard, N. (1998). Fast median search: an ANSI C implementation.
   http://ndevilla.free.fr/median/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_segloop.core.images import Mask

    Double = NDArray[np.float64]

_STRIP: Final = 1 << 15  # pixels; nine copies of 256 KiB
_NETWORK: Final = (
    *((1, 2), (4, 5), (7, 8), (0, 1), (3, 4), (6, 7), (1, 2), (4, 5), (7, 8)),
    *((0, 3), (5, 8), (4, 7), (3, 6), (1, 4), (2, 5), (4, 7), (4, 2), (6, 4), (4, 2)),
)


def median_range(values: Double, known: Mask) -> tuple[float, float]:
    """Return the least and the largest 3 x 3 median at the known pixels.

    Parameters
    ----------
    values : (Y, X) ndarray of float64
        Finite; beyond the edges they are mirrored.
    known : (Y, X) ndarray of bool
        At least one pixel.

    Returns
    -------
    (float, float)
        Least and largest.

    Examples
    --------
    >>> values = np.arange(25.0).reshape(5, 5)
    >>> values[2, 2] = 1000
    >>> median_range(values, np.ones((5, 5), bool))
    (1.0, 23.0)
    """
    padded = np.pad(values, 1, mode="symmetric")
    step = max(1, _STRIP // values.shape[1])
    low, high = np.inf, -np.inf
    for start in range(0, values.shape[0], step):
        where = known[start : start + step]
        medians = _medians(padded[start : start + where.shape[0] + 2])[where]
        low, high = medians.min(initial=low), medians.max(initial=high)
    return float(low), float(high)


def _medians(padded: Double) -> Double:
    rows, columns = padded.shape[0] - 2, padded.shape[1] - 2
    nine = [padded[y : y + rows, x : x + columns] for y in range(3) for x in range(3)]
    for low, high in _NETWORK:
        nine[low], nine[high] = (
            np.minimum(nine[low], nine[high]),
            np.maximum(nine[low], nine[high]),
        )
    return nine[4]
