"""What became of the objects in a random spot check.

A spot check is a cell of a grid and cuts objects. An object belongs to the one cell that holds its
centroid, so that each is counted once over all cells, whatever its size; it is judged by its part
in the cell, because nobody looked beyond. Torch-free; where cells come from is not known here.

What this makes slightly wrong: a part can match where the whole would not, and the other way
round; a merge with an object that lies mostly in the next cell is not seen, so that merged and
split are rather too low where objects are large for a cell. Beyond the cell an object is taken to
reach as far as the labels of today say; further than what is given around the cell it is cut off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from napari_segloop.core.errors import InputError
from napari_segloop.core.labels import check_label_plane, compact

if TYPE_CHECKING:
    from napari_segloop.core.images import Array, Labels, Mask

Counts = npt.NDArray[np.int64]
Window = tuple[slice, slice]

MATCH: Final = 0.5
"""Objects match above this intersection over union, and cover another above this share of it."""


@dataclass(frozen=True, slots=True)
class ObjectCounts:
    """Objects of one spot check.

    Parameters
    ----------
    true, predicted : int
        As the human has them, and as the network said.
    missed, merged, split : int
        Of the true ones, each in one of these at most: none matches; shares its predicted object
        with another; is several predicted ones.
    false : int
        Of the predicted ones: neither matches, nor merges, nor is a piece.
    """

    true: int = 0
    predicted: int = 0
    missed: int = 0
    merged: int = 0
    split: int = 0
    false: int = 0


def count_objects(prediction: Array, truth: Array, known: Array, cell: Window) -> ObjectCounts:
    """Count what became of the objects of a cell.

    A true object is *merged* when one predicted object covers more than half of it and more than
    half of another; *split* when more than half of each of two or more predicted ones lies in it;
    else *missed* when no predicted one overlaps it with an IoU above one half. Only objects of
    which at least half is known, or that belong to the cell, merge and split.

    Parameters
    ----------
    prediction, truth : (Y, X) ndarray of integer
        Object ids, 0 background: the cell and what lies around it. What is beyond the cell is used
        for nothing but where objects have their centroid.
    known : (Y, X) ndarray of bool
        Where the truth is known; only inside the cell it counts.
    cell : tuple of (slice, slice)
        Which part is the cell.

    Returns
    -------
    ObjectCounts
        Of the objects with their centroid in the cell, at least half of whose pixels there are
        known.

    Raises
    ------
    InputError
        When shapes differ or values are not whole numbers.

    Examples
    --------
    >>> truth = np.array([[1, 1, 2, 2, 0, 0, 3]])
    >>> prediction = np.array([[5, 5, 5, 5, 0, 6, 0]])
    >>> count_objects(prediction, truth, np.ones((1, 7), bool), np.s_[:, :])
    ObjectCounts(true=3, predicted=2, missed=1, merged=2, split=0, false=1)
    """
    if not prediction.shape == truth.shape == known.shape:
        raise InputError(
            f"a truth and what is known in the shape {prediction.shape}",
            f"{truth.shape} and {known.shape}",
            "Give the same part of the plane.",
        )
    inside = np.zeros(known.shape, bool)
    inside[cell] = known[cell]
    said = _Objects.of(check_label_plane(prediction), inside, cell)
    true = _Objects.of(check_label_plane(truth), inside, cell)
    return _compare(said, true, inside)


@dataclass(frozen=True, slots=True, eq=False)
class _Objects:
    """The objects of one side; number 0 is background and never counts.

    Parameters
    ----------
    numbers : (Y, X) ndarray of int64
        Which object each pixel belongs to.
    sizes : (N,) ndarray of int64
        Known pixels.
    counted : (N,) ndarray of bool
        Whether it belongs to the cell.
    judged : (N,) ndarray of bool
        Whether it is known well enough to merge and to split.
    """

    numbers: Counts
    sizes: Counts
    counted: Mask
    judged: Mask

    @classmethod
    def of(cls, ids: Labels, inside: Mask, cell: Window) -> _Objects:
        values, numbers = compact(ids)
        numbers = numbers if values.size and values[0] == 0 else numbers + 1
        whole = np.bincount(numbers.ravel(), minlength=1)
        sizes = np.bincount(numbers[inside], minlength=whole.size)
        here = np.bincount(numbers[cell].ravel(), minlength=whole.size)
        counted = _lies_in(cell, numbers, whole) & (2 * sizes >= here) & (sizes > 0)
        judged = counted | ((2 * sizes >= whole) & (sizes > 0))
        counted[0] = judged[0] = False
        return cls(numbers, sizes, counted, judged)


def _lies_in(cell: Window, numbers: Counts, sizes: Counts) -> Mask:
    """Say of each object whether its centroid lies in the cell."""
    inside = np.ones(sizes.size, bool)
    for axis, span in enumerate(cell):
        start, stop, _ = span.indices(numbers.shape[axis])
        at = np.arange(numbers.shape[axis]).reshape((-1, 1) if axis == 0 else (1, -1))
        sums = np.bincount(numbers.ravel(), np.broadcast_to(at, numbers.shape).ravel())
        centre = sums / np.maximum(sizes, 1) + 0.5
        inside &= (centre >= start) & (centre < stop)
    return inside


def _compare(said: _Objects, true: _Objects, inside: Mask) -> ObjectCounts:
    first, second, shared = _overlaps(said, true, inside)
    match = shared > MATCH * (said.sizes[first] + true.sizes[second] - shared)
    covers = (shared > MATCH * true.sizes[second]) & true.judged[second]
    lies = (shared > MATCH * said.sizes[first]) & said.judged[first]
    merging = _marked(first[covers], said, 2)
    merged = _marked(second[covers & merging[first]], true)
    split = _marked(second[lies], true, 2) & ~merged
    fine = _marked(first[match | (lies & split[second])], said) | merging
    found = _marked(second[match], true)
    return ObjectCounts(
        int(true.counted.sum()),
        int(said.counted.sum()),
        int((true.counted & ~(merged | split | found)).sum()),
        int((true.counted & merged).sum()),
        int((true.counted & split).sum()),
        int((said.counted & ~fine).sum()),
    )


def _overlaps(said: _Objects, true: _Objects, inside: Mask) -> tuple[Counts, Counts, Counts]:
    """Return pairs of objects that overlap where the truth is known, and in how many pixels."""
    both = inside & (said.numbers > 0) & (true.numbers > 0)
    width = true.sizes.size
    codes, shared = np.unique(said.numbers[both] * width + true.numbers[both], return_counts=True)
    first, second = np.divmod(codes, width)
    return first, second, shared


def _marked(numbers: Counts, objects: _Objects, least: int = 1) -> Mask:
    """Mark the objects that are named at least so often."""
    marked: Mask = np.bincount(numbers, minlength=objects.sizes.size) >= least
    return marked
