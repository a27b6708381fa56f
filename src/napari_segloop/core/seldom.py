"""Which classes a model has seldom seen: where it errs there, it may not know that it does.

Torch-free; it knows numbers of pixels only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_segloop.core.images import Labels

SELDOM: Final = 1 / 10
"""Of an equal share of what is no background: a class with less is rarely seen."""
MOST: Final = 2**53


def count(truths: Sequence[Labels], classes: int) -> tuple[int, ...]:
    """Count what teaches.

    Parameters
    ----------
    truths : sequence of (Y, X) ndarray of integer
        Class numbers; -1 where nothing is taught. Higher ones count as the last class, as borders
        do where the classes are background and objects.
    classes : int
        How many there are, with background.

    Returns
    -------
    tuple of int
        Pixels of each class.

    Examples
    --------
    >>> count([np.array([[-1, 0, 2]])], 3)
    (1, 0, 1)
    """
    found = np.zeros(classes, np.int64)
    for truth in truths:
        found += np.bincount(truth[truth >= 0].clip(max=classes - 1), minlength=classes)
    return tuple(found.tolist())


def seldom_seen(values: Sequence[int], taught: Sequence[int] | None) -> tuple[int, ...]:
    """Return the values of the classes that are rarely seen, beside others that are not.

    Parameters
    ----------
    values : sequence of int
        Label value of each class; background first.
    taught : sequence of int or None
        Pixels of each; None when nobody counted.

    Returns
    -------
    tuple of int
        Never background, and never the only other class.

    Examples
    --------
    >>> seldom_seen((0, 1, 5), (9000, 600, 20))
    (5,)
    >>> seldom_seen((0, 1), (9000, 1))
    ()
    """
    if taught is None or len(values) <= 2:  # background and one other
        return ()
    equal = sum(taught[1:]) / (len(taught) - 1)
    pairs = zip(values[1:], taught[1:], strict=True)
    return tuple(value for value, pixels in pairs if pixels < SELDOM * equal)


def is_count(taught: object, classes: int) -> bool:
    """Say whether something read from a file counts pixels of classes.

    Parameters
    ----------
    taught : object
        Anything.
    classes : int
        How many there are.

    Returns
    -------
    bool
        True when it does.
    """
    return (
        isinstance(taught, tuple)
        and len(taught) == classes
        and all(type(pixels) is int and 0 <= pixels <= MOST for pixels in taught)
    )
