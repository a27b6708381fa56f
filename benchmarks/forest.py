"""A random forest on classical features of single pixels: what our network has to beat.

It is free of torch, and knows neither sets nor scores.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from skimage.feature import multiscale_basic_features
from sklearn.ensemble import RandomForestClassifier

from benchmarks.harness import threads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_segloop.core.images import Array, Labels, Mask

CORES = 2
TREES, SMOKE_TREES = 100, 4
BLOCK = 250_000  # pixels that the forest predicts at once
Taught = tuple["Array", "Labels", "Mask | None"]


def teach_forest(
    images: Sequence[Taught], most: int, seed: int, *, smoke: bool
) -> RandomForestClassifier:
    """Teach a forest on some pixels of images.

    Parameters
    ----------
    images : sequence of ((C, Y, X) ndarray, (Y, X) ndarray, (Y, X) ndarray of bool or None)
        Pixels, labels and where they are truth; everywhere when None.
    most : int
        So many pixels of an image teach at most, drawn at random.
    seed : int
        Fixes pixels and trees.
    smoke : bool
        Few trees.

    Returns
    -------
    sklearn.ensemble.RandomForestClassifier
        Taught.
    """
    rng = np.random.default_rng(seed)
    drawn = [_draw(*each, most, rng) for each in images]
    values, classes = (np.concatenate(parts) for parts in zip(*drawn, strict=True))
    trees = SMOKE_TREES if smoke else TREES
    forest = RandomForestClassifier(trees, n_jobs=min(CORES, threads()), random_state=seed)
    return forest.fit(values, classes)


def grow(forest: RandomForestClassifier, image: Array) -> Labels:
    """Predict an image with a forest.

    Parameters
    ----------
    forest : sklearn.ensemble.RandomForestClassifier
        Taught.
    image : (C, Y, X) ndarray
        Pixels.

    Returns
    -------
    (Y, X) ndarray of integer
        Labels.
    """
    values = _features(image)
    parts = [forest.predict(values[i : i + BLOCK]) for i in range(0, len(values), BLOCK)]
    return np.concatenate(parts).reshape(image.shape[1:])


def _draw(
    image: Array, labels: Labels, checked: Mask | None, most: int, rng: np.random.Generator
) -> tuple[Array, Labels]:
    known = np.arange(labels.size) if checked is None else np.flatnonzero(checked)
    chosen = rng.choice(known, min(most, known.size), replace=False)
    return _features(image)[chosen], labels.ravel()[chosen]


def _features(image: Array) -> Array:
    """Return intensity, edges and texture at scales of 1 to 16 px, a row for each pixel."""
    planes = image.astype(np.float32) / 255
    scales = {"sigma_max": 16, "workers": CORES}
    features = [multiscale_basic_features(plane, **scales) for plane in planes]
    return np.concatenate(features, axis=-1).reshape(planes[0].size, -1)
