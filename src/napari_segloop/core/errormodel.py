"""What turns a network's own doubt into a probability of being wrong that can be believed.

A logistic regression on how unsure the network is at a pixel and around it, fitted on regions that
were never trained on. Neighbouring pixels err together, so a region counts as a handful of
independent ones, and a few regions move the numbers only so far from "as unsure as it says". A
second pass, or flips, would be another input; the numbers for it are fitted apart. Torch-free.

References
----------
.. [1] Platt, J. (1999). Probabilistic outputs for support vector machines and comparisons to
   regularized likelihood methods. Advances in Large Margin Classifiers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = npt.NDArray[np.float64]

BOXES: Final = (5, 17)
"""Sides in pixels of the boxes in which the doubt around a pixel is averaged."""
REACH: Final = max(BOXES) // 2
"""Pixels beyond a pixel that its probability depends on."""
FLOOR: Final = 1 / 512
"""Doubt is told apart down to half a step of a byte."""
AS_IT_SAYS: Final = (0.0, 1.0, 0.0, 0.0)
"""Offset, and weights of a pixel and of the boxes around it: the network's own doubt."""

_WORTH: Final = 48.0  # independent pixels of a region, whatever its size
_SPREAD: Final = (1.0, 0.35, 0.35, 0.35)  # how far the numbers may lie from the prior
_RAREST: Final = 1 / 8
"""Probability below which a region counts no more: one of a few must not decide alone."""
_NEWTON_STEPS: Final = 25
_TOLERANCE: Final = 1e-6
BINS: Final = 10
_ABSURD: Final = 1e6  # no fit gives such numbers, and they overflow
_WHOLE: Final = 1 + 1e-9  # a sum of shares, as floating point has it


@dataclass(frozen=True, slots=True)
class TrustBin:
    """What was stated of some pixels, and what was found.

    Parameters
    ----------
    stated, found : float
        Mean probability of being wrong, and share that was wrong, 0 to 1.
    share : float
        Of all pixels, 0 to 1.
    """

    stated: float
    found: float
    share: float


