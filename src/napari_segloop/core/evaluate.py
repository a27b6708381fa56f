"""How well predicted labels agree with the truth: Dice for classes, AP and PQ for objects.

Tallies are fed plane by plane and finished once, so that counts are pooled over all pixels and
objects and no plane weighs more than its content. They do not know which files planes come from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.errors import InputError
from napari_segloop.core.labels import check_labels, compact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_segloop.core.images import Array, Labels, Mask

    Counts = NDArray[np.int64]

THRESHOLDS = (0.5, 0.75)
"""A pair above either is the only one its objects can have: IoU above one half is unique."""
CHECKED = 1


@dataclass(frozen=True, slots=True)
class DiceResult:
    """Agreement of classes, pooled over all pixels.

    Parameters
    ----------
    classes : mapping of int to float or None
        Dice of each class, 0 included; None where neither the prediction nor the truth has it.
    mean : float or None
        Mean over the classes without 0 that have a Dice; None if there is none.
    pixels : int
        How many pixels counted.
    """

    classes: Mapping[int, float | None]
    mean: float | None
    pixels: int

    def to_dict(self) -> dict[str, object]:
        """Return the result as JSON-ready data without NaN.

        Returns
        -------
        dict
            ``dice`` (mean), ``classes`` (by label value as text), ``pixels``.
        """
        classes = {str(value): dice for value, dice in self.classes.items()}
        return {"dice": self.mean, "classes": classes, "pixels": self.pixels}


class DiceTally:
    """Dice = 2 TP / (2 TP + FP + FN) per class, from counts pooled over all added pixels.

    Parameters
    ----------
    classes : iterable of int, optional
        Label values to report even if they never occur (as None).

    References
    ----------
    Dice, "Measures of the amount of ecologic association between species", Ecology 1945,
    https://doi.org/10.2307/1932409; pooling: Taha and Hanbury 2015,
    https://doi.org/10.1186/s12880-015-0068-x

    Examples
    --------
    >>> tally = DiceTally()
    >>> tally.add(np.array([[0, 1, 1]]), np.array([[0, 0, 1]]))
    >>> round(tally.finish().mean, 3)
    0.667
    """

    def __init__(self, classes: tuple[int, ...] = ()) -> None:
        self._counts: dict[int, Counts] = {int(value): np.zeros(3, np.int64) for value in classes}
        self._pixels = 0

    def add(self, prediction: Array, truth: Array, checked: Array | None = None) -> None:
        """Count the pixels of one plane or stack.

        Parameters
        ----------
        prediction, truth : ndarray of integer
            Label values, of one shape.
        checked : ndarray of integer or bool, optional
            Only pixels that are 1 count; None means all.

        Raises
        ------
        InputError
            When the shapes differ or values are not whole numbers.
        """
        predicted, true, counted = check_pair(prediction, truth, checked)
        values, numbers = _number_both(predicted[counted], true[counted])
        first, second = numbers
        counts = np.stack(
            [
                np.bincount(first[first == second], minlength=values.size),
                np.bincount(first, minlength=values.size),
                np.bincount(second, minlength=values.size),
            ],
            axis=1,
        )
        for value, row in zip(values.tolist(), counts, strict=True):
            self._counts[value] = self._counts.get(value, np.zeros(3, np.int64)) + row
        self._pixels += first.size

    def finish(self) -> DiceResult:
        """Return the agreement over everything added.

        Returns
        -------
        DiceResult
            Dice per class and their mean.
        """
        classes = {value: _dice(*self._counts[value].tolist()) for value in sorted(self._counts)}
        found = [dice for value, dice in classes.items() if value != 0 and dice is not None]
        return DiceResult(classes, sum(found) / len(found) if found else None, self._pixels)


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


def check_pair(
    prediction: Array, truth: Array, checked: Array | None
) -> tuple[Labels, Labels, Mask]:
    """Return both labels and which pixels count, or say why they do not fit.

    Parameters
    ----------
    prediction, truth : ndarray of integer
        Labels.
    checked : ndarray of integer or bool or None
        Only pixels that are 1 count; None means all.

    Returns
    -------
    prediction, truth : ndarray of integer
        In native byte order.
    counted : ndarray of bool
        Which pixels count.

    Raises
    ------
    InputError
        When the shapes differ or values are not whole numbers.
    """
    others = [truth.shape] if checked is None else [truth.shape, checked.shape]
    for shape in others:
        if shape != prediction.shape:
            raise InputError(
                f"truth and checked of the prediction's shape {prediction.shape}",
                f"shape {shape}",
                "Give files that belong to the same image.",
            )
    counted = np.ones(truth.shape, bool) if checked is None else checked == CHECKED
    return check_labels(prediction), check_labels(truth), counted


class _Pairs:
    """Which objects of one plane overlap, and by how much."""

    def __init__(self, prediction: Labels, truth: Labels, counted: Mask) -> None:
        (first, self._first_sizes, self._first_counts) = _sizes(prediction, counted)
        (second, self._second_sizes, self._second_counts) = _sizes(truth, counted)
        both = (first > 0) & (second > 0) & counted
        width = self._second_sizes.size
        codes, self._shared = np.unique(first[both] * width + second[both], return_counts=True)
        self._first, self._second = np.divmod(codes, width)

    def match(self, threshold: float) -> tuple[list[int], float]:
        """Return hits, false and missed objects, and the hits' sum of IoU."""
        sizes = self._first_sizes[self._first] + self._second_sizes[self._second]
        iou = self._shared / (sizes - self._shared)
        pair = iou > threshold
        first, second = self._first[pair], self._second[pair]
        hit = self._second_counts[second]
        false, missed = self._first_counts.copy(), self._second_counts.copy()
        false[first] = missed[second] = False
        return [int(hit.sum()), int(false.sum()), int(missed.sum())], float(iou[pair][hit].sum())


def _sizes(ids: Labels, counted: Mask) -> tuple[Counts, Counts, Mask]:
    """Number the ids (0 stays 0); count each one's pixels that count; say which objects count."""
    values, numbers = compact(ids)
    numbers = numbers if values.size and values[0] == 0 else numbers + 1
    whole = np.bincount(numbers.ravel(), minlength=1)
    inside = np.bincount(numbers[counted], minlength=whole.size)
    counts = (2 * inside >= whole) & (inside > 0)
    counts[0] = False
    return numbers, inside, counts


def _number_both(first: Labels, second: Labels) -> tuple[Labels, tuple[Counts, Counts]]:
    """Give the values of both one numbering."""
    (one, one_numbers), (two, two_numbers) = compact(first), compact(second)
    values = np.union1d(one, two)
    return values, (
        np.searchsorted(values, one)[one_numbers],
        np.searchsorted(values, two)[two_numbers],
    )


def _dice(both: int, predicted: int, true: int) -> float | None:
    return 2 * both / (predicted + true) if predicted + true else None


def _object_scores(threshold: float, counts: list[int], iou: float) -> ObjectScores:
    matched, false, missed = counts
    total = matched + false + missed
    precision = matched / total if total else None
    quality = iou / (matched + (false + missed) / 2) if total else None
    return ObjectScores(threshold, matched, false, missed, precision, quality)
