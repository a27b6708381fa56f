"""Scenes of single things on a background: particles, rings, fibres.

Class 1 is the thing itself, or its wall.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from napari_segloop.samples.scenefields import cover, each_its_own, texture
from napari_segloop.samples.scenelight import happens
from napari_segloop.samples.sceneshapes import Scatter, scatter

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_segloop.samples.scenefields import Field, Shape
    from napari_segloop.samples.scenelight import Drawn, Light

STEP = 3  # pixels between the points of a fibre


def particles(rng: np.random.Generator, light: Light) -> Drawn:
    """Draw rounded particles, lit all over or at their outline.

    Parameters
    ----------
    rng : numpy Generator
        Source of chance.
    light : Light
        How they are lit.

    Returns
    -------
    tuple of ndarray
        Image and labels: 1 particle.
    """
    return _scattered(rng, light, light.size, faceted=False)


def facets(rng: np.random.Generator, light: Light) -> Drawn:
    """Draw particles with straight edges, as crystals have.

    Parameters
    ----------
    rng : numpy Generator
        Source of chance.
    light : Light
        How they are lit.

    Returns
    -------
    tuple of ndarray
        Image and labels: 1 particle.
    """
    return _scattered(rng, light, light.size, faceted=True)


def spots(rng: np.random.Generator, light: Light) -> Drawn:
    """Draw particles of a few pixels.

    Parameters
    ----------
    rng : numpy Generator
        Source of chance.
    light : Light
        How they are lit.

    Returns
    -------
    tuple of ndarray
        Image and labels: 1 spot.
    """
    return _scattered(rng, light, rng.uniform(4, 9), faceted=False)


def _scattered(rng: np.random.Generator, light: Light, size: float, *, faceted: bool) -> Drawn:
    fill, longest = rng.uniform(0.05, 0.6), rng.choice([1, 2, 4])
    how = Scatter(size, fill, longest, faceted, overlap=happens(rng, 0.4))
    ids, depth = scatter(rng, light.shape, how)
    share = cover(depth, light.softness)
    inner = light.level + each_its_own(rng, ids, rng.uniform(0, 0.6))
    image, rim = light.behind, None
    if faceted or happens(rng, 0.25):
        rim = _rim(rng, depth)
        inner = inner * rng.uniform(0, 0.4) if happens(rng, 0.5) else inner
        image = image + rim
    if happens(rng, 0.3):
        inner = inner * np.clip(depth / size * 3, 0.2, 1.2)
    image = light.over(image, share, inner + light.within)
    image = image + rim * share if faceted and rim is not None else image
    if happens(rng, 0.3):
        image = image + _debris(rng, light.shape, size, depth)
    return image, depth > 0


def _rim(rng: np.random.Generator, depth: Field) -> Field:
    """Return a bright or dark line along the outline."""
    line: Field = np.exp(-((depth / rng.uniform(1, 3)) ** 2))
    sign, strength = rng.choice([-1, 1]), rng.uniform(0.5, 3)
    rim: Field = sign * strength * line
    return rim


def _debris(rng: np.random.Generator, shape: Shape, size: float, depth: Field) -> Field:
    """Return small bright or dark things between the particles, which are none."""
    _, small = scatter(rng, shape, Scatter(max(size / 4, 3), 0.03))
    return cover(small, 1) * rng.normal(0, 2) * (depth < 0)


def rings(rng: np.random.Generator, light: Light) -> Drawn:
    """Draw closed walls around something else, as of vessels, axons or bubbles.

    Parameters
    ----------
    rng : numpy Generator
        Source of chance.
    light : Light
        How they are lit.

    Returns
    -------
    tuple of ndarray
        Image and labels: 1 wall, 2 what it encloses.
    """
    size = max(light.size, 16)
    how = Scatter(size, rng.uniform(0.2, 0.7), rng.choice([1, 1.6]))
    ids, depth = scatter(rng, light.shape, how)
    width = np.abs(each_its_own(rng, ids, 1)) * size * 0.04 + size * rng.uniform(0.06, 0.2)
    wall = cover(depth, light.softness) * cover(width - depth, light.softness)
    enclosed = cover(depth - width, light.softness)
    inner = texture(rng, light.shape) * 0.4 + rng.normal(0, 0.7)
    image = light.behind * (1 - wall - enclosed) + wall * (light.level + light.within * 0.5)
    return image + enclosed * inner, ((depth > 0) & (depth < width)) + 2 * (depth >= width)


def fibres(rng: np.random.Generator, light: Light) -> Drawn:
    """Draw fibres that wander and cross.

    Parameters
    ----------
    rng : numpy Generator
        Source of chance.
    light : Light
        How they are lit.

    Returns
    -------
    tuple of ndarray
        Image and labels: 1 fibre.
    """
    line = np.zeros(light.shape, bool)
    for _ in range(rng.integers(3, 25)):
        path = _path(rng, light.shape)
        inside = path[(path >= 0).all(1) & (path < light.shape).all(1)]
        line[inside[:, 0], inside[:, 1]] = True
    radius = rng.uniform(1.5, 6)
    depth = radius - ndimage.distance_transform_edt(~line)
    share = cover(depth, light.softness)
    return light.over(light.behind, share, light.level + light.within * 0.5), depth > 0


def _path(rng: np.random.Generator, shape: Shape) -> NDArray[np.integer]:
    place, angle = rng.uniform(0, 1, 2) * shape, rng.uniform(0, 6.3)
    points = []
    for _ in range(rng.integers(40, 200)):
        angle += rng.normal(0, 0.12)
        place = place + STEP * np.array([np.sin(angle), np.cos(angle)])
        points.append(place)
    return np.round(points).astype(int)