@dataclass(frozen=True, slots=True)
class ErrorModel:
    """The numbers of a model's error probabilities.

    Parameters
    ----------
    fast, careful : tuple of float
        Offset and weights (`AS_IT_SAYS`) for one pass, and for the mean of two.
    careful_above : float
        Mean error probability of a tile above which *careful* gives it a second pass.
    regions : int
        Test regions that the numbers were fitted on; 0 when they are the prior.
    trust : tuple of TrustBin
        Stated and found shares, each region by numbers fitted on the others; by rising
        probability, empty under two regions.
    """

    fast: tuple[float, ...] = AS_IT_SAYS
    careful: tuple[float, ...] = AS_IT_SAYS
    careful_above: float = 0.0
    regions: int = 0
    trust: tuple[TrustBin, ...] = ()

    def __post_init__(self) -> None:
        for numbers in (self.fast, self.careful):
            if len(numbers) != len(AS_IT_SAYS) or not all(abs(n) < _ABSURD for n in numbers):
                msg = f"an error model of numbers {numbers}"
                raise ValueError(msg)
        shares = (share for part in self.trust for share in (part.stated, part.found, part.share))
        if not all(0 <= share <= _WHOLE for share in shares):
            msg = f"an error model with shares {self.trust}"
            raise ValueError(msg)
        if not 0 <= self.careful_above <= 1 or self.regions < 0 or len(self.trust) > BINS:
            msg = f"an error model from {self.regions} regions, careful above {self.careful_above}"
            raise ValueError(msg)

    def facts(self) -> dict[str, Any]:
        """Return how far the percentages can be trusted, for what describes a model.

        Returns
        -------
        dict
            ``trust``: stated share, found share and share of the pixels of each bin;
            ``trust_regions``: test regions that the numbers were fitted on.
        """
        bins = ((part.stated, part.found, part.share) for part in self.trust)
        trust = tuple(tuple(min(1.0, share) for share in part) for part in bins)
        return {"trust": trust, "trust_regions": self.regions}

    @staticmethod
    def from_data(data: object) -> ErrorModel | None:
        """Read the numbers out of parsed JSON.

        Parameters
        ----------
        data : object
            What `dataclasses.asdict` made, or None.

        Returns
        -------
        ErrorModel or None
            None for None.

        Raises
        ------
        TypeError, ValueError, KeyError
            When it is something else.
        """
        if data is None:
            return None
        if not isinstance(data, dict):
            msg = "no error model"
            raise TypeError(msg)
        parts: dict[str, Any] = {
            name: tuple(map(float, data[name])) for name in ("fast", "careful")
        }
        bins = (TrustBin(*map(float, (b["stated"], b["found"], b["share"]))) for b in data["trust"])
        above, regions = float(data["careful_above"]), int(data["regions"])
        return ErrorModel(**parts, careful_above=above, regions=regions, trust=tuple(bins))


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Checked pixels of one test region.

    Parameters
    ----------
    doubts : (N, 3) ndarray of float32
        Logarithm of the odds of the network's doubt at each pixel and in the boxes around it.
    wrong : (N,) ndarray of bool
        Whether the label is wrong.
    probability : float
        Of the region to be offered, 0 to 1: what was likely to be looked at counts less.
    """

    doubts: npt.NDArray[np.float32]
    wrong: npt.NDArray[np.bool_]
    probability: float = field(default=1.0)


def fit_errors(
    samples: Sequence[Sample], prior: tuple[float, ...] = AS_IT_SAYS
) -> tuple[float, ...]:
    """Fit offset and weights, held near a prior.

    Parameters
    ----------
    samples : sequence of Sample
        Of the test regions; may be empty.
    prior : tuple of float
        Numbers without any region.

    Returns
    -------
    tuple of float
        Offset, weight of the pixel, weights of the boxes.

    Examples
    --------
    >>> doubts = np.zeros((1000, 3), np.float32)  # one half, says the network
    >>> wrong = np.arange(1000) < 100  # one of ten
    >>> numbers = fit_errors([Sample(doubts, wrong)] * 20)
    >>> round(float(1 / (1 + np.exp(-numbers[0]))), 2)
    0.1
    """
    known = [sample for sample in samples if len(sample.wrong)]
    if not known:
        return prior
    inputs = np.concatenate([_with_offset(sample.doubts) for sample in known])
    wrong = np.concatenate([sample.wrong for sample in known]).astype(np.float64)
    weights = np.concatenate(_weights(known))
    start = np.array(prior)
    held = 1 / np.square(_SPREAD)
    numbers = start.copy()
    for _ in range(_NEWTON_STEPS):
        stated = _odds_to_probability(inputs @ numbers)
        slope = inputs.T @ (weights * (stated - wrong)) + held * (numbers - start)
        curve = (inputs * (weights * stated * (1 - stated))[:, None]).T @ inputs + np.diag(held)
        change = np.linalg.solve(curve, slope)
        numbers -= change * min(1.0, 1.0 / float(np.abs(change).max() + 1e-12))
        if np.abs(change).max() < _TOLERANCE:
            break
    return tuple(float(number) for number in numbers)


def stated_by(numbers: Sequence[float], doubts: npt.NDArray[np.float32]) -> Floats:
    """Return the probability of being wrong.

    Parameters
    ----------
    numbers : sequence of float
        Offset and weights.
    doubts : (N, 3) ndarray of float32
        As in `Sample`.

    Returns
    -------
    (N,) ndarray of float64
        From 0 to 1.
    """
    return _odds_to_probability(_with_offset(doubts) @ np.array(numbers))


def trust_of(
    samples: Sequence[Sample], prior: tuple[float, ...] = AS_IT_SAYS
) -> tuple[TrustBin, ...]:
    """Compare what is stated with what is found, each region by numbers from the others.

    Parameters
    ----------
    samples : sequence of Sample
        Of the test regions.
    prior : tuple of float
        Numbers without any region.

    Returns
    -------
    tuple of TrustBin
        Up to ten, each of as many pixels, by rising probability; empty under two regions.
    """
    known = [sample for sample in samples if len(sample.wrong)]
    if len(known) < 2:  # with one there are no others
        return ()
    stated = np.concatenate([
        stated_by(fit_errors(known[:i] + known[i + 1 :], prior), sample.doubts)
        for i, sample in enumerate(known)
    ])  # fmt: skip
    wrong = np.concatenate([sample.wrong for sample in known])
    weights = np.concatenate(_weights(known))
    order = np.argsort(stated, kind="stable")
    reached = np.cumsum(weights[order]) / weights.sum()
    place = np.minimum((reached * BINS).astype(int), BINS - 1)
    sums = [np.bincount(place, part, BINS) for part in
            (weights[order], (weights * stated)[order], (weights * wrong)[order])]  # fmt: skip
    total = weights.sum()
    return tuple(
        TrustBin(float(said / mass), float(found / mass), float(mass / total))
        for mass, said, found in zip(*sums, strict=True)
        if mass > 0
    )


def _weights(samples: Sequence[Sample]) -> list[Floats]:
    """Let each region count alike, rarely offered ones more, all together as many as there are."""
    rarity = np.array([1 / max(sample.probability, _RAREST) for sample in samples])
    rarity *= len(samples) / rarity.sum()
    return [
        np.full(len(sample.wrong), _WORTH * times / len(sample.wrong))
        for sample, times in zip(samples, rarity, strict=True)
    ]


def _with_offset(doubts: npt.NDArray[np.float32]) -> Floats:
    return np.column_stack([np.ones(len(doubts)), doubts]).astype(np.float64)


def _odds_to_probability(log_odds: Floats) -> Floats:
    chance: Floats = 1 / (1 + np.exp(-np.clip(log_odds, -30, 30)))
    return chance
