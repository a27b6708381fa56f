"""Which checked regions disagree with the rest of what is checked.

A network learns what most regions have in common before it learns exceptions, so what it says of
a region speaks for the majority: against labels that are swapped, shifted or otherwise wrong in a
minority. Torch-free; it knows log-probabilities, truth and looks, neither networks nor files.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, product
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from napari_segloop.core.holdout import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_segloop.core.holdout import Block
    from napari_segloop.core.images import Float, Labels

FLOOR = 0.02  # probabilities below it count as that: a single pixel must not decide
FEWEST = 6  # regions; among fewer there is no majority
MOST_NAMED = 10
SWAPPED = 0.4  # of the usual margin, below zero
"""Labels count as swapped when others are that much more likely."""
AFFECTED = 0.2  # of a region's known pixels: what concerns fewer is diluted
REACH = 8  # pixels: the furthest that outlines are shifted to see whether they fit better
COARSE, FINE = (-8, -4, 0, 4, 8), (-2, 0, 2)
LEAST_SHIFT = 3.0  # pixels; less is the hand's tremor
SHIFTED = 0.35  # of the usual margin, on each pixel that a shift would change
FEWEST_CHANGED = 0.005  # of a region's pixels
OUTLYING = 6.0  # robust deviations of surprise above the median
ALIKE = 0.5  # quantile of all distances between looks
WITNESSES = 2  # regions of like looks; what looks like nothing else may just be hard
LEARNT = 0.05  # nats: a margin below it says nothing
SURE = 0.5  # nats: below it a network knows too little of outlines
DIVIDED = 0.4  # of the regions

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What a network says of one region's labels.

    Parameters
    ----------
    block : Block
        The region.
    surprise : float
        Mean of -log probability of its labels, in nats.
    margin : float
        By how much its labels are more likely than the likeliest swap of two classes, in nats a
        pixel; below zero where the swap is likelier.
    swap : (int, int)
        The classes of that swap.
    shift : (int, int)
        Rows and columns by which its outlines would have to move to fit best.
    gain : float
        By how much the labels would be likelier then, in nats on each pixel that changes.
    look : (F,) ndarray of float64
        Simple features of its pixels.
    """

    block: Block
    surprise: float
    margin: float
    swap: tuple[int, int]
    shift: tuple[int, int]
    gain: float
    look: Vector


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """A region that disagrees.

    Parameters
    ----------
    evidence : Evidence
        Why.
    kind : {"swapped", "shifted", "different"}
        How.
    strength : float
        For the order: larger is worse.
    similar : int
        Regions of like looks that are labelled as the network expects.
    """

    evidence: Evidence
    kind: str
    strength: float
    similar: int


def weigh(block: Block, logs: Float, truth: Labels, pixels: Float) -> Evidence:
    """Compare a region's labels with what a network says of it.

    Parameters
    ----------
    block : Block
        The region.
    logs : (K, h, w) ndarray of float32
        Log-probabilities of its classes.
    truth : (h, w) ndarray of integer
        Class numbers, -1 where not checked; at least one is.
    pixels : (C, h, w) ndarray of float32
        Normalised.

    Returns
    -------
    Evidence
        As numbers.

    References
    ----------
    Northcutt et al., Confident Learning (2021), https://arxiv.org/abs/1911.00068;
    Pleiss et al., Identifying Mislabeled Data using the Area Under the Margin Ranking (2020),
    https://arxiv.org/abs/2001.10528
    """
    logs = np.maximum(logs, np.log(FLOOR))
    classes = range(len(logs))
    counts = np.array([np.count_nonzero(truth == each) for each in classes])
    likely = np.stack([logs[:, truth == each].sum(1, dtype=np.float64) for each in classes])
    margin, swap = _margin(likely, counts)
    shift, gain = _shift(logs, truth)
    surprise = float(-np.trace(likely) / counts.sum())
    return Evidence(block, surprise, margin, swap, shift, gain, _look(pixels))


def _margin(likely: Vector, counts: npt.NDArray[np.int64]) -> tuple[float, tuple[int, int]]:
    """Return by how much the labels beat the likeliest swap, and that; `likely` is (true, said)."""
    found = [(np.inf, (0, 0))]
    for one, other in combinations(range(len(counts)), 2):
        affected = counts[one] + counts[other]
        if affected:
            kept = likely[one, one] + likely[other, other]
            swapped = likely[one, other] + likely[other, one]
            pixels = max(affected, AFFECTED * counts.sum())
            found.append((float(kept - swapped) / float(pixels), (one, other)))
    return min(found)


def _shift(logs: Float, truth: Labels) -> tuple[tuple[int, int], float]:
    """Return the shift of the labels that fits best, and its gain on each pixel that it changes."""
    if min(truth.shape) < 3 * REACH:
        return (0, 0), 0.0
    inner = logs[:, REACH:-REACH, REACH:-REACH]
    best = (0.0, 0.0, (0, 0))
    for steps in COARSE, FINE:
        middle = best[2]
        for down, right in product(steps, steps):
            shift = middle[0] + down, middle[1] + right
            if max(map(abs, shift)) <= REACH:
                best = max(best, (*_gain(inner, truth, shift), shift))
    return best[2], best[1]


