"""Scattered objects of a scene: round with wobbles, or with facets; apart, touching or overlapping.

Only where they are and how deep a pixel lies in them; not how they look.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari_segloop.samples.scenefields import Field, Ids, Shape

OUTSIDE = -1e3  # depth where no object is near
GAP = 2.0  # pixels within which objects count as touching
AVOIDED = 0.7  # of the objects that would touch are left out
WOBBLES = (2, 3, 4, 5)  # a turn


@dataclass(frozen=True, slots=True)
class Scatter:
    """How objects are scattered.

    Parameters
    ----------
    size : float
        Typical diameter in pixels.
    fill : float
        Share of the area that they are to fill, before any is left out.
    elongation : float
        Largest ratio of their axes.
    faceted : bool
        Polygons instead of rounded outlines.
    overlap : bool
        Whether one may cover another.
    """

    size: float
    fill: float
    elongation: float = 1.0
    faceted: bool = False
    overlap: bool = False


def scatter(rng: np.random.Generator, shape: Shape, how: Scatter) -> tuple[Ids, Field]:
    """Scatter objects.

    Parameters
    ----------
    rng : numpy Generator
        Source of chance.
    shape : tuple of int
        Rows and columns.
    how : Scatter
        Size, number, form.

    Returns
    -------
    ids : (Y, X) ndarray of int32
        Object of each pixel, 0 outside.
    depth : (Y, X) ndarray of float32
        About the distance to the outline in pixels, positive inside.
    """
    ids, depth = np.zeros(shape, np.int32), np.full(shape, OUTSIDE, np.float32)
    count = max(int(how.fill * shape[0] * shape[1] / (how.size**2 * 0.8)), 2)
    for number in range(1, count + 1):
        _place(rng, ids, depth, number, how)
    return ids, depth


def _place(rng: np.random.Generator, ids: Ids, depth: Field, number: int, how: Scatter) -> None:
    radius = how.size / 2 * np.exp(rng.normal(0, 0.3))
    centre = rng.uniform(0, 1, 2) * ids.shape
    is_long = how.elongation > 1
    longer = np.exp(rng.uniform(0, np.log(how.elongation))) if is_long else 1.0
    rows, columns = _window(centre, int(radius * longer * 1.6) + 3, ids.shape)
    if rows.stop <= rows.start or columns.stop <= columns.start:
        return
    y, x = np.mgrid[rows, columns].astype(np.float32)
    angle = rng.uniform(0, np.pi)
    dy, dx = y - centre[0], x - centre[1]
    u = (np.cos(angle) * dy + np.sin(angle) * dx) / longer
    v = -np.sin(angle) * dy + np.cos(angle) * dx
    form = _facets if how.faceted else _wobbly
    mine, here = form(rng, u, v, radius), depth[rows, columns]
    touches = not how.overlap and np.any((mine > -GAP) & (here > 0))
    if touches and rng.random() < AVOIDED:
        return
    new = (mine > 0) if how.overlap else (mine > 0) & (here <= 0)
    ids[rows, columns][new] = number
    depth[rows, columns] = np.where(new, mine, np.maximum(here, np.minimum(mine, 0)))


def _window(centre: Field, reach: int, shape: tuple[int, ...]) -> tuple[slice, slice]:
    low = [max(int(c) - reach, 0) for c in centre]
    high = [min(int(c) + reach, n) for c, n in zip(centre, shape, strict=True)]
    return slice(low[0], high[0]), slice(low[1], high[1])


def _facets(rng: np.random.Generator, u: Field, v: Field, radius: float) -> Field:
    """Depth in a polygon with three to seven edges, its far corners rounded off."""
    angles = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(3, 8)))
    beyond = [np.cos(t) * u + np.sin(t) * v - radius * rng.uniform(-0.2, 0.15) for t in angles]
    depth: Field = np.minimum(radius - np.max(beyond, 0), 1.4 * radius - np.hypot(u, v))
    return depth


def _wobbly(rng: np.random.Generator, u: Field, v: Field, radius: float) -> Field:
    """Depth in a disc whose radius wobbles around it."""
    turn = np.arctan2(v, u)
    wobble = sum(rng.normal(0, 0.12 / n) * np.cos(n * turn + rng.uniform(0, 6)) for n in WOBBLES)
    depth: Field = radius * (1 + wobble) - np.hypot(u, v)
    return depth
