"""How well predicted objects agree with the truth: matched one to one, AP and PQ.

A tally is fed plane by plane and finished once: objects are pooled over all planes. It does not
know classes of objects, nor which files planes come from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.evaluate import check_pair
from napari_segloop.core.labels import compact

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_segloop.core.images import Array, Labels, Mask

    Counts = NDArray[np.int64]

THRESHOLDS = (0.5, 0.75)
"""A pair above either is the only one its objects can have: IoU above one half is unique."""

NO_PARTNER = -1


@dataclass(frozen=True, slots=True)
class ObjectScores:
    """Agreement of objects at one IoU threshold.

    Parameters
    ----------
    iou : float
        Objects match when their intersection over union is above this.
    matched, false, missed : int
        True positives, false positives, false negatives.
    average_precision : float or None
        TP / (TP + FP + FN); None without any object.
    panoptic_quality : float or None
        Sum of the matched pairs' IoU over TP + FP / 2 + FN / 2; None without any object.
    """

    iou: float
    matched: int
    false: int
    missed: int
    average_precision: float | None
    panoptic_quality: float | None


@dataclass(frozen=True, slots=True)
class ObjectResult:
    """Agreement of objects, pooled over everything added.

    Parameters
    ----------
    scores : tuple of ObjectScores
        One for each IoU threshold, ascending.
    """

    scores: tuple[ObjectScores, ...]

    def to_dict(self) -> dict[str, object]:
        """Return the result as JSON-ready data without NaN.

        Returns
        -------
        dict
            For each threshold ``ap50``, ``ap75`` and counts; ``pq`` is that at one half.
        """
        data: dict[str, object] = {"pq": self.scores[0].panoptic_quality}
        for score in self.scores:
            percent = round(100 * score.iou)
            data[f"ap{percent}"] = score.average_precision
            data[f"matched{percent}"] = score.matched
            data[f"false{percent}"] = score.false
            data[f"missed{percent}"] = score.missed
        return data


class ObjectTally:
    """Objects matched one to one by IoU, pooled over planes.

    Pixels that are not checked are in no object and in no IoU. An object counts if at least half
    of all its pixels are checked. A pair is a hit if its true object counts; a predicted object is
    false if it counts and matches no true object, counted or not.

    References
    ----------
    AP: Caicedo et al., Nature Methods 2019, https://doi.org/10.1038/s41592-019-0612-7;
    PQ: Kirillov et al., CVPR 2019, https://doi.org/10.1109/CVPR.2019.00963

    Examples
    --------
    >>> tally = ObjectTally()
    >>> tally.add(np.array([[7, 7, 0, 8]]), np.array([[1, 1, 0, 0]]))
    >>> tally.finish().to_dict()["ap50"]
    0.5
    """

    def __init__(self) -> None:
        self._counts = np.zeros((len(THRESHOLDS), 3), np.int64)
        self._iou = np.zeros(len(THRESHOLDS))

    def add(self, prediction: Array, truth: Array, checked: Array | None = None) -> None:
        """Match the objects of one plane or stack.

        Parameters
        ----------
        prediction, truth : ndarray of integer
            Object ids, of one shape; 0 is background. Ids of other planes are other objects.
        checked : ndarray of integer or bool, optional
            Only pixels that are 1 count; None means all.

        Raises
        ------
        InputError
            When the shapes differ or values are not whole numbers.
        """
        pairs = _Pairs(*check_pair(prediction, truth, checked))
        for row, threshold in enumerate(THRESHOLDS):
            counts, iou = pairs.match(threshold)
            self._counts[row] += counts
            self._iou[row] += iou

    def finish(self) -> ObjectResult:
        """Return the agreement over everything added.

        Returns
        -------
        ObjectResult
            AP and PQ at IoU above .5 and .75.
        """
        rows = zip(THRESHOLDS, self._counts.tolist(), self._iou.tolist(), strict=True)
        return ObjectResult(tuple(_object_scores(*row) for row in rows))


def wrong_pixels(prediction: Array, truth: Array, checked: Array | None = None) -> Mask:
    """Mark the pixels that the prediction gives to the wrong object or background.

    A pixel is right where its predicted object matches (IoU above one half) the true object that
    it lies in, and where both say background. A pixel of an object without a match is wrong, and
    so is what a matched object has too much or too little.

    Parameters
    ----------
    prediction, truth : ndarray of integer
        Object ids of one plane or stack, of one shape; 0 is background.
    checked : ndarray of integer or bool, optional
        Only pixels that are 1 are in an IoU or can be wrong; None means all.

    Returns
    -------
    ndarray of bool
        True where the pixel is checked and wrong.

    Raises
    ------
    InputError
        When the shapes differ or values are not whole numbers.

    Examples
    --------
    >>> wrong_pixels(np.array([[7, 7, 7, 0, 8]]), np.array([[0, 1, 1, 0, 0]])).astype(int)
    array([[1, 0, 0, 0, 1]])
    """
    predicted, true, counted = check_pair(prediction, truth, checked)
    return _Pairs(predicted, true, counted).wrong(THRESHOLDS[0]) & counted


class _Pairs:
    """Which objects of one plane overlap, and by how much."""

    def __init__(self, prediction: Labels, truth: Labels, counted: Mask) -> None:
        (first, self._first_sizes, self._first_counts) = _sizes(prediction, counted)
        (second, self._second_sizes, self._second_counts) = _sizes(truth, counted)
        self._pixels = first, second
        both = (first > 0) & (second > 0) & counted
        width = self._second_sizes.size
        codes, self._shared = np.unique(first[both] * width + second[both], return_counts=True)
        self._first, self._second = np.divmod(codes, width)

    def match(self, threshold: float) -> tuple[list[int], float]:
        """Return hits, false and missed objects, and the hits' sum of IoU."""
        iou = self._iou()
        pair = iou > threshold
        first, second = self._first[pair], self._second[pair]
        hit = self._second_counts[second]
        false, missed = self._first_counts.copy(), self._second_counts.copy()
        false[first] = missed[second] = False
        return [int(hit.sum()), int(false.sum()), int(missed.sum())], float(iou[pair][hit].sum())

    def wrong(self, threshold: float) -> Mask:
        """Return where the true object is not the predicted one's partner."""
        pair = self._iou() > threshold
        partner = np.full(self._first_sizes.size, NO_PARTNER)
        partner[0] = 0
        partner[self._first[pair]] = self._second[pair]
        predicted, true = self._pixels
        wrong: Mask = partner[predicted] != true
        return wrong

    def _iou(self) -> NDArray[np.float64]:
        sizes = self._first_sizes[self._first] + self._second_sizes[self._second]
        iou: NDArray[np.float64] = self._shared / (sizes - self._shared)
        return iou


def _sizes(ids: Labels, counted: Mask) -> tuple[Counts, Counts, Mask]:
    """Return compact ids (0 stays 0), each one's pixels that count, and which objects count."""
    values, numbers = compact(ids)
    numbers = numbers if values.size and values[0] == 0 else numbers + 1
    whole = np.bincount(numbers.ravel(), minlength=1)
    inside = np.bincount(numbers[counted], minlength=whole.size)
    counts = (2 * inside >= whole) & (inside > 0)
    counts[0] = False
    return numbers, inside, counts


def _object_scores(threshold: float, counts: list[int], iou: float) -> ObjectScores:
    matched, false, missed = counts
    total = matched + false + missed
    precision = matched / total if total else None
    quality = iou / (matched + (false + missed) / 2) if total else None
    return ObjectScores(threshold, matched, false, missed, precision, quality)
