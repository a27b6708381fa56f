"""How well predicted classes agree with the truth: Dice, pooled over all pixels.

A tally is fed plane by plane and finished once, so that no plane weighs more than its content. It
does not know which files planes come from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.errors import InputError
from napari_segloop.core.labels import check_labels, compact
from napari_segloop.core.truth import MOST_CLASSES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_segloop.core.images import Array, Labels, Mask

    Counts = NDArray[np.int64]

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
            When the shapes differ, values are not whole numbers, or there are too many of them.
        """
        predicted, true, counted = check_pair(prediction, truth, checked)
        values, numbers = _number_both(predicted[counted], true[counted])
        _check_number(len(self._counts.keys() | set(values.tolist())))
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


def _check_number(values: int) -> None:
    if values > MOST_CLASSES:
        raise InputError(
            f"at most {MOST_CLASSES} different label values, one for each class",
            f"{values}",
            "If every object has a number of its own, give --task objects.",
        )


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
