"""Whether one network is worse than another, judged on the same test regions.

Few small regions make a score uncertain: the verdict is on what the difference may be, not on
what it happened to be. Knows counts of pixels only, no networks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

DRAWS = 2000
TAIL = 0.05  # on either side of a 90 % interval
MARGIN = 0.01  # of mean Dice: what a new version may be worse by
FEWEST = 5  # regions; a bootstrap over fewer knows nothing

Counts = npt.NDArray[np.int64]
"""(regions, classes, 3): twice the pixels of a class that are right, all that are predicted or
true, and those that are true."""

Word = Literal["not worse", "may be worse", "too few to tell"]
NOT_WORSE: Final = "not worse"
MAY_BE_WORSE: Final = "may be worse"
TOO_FEW: Final = "too few to tell"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a new network may take over from an old one.

    Parameters
    ----------
    word : {"not worse", "may be worse", "too few to tell"}
        What the test regions say.
    regions : int
        How many of them were judged on: those that neither network was taught.
    low, high : float or None
        90 % interval of new minus old, in mean Dice; None where there are too few regions.
    """

    word: Word
    regions: int
    low: float | None = None
    high: float | None = None

    @property
    def difference(self) -> str:
        """What is known of the difference, in words.

        Examples
        --------
        >>> Verdict("not worse", 9, -0.004, 0.031).difference
        '-0.4 to +3.1 points on 9 test regions (never trained on)'
        >>> Verdict("too few to tell", 1).difference
        '1 test region (never trained on)'
        """
        regions = f"{self.regions} test region{'s' * (self.regions != 1)} (never trained on)"
        if self.low is None or self.high is None:
            return regions
        return f"{100 * self.low:+.1f} to {100 * self.high:+.1f} points on {regions}"

    @property
    def takes_over(self) -> bool:
        """Whether nothing speaks against the new one."""
        return self.word != MAY_BE_WORSE


def mean_dice(counts: Counts) -> float:
    """Return the Dice of each class over all regions, averaged over classes without background.

    Parameters
    ----------
    counts : (R, K, 3) ndarray of int64
        Of each region and class; see `Counts`.

    Returns
    -------
    float
        From 0 to 1, over the classes that occur in the truth; that of background when none does.

    Examples
    --------
    >>> mean_dice(np.array([[[8, 8, 4], [2, 4, 2]], [[8, 8, 4], [4, 4, 2]]]))
    0.75
    """
    sums = counts.sum(0)
    occurs = sums[1:, 2] > 0
    dice = _dice(sums)
    return float(dice[1:][occurs].mean() if occurs.any() else dice[0])


def fitness(counts: Counts) -> float:
    """Return what networks are chosen by: as `mean_dice`, but classes that do not occur count.

    Background stands in for them, so that a single false pixel of such a class costs next to
    nothing, and many cost something.

    Parameters
    ----------
    counts : (R, K, 3) ndarray of int64
        Of each region and class; see `Counts`.

    Returns
    -------
    float
        From 0 to 1.

    Examples
    --------
    >>> fitness(np.array([[[90, 100, 55], [0, 10, 0]]]))  # ten false pixels
    0.9
    """
    return float(_fitness(counts.sum(0)))


def judge(new: Counts, old: Counts) -> Verdict:
    """Say whether a network is, as far as the test regions can tell, not worse than another.

    Parameters
    ----------
    new, old : (R, K, 3) ndarray of int64
        Of the same regions, which neither was taught.

    Returns
    -------
    Verdict
        "not worse" when the lower end of the interval is above -0.01.
    """
    if len(new) < FEWEST:
        return Verdict(TOO_FEW, len(new))
    low, high = interval(new, old)
    return Verdict(NOT_WORSE if low > -MARGIN else MAY_BE_WORSE, len(new), low, high)


def facts_of(verdict: Verdict | None) -> dict[str, Any]:
    """Return a verdict as plain facts, for results and records.

    Parameters
    ----------
    verdict : Verdict or None
        None where there was nothing to compare with.

    Returns
    -------
    dict
        "verdict" (empty for None), "judged" (regions), "low" and "high".
    """
    if verdict is None:
        return {"verdict": "", "judged": 0, "low": None, "high": None}
    found = {"judged": verdict.regions, "low": verdict.low, "high": verdict.high}
    return {"verdict": verdict.word, **found}


def interval(new: Counts, old: Counts) -> tuple[float, float]:
    """Return between what the true difference of two networks lies, at 90 %.

    Regions are drawn again and again with replacement, the same ones for both networks.

    Parameters
    ----------
    new, old : (R, K, 3) ndarray of int64
        Of the same regions, at least one.

    Returns
    -------
    (float, float)
        5 and 95 % quantile of new minus old, in mean Dice.

    References
    ----------
    Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.
    """
    regions = len(new)
    even = np.full(regions, 1 / regions)
    times = np.random.default_rng(0).multinomial(regions, even, DRAWS).astype(np.float64)
    drawn = (np.tensordot(times, counts.astype(np.float64), 1) for counts in (new, old))
    better, worse = (_fitness(sums) for sums in drawn)
    low, high = np.quantile(better - worse, [TAIL, 1 - TAIL])
    return float(low), float(high)


def _fitness(sums: npt.NDArray[np.int64 | np.float64]) -> npt.NDArray[np.float64]:
    """Return the fitness of sums over regions: (..., K, 3) to (...)."""
    dice = _dice(sums)
    standing = np.where(sums[..., 1:, 2] > 0, dice[..., 1:], dice[..., :1])
    mean: npt.NDArray[np.float64] = standing.mean(-1)
    return mean


def _dice(sums: npt.NDArray[np.int64 | np.float64]) -> npt.NDArray[np.float64]:
    """Return the Dice of each class: (..., K, 3) to (..., K); 1 of what is nowhere."""
    right, total = sums[..., 0], sums[..., 1]
    ones = np.ones(total.shape)
    dice: npt.NDArray[np.float64] = np.divide(right, total, out=ones, where=total > 0)
    return dice
