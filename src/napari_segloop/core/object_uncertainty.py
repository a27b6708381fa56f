"""How likely a pixel belongs to the wrong object, from the three classes that objects grow from.

A first form. It covers foreground taken for background and the other way round, lines between
touching objects that are displaced, and lines that should not be there. It does not cover two
objects taken for one (their missed line shows only as far as the network gave it some border
probability and took it for background), nor that all pixels of an object err together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.errors import InputError
from napari_segloop.core.labels import (
    check_label_plane,
    compact,
    contact_pairs,
    contact_pixels,
    spread,
)
from napari_segloop.core.objects import check_object_probabilities

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_segloop.core.images import Array, Labels

    Floats = NDArray[np.float32]
    Bytes = NDArray[np.uint8]

LINE_REACH = 2
"""Pixels on each side of a line between objects within which it may truly run."""


def object_uncertainty(probabilities: Array, ids: Array) -> Bytes:
    """Estimate for each pixel the probability that it is given to the wrong object or background.

    Background is wrong where there is foreground. A pixel of an object is right if it is
    foreground and of this object; it is of another object

    - within 2 pixels of where two objects touch: with half its share of border in the foreground
      (interior surely belongs to the seed it is part of, border to either side alike);
    - in the smaller of two touching objects: with the mean share of interior along the line
      between them, as then no border is there, the two are one and the smaller id is wrong.

    Of the two the larger counts.

    Parameters
    ----------
    probabilities : (3, Y, X) ndarray of uint8
        255 is certain; background, interior, border; calibrated.
    ids : (Y, X) ndarray of integer
        The objects grown from them; 0 is background.

    Returns
    -------
    (Y, X) ndarray of uint8
        Probability times 255.

    Raises
    ------
    InputError
        When the planes do not fit.

    Examples
    --------
    >>> planes = np.array([[[155]], [[60]], [[40]]], np.uint8)
    >>> object_uncertainty(planes, np.array([[0]])), object_uncertainty(planes, np.array([[1]]))
    (array([[100]], dtype=uint8), array([[155]], dtype=uint8))
    """
    background, interior, border = check_object_probabilities(probabilities)
    ids = check_label_plane(ids)
    if ids.shape != background.shape:
        raise InputError(
            f"ids of shape {background.shape}", f"shape {ids.shape}", "Give planes of one image."
        )
    wrong: Bytes = np.where(ids == 0, 255 - background, background)
    inside = np.flatnonzero(ids)
    share = _interior_share(interior.ravel()[inside], border.ravel()[inside])
    other = np.maximum(_displaced(ids, share, inside), _needless(ids, share, inside))
    right = (255 - background.ravel()[inside]) * (1 - other)
    wrong.ravel()[inside] = np.rint(255 - right).astype(np.uint8)
    return wrong


def _interior_share(interior: Bytes, border: Bytes) -> Floats:
    """Return interior / (interior + border), one half where both are 0."""
    total = interior.astype(np.float32) + border
    return np.where(total > 0, interior / np.maximum(total, 1), 0.5).astype(np.float32)


def _displaced(ids: Labels, share: Floats, inside: NDArray[np.int64]) -> Floats:
    near = spread(contact_pixels(ids), LINE_REACH - 1).ravel()[inside]
    return np.where(near, (1 - share) / 2, 0).astype(np.float32)


def _needless(ids: Labels, share: Floats, inside: NDArray[np.int64]) -> Floats:
    """Return for each pixel the probability that its object is a part of a larger neighbour."""
    sizes_of, numbers = compact(ids.ravel()[inside])
    sizes = np.bincount(numbers, minlength=sizes_of.size)
    first, second = (np.concatenate(sides) for sides in zip(*contact_pairs(ids), strict=True))
    one, two = np.searchsorted(inside, first), np.searchsorted(inside, second)
    low, high = np.sort([numbers[one], numbers[two]], axis=0)
    codes, lines = np.unique(low * sizes.size + high, return_inverse=True)
    gap = np.bincount(lines, (share[one] + share[two]) / 2) / np.bincount(lines)
    low, high = np.divmod(codes, max(sizes.size, 1))
    risk = np.zeros(sizes.size, np.float32)
    np.maximum.at(risk, np.where(sizes[high] <= sizes[low], high, low), gap)
    return risk[numbers]
