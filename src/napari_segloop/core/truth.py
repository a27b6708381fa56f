"""Label values and class indices: what the user wrote and what the network counts.

Values are sorted; background 0 is always class 0. This module sees integers, not files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.errors import InputError, TruthError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from napari_segloop.core.images import Labels

MOST_CLASSES = 32
MARK_EACH = "Mark some pixels of each class as checked (value 1), background too."
IGNORED = 255
"""The class index of what is never truth; no class has it, as there are at most 32."""
LARGEST = 2**32 - 1
"""The largest label that a result can carry."""


def class_values(labels: Iterable[Labels], ignore: int | None = None) -> tuple[int, ...]:
    """List the values that label images use, as classes.

    Parameters
    ----------
    labels : iterable of (Y, X) ndarray of integers
        Planes, one after the other; bool counts as 0 and 1.
    ignore : int, optional
        A value that is never truth and so no class.

    Returns
    -------
    tuple of int
        Sorted; 0, background, is first and always there, unless it is the value to ignore.

    Raises
    ------
    InputError
        More than 32 values: these are objects, not classes.
    TruthError
        Negative values, or values above 4,294,967,295.

    Examples
    --------
    >>> class_values([np.array([[0, 255]], np.uint8)])
    (0, 255)
    """
    values: set[int] = {0}
    for plane in labels:
        values.update(_unique(plane))
        if len(values - {ignore}) > MOST_CLASSES:
            raise InputError(
                f"at most {MOST_CLASSES} different label values, one for each class",
                f"{len(values)} or more",
                "If every object has a number of its own, give --task objects.",
            )
    classes = tuple(sorted(values - {ignore} | {0}))
    outside = [value for value in classes if not 0 <= value <= LARGEST]
    if outside:
        remedy = "Give every class a small positive number and background 0."
        raise TruthError(f"labels from 0 to {LARGEST}", f"the value {outside[0]}", remedy)
    return classes


def to_class_indices(
    labels: Labels, values: Sequence[int], ignore: int | None = None
) -> NDArray[np.uint8]:
    """Return class indices for label values.

    Parameters
    ----------
    labels : ndarray of integers
        Values as in the file.
    values : sequence of int
        The sorted values of the classes (`class_values`).
    ignore : int, optional
        A value that is never truth.

    Returns
    -------
    ndarray of uint8
        The place of each value in `values`; `IGNORED` for the value to ignore.

    Raises
    ------
    TruthError
        A value that is no class.

    Examples
    --------
    >>> to_class_indices(np.array([0, 255, 7]), (0, 255), ignore=7)
    array([  0,   1, 255], dtype=uint8)
    """
    sorted_values = np.asarray(values, np.int64)
    places = np.searchsorted(sorted_values, labels).clip(max=len(values) - 1)
    unknown = sorted_values[places] != labels
    indices = places.astype(np.uint8)
    if ignore is not None:
        ignored = labels == ignore
        indices[ignored] = IGNORED
        unknown &= ~ignored
    if unknown.any():
        raise TruthError(
            f"the label values {', '.join(map(str, values))}",
            f"the value {labels[unknown].flat[0]}",
            "Correct the labels, or train again with all of them.",
        )
    return indices


def from_class_indices(indices: Labels, values: Sequence[int]) -> Labels:
    """Return the original label values for class indices.

    Parameters
    ----------
    indices : ndarray of integers
        Places in `values`.
    values : sequence of int
        The sorted values of the classes.

    Returns
    -------
    ndarray of uint8, uint16 or uint32
        The smallest dtype that holds all values.

    Examples
    --------
    >>> from_class_indices(np.array([0, 1]), (0, 255))
    array([  0, 255], dtype=uint8)
    """
    return np.asarray(values, values_dtype(values))[indices]


def values_dtype(values: Sequence[int]) -> np.dtype[np.generic]:
    """Return the dtype that predictions with these values have.

    Parameters
    ----------
    values : sequence of int
        Label values.

    Returns
    -------
    numpy dtype
        uint8, or uint16 or uint32 where a value needs it.

    Examples
    --------
    >>> values_dtype((0, 300))
    dtype('uint16')
    """
    return np.dtype(np.min_scalar_type(max(values)))


def _unique(plane: Labels) -> list[int]:
    """Return the different values; by a table where they are small, which is ten times faster."""
    if plane.dtype.kind == "b" or (plane.dtype.kind == "u" and plane.dtype.itemsize <= 2):
        return [int(v) for v in np.flatnonzero(np.bincount(plane.ravel(), minlength=1))]
    return [int(v) for v in np.unique(plane)]


def check_truth(truths: Sequence[Labels], values: tuple[int, ...]) -> None:
    """Refuse truth of nothing, or of one class alone.

    Parameters
    ----------
    truths : sequence of (Y, X) ndarray of integer
        Class numbers, -1 where not checked.
    values : tuple of int
        Label value of each class.

    Raises
    ------
    TruthError
        Saying what to mark.
    """
    found = np.unique(np.concatenate([np.unique(truth) for truth in truths]))
    classes = found[found >= 0]
    if classes.size == 0:
        raise TruthError("checked pixels where the image has a grey value", "none", MARK_EACH)
    if classes.size == 1:
        only = values[int(classes[0])] if classes[0] < len(values) else int(classes[0])
        raise TruthError(
            "truth of at least two classes",
            f"only the value {only}",
            "Mark some of the rest as well, for example "
            + ("a patch of background." if only else "an object: 0 is background."),
        )
