"""How far images that teach lie apart, and so how far another one may.

The limit is wider where they differ much, or are of one file. Torch-free.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from napari_segloop.core import appearance
from napari_segloop.core.appearance import CHANNELS
from napari_segloop.core.looks import RULE, distances

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_segloop.core.appearance import Look
    from napari_segloop.core.images import Float
    from napari_segloop.core.looks import Rule

ALLOWANCES: Final = (0.1, 10.0)
"""Limits that can be."""
SOFTER, NOISIER = 1.0, 0.12  # pixels, deviations: what every training varies images by


def varied_looks(image: Float) -> Look:
    """Return how an image looks as it is, softer and noisier.

    Parameters
    ----------
    image : (C, Y, X) ndarray of float32
        Normalised.

    Returns
    -------
    (3, C, N) ndarray of float64
        Looks.
    """
    chance = np.random.default_rng(0)
    windows = [image[:CHANNELS, *each] for each in appearance.windows_of(*image.shape[1:])]
    softer = [ndimage.gaussian_filter(window, (0, SOFTER, SOFTER)) for window in windows]
    noise = (chance.normal(0, NOISIER, window.shape).astype(np.float32) for window in windows)
    noisier = [window + grain for window, grain in zip(windows, noise, strict=True)]
    return np.stack([appearance.mean_look(each) for each in (windows, softer, noisier)])


def apart(looks: Look, files: Sequence[int], rule: Rule = RULE) -> float:
    """Return how far images of different files lie apart: the most to the nearest other one.

    Parameters
    ----------
    looks : (K, 3, C, N) ndarray of float64
        As `varied_looks` returns them.
    files : sequence of int
        Which file each image is of.
    rule : Rule
        How looks are compared.

    Returns
    -------
    float
        0 when all are of one file.
    """
    own = np.array(files)
    others = ((look[0], looks[own != file]) for look, file in zip(looks, files, strict=True))
    found = [
        float(distances(look, np.concatenate([*other]), rule).min())
        for look, other in others
        if len(other)
    ]
    return max(found, default=0.0)


def allowed(looks: Look, files: Sequence[int], rule: Rule = RULE) -> float:
    """Return the distance that is the limit: wider for few files, and for those far apart.

    Parameters
    ----------
    looks : (K, 3, C, N) ndarray of float64
        As `varied_looks` returns them.
    files : sequence of int
        Which file each image is of.
    rule : Rule
        How looks are compared.

    Returns
    -------
    float
        Within `ALLOWANCES`.
    """
    few = min(len(set(files)), len(rule.floors)) - 1
    limit = max(rule.floors[few], rule.apart[few] * apart(looks, files, rule))
    return float(np.clip(limit, *ALLOWANCES))


def spread_out(looks: Look, count: int, rule: Rule) -> list[int]:
    """Return which looks to keep: always the one farthest from those kept so far.

    Parameters
    ----------
    looks : (K, C, N) ndarray of float64
        The first is kept.
    count : int
        How many at most.
    rule : Rule
        How looks are compared.

    Returns
    -------
    list of int
        Places, in the order of choice.
    """
    kept = [0]
    far = distances(looks[0], looks, rule)
    while len(kept) < min(count, len(looks)):
        kept.append(int(far.argmax()))
        far = np.minimum(far, distances(looks[kept[-1]], looks, rule))
    return kept
