"""How well the masks of a whole data set agree with their user, from few places drawn at random.

The network's own error probabilities say what to expect of every pixel. Random spot checks, which
never teach, say how far that is off; what they say is carried over to all pixels, and their spread
gives the interval. So it holds whatever the network says of itself; where it is honest, few spot
checks suffice. Torch-free; it knows counts, not images.

References
----------
.. [1] Särndal, C.-E., Swensson, B., Wretman, J. (1992). Model assisted survey sampling, chapter 6
   (difference estimator).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
from scipy import special

from napari_segloop.core.evaluate_objects import wrong_pixels
from napari_segloop.core.meandice import mean_dice, slope_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_segloop.core.images import Array, Mask

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

LEVEL: Final = 0.90
LEVELS: Final = 256
PRIOR_CHECKS: Final = 3.0
"""Spot checks that the prior is worth: it takes each stated error for as wrong as it is large."""
LEAST_DOUBT: Final = 0.01
"""Share of pixels that the prior takes for wrong however sure the network is."""
LEAST_SHOWN: Final = 1e-3
"""Share of an image that a class must be predicted in, to count in the estimate of that image."""
USUAL_SIZE: Final = 128.0**2
"""Pixels of a spot check, before there is one."""


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """A place drawn at random that a human checked.

    Parameters
    ----------
    stated : (K, 256) ndarray of int64
        Its pixels by predicted class and by uncertainty.
    found : (K, K) ndarray of int64
        Its pixels by predicted and by true class; off the diagonal what is wrong.
    """

    stated: Counts
    found: Counts


@dataclass(frozen=True, slots=True)
class Estimate:
    """How well masks agree with their user: mean Dice over classes without background.

    Parameters
    ----------
    score : float
        Best guess, 0 to 1.
    low, high : float
        90 % interval.
    checks : int
        Spot checks that it rests on.
    """

    score: float
    low: float
    high: float
    checks: int


def histogram(labels: Array, uncertainty: npt.NDArray[np.uint8], values: Sequence[int]) -> Counts:
    """Count pixels by predicted class and uncertainty.

    Parameters
    ----------
    labels : (Y, X) ndarray of integer
        Predicted.
    uncertainty : (Y, X) ndarray of uint8
        Error probability times 255.
    values : sequence of int
        Label value of each class, ascending; 0 first. Other values count as the last class, as ids
        do where the classes are background and objects.

    Returns
    -------
    (K, 256) ndarray of int64
        Counts.

    Examples
    --------
    >>> found = histogram(np.array([[0, 7]]), np.array([[3, 255]], np.uint8), (0, 1))
    >>> int(found[0, 3]), int(found[1, 255])
    (1, 1)
    """
    places = np.minimum(np.searchsorted(values, labels), len(values) - 1)
    codes = places.astype(np.int64).ravel() * LEVELS + uncertainty.ravel()
    return np.bincount(codes, minlength=len(values) * LEVELS).reshape(-1, LEVELS)


def confuse(
    labels: Array, truth: Array, known: Mask, values: Sequence[int], *, objects: bool = False
) -> Counts:
    """Count checked pixels by predicted and true class.

    Parameters
    ----------
    labels, truth : (Y, X) ndarray of integer
        Label values.
    known : (Y, X) ndarray of bool
        Where the truth is known.
    values : sequence of int
        As in `histogram`.
    objects : bool
        Whether labels are ids: a pixel of the wrong object is wrongly an object's.

    Returns
    -------
    (K, K) ndarray of int64
        Counts.
    """
    if objects:
        wrong, said = wrong_pixels(labels, truth, known), np.greater(labels, 0)
        right = known & ~wrong
        parts = right & ~said, wrong & ~said, wrong & said, right & said
        return np.array([int(part.sum()) for part in parts], np.int64).reshape(2, 2)
    count = len(values)
    said, true = (
        np.minimum(np.searchsorted(values, each[known]), count - 1) for each in (labels, truth)
    )
    return np.bincount(said * count + true, minlength=count**2).reshape(count, count)


def estimate(
    stated: Sequence[Counts], checks: Sequence[Finding]
) -> tuple[Estimate, tuple[Estimate, ...]] | None:
    """Estimate the agreement of all images together, and of each.

    Parameters
    ----------
    stated : sequence of (K, 256) ndarray of int64
        Of each image: its pixels by predicted class and uncertainty.
    checks : sequence of Finding
        Of any of them.

    Returns
    -------
    whole : Estimate
        Of all.
    each : tuple of Estimate
        Of every image, by the classes predicted there; from 0 to 1 where that is background alone.
        So are all of them while nothing but background was predicted or found anywhere: a network
        that has learnt nothing may be sure of it. None when there are no pixels.
    """
    if not stated or not sum(counts.sum() for counts in stated):
        return None
    if not _is_anything_there(stated, checks):
        unknown = _nobody_can_tell(len(checks))
        return unknown, (unknown,) * len(stated)
    stated, checks = _of_classes_there(stated, checks)
    mixing = _mixing(stated, checks)
    means = [_expected(counts, mixing) for counts in stated]
    slips = _Slips.of(checks, stated, mixing)
    each = tuple(_of_image(mean, slips, counts) for mean, counts in zip(means, stated, strict=True))
    return _estimate(np.sum(means, axis=0), slips), each


def _is_anything_there(stated: Sequence[Counts], checks: Sequence[Finding]) -> bool:
    """Say whether anything but background was predicted or found."""
    found = (check.found.sum(0) + check.found.sum(1) for check in checks)
    return any(counts[1:].any() for counts in stated) or any(each[1:].any() for each in found)


def _nobody_can_tell(checks: int) -> Estimate:
    return Estimate(0.5, 0.0, 1.0, checks)


def _of_classes_there(
    stated: Sequence[Counts], checks: Sequence[Finding]
) -> tuple[Sequence[Counts], Sequence[Finding]]:
    """Leave out classes that were neither predicted nor found anywhere, as one that came since."""
    sizes = np.sum([counts.sum(1) for counts in stated], axis=0)
    sizes = sizes + sum((each.found.sum(0) for each in checks), np.zeros_like(sizes))
    there = sizes > 0
    there[0] = True
    if there.sum() == 1:  # where there is background alone, what is unsure is of any class
        return stated, checks
    found = [Finding(each.stated[there], each.found[np.ix_(there, there)]) for each in checks]
    return [counts[there] for counts in stated], found


@dataclass(frozen=True, slots=True, eq=False)
class _Slips:
    """By how much what is expected is off: in each spot check, and as the prior thinks possible.

    Parameters
    ----------
    found : (N, K, K) ndarray of float64
        Found minus expected counts.
    pixels : (N,) ndarray of float64
        Of each spot check.
    prior : (K, K) ndarray of float64
        In a place of the usual size.
    size : float
        Pixels of that.
    """

    found: Floats
    pixels: Floats
    prior: Floats
    size: float

    @classmethod
    def of(cls, checks: Sequence[Finding], stated: Sequence[Counts], mixing: Floats) -> _Slips:
        total = np.sum(stated, axis=0)
        shape = (len(checks), *mixing.shape)
        found = [check.found - _expected(check.stated, mixing) for check in checks]
        pixels = np.array([check.stated.sum() for check in checks], np.float64)
        size = float(pixels.mean()) if len(checks) else USUAL_SIZE
        wrong = mixing * (_expected_errors(total) + LEAST_DOUBT * total.sum(1))[:, None]
        slip = (wrong - np.diag(wrong.sum(1))) * size / total.sum()
        return cls(np.array(found, np.float64).reshape(shape), pixels, slip, size)

    @property
    def rate(self) -> Floats:
        """What a pixel is off by, on average."""
        if not len(self.pixels):
            return np.zeros_like(self.prior)
        rate: Floats = self.found.sum(0) / self.pixels.sum()
        return rate


def _of_image(mean: Floats, slips: _Slips, counts: Counts) -> Estimate:
    """Estimate one image by the classes that are in it: of others there are errors alone."""
    shown = counts.sum(1) > LEAST_SHOWN * counts.sum()
    if not shown[1:].any():
        return _nobody_can_tell(len(slips.pixels))
    return _estimate(mean, slips, shown)


def _estimate(mean: Floats, slips: _Slips, shown: Mask | None = None) -> Estimate:
    """Correct what is expected by what the spot checks found, and say how sure that is."""
    number, places = len(slips.pixels), float(mean.sum()) / slips.size
    total = np.maximum(mean + mean.sum() * slips.rate, 0)
    slope = slope_of(total, shown)
    spread = PRIOR_CHECKS * float((slope * slips.prior).sum()) ** 2
    left = slips.found - slips.pixels[:, None, None] * slips.rate
    spread += float(np.square(np.tensordot(left, slope, 2)).sum())
    freedom = PRIOR_CHECKS + max(0, number - 1)
    variance = places**2 * spread / freedom / max(1, number)
    if shown is not None:
        variance += places * spread / freedom  # its own places differ from the mean of all
    score = mean_dice(total, shown)
    wide = float(special.stdtrit(freedom, (1 + LEVEL) / 2)) * variance**0.5
    return Estimate(score, max(0.0, score - wide), min(1.0, score + wide), number)


def _expected(stated: Counts, mixing: Floats) -> Floats:
    """Return the pixels by predicted and true class that the uncertainty lets expect."""
    wrong = _expected_errors(stated)
    return np.diag(stated.sum(1) - wrong) + wrong[:, None] * mixing


def _expected_errors(stated: Counts) -> Floats:
    wrong: Floats = stated @ (np.arange(LEVELS) / (LEVELS - 1))
    return wrong


def _mixing(stated: Sequence[Counts], checks: Sequence[Finding]) -> Floats:
    """Return what wrong pixels of each predicted class are instead: rows sum to 1.

    Found in the spot checks, beside a prior that goes by how much there is of each class.
    """
    sizes = np.sum([counts.sum(1) for counts in stated], axis=0).astype(float) + 1
    other = 1 - np.eye(len(sizes))
    prior = other * sizes
    prior /= prior.sum(1, keepdims=True)
    found = sum((check.found * other for check in checks), np.zeros_like(prior))
    worth = 100.0  # pixels
    rows: Floats = (found + worth * prior) / (found + worth * prior).sum(1, keepdims=True)
    return rows