def _gain(logs: Float, truth: Labels, shift: tuple[int, int]) -> tuple[float, float]:
    """Return by how much moved labels are likelier: in all, and on each changed pixel, in nats."""
    here, moved = _moved(truth, (0, 0)), _moved(truth, shift)
    changed = (here != moved) & (here != UNKNOWN) & (moved != UNKNOWN)
    if np.count_nonzero(changed) <= FEWEST_CHANGED * here.size:
        return 0.0, 0.0
    flat = logs[:, changed]
    places = np.arange(flat.shape[1])
    gains = flat[moved[changed], places] - flat[here[changed], places]
    return float(gains.sum(dtype=np.float64)), float(gains.mean(dtype=np.float64))


def _moved(truth: Labels, shift: tuple[int, int]) -> Labels:
    """Return the middle of the labels after they were moved down and right."""
    return truth[
        REACH - shift[0] : truth.shape[0] - REACH - shift[0],
        REACH - shift[1] : truth.shape[1] - REACH - shift[1],
    ]


def _look(pixels: Float) -> Vector:
    """Return mean, deviation and mean gradient of each channel."""
    values = pixels.astype(np.float64)
    steps = (np.abs(np.diff(values, axis=axis)).sum((1, 2)) for axis in (1, 2))
    steepness = sum(steps) / (2 * values[0].size)
    return np.concatenate([values.mean((1, 2)), values.std((1, 2)), steepness])


def find(evidence: Sequence[Evidence]) -> list[Finding]:
    """Find the regions that disagree with those of like looks.

    Parameters
    ----------
    evidence : sequence of Evidence
        Of regions by one network that learnt, or may have learnt, from them.

    Returns
    -------
    list of Finding
        The worst first; none where there are too few regions, or no majority among them.
    """
    usual = usual_margin(evidence)
    if len(evidence) < FEWEST or usual < LEARNT:
        return []
    limit = _outlying([each.surprise for each in evidence])
    kinds = [_kind(each, usual, limit) for each in evidence]
    near = _neighbours(evidence)
    agrees = np.array([kind is None for kind in kinds])
    found = [
        Finding(each, kind, _strength(kind, each, usual), int((near[i] & agrees).sum()))
        for i, (each, kind) in enumerate(zip(evidence, kinds, strict=True))
        if kind is not None
    ]
    told = [each for each in found if each.similar >= WITNESSES]
    return sorted(told, key=lambda each: -each.strength)


def usual_margin(evidence: Sequence[Evidence]) -> float:
    """Return how sure a network is of the labels of most regions.

    Parameters
    ----------
    evidence : sequence of Evidence
        Of regions.

    Returns
    -------
    float
        Median margin in nats; 0 without regions.
    """
    return float(np.median([each.margin for each in evidence])) if evidence else 0.0


def is_divided(evidence: Sequence[Evidence]) -> bool:
    """Say whether no labelling has a clear majority.

    Parameters
    ----------
    evidence : sequence of Evidence
        Of regions.

    Returns
    -------
    bool
        Whether swapped labels are clearly likelier in more than two regions of five; a network
        that learnt nothing yet is sure of none.
    """
    against = sum(each.margin < -LEARNT for each in evidence)
    return len(evidence) >= FEWEST and against > DIVIDED * len(evidence)


def _kind(evidence: Evidence, usual: float, limit: float) -> str | None:
    if evidence.margin < -SWAPPED * usual:
        return "swapped"
    is_inside = max(map(abs, evidence.shift)) < REACH  # else it only fits better further away
    is_far = float(np.hypot(*evidence.shift)) >= LEAST_SHIFT
    if usual >= SURE and is_inside and is_far and evidence.gain >= SHIFTED * usual:
        return "shifted"
    return "different" if evidence.surprise > limit and evidence.margin < 0 else None


def _strength(kind: str, evidence: Evidence, usual: float) -> float:
    """Return an order: swapped labels before all others."""
    if kind == "swapped":
        return 1 - evidence.margin / usual
    return (evidence.gain if kind == "shifted" else -evidence.margin) / usual


def _outlying(values: Sequence[float]) -> float:
    """Return what a value must exceed to lie outside of the others."""
    middle = float(np.median(values))
    deviation = 1.4826 * float(np.median(np.abs(np.array(values) - middle)))
    return middle + OUTLYING * max(deviation, 0.1 * middle)


def _neighbours(evidence: Sequence[Evidence]) -> npt.NDArray[np.bool_]:
    """Return which regions look alike; none is its own neighbour."""
    looks = np.stack([each.look for each in evidence])
    spread = np.subtract(*np.percentile(looks, (75, 25), axis=0))
    looks = looks / np.maximum(spread, 1e-6 + 0.05 * np.abs(looks).max(0))
    distances = np.linalg.norm(looks[:, None] - looks[None], axis=-1)
    apart = ~np.eye(len(looks), dtype=bool)
    near: npt.NDArray[np.bool_] = apart & (distances <= np.quantile(distances[apart], ALIKE))
    return near
