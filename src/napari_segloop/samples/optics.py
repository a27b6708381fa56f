"""What an object does to the light, sharp or blurred, and what a camera makes of it.

Brightfield multiplies: each object transmits a part of the light. Fluorescence adds. Nothing here
knows where objects come from or what is true about them.

References
----------
The camera follows the linear model of EMVA 1288, https://www.emva.org/standards-technology/emva-1288
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from napari_segloop.samples.outlines import Polygon, Real

if TYPE_CHECKING:
    from napari_segloop.core.images import Array
    from napari_segloop.samples.population import Body
    from napari_segloop.samples.settings import CrystalSettings

_POINT_SPREAD = 0.7  # pixels; standard deviation of the sharp image


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """What one object adds to a plane, within its own rectangle.

    Parameters
    ----------
    slices : (slice, slice)
        Rows and columns of the plane, inside it.
    values : (h, w) ndarray of float
        Relative change of the light, 0 is none.
    depth : (h, w) ndarray of float
        Distance to the outline in micrometres, positive inside.
    """

    slices: tuple[slice, slice]
    values: Real
    depth: Real


def focus_at(defocus_um: float, settings: CrystalSettings) -> float:
    """Return how sharp an object is: 1 in the focal plane, one half at the depth of field.

    Parameters
    ----------
    defocus_um : float
        Distance from the focal plane, in micrometres.
    settings : CrystalSettings
        The depth of field.

    Returns
    -------
    float
        Above 0, at most 1.

    Examples
    --------
    >>> from napari_segloop.samples.settings import CrystalSettings
    >>> focus_at(-50, CrystalSettings(depth_of_field_um=50))
    0.5
    """
    return 1 / (1 + (defocus_um / settings.depth_of_field_um) ** 2)


def absorption(
    body: Body, shape: tuple[int, int], defocus_um: float, settings: CrystalSettings
) -> Patch | None:
    """Return the relative change of brightfield light by one object.

    Parameters
    ----------
    body : Body
        The object.
    shape : (int, int)
        Rows and columns of the plane.
    defocus_um : float
        Signed distance from the focal plane: the bright halo outside fades on one side.
    settings : CrystalSettings
        Pixel size and blur.

    Returns
    -------
    Patch or None
        None when it does not reach into the plane.
    """
    grid = _grid(body, shape, defocus_um, settings)
    if grid is None:
        return None
    depth, edge = body.outline.depth(grid.y, grid.x)
    facets = _facet_light(body)
    change = _droplet(body, depth) if facets is None else _crystal(body, depth, facets[edge])
    halo = 0.16 * (1 + 0.7 * np.tanh(defocus_um / settings.depth_of_field_um))
    change = np.where(depth < 0, halo * np.exp(-((depth / 2.2) ** 2)), change)
    return _blurred(grid, change, depth, defocus_um, settings)


def glow(
    body: Body, shape: tuple[int, int], defocus_um: float, settings: CrystalSettings
) -> Patch | None:
    """Return the fluorescence of one object: brighter where it is thicker.

    Parameters
    ----------
    body : Body
        The object; bubbles do not glow.
    shape : (int, int)
        Rows and columns of the plane.
    defocus_um : float
        Signed distance from the focal plane.
    settings : CrystalSettings
        Pixel size and blur.

    Returns
    -------
    Patch or None
        None when it does not reach into the plane.
    """
    grid = _grid(body, shape, defocus_um, settings)
    if grid is None:
        return None
    depth, _ = body.outline.depth(grid.y, grid.x)
    thickness = np.clip(depth / (0.5 * body.outline.inradius), 0, 1)
    return _blurred(grid, body.looks.glow * thickness, depth, defocus_um, settings)


def uneven_light(rng: np.random.Generator, shape: tuple[int, int], s: CrystalSettings) -> Real:
    """Return the light of the empty plane: a gradient in a random direction and a vignette.

    Parameters
    ----------
    rng : numpy Generator
        Source of the direction.
    shape : (int, int)
        Rows and columns.
    s : CrystalSettings
        Strength of both.

    Returns
    -------
    (Y, X) ndarray of float
        1 in the middle.
    """
    y, x = (np.linspace(-1, 1, length) for length in shape)
    y = y[:, None]
    angle = rng.uniform(0, 2 * np.pi)
    tilt = (y * np.cos(angle) + x * np.sin(angle)) / (abs(np.cos(angle)) + abs(np.sin(angle)))
    light: Real = (1 + s.gradient / 2 * tilt) * (1 - s.vignette / 2 * (y**2 + x**2))
    return light


def expose(rng: np.random.Generator, light: Real, s: CrystalSettings) -> Array:
    """Return what the camera reads out: shot noise, read noise, offset, whole counts.

    Parameters
    ----------
    rng : numpy Generator
        Source of the noise.
    light : (Y, X) ndarray of float
        Relative to the empty background.
    s : CrystalSettings
        The camera.

    Returns
    -------
    (Y, X) ndarray of uint8 or uint16
        Clipped to the camera's range.
    """
    mean = np.clip(light, 0, None) * s.brightness * s.electrons
    electrons = rng.poisson(mean) + rng.normal(0, s.read_noise, mean.shape)
    counts = np.rint(s.gain * electrons + s.offset)
    return np.clip(counts, 0, s.largest).astype(s.dtype)


@dataclass(frozen=True, slots=True, eq=False)
class _Grid:
    """Positions around an object, before its rectangle is cut to the plane."""

    top: int
    left: int
    shape: tuple[int, int]
    y: Real
    x: Real


def _grid(
    body: Body, shape: tuple[int, int], defocus_um: float, settings: CrystalSettings
) -> _Grid | None:
    size = settings.pixel_size_um
    reach = body.outline.feret_max / 2 + 5 + 3 * settings.blur_per_um * abs(defocus_um)
    top, bottom = _span(body.y / size, reach / size)
    left, right = _span(body.x / size, reach / size)
    if bottom <= 0 or right <= 0 or top >= shape[0] or left >= shape[1]:
        return None
    y: Real = np.arange(top, bottom, dtype=np.float64)[:, None] * size - body.y
    x: Real = np.arange(left, right, dtype=np.float64)[None] * size - body.x
    return _Grid(top, left, shape, y, x)


def _span(centre: float, reach: float) -> tuple[int, int]:
    return int(np.floor(centre - reach)) - 3, int(np.ceil(centre + reach)) + 4


def _blurred(
    grid: _Grid, change: Real, depth: Real, defocus_um: float, settings: CrystalSettings
) -> Patch:
    blur = settings.blur_per_um * abs(defocus_um) / settings.pixel_size_um
    contrast = 0.65 + 0.35 * focus_at(defocus_um, settings)
    soft = ndimage.gaussian_filter(
        contrast * change, float(np.hypot(_POINT_SPREAD, blur)), mode="constant"
    )
    inside, target = _cut(grid, depth.shape)
    return Patch(target, soft[inside], depth[inside])


def _cut(grid: _Grid, size: tuple[int, ...]) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    top, left = max(grid.top, 0), max(grid.left, 0)
    bottom = min(grid.top + size[0], grid.shape[0])
    right = min(grid.left + size[1], grid.shape[1])
    inside = (
        slice(top - grid.top, bottom - grid.top),
        slice(left - grid.left, right - grid.left),
    )
    return inside, (slice(top, bottom), slice(left, right))


def _crystal(body: Body, depth: Real, facets: Real) -> Real:
    looks, thick = body.looks, body.outline.inradius
    bevel = looks.bevel * thick
    change = np.where(depth < bevel, facets, looks.middle)
    ridge = np.exp(-(((depth - bevel) / 1.1) ** 2))
    rim = np.exp(-((depth / (1.2 + 0.07 * thick)) ** 2))
    shaded: Real = (change - 0.18 * ridge) * (1 - rim) - looks.rim * rim
    return shaded


def _facet_light(body: Body) -> Real | None:
    if not isinstance(body.outline, Polygon):
        return None
    towards = np.array([np.sin(body.looks.light), np.cos(body.looks.light)])
    light: Real = -0.16 + 0.2 * (body.outline.normals @ towards)
    return light


def _droplet(body: Body, depth: Real) -> Real:
    radius, looks = body.outline.inradius, body.looks
    from_centre = (radius - depth) / radius
    if body.kind == "bubble":
        ring = 0.9 * np.exp(-(((depth - 0.14 * radius) / (0.3 * radius)) ** 4))
        spot = 0.35 * np.exp(-((from_centre / 0.28) ** 2))
        return spot + 0.3 * looks.middle - ring
    rim = looks.rim * np.exp(-((depth / (1.0 + 0.16 * radius)) ** 2))
    return 1.3 * looks.middle * np.exp(-((from_centre / 0.6) ** 2)) - rim
