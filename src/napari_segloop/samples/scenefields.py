"""Random fields that scenes are made of: smooth noise, textures, cells of a warped mosaic.

A field fills the whole image and knows nothing of objects or classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    from collections.abc import Callable

Field = NDArray[np.floating[Any]]
Ids = NDArray[np.integer[Any]]
Shape = tuple[int, int]
_TINY = 1e-6


def standardised(field: Field) -> Field:
    """Return a field of mean 0 and deviation 1.

    Parameters
    ----------
    field : (Y, X) ndarray of float
        Any.

    Returns
    -------
    (Y, X) ndarray of float
        Zeros where nothing varies.
    """
    even: Field = (field - field.mean()) / (field.std() + _TINY)
    return even


def white(rng: np.random.Generator, shape: Shape) -> Field:
    """Return independent normal values.

    Parameters
    ----------
    rng : numpy Generator
        Source of chance.
    shape : tuple of int
        Rows and columns.

    Returns
    -------
    (Y, X) ndarray of float32
        Of deviation 1.
    """
    return rng.standard_normal(shape).astype(np.float32)


def smooth(rng: np.random.Generator, shape: Shape, scale: float, octaves: int = 3) -> Field:
    """Return smooth noise: coarse noise interpolated, with finer and weaker octaves on it.

    Parameters
    ----------
    rng : numpy Generator
        Source of chance.
    shape : tuple of int
        Rows and columns.
    scale : float
        Size of the largest features in pixels.
    octaves : int
        How many scales, each half the one before.

    Returns
    -------
    (Y, X) ndarray of float32
        Of mean 0 and deviation 1.

    References
    ----------
    Perlin, An image synthesizer (1985), https://doi.org/10.1145/325165.325247
    """
    total = np.zeros(shape, np.float32)
    for octave in range(octaves):
        step = max(scale / 2**octave, 1)
        coarse = white(rng, (int(shape[0] / step) + 4, int(shape[1] / step) + 4))
        zoom = [n / (m - 3) for n, m in zip(shape, coarse.shape, strict=True)]
        fine = ndimage.zoom(coarse, zoom, order=3 if step > 1 else 1)
        total += fine[: shape[0], : shape[1]] * 0.5**octave
    return standardised(total)


def texture(rng: np.random.Generator, shape: Shape) -> Field:
    """Return a texture of some kind: noise, grain, stripes, spots, ridges or none.

    Parameters
    ----------
    rng : numpy Generator
        Source of chance.
    shape : tuple of int
        Rows and columns.

    Returns
    -------
    (Y, X) ndarray of float
        Of mean about 0 and deviation about 1, or zeros.
    """
    return _TEXTURES[rng.integers(len(_TEXTURES))](rng, shape)


def _noise(rng: np.random.Generator, shape: Shape) -> Field:
    scale = rng.uniform(2, 30)
    return smooth(rng, shape, scale, int(rng.integers(1, 4)))


def _grain(rng: np.random.Generator, shape: Shape) -> Field:
    grain: Field = ndimage.gaussian_filter(white(rng, shape), rng.uniform(0.5, 2))
    return grain * rng.uniform(2, 5)


def _stripes(rng: np.random.Generator, shape: Shape) -> Field:
    angle, period = rng.uniform(0, np.pi), rng.uniform(4, 25)
    y, x = np.mgrid[: shape[0], : shape[1]]
    bend = smooth(rng, shape, 40, 2) * rng.uniform(0, 2)
    across = np.cos(angle) * y + np.sin(angle) * x
    waves: Field = np.sin(2 * np.pi * across / period + bend).astype(np.float32) * 1.4
    return waves


def _spots(rng: np.random.Generator, shape: Shape) -> Field:
    radius = rng.uniform(1, 4)
    points = (rng.random(shape) < rng.uniform(0.001, 0.02)).astype(np.float32)
    return standardised(ndimage.gaussian_filter(points * rng.choice([-1, 1]), radius))


def _ridges(rng: np.random.Generator, shape: Shape) -> Field:
    return standardised(np.abs(smooth(rng, shape, rng.uniform(6, 40), 2)))


def _nothing(rng: np.random.Generator, shape: Shape) -> Field:
    del rng
    return np.zeros(shape, np.float32)


_TEXTURES: tuple[Callable[[np.random.Generator, Shape], Field], ...] = (
    _noise, _grain, _stripes, _spots, _ridges, _nothing,
)  # fmt: skip


def mosaic(rng: np.random.Generator, shape: Shape, size: float) -> tuple[Ids, Field, Field]:
    """Return the cells of a warped Voronoi diagram.

    Parameters
    ----------
    rng : numpy Generator
        Source of chance.
    shape : tuple of int
        Rows and columns.
    size : float
        Distance of neighbouring cells in pixels.

    Returns
    -------
    cells : (Y, X) ndarray of int
        Which cell a pixel is in, from 0.
    border : (Y, X) ndarray of float32
        How much farther the second nearest centre is than the nearest, in pixels.
    centre : (Y, X) ndarray of float32
        Distance to the nearest centre in pixels.
    """
    around = np.array(shape) + 2 * size
    count = max(int(around[0] * around[1] / size**2), 3)
    centres = rng.uniform(0, 1, (count, 2)) * around - size
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    warp = _warp(rng, shape, size)
    places = np.stack([y + warp[0], x + warp[1]], -1).reshape(-1, 2)
    distances, nearest = cKDTree(centres).query(places, k=2)
    distances = distances.reshape(*shape, 2).astype(np.float32)
    border = distances[..., 1] - distances[..., 0]
    return nearest[:, 0].reshape(shape), border, distances[..., 0]


def _warp(rng: np.random.Generator, shape: Shape, size: float) -> Field:
    scale = rng.uniform(0.3, 1.0) * size
    both = np.stack([smooth(rng, shape, scale, 2), smooth(rng, shape, scale, 2)])
    return both * size * rng.uniform(0, 0.25)


def cover(depth: Field, softness: float) -> Field:
    """Return how much of a pixel an object covers.

    Parameters
    ----------
    depth : (Y, X) ndarray of float
        Distance to the outline in pixels, positive inside.
    softness : float
        Width of the edge in pixels.

    Returns
    -------
    (Y, X) ndarray of float
        From 0 to 1.
    """
    share: Field = 1 / (1 + np.exp(-np.clip(depth / softness, -30, 30)))
    return share


def each_its_own(rng: np.random.Generator, ids: Ids, spread: float) -> Field:
    """Return a grey value for every object.

    Parameters
    ----------
    rng : numpy Generator
        Source of chance.
    ids : (Y, X) ndarray of int
        Objects.
    spread : float
        Deviation among them.

    Returns
    -------
    (Y, X) ndarray of float32
        Constant on each object.
    """
    levels = rng.normal(0, spread, ids.max() + 1).astype(np.float32)
    field: Field = levels[ids]
    return field
