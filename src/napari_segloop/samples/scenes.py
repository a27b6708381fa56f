"""Made micrographs of nine kinds, with truth: what the starter weights learn from.

They look like no real specimen; they vary what specimens differ in: size, polarity, contrast,
texture, sharpness, shading and noise. The same seed makes the same scene.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from napari_segloop.samples.sceneareas import cells, grains, membranes, textures
from napari_segloop.samples.scenefields import smooth, standardised, texture, white
from napari_segloop.samples.scenelight import Light, happens
from napari_segloop.samples.sceneobjects import facets, fibres, particles, rings, spots

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_segloop.samples.scenefields import Field, Shape
    from napari_segloop.samples.scenelight import Drawn

SIZES = (10, 80)  # pixels
KINDS: dict[str, tuple[Callable[[np.random.Generator, Light], Drawn], int]] = {
    "particles": (particles, 2),
    "membranes": (membranes, 2),
    "grains": (grains, 2),
    "rings": (rings, 3),
    "fibres": (fibres, 2),
    "textures": (textures, 2),
    "facets": (facets, 2),
    "spots": (spots, 2),
    "cells": (cells, 3),
}
"""How to draw a kind, and its number of classes, background included."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A made micrograph.

    Parameters
    ----------
    image : (Y, X) ndarray of float32
        Of mean 0 and deviation 1.
    labels : (Y, X) ndarray of uint8
        Class of each pixel, 0 background.
    kind : str
        One of `KINDS`; each has classes of its own.
    """

    image: NDArray[np.float32]
    labels: NDArray[np.uint8]
    kind: str


def scene(seed: int, shape: Shape = (320, 320), kind: str | None = None) -> Scene:
    """Make a scene.

    Parameters
    ----------
    seed : int
        Fixes everything.
    shape : tuple of int
        Rows and columns.
    kind : str, optional
        One of `KINDS`; the seed chooses when not given.

    Returns
    -------
    Scene
        Image and labels.

    Examples
    --------
    >>> scene(0, (64, 64), "rings").labels.shape
    (64, 64)
    """
    rng = np.random.default_rng(seed)
    name = kind or list(KINDS)[rng.integers(len(KINDS))]
    drawn, labels = KINDS[name][0](rng, _light(rng, shape))
    image = standardised(_photographed(rng, drawn))
    return Scene(image.astype(np.float32), np.asarray(labels, np.uint8), name)


def _light(rng: np.random.Generator, shape: Shape) -> Light:
    low, high = np.log(SIZES)
    return Light(
        shape=shape,
        size=float(np.exp(rng.uniform(low, high))),
        softness=rng.uniform(0.4, 2.0),
        polarity=rng.choice([-1, 1]),
        contrast=rng.uniform(0.6, 3),
        behind=texture(rng, shape) * rng.uniform(0, 0.8),
        within=texture(rng, shape) * rng.uniform(0, 0.8),
    )


def _photographed(rng: np.random.Generator, image: Field) -> Field:
    """Blur, shade and add noise."""
    image = ndimage.gaussian_filter(image, rng.uniform(0.3, 1.8) if happens(rng, 0.6) else 0.3)
    wide = image.shape[0] / 2
    image = image + smooth(rng, image.shape, wide, 1) * rng.uniform(0, 0.8)
    if happens(rng, 0.5):
        image = image * np.exp(smooth(rng, image.shape, wide, 1) * rng.uniform(0, 0.25))
    grain = ndimage.gaussian_filter(white(rng, image.shape), rng.uniform(0, 1))
    grain /= grain.std()
    noisy: Field = image + grain * rng.uniform(0.02, 0.8)
    return noisy
