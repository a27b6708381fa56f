"""When a goal will be reached: how errors fell with the places that were checked, carried on.

The share of wrong pixels falls as a power of the places that taught, as learning curves do; the
interval narrows with the spot checks. Torch-free; it knows numbers only.

References
----------
.. [1] Hestness, J. et al. (2017). Deep learning scaling is predictable, empirically.
   https://arxiv.org/abs/1712.00409
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from napari_segloop.core.estimate import PRIOR_CHECKS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_segloop.core.estimate import Estimate

SPOT_EVERY: Final = 4
"""One place of so many is a random spot check."""
FARTHEST: Final = 10
"""Times the places checked so far: farther on, nobody can tell."""
STEEPEST: Final = 1.5
"""Power; two rounds that lie close together can look steeper by chance."""
ENOUGH_ROUNDS: Final = 3
"""With different numbers of places, before it is said that the goal is out of reach."""
LEAST_ERROR: Final = 1e-3
LEAST_SPREAD: Final = 0.02  # of the logarithm of an error


@dataclass(frozen=True, slots=True)
class Left:
    """Places that are left until the goal.

    Parameters
    ----------
    fewest : int or None
        Until the best guess reaches it; None when that is out of reach.
    most : int or None
        Until the lower end of the interval does; None when nobody can tell.
    """

    fewest: int | None
    most: int | None


def places_left(
    curve: Sequence[tuple[int, Estimate]], places: int, goal: float, enough: int = 0
) -> Left | None:
    """Say how many places are left to check until the goal.

    Parameters
    ----------
    curve : sequence of (int, Estimate)
        Places that were checked when a version was taught, and how well it agrees; oldest first.
        The last one is in use.
    places : int
        Checked until now.
    goal : float
        Wanted agreement, 0 to 1.
    enough : int
        Spot checks that there must be at least.

    Returns
    -------
    Left or None
        None when nobody can tell.

    Examples
    --------
    >>> from napari_segloop.core.estimate import Estimate
    >>> rounds = [(8, Estimate(0.6, 0.5, 0.7, 2)), (16, Estimate(0.8, 0.75, 0.85, 6))]
    >>> places_left(rounds, 16, 0.9)
    Left(fewest=16, most=35)
    """
    known = [(n, told) for n, told in curve if n > 0 and told.checks]
    if not known or not curve[-1][1].checks or curve[-1][0] < 1:
        return None
    power, (taught, now) = _power(known), known[-1]
    more = np.arange(min(FARTHEST * max(places, 1), 100_000))
    fall = np.maximum((places + more) / taught, 1) ** -max(power or 0.0, 0.0)
    score = 1 - (1 - now.score) * fall
    checks = now.checks + more // SPOT_EVERY
    half = (now.score - now.low) * np.sqrt((now.checks + PRIOR_CHECKS) / (checks + PRIOR_CHECKS))
    left = Left(_first(score >= goal), _first((score - half >= goal) & (checks >= enough)))
    is_clear = left.most is not None or len({n for n, _ in known}) >= ENOUGH_ROUNDS
    return left if is_clear else None


def _power(curve: Sequence[tuple[int, Estimate]]) -> float | None:
    """Fit errors against places, each round as sure as its interval is narrow."""
    if len({n for n, _ in curve}) == 1:
        return None
    errors = np.array([max(LEAST_ERROR, 1 - told.score) for _, told in curve])
    spread = np.array([told.high - told.low for _, told in curve]) / errors
    weights = 1 / np.maximum(spread, LEAST_SPREAD)  # polyfit squares them
    places = np.log([n for n, _ in curve])
    slope = np.polyfit(places, np.log(errors), 1, w=weights)[0]
    return float(min(-slope, STEEPEST))


def _first(reached: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> int | None:
    return int(reached.argmax()) if reached.any() else None
