"""Why a place is offered, in words that are computed from its errors and labels.

It knows where the expected errors lie and which labels meet there; it does not know what the
network took the pixels for instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.labels import border_band

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from numpy.typing import NDArray

    from napari_segloop.core.images import Labels

NEAR = 8
"""Pixels from a border within which an error is said to lie beside it."""
MOSTLY = 0.6
NOVEL = "unlike anything checked so far"
"""Of all places in a plane that is unlike what a model learnt."""
SELDOM = "class rarely seen"
"""Of places in a class that a model was taught on few pixels."""
GIVEN = "the mask disagrees with"
OTHERS, MODEL = "places that look alike", "the model"
"""What masks from elsewhere may disagree with."""
UNSURE, LARGE = 64, 0.5
"""At least a quarter unsure (64 / 255) on half of the place: a large area."""


def is_unlike(reason: str) -> bool:
    """Say whether a place is offered because its plane is unlike what a model learnt.

    Parameters
    ----------
    reason : str
        Of the place.

    Returns
    -------
    bool
        True when it is.
    """
    return reason == NOVEL


def is_seldom(reason: str) -> bool:
    """Say whether a place is offered because a model has rarely seen its class.

    Parameters
    ----------
    reason : str
        Of the place.

    Returns
    -------
    bool
        True when it is.
    """
    return reason.removesuffix(")").endswith(SELDOM)  # in brackets, of given masks


def describe(
    errors: NDArray[np.uint8], labels: Labels, *, objects: bool, seldom: Collection[int] = ()
) -> str:
    """Say where in a place the expected errors lie.

    Parameters
    ----------
    errors : (Y, X) ndarray of uint8
        Error probability times 255 where a human can act, 0 elsewhere.
    labels : (Y, X) ndarray of integer
        Predicted classes or ids.
    objects : bool
        Whether labels are ids, which say nothing to a reader.
    seldom : collection of int
        Labels of classes that a model has rarely seen.

    Returns
    -------
    str
        A few words: "3: class rarely seen" when most errors of any label lie in such a class;
        "large area unclear" when half of the place is at least a quarter unsure;
        "beside the border of 1 and 2" when 60 % of the errors lie within 8 pixels of borders, with
        the pair of labels that most of them surround; else "inside 1", the label with the most.

    Examples
    --------
    >>> errors = np.zeros((40, 40), np.uint8)
    >>> errors[5:9, 5:9] = 200
    >>> describe(errors, np.full((40, 40), 3), objects=False)
    'inside 3'
    """
    if seldom and (worst := _worst_label(errors, labels)) in seldom:
        return f"{worst}: {SELDOM}"
    if (errors >= UNSURE).mean() > LARGE:
        return "large area unclear"
    beside = errors[border_band(labels, NEAR)].sum(dtype=np.int64)
    if beside > MOSTLY * errors.sum(dtype=np.int64):
        return _name_border(*_worst_pair(errors, labels), objects)
    return _name_inside(_worst_label(errors, labels), objects)


def _worst_pair(errors: NDArray[np.uint8], labels: Labels) -> tuple[int, int]:
    from scipy import ndimage  # noqa: PLC0415  # slow, and opening the dock needs none of it

    around: NDArray[np.float32] = ndimage.uniform_filter(
        errors.astype(np.float32), 2 * NEAR + 1, mode="constant"
    )
    pairs, weights = (np.concatenate(part) for part in zip(*_meetings(labels, around), strict=True))
    values, numbers = np.unique(np.sort(pairs, axis=1), axis=0, return_inverse=True)
    low, high = values[np.bincount(numbers.ravel(), weights).argmax()]
    return int(low), int(high)


def _meetings(
    labels: Labels, around: NDArray[np.float32]
) -> Iterator[tuple[Labels, NDArray[np.float32]]]:
    """Yield the pairs of labels that meet along columns, then along rows, and their weights."""
    for turned, weights in ((labels, around), (labels.T, around.T)):
        differs = turned[1:] != turned[:-1]
        yield (
            np.stack([turned[:-1][differs], turned[1:][differs]], axis=1),
            weights[1:][differs] + weights[:-1][differs],
        )


def _worst_label(errors: NDArray[np.uint8], labels: Labels) -> int:
    values, numbers = np.unique(labels, return_inverse=True)
    return int(values[np.bincount(numbers.ravel(), errors.ravel()).argmax()])


def _name_border(low: int, high: int, objects: bool) -> str:
    if not objects:
        return f"beside the border of {low} and {high}"
    return "around objects" if low == 0 else "where objects touch"


def _name_inside(value: int, objects: bool) -> str:
    if not objects:
        return f"inside {value}"
    return "background: an object may be missed" if value == 0 else "inside objects"


def disagreeing(reason: str, others: str = OTHERS) -> str:
    """Say of a place in masks from elsewhere what they disagree with, and where.

    Parameters
    ----------
    reason : str
        Where the errors lie (`describe`).
    others : str
        What the masks disagree with.

    Returns
    -------
    str
        A few words.

    Examples
    --------
    >>> disagreeing("inside 1")
    'the mask disagrees with places that look alike (inside 1)'
    """
    return f"{GIVEN} {others} ({reason})"
