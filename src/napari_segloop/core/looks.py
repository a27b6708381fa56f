"""How far two looks lie apart, how far one is the other's inverse, and in what, in words.

The units, weights and limits were fitted on images of many kinds (docs/decisions/0018): a model
often learns from one to three images, which do not say how far images of their kind differ.
Torch-free.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from napari_segloop.core.appearance import (
    BRIGHT,
    CONTRAST,
    EDGES,
    LINES,
    RIDGES,
    STRENGTH,
    mean_look,
)

if TYPE_CHECKING:
    from napari_segloop.core.appearance import Look

POLAR: Final = np.r_[BRIGHT, RIDGES]
"""What changes its sign where dark and bright change places."""
FARTHEST: Final = 4.0
"""Units that a number counts at most: one that is far out must not decide alone."""
FARTHEST_POLAR: Final = 8.0
FINEST: Final = 3  # octaves
FADED: Final = 2.0
"""Logarithm of contrast lost at which hardly any structure is left: a seventh stays."""
_SIDE = 256
_IMPULSES = (0.02, 0.1)
_MORE: Final = {
    "bright": ("details in brighter places", "details in darker places"),
    "lines": ("more drawn in lines", "less drawn in lines"),
    "edges": ("sharper outlines", "less clear outlines"),
}
_KINDS: Final = {"strength": STRENGTH, "bright": BRIGHT, "lines": LINES, "edges": EDGES}


@dataclass(frozen=True, slots=True)
class Rule:
    """What was fitted.

    Parameters
    ----------
    units : tuple of float
        How far images of one kind lie apart in each number of a look.
    weights : tuple of float
        What each number counts.
    floors : tuple of float
        The limit for one, two, and three or more files that taught, at least.
    apart : tuple of float
        The limit as a multiple of how far those files lie apart, from two files on.
    polar : float
        Limit of how far an image is inverted.
    soft : float
        Limit of how much fine detail is lost, as a logarithm, where the other limit is 1.
    """

    units: tuple[float, ...]
    weights: tuple[float, ...]
    floors: tuple[float, ...]
    apart: tuple[float, ...]
    polar: float
    soft: float


RULE: Final = Rule(
    units=(
        *(0.3355, 0.1728, 0.136, 0.1012, 0.1245),
        *(0.0664, 0.0677, 0.0721, 0.0854, 0.1062),
        *(0.0358, 0.0345, 0.037),
        *(0.1416, 0.0666, 0.0639, 0.0892),
        *(0.0227, 0.0264, 0.0301, 0.0539),
        0.0121,
    ),
    weights=(
        *(0.0209, 0.0148, 0.0103, 0.014, 0.0119),
        *(0.01, 0.0237, 0.0481, 0.0249, 0.03),
        *(0.0324, 0.017, 0.0),
        *(0.0251, 0.0411, 0.0109, 0.0309),
        *(0.0293, 0.0286, 0.0106, 0.0),
        0.0,
    ),
    floors=(1.0, 0.8679, 0.7812),
    apart=(0.8154, 0.8734, 0.9375),
    polar=1.5,
    soft=0.54,
)
"""What `benchmarks/unlikefit.py` prints."""


def distances(look: Look, known: Look, rule: Rule = RULE) -> Look:
    """Compare a look with others.

    Parameters
    ----------
    look : (C, N) ndarray of float64
        As `appearance.look_at` returns it.
    known : (K, C, N) ndarray of float64
        Others.
    rule : Rule
        Units and weights.

    Returns
    -------
    (K,) ndarray of float64
        The distance to each, mean of the channels.
    """
    apart = np.abs(look - known) / np.array(rule.units)
    found: Look = (apart.clip(max=FARTHEST) @ np.array(rule.weights)).mean(axis=1)
    return found


def inversion(look: Look, known: Look, rule: Rule = RULE) -> float:
    """Return how far a look points the other way in what changes its sign when inverted.

    Parameters
    ----------
    look : (C, N) ndarray of float64
        What is asked about.
    known : (K, C, N) ndarray of float64
        What was learnt.
    rule : Rule
        Units and limit.

    Returns
    -------
    float
        1 is the limit; 0 where nothing is inverted.
    """
    units = np.array(rule.units)[POLAR]
    one = (look[:, POLAR] / units).clip(-FARTHEST_POLAR, FARTHEST_POLAR)
    others = (known[..., POLAR] / units).clip(-FARTHEST_POLAR, FARTHEST_POLAR)
    other = others.mean(axis=0)
    length = math.sqrt(float((other**2).sum())) + 1e-6
    return max(0.0, -float((one * other).sum()) / length) / rule.polar


@cache
def of_noise() -> Look:
    """Return what noise looks like: grain, and salt and pepper, rare and less rare.

    Returns
    -------
    (K, 1, N) ndarray of float64
        Looks.
    """
    chance = np.random.default_rng(0)
    drawn = chance.random((_SIDE, _SIDE))
    impulses = [(drawn > 1 - share / 2) * 1.0 - (drawn < share / 2) for share in _IMPULSES]
    images = np.stack([chance.normal(size=drawn.shape), *impulses]).astype(np.float32)
    return np.stack([mean_look([image[None]]) for image in images])


def words(look: Look, known: Look, rule: Rule = RULE) -> str:
    """Say in what two looks differ most.

    Parameters
    ----------
    look, known : (C, N) ndarray of float64
        The first is compared with the second.
    rule : Rule
        Units and weights.

    Returns
    -------
    str
        In a few words.
    """
    change = ((look - known) / np.array(rule.units)).mean(axis=0)
    counted = np.abs(change).clip(max=FARTHEST) * np.array(rule.weights)
    name = max(_KINDS, key=lambda kind: float(counted[_KINDS[kind]].sum()))
    if name == "strength":
        return _of_strength(change[STRENGTH])
    which = _KINDS[name]
    grows = float((change * np.array(rule.weights))[which].sum()) > 0
    return f"{_MORE[name][int(not grows)]} than what it learnt"


def _of_strength(octaves: Look) -> str:
    """Tell noise, blur and the size of structures apart by the octaves that changed."""
    fine, coarse = float(octaves[:2].mean()), float(octaves[-2:].mean())
    if octaves.max() < 0 or fine < coarse < 0:
        kind = "more blurred"
    elif fine < coarse:
        kind = "coarser structures"
    else:
        kind = "noisier" if octaves.argmax() == 0 else "finer structures"
    return f"{kind} than what it learnt"


def softened(look: Look, known: Look) -> float:
    """Return how much fine detail is lost.

    Parameters
    ----------
    look : (C, N) ndarray of float64
        What is asked about.
    known : (K, C, N) ndarray of float64
        What was learnt.

    Returns
    -------
    float
        Mean logarithm over the finest octaves, to the softest of what was learnt.
    """
    lost = (known - look)[..., STRENGTH][..., :FINEST]
    return float(lost.mean(axis=(1, 2)).min())


def faded(look: Look, known: Look) -> float:
    """Return how far structure is gone.

    Parameters
    ----------
    look, known : (C, N) ndarray of float64
        The first is compared with the second.

    Returns
    -------
    float
        1 where hardly any is left.
    """
    lost = float((known - look)[:, CONTRAST].mean())
    return max(0.0, lost) / FADED
