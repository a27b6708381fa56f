"""What partly checked objects teach: background, interior and border, where that can be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from napari_segloop.core.holdout import UNKNOWN
from napari_segloop.core.interiors import THICKEST_BORDER
from napari_segloop.core.labels import spread
from napari_segloop.core.objects import objects_to_classes

if TYPE_CHECKING:
    from napari_segloop.core.images import Labels, Mask


def object_truth(ids: Labels, known: Mask) -> Labels:
    """Return background, interior and border as far as the checked ids alone tell.

    For this, unchecked pixels take the id of the nearest checked one. Next to them an object may
    end or go on, so that its pixels there could be border or interior: they do not count.

    Parameters
    ----------
    ids : (Y, X) ndarray of integer
        Object ids; 0 is background.
    known : (Y, X) ndarray of bool
        Where they are checked.

    Returns
    -------
    (Y, X) ndarray of int16
        Class numbers, -1 where nothing can be told.
    """
    if not known.any():
        return np.full(ids.shape, UNKNOWN, np.int16)
    unknown = ~known
    if unknown.any():
        places = ndimage.distance_transform_edt(
            unknown, return_distances=False, return_indices=True
        )
        ids = ids[tuple(places)]
        unknown |= spread(unknown, THICKEST_BORDER) & (ids != 0)
    classes = objects_to_classes(ids).astype(np.int16)
    classes[unknown] = UNKNOWN
    return classes
