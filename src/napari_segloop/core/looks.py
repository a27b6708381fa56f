"""How far two looks lie apart, as multiples of a limit, and in what, in words.

In units of how far images of one kind lie apart, measured on other images (docs/decisions/0018): a
model often learns from one to three, which do not say that. Torch-free.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from napari_segloop.core.appearance import (
    BRIGHT,
    CONTRAST,
    COUNT,
    LEVEL,
    LINES,
    LOPSIDED,
    PEAKED,
    SKEWNESS,
    STRENGTH,
)

if TYPE_CHECKING:
    from napari_segloop.core.appearance import Look

SPREAD: Final = np.array([
    *(0.24, 0.22, 0.21, 0.22, 0.22),
    *(0.11, 0.24, 0.33, 0.41, 0.41),
    *(0.046, 0.046, 0.063, 0.046, 0.062),
    *(0.074, 0.157, 0.155, 0.158, 0.149),
    *(0.068, 0.064, 0.064),
    *(0.21, 0.12, 0.42),
])  # fmt: skip
"""How far images of one kind lie apart in each number of a look: the third quartile of 53 sets."""
_ODD = np.r_[LOPSIDED, SKEWNESS, BRIGHT]  # change their sign where dark and bright change places
_PARTS: Final = (
    ("strength", np.r_[STRENGTH, CONTRAST], 2.0),
    ("lopsided", np.r_[LOPSIDED, SKEWNESS], 2.0),
    ("peaked", np.r_[PEAKED], 3.5),
    ("bright", np.r_[BRIGHT], 2.0),
    ("lines", np.r_[LINES], 2.5),
    ("level", np.r_[LEVEL], 5.0),
    ("all", np.arange(COUNT), 1.6),
)
"""Which numbers are compared together, and the distance that is the limit."""
_AGAINST: Final = 0.2
_MORE: Final = {
    "lopsided": ("brighter details", "darker details"),
    "peaked": ("rarer and stronger details", "more even details"),
    "bright": ("details in brighter places", "details in darker places"),
    "lines": ("more drawn in lines", "less drawn in lines"),
    "level": ("brighter", "darker"),
}
EMPTY: Final = -10.0
"""Change of contrast from which hardly any structure is left: to a third."""


def distances(look: Look, known: Look) -> Look:
    """Compare a look with others.

    Parameters
    ----------
    look : (C, N) ndarray of float64
        As `appearance.look_at` returns it.
    known : (K, C, N) ndarray of float64
        Others.

    Returns
    -------
    (K, P) ndarray of float64
        The distance to each, in each part of a look; 1 is the limit.
    """
    apart = (look - known) / SPREAD
    parts = [np.sqrt((apart[..., which] ** 2).mean((1, 2))) / most for _, which, most in _PARTS]
    return np.stack([*parts, _against(look, known) / _AGAINST], axis=1)


def _against(look: Look, known: Look) -> Look:
    """Return how far a look points the other way in what changes its sign when inverted."""
    one, other = look[:, _ODD] / SPREAD[_ODD], known[..., _ODD] / SPREAD[_ODD]
    length = np.sqrt((other**2).sum((1, 2))) + 1e-6
    agreed: Look = (one * other).sum((1, 2)) / length
    return (-agreed).clip(0) / math.sqrt(one.size)


def words(look: Look, known: Look) -> str:
    """Say in what two looks differ most.

    Parameters
    ----------
    look, known : (C, N) ndarray of float64
        The first is compared with the second.

    Returns
    -------
    str
        In a few words.
    """
    change = ((look - known) / SPREAD).mean(axis=0)
    if change[CONTRAST] < EMPTY:
        return "hardly any structure"
    parts = distances(look, known[None])[0]
    named = [*range(len(_PARTS) - 1), len(_PARTS)]  # in all of it is no reason
    worst = max(named, key=lambda part: float(parts[part]))
    if worst == len(_PARTS):
        return "bright where what it learnt is dark"
    name, which, _ = _PARTS[worst]
    if name == "strength":
        return _of_strength(change[STRENGTH])
    return f"{_MORE[name][int(change[which].mean() < 0)]} than what it learnt"


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
