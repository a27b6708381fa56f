"""What counts as a label plane, and where its labels meet.

Labels are whole numbers; whether they are classes or object ids is not known here, nor where they
come from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from napari_segloop.core.images import Array, Labels, Mask


def check_labels(array: Array) -> Labels:
    """Return labels in native byte order, or say why they are none.

    Parameters
    ----------
    array : ndarray
        Whole numbers; booleans are read as 0 and 1.

    Returns
    -------
    ndarray of integer
        The same values, copied only if booleans or foreign byte order ask for it.

    Raises
    ------
    InputError
        When the values are not whole numbers.

    Examples
    --------
    >>> check_labels(np.array([[True, False]])).dtype
    dtype('uint8')
    """
    if array.dtype.kind == "b":
        return array.astype(np.uint8)
    if array.dtype.kind not in "ui":
        raise InputError(
            "labels that are whole numbers",
            f"dtype {array.dtype}",
            "Save the labels as an integer image.",
        )
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def check_label_plane(array: Array) -> Labels:
    """Return one label plane in native byte order, or say why it is none.

    Parameters
    ----------
    array : (Y, X) ndarray
        Whole numbers.

    Returns
    -------
    (Y, X) ndarray of integer
        The same values.

    Raises
    ------
    InputError
        When the values are not whole numbers, or there are not two axes.
    """
    if array.ndim != 2:
        raise InputError(
            "one plane of labels with axes Y X", f"shape {array.shape}", "Give one plane at a time."
        )
    return check_labels(array)


def border_band(labels: Labels, width: int) -> Mask:
    """Mark the band on both sides of every border between two labels.

    Parameters
    ----------
    labels : (Y, X) ndarray of integer
        Classes or ids; background counts as a label, the edge of the plane is no border.
    width : int
        Pixels on each side; 0 marks nothing.

    Returns
    -------
    (Y, X) ndarray of bool
        True for pixels with an edge in common with another label, grown by ``width - 1`` pixels in
        all eight directions.

    Examples
    --------
    >>> border_band(np.array([[0, 0, 0, 1, 1, 1]]), 2).astype(int)
    array([[0, 1, 1, 1, 1, 0]])
    """
    band = np.zeros(labels.shape, bool)
    if width < 1:
        return band
    for axis in (0, 1):
        after, before = _neighbours(axis)
        differs = labels[after] != labels[before]
        band[after] |= differs
        band[before] |= differs
    return spread(band, width - 1)


def contact_pixels(labels: Labels) -> Mask:
    """Mark the pixels that have an edge in common with another object.

    Parameters
    ----------
    labels : (Y, X) ndarray of integer
        Object ids; 0 is background.

    Returns
    -------
    (Y, X) ndarray of bool
        True where two ids other than 0 touch.
    """
    contact = np.zeros(labels.shape, bool)
    for pair in contact_pairs(labels):
        for side in pair:
            contact.ravel()[side] = True
    return contact


def contact_pairs(labels: Labels) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Find where two objects have an edge in common.

    Parameters
    ----------
    labels : (Y, X) ndarray of integer
        Object ids; 0 is background.

    Yields
    ------
    (N,) and (N,) ndarray of int64
        Flat positions of the pixels before and after each such edge; first the edges between
        rows, then those between columns.
    """
    columns = labels.shape[1]
    for axis, stride in ((0, columns), (1, 1)):
        after, before = _neighbours(axis)
        first, second = labels[before], labels[after]
        rows, across = np.nonzero((first != second) & (first != 0) & (second != 0))
        position = rows * columns + across
        yield position, position + stride


def spread(mask: Mask, reach: int) -> Mask:
    """Grow a mask by so many pixels in all eight directions.

    Parameters
    ----------
    mask : (Y, X) ndarray of bool
        The mask.
    reach : int
        Pixels; 0 returns the mask itself.

    Returns
    -------
    (Y, X) ndarray of bool
        True within ``reach`` (largest of rows and columns) of a marked pixel.
    """
    if reach < 1 or mask.size == 0:
        return mask
    from scipy import ndimage  # noqa: PLC0415  # slow, and opening the dock needs none of it

    grown: NDArray[np.uint8] = ndimage.maximum_filter(mask.view(np.uint8), 2 * reach + 1)
    return grown.view(np.bool_)


def compact(ids: Labels) -> tuple[Labels, NDArray[np.int64]]:
    """Replace the ids that occur by numbers without gaps.

    Parameters
    ----------
    ids : ndarray of integer
        Any values; the largest may be far beyond the number of pixels.

    Returns
    -------
    values : (N,) ndarray
        The distinct ids, ascending.
    numbers : ndarray of int64
        For each pixel the position of its id in ``values``.

    Examples
    --------
    >>> compact(np.array([[7, 900000], [7, 0]]))
    (array([     0,      7, 900000]), array([[1, 2],
           [1, 0]]))
    """
    if ids.size == 0 or ids.min() < 0 or int(ids.max()) > 4 * ids.size + 65_536:
        values, numbers = np.unique(ids, return_inverse=True)
        return values, numbers.astype(np.int64).reshape(ids.shape)
    occurs = np.bincount(ids.ravel().astype(np.int64)) > 0
    return np.flatnonzero(occurs).astype(ids.dtype), (np.cumsum(occurs) - 1)[ids]


def _neighbours(axis: int) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    after = tuple(slice(1, None) if axis == each else slice(None) for each in (0, 1))
    before = tuple(slice(None, -1) if axis == each else slice(None) for each in (0, 1))
    return after, before
