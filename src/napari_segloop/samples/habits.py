"""Crystal habits drawn by chance: compact, plates, needles.

Every one is a convex polygon of exactly the equivalent diameter that was asked for. Where it lies
and how it looks is decided elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.samples.outlines import Polygon, shoelace

if TYPE_CHECKING:
    from napari_segloop.samples.outlines import Real


def sized(vertices: Real, diameter: float) -> Polygon:
    """Centre a polygon on its centroid and scale it to an equivalent diameter.

    Parameters
    ----------
    vertices : (N, 2) ndarray of float
        Corners of a convex polygon, with rising angle from the ``y`` axis to the ``x`` axis.
    diameter : float
        Of the disc of the same area, in micrometres.

    Returns
    -------
    Polygon
        With exactly this area.
    """
    following = np.roll(vertices, -1, axis=0)
    cross = vertices[:, 0] * following[:, 1] - vertices[:, 1] * following[:, 0]
    centroid = ((vertices + following) * cross[:, None]).sum(axis=0) / (3 * cross.sum())
    scale = np.sqrt(np.pi * diameter**2 / 4 / shoelace(vertices))
    return Polygon((vertices - centroid) * scale)


def facetted(rng: np.random.Generator, diameter: float) -> Polygon:
    """Draw a compact crystal of five to eight uneven edges.

    Parameters
    ----------
    rng : numpy Generator
        Source of chance.
    diameter : float
        Equivalent diameter, in micrometres.

    Returns
    -------
    Polygon
        Its corners lie on an ellipse, so it is convex.
    """
    return _on_ellipse(rng, diameter, int(rng.integers(5, 9)), rng.uniform(1, 1.5), 0.3)


def plate(rng: np.random.Generator, diameter: float) -> Polygon:
    """Draw a flat crystal: a rhomb or an elongated hexagon.

    Parameters
    ----------
    rng : numpy Generator
        Source of chance.
    diameter : float
        Equivalent diameter, in micrometres.

    Returns
    -------
    Polygon
        Its corners lie on an ellipse, so it is convex.
    """
    return _on_ellipse(rng, diameter, int(rng.choice([4, 6])), rng.uniform(1.2, 2), 0.05)


def needle(rng: np.random.Generator, diameter: float) -> Polygon:
    """Draw a long crystal with chamfered ends.

    Parameters
    ----------
    rng : numpy Generator
        Source of chance.
    diameter : float
        Equivalent diameter, in micrometres.

    Returns
    -------
    Polygon
        A hexagon, three to seven times as long as wide.
    """
    length = rng.uniform(3, 7)
    end = length - rng.uniform(0.2, 1.2)
    corners = [(length, 0), (end, 1), (-end, 1), (-length, 0), (-end, -1), (end, -1)]
    return sized(np.array(corners, float), diameter)


def _on_ellipse(
    rng: np.random.Generator, diameter: float, corners: int, aspect: float, jitter: float
) -> Polygon:
    steps = np.arange(corners) + rng.uniform(-jitter, jitter, corners)
    angles = 2 * np.pi * steps / corners
    return sized(np.stack([aspect * np.cos(angles), np.sin(angles)], axis=1), diameter)
