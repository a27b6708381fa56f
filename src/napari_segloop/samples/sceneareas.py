"""Scenes that fill the image: membranes, grains, cells side by side, areas of different texture.

Class 1 is the membrane, the boundary, the inside of a cell, the finer area.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from napari_segloop.samples.scenefields import cover, each_its_own, mosaic, smooth, white
from napari_segloop.samples.scenelight import happens
from napari_segloop.samples.sceneshapes import Scatter, scatter

if TYPE_CHECKING:
    from napari_segloop.samples.scenelight import Drawn, Light

SLOPE = 1.6  # of a mosaic's border value, per pixel from the border
INNER, OUTER = 2.5, -1.5  # depths between which the outline of a cell is


def membranes(rng: np.random.Generator, light: Light) -> Drawn:
    """Draw membranes between cells that have small things in them.

    Parameters
    ----------
    rng : numpy Generator
        Source of chance.
    light : Light
        How they are lit.

    Returns
    -------
    tuple of ndarray
        Image and labels: 1 membrane.
    """
    size = max(light.size, 18)
    cells, border, _ = mosaic(rng, light.shape, size)
    width = rng.uniform(1.2, 4)
    depth = width - border / SLOPE
    share = cover(depth, light.softness)
    image = light.behind + each_its_own(rng, cells, rng.uniform(0, 0.7))
    small = Scatter(size * rng.uniform(0.15, 0.4), rng.uniform(0, 0.25))
    _, organelles = scatter(rng, light.shape, small)
    free = border > 2 * width
    image = image + cover(organelles, 1) * free * light.level * rng.uniform(0.2, 1.0)
    if happens(rng, 0.5):
        image = image + np.exp(-((organelles / 1.5) ** 2)) * free * light.level * 0.6
    return light.over(image, share, light.level + light.within * 0.5), depth > 0


def grains(rng: np.random.Generator, light: Light) -> Drawn:
    """Draw grains of different grey, as in a polished metal, with their boundaries.

    Parameters
    ----------
    rng : numpy Generator
        Source of chance.
    light : Light
        How they are lit.

    Returns
    -------
    tuple of ndarray
        Image and labels: 1 boundary.
    """
    cells, border, _ = mosaic(rng, light.shape, light.size)
    width = rng.uniform(0.8, 2.5)
    rng.random(cells.max() + 1)  # for each grain; no use yet, but scenes stay what they are
    shades = each_its_own(rng, cells, 1.0) * light.contrast * 0.5
    depth = width - border / SLOPE
    share = cover(depth, light.softness)
    return shades + light.behind * 0.5 + share * light.level * rng.uniform(0, 1.2), depth > 0


def cells(rng: np.random.Generator, light: Light) -> Drawn:
    """Draw cells, of which many touch.

    Parameters
    ----------
    rng : numpy Generator
        Source of chance.
    light : Light
        How they are lit.

    Returns
    -------
    tuple of ndarray
        Image and labels: 1 inside, 2 along the outline.
    """
    ids, border, centre = mosaic(rng, light.shape, light.size)
    there = rng.random(ids.max() + 1) < rng.uniform(0.4, 1)
    gap = rng.uniform(0.8, 2)
    inside = there[ids] & (centre < light.size * 0.75) & (border / SLOPE > gap)
    distance = ndimage.distance_transform_edt(inside)
    depth = np.where(inside, distance, -ndimage.distance_transform_edt(~inside))
    share = cover(depth, light.softness)
    inner = light.level + each_its_own(rng, ids, 0.6) + light.within
    labels = np.where(depth > INNER, 1, np.where(depth > OUTER, 2, 0))
    return light.over(light.behind, share, inner), labels


def textures(rng: np.random.Generator, light: Light) -> Drawn:
    """Draw two areas that differ in grain.

    Parameters
    ----------
    rng : numpy Generator
        Source of chance.
    light : Light
        Only its shape is used.

    Returns
    -------
    tuple of ndarray
        Image and labels: 1 the finer area.
    """
    area = smooth(rng, light.shape, rng.uniform(30, 110), 2) + rng.normal(0, 0.4)
    share = cover(area, 0.05)
    fine = ndimage.gaussian_filter(white(rng, light.shape), rng.uniform(0.5, 1.5))
    fine /= fine.std()
    coarse = smooth(rng, light.shape, rng.uniform(6, 25), 2)
    image = fine * share + coarse * (1 - share) * rng.uniform(0.3, 1.2)
    return image + rng.normal(0, 0.5) * share, area > 0
