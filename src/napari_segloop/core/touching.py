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
    from napari_segloop.core.images import Labels, Mask

_NECK: Final = 0.15  # objects are separated where a neck is this much narrower than both
_EIGHT: Final = np.ones((3, 3), bool)


def separate_touching(mask: Mask) -> Labels:
    """Cut touching objects apart where they have a neck.

    A watershed on the distance to the background [2]_. Its markers are the h-maxima [1]_ of the
    logarithm of that distance, so that the same relative neck counts for small and large objects.

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
    height = np.where(mask, np.log(np.maximum(distance, 1)), -10.0)
    flooded = morphology.reconstruction(  # type: ignore[no-untyped-call]
        height + np.log1p(-_NECK), height
    )
    peaks = morphology.local_maxima(flooded, connectivity=2)  # type: ignore[no-untyped-call]
    markers = ndimage.label(peaks & mask, _EIGHT)[0]
    ids: Labels = segmentation.watershed(  # type: ignore[no-untyped-call]
        -distance, markers, connectivity=2, mask=mask
    )
    return ids
