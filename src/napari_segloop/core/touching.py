"""Touching objects cut apart by their shape alone.

Two objects are two where a neck between them is clearly narrower than both. Nothing here knows the
image or a network; touching objects without a neck stay one.

References
----------
.. [1] Vincent, L. (1993). Morphological grayscale reconstruction in image analysis (h-maxima).
   https://doi.org/10.1109/83.217222
.. [2] Beucher, S. and Meyer, F. (1993). The morphological approach to segmentation: the
   watershed transformation. https://doi.org/10.1201/9781482277234-12
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage
from skimage import morphology, segmentation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from napari_segloop.core.images import Labels, Mask

    Double = NDArray[np.float64]

_NECK: Final = 0.15  # objects are separated where a neck is this much narrower than both
_EIGHT: Final = np.ones((3, 3), bool)


def separate_touching(mask: Mask) -> Labels:
    """Cut touching objects apart where they have a neck.

    A watershed on the distance to the background [2]_, from all its peaks. Then basins are joined
    whose saddle is nearly as wide as the narrower of the two: this leaves the peaks that the
    h-maxima [1]_ of the logarithm of the distance are, so that the same relative neck counts for
    small and large objects, but faster than by a greyscale reconstruction.

    Parameters
    ----------
    mask : (Y, X) ndarray of bool
        The objects.

    Returns
    -------
    (Y, X) ndarray of int32
        Ids from 1; every pixel of the mask has one.

    Examples
    --------
    >>> int(separate_touching(np.ones((3, 3), bool)).max())
    1
    """
    if mask.all():
        return np.ones(mask.shape, np.int32)
    distance = ndimage.distance_transform_edt(mask)
    peaks = morphology.local_maxima(distance, connectivity=2)  # type: ignore[no-untyped-call]
    markers = ndimage.label(peaks & mask, _EIGHT)[0]
    basins: Labels = segmentation.watershed(  # type: ignore[no-untyped-call]
        -distance, markers, connectivity=2, mask=mask
    )
    heights = np.zeros(int(basins.max()) + 1)
    np.maximum.at(heights, markers[peaks], distance[peaks])
    return _joined(heights, *_saddles(basins, distance))[basins]


def _saddles(basins: Labels, distance: Double) -> tuple[NDArray[np.int64], Double]:
    """List the pairs of basins that touch, and the highest place between them, highest first."""
    count = int(basins.max()) + 1
    pairs, heights = (
        np.concatenate(part) for part in zip(*_meetings(basins, distance, count), strict=True)
    )
    order = np.lexsort((-heights, pairs))
    pairs, first = np.unique(pairs[order], return_index=True)
    highest = heights[order][first]
    fall = np.argsort(-highest, kind="stable")
    return np.stack(np.divmod(pairs[fall], count), axis=1), highest[fall]


def _meetings(
    basins: Labels, distance: Double, count: int
) -> Iterator[tuple[NDArray[np.int64], Double]]:
    """Yield for each of four directions the pairs of neighbours, as one number, and heights."""
    low, high, whole = slice(None, -1), slice(1, None), slice(None)
    directions = (
        ((low, whole), (high, whole)),
        ((whole, low), (whole, high)),
        ((low, low), (high, high)),
        ((low, high), (high, low)),
    )
    for here, there in directions:
        one, other = basins[here], basins[there]
        meet = np.nonzero((one != other) & (one > 0) & (other > 0))
        lower = np.minimum(one[meet], other[meet]).astype(np.int64)
        upper = np.maximum(one[meet], other[meet])
        yield lower * count + upper, np.minimum(distance[here][meet], distance[there][meet])


def _joined(heights: Double, pairs: NDArray[np.int64], saddles: Double) -> NDArray[np.int32]:
    """Return for each basin the number of its object, from 1; 0 for the background."""
    wide = saddles >= (1 - _NECK) * heights[pairs].min(axis=1, initial=np.inf)
    owner, peak = list(range(heights.size)), heights.tolist()
    for (one, other), saddle in zip(pairs[wide].tolist(), saddles[wide].tolist(), strict=True):
        low, high = sorted((_root(owner, one), _root(owner, other)), key=peak.__getitem__)
        if low != high and saddle >= (1 - _NECK) * peak[low]:
            owner[low] = high
    roots = [_root(owner, basin) for basin in range(heights.size)]
    return np.unique(roots, return_inverse=True)[1].astype(np.int32)


def _root(owner: list[int], basin: int) -> int:
    while owner[basin] != basin:
        owner[basin] = basin = owner[owner[basin]]
    return basin
