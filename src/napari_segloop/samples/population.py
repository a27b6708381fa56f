"""Which objects there are, where they lie, and how they drift.

Everything is in micrometres. This module does not know pixels, light or cameras.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.samples.habits import facetted, needle, plate
from napari_segloop.samples.outlines import Disc

if TYPE_CHECKING:
    from napari_segloop.samples.outlines import Outline, Real
    from napari_segloop.samples.settings import CrystalSettings


@dataclass(frozen=True, slots=True)
class Looks:
    """How one object differs from the others of its kind; all about 0 to 1.

    Parameters
    ----------
    rim : float
        How dark its rim is.
    middle : float
        How much its middle differs from the background; negative is darker.
    bevel : float
        Width of the side facets relative to the inradius.
    light : float
        Direction from which its side facets look bright, in radians.
    glow : float
        Its fluorescence.
    """

    rim: float
    middle: float
    bevel: float
    light: float
    glow: float


@dataclass(frozen=True, slots=True)
class Body:
    """One object in the layer.

    Parameters
    ----------
    id : int
        Identity, from 1.
    kind : str
        ``facetted``, ``plate``, ``needle``, ``blob`` or ``bubble``.
    outline : Outline
        Turned as it lies.
    y, x, z : float
        Centre, in micrometres; z from the focal plane of a single image, larger is nearer to
        the camera.
    looks : Looks
        Its appearance.
    """

    id: int
    kind: str
    outline: Outline
    y: float
    x: float
    z: float
    looks: Looks


def draw_bodies(
    rng: np.random.Generator,
    extent: tuple[float, float],
    settings: CrystalSettings,
    upstream_um: float = 0.0,
) -> tuple[Body, ...]:
    """Draw the objects of a layer.

    Parameters
    ----------
    rng : numpy Generator
        Source of chance.
    extent : (float, float)
        Height and width of the image, in micrometres; objects also lie beyond its edges, so that
        some are cut.
    settings : CrystalSettings
        Density, sizes and kinds.
    upstream_um : float
        How far objects also lie beyond the left edge, to drift in later.

    Returns
    -------
    tuple of Body
        With ids from 1.
    """
    margin = 2 * settings.median_diameter_um
    low = np.array([-margin, -margin - upstream_um])
    high = np.array(extent) + margin
    count = round(settings.number_per_mm2 * float(np.prod(high - low)) * 1e-6)
    bodies: list[Body] = []
    for number in range(1, count + 1):
        bodies.append(_draw_body(rng, number, bodies, (low, high), settings))
    return tuple(bodies)


def drifted(
    bodies: tuple[Body, ...],
    rng: np.random.Generator,
    settings: CrystalSettings,
) -> tuple[Body, ...]:
    """Return the objects one frame later.

    Parameters
    ----------
    bodies : tuple of Body
        The objects now.
    rng : numpy Generator
        Source of chance for the random part of the motion.
    settings : CrystalSettings
        The flow along x; a fifth of it is random.

    Returns
    -------
    tuple of Body
        The same objects in the same order.
    """
    step, depth = 0.2 * settings.flow_um, settings.layer_um / 2
    moved = []
    for body in bodies:
        dy, dx, dz = rng.normal(0, step, 3)
        moved.append(
            replace(
                body,
                y=body.y + dy,
                x=body.x + settings.flow_um + dx,
                z=float(np.clip(body.z + dz, -depth, depth)),
                outline=body.outline.turned(rng.normal(0, 0.06)),
            )
        )
    return tuple(moved)


def _draw_body(
    rng: np.random.Generator,
    number: int,
    others: list[Body],
    box: tuple[Real, Real],
    settings: CrystalSettings,
) -> Body:
    kind = _draw_kind(rng, settings)
    spread = rng.normal(0, settings.size_spread)
    diameter = float(settings.median_diameter_um * np.exp(spread))
    outline = _draw_outline(rng, kind, diameter).turned(rng.uniform(0, 2 * np.pi))
    y, x, z = _draw_place(rng, outline, others, box, settings)
    return Body(number, kind, outline, y, x, z, _draw_looks(rng, kind))


def _draw_kind(rng: np.random.Generator, settings: CrystalSettings) -> str:
    chance = rng.uniform()
    if chance < settings.bubbles:
        return "bubble"
    if chance < settings.bubbles + settings.blobs:
        return "blob"
    return str(rng.choice(["facetted", "facetted", "plate", "needle"]))


def _draw_outline(rng: np.random.Generator, kind: str, diameter: float) -> Outline:
    if kind == "facetted":
        return facetted(rng, diameter)
    if kind == "plate":
        return plate(rng, diameter)
    if kind == "needle":
        return needle(rng, diameter)
    return Disc(diameter / 2)


def _draw_place(
    rng: np.random.Generator,
    outline: Outline,
    others: list[Body],
    box: tuple[Real, Real],
    settings: CrystalSettings,
) -> tuple[float, float, float]:
    y, x = rng.uniform(*box)
    z = rng.uniform(-0.5, 0.5) * settings.layer_um
    if others and rng.uniform() < settings.clustered:
        other = others[int(rng.integers(len(others)))]
        reach = rng.uniform(0.7, 1.05) * (outline.feret_min + other.outline.feret_min) / 2
        angle = rng.uniform(0, 2 * np.pi)
        y, x = other.y + reach * np.cos(angle), other.x + reach * np.sin(angle)
        z = float(other.z + rng.normal(0, 0.02) * settings.layer_um)
    return float(y), float(x), float(z)


def _draw_looks(rng: np.random.Generator, kind: str) -> Looks:
    middle = rng.uniform(0.0, 0.35) if kind in {"blob", "bubble"} else rng.uniform(-0.12, 0.3)
    glow = 0.0 if kind == "bubble" else float(np.exp(rng.normal(0, 0.3)))
    return Looks(
        rim=rng.uniform(0.5, 0.85),
        middle=middle,
        bevel=rng.uniform(0.2, 0.6),
        light=rng.uniform(-0.5, 0.5),
        glow=glow,
    )
