"""The inner parts of objects: one for each, none touching that of another.

It knows shapes only; what interiors are used for is `napari_segloop.core.objects`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage
from skimage.measure import label

from napari_segloop.core.labels import border_band, contact_pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_segloop.core.images import Labels, Mask

THICKEST_BORDER = 2
"""Pixels; two of them part touching objects by four."""
BORDER_SHARE = 3
"""The border is at most the third part of an object's inner radius."""


def find_interiors(ids: Labels) -> Mask:
    """Mark the interior of each connected piece of each object.

    Parameters
    ----------
    ids : (Y, X) ndarray of integer
        Object ids; 0 is background.

    Returns
    -------
    (Y, X) ndarray of bool
        One part, joined along edges, for each piece; the rules are those of
        `napari_segloop.core.objects.objects_to_classes`.

    Examples
    --------
    >>> find_interiors(np.array([[3, 3, 3, 0, 4]])).astype(int)
    array([[1, 1, 0, 0, 1]])
    """
    pieces = _components(ids, 2)
    if not pieces.any():
        return np.zeros(ids.shape, bool)
    return _interiors(pieces, _depth(ids))


def _depth(ids: Labels) -> NDArray[np.float32]:
    rim = border_band(ids, 1)
    if not rim.any():
        return np.full(ids.shape, sum(ids.shape), np.float32)  # deeper than any object
    depth: NDArray[np.float32] = ndimage.distance_transform_edt(~rim).astype(np.float32)
    return depth + 1


def _components(ids: Labels, connectivity: int) -> NDArray[np.int32]:
    """Label the connected pixels of equal id; 1 joins along edges, 2 over corners too."""
    numbers = label(ids, background=0, connectivity=connectivity)  # type: ignore[no-untyped-call]
    return np.asarray(numbers, np.int32)


def _interiors(pieces: NDArray[np.int32], depth: NDArray[np.float32]) -> Mask:
    radius = np.zeros(pieces.max() + 1, np.float32)
    inside = np.flatnonzero(pieces)
    np.maximum.at(radius, pieces.ravel()[inside], depth.ravel()[inside])
    thickness = np.clip(radius // BORDER_SHARE, 1, THICKEST_BORDER)
    thickness[0] = np.inf
    parts, split = _parts(pieces, depth > thickness[pieces])
    if split.any():
        thickness[split] = 1
        parts, split = _parts(pieces, depth > thickness[pieces])
    interior = _largest(parts, pieces)
    thin = radius < 2
    thin[0] = False
    return interior | _thin_interiors(pieces, thin) if thin.any() else interior


def _parts(pieces: NDArray[np.int32], interior: Mask) -> tuple[NDArray[np.int32], Mask]:
    parts = _components(np.where(interior, pieces, 0), 1)
    owner = np.zeros(parts.max() + 1, np.int64)
    owner[parts] = pieces
    owner[0] = 0
    return parts, np.bincount(owner[1:], minlength=pieces.max() + 1) > 1


def _largest(parts: NDArray[np.int32], pieces: NDArray[np.int32]) -> Mask:
    """Keep one part of each piece: the largest, of equal ones the first."""
    sizes = np.bincount(parts.ravel())
    owner = np.zeros(sizes.size, np.int64)
    owner[parts] = pieces
    order = np.argsort(-sizes[1:], kind="stable") + 1
    _, best = np.unique(owner[order], return_index=True)
    keep = np.zeros(sizes.size, bool)
    keep[order[best]] = True
    return keep[parts]


def _thin_interiors(pieces: NDArray[np.int32], thin: Mask) -> Mask:
    interior = thin[pieces] & ~contact_pixels(pieces)
    has_some = np.zeros(thin.size, bool)
    has_some[pieces[interior]] = True
    lost = np.flatnonzero((thin & ~has_some)[pieces])
    owner = pieces.ravel()[lost]
    order = np.argsort(owner, kind="stable")
    _, start, count = np.unique(owner[order], return_index=True, return_counts=True)
    interior.ravel()[lost[order[start + count // 2]]] = True
    return _largest(_parts(pieces, interior)[0], pieces)
