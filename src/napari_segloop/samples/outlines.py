"""Outlines with known area and diameters: convex polygons and discs.

An outline is centred on the origin and measured in micrometres. It knows geometry only: no pixels,
no looks. ``depth`` is what everything is drawn from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]


class Outline(Protocol):
    """A closed outline around the origin, in micrometres."""

    @property
    def area(self) -> float:
        """Enclosed area, in square micrometres."""

    @property
    def feret_max(self) -> float:
        """Largest distance of two parallel tangents."""

    @property
    def feret_min(self) -> float:
        """Smallest distance of two parallel tangents."""

    @property
    def inradius(self) -> float:
        """Distance from the centre to the nearest edge."""

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Lowest and highest ``y``, lowest and highest ``x``."""

    def depth(self, y: Real, x: Real) -> tuple[Real, NDArray[np.intp]]:
        """Return how deep points lie inside the outline.

        Parameters
        ----------
        y, x : ndarray of float
            Points, in pixels from the centre.

        Returns
        -------
        depth : ndarray of float
            Distance to the outline in pixels, positive inside.
        edge : ndarray of int
            Index of the nearest edge.
        """

    def turned(self, angle: float) -> Outline:
        """Return the outline turned.

        Parameters
        ----------
        angle : float
            In radians.

        Returns
        -------
        Outline
            A new one.
        """


@dataclass(frozen=True, slots=True)
class Disc:
    """A disc.

    Parameters
    ----------
    radius : float
        In micrometres.

    Examples
    --------
    >>> Disc(2.0).feret_max
    4.0
    """

    radius: float

    @property
    def area(self) -> float:
        """Enclosed area."""
        return float(np.pi * self.radius**2)

    @property
    def feret_max(self) -> float:
        """The diameter."""
        return 2 * self.radius

    @property
    def feret_min(self) -> float:
        """The diameter."""
        return 2 * self.radius

    @property
    def inradius(self) -> float:
        """The radius."""
        return self.radius

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Lowest and highest ``y``, lowest and highest ``x``."""
        return -self.radius, self.radius, -self.radius, self.radius

    def depth(self, y: Real, x: Real) -> tuple[Real, NDArray[np.intp]]:
        """Return the distance to the circle, positive inside; it has a single edge.

        Parameters
        ----------
        y, x : ndarray of float
            Positions relative to the centre, in micrometres; they broadcast.

        Returns
        -------
        depth : ndarray of float
            In micrometres.
        edge : ndarray of int
            Zeros.
        """
        depth = self.radius - np.hypot(y, x)
        return depth, np.zeros(depth.shape, np.intp)

    def turned(self, angle: float) -> Disc:
        """Return itself.

        Parameters
        ----------
        angle : float
            In radians.

        Returns
        -------
        Disc
            A turned disc is the same disc.
        """
        del angle
        return self


@dataclass(frozen=True, slots=True, eq=False)
class Polygon:
    """A convex polygon.

    Parameters
    ----------
    vertices : (N, 2) ndarray of float
        ``y, x`` of the corners in micrometres, with rising angle from the ``y`` to the ``x`` axis.
    """

    vertices: Real

    @property
    def normals(self) -> Real:
        """Outward unit normals of the edges, ``(N, 2)`` as ``y, x``."""
        edges = np.roll(self.vertices, -1, axis=0) - self.vertices
        normals = np.stack([edges[:, 1], -edges[:, 0]], axis=1)
        unit: Real = normals / np.linalg.norm(normals, axis=1, keepdims=True)
        return unit

    @property
    def area(self) -> float:
        """Enclosed area, by the shoelace formula."""
        return shoelace(self.vertices)

    @property
    def feret_max(self) -> float:
        """Largest distance of two corners."""
        between = self.vertices[:, None] - self.vertices[None]
        return float(np.linalg.norm(between, axis=2).max())

    @property
    def feret_min(self) -> float:
        """Smallest width: of a convex polygon it is reached on one of its edges."""
        along = self.vertices @ self.normals.T
        return float(np.ptp(along, axis=0).min())

    @property
    def inradius(self) -> float:
        """Distance from the origin to the nearest edge."""
        return float((self.vertices * self.normals).sum(axis=1).min())

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Lowest and highest ``y``, lowest and highest ``x``."""
        (y_low, x_low), (y_high, x_high) = self.vertices.min(axis=0), self.vertices.max(axis=0)
        return float(y_low), float(y_high), float(x_low), float(x_high)

    def depth(self, y: Real, x: Real) -> tuple[Real, NDArray[np.intp]]:
        """Return the distance to the nearest edge's line, positive inside.

        Parameters
        ----------
        y, x : ndarray of float
            Positions relative to the centre, in micrometres; they broadcast.

        Returns
        -------
        depth : ndarray of float
            In micrometres; exact inside, no larger than the true distance outside.
        edge : ndarray of int
            Which edge is nearest.
        """
        reach = (self.vertices * self.normals).sum(axis=1)
        pairs = zip(self.normals, reach, strict=True)
        distances = np.stack([d - y * n[0] - x * n[1] for n, d in pairs])
        edge = distances.argmin(axis=0)
        return np.take_along_axis(distances, edge[None], axis=0)[0], edge

    def turned(self, angle: float) -> Polygon:
        """Return the polygon turned about the origin.

        Parameters
        ----------
        angle : float
            In radians.

        Returns
        -------
        Polygon
            Same area and diameters.
        """
        cosine, sine = np.cos(angle), np.sin(angle)
        return Polygon(self.vertices @ np.array([[cosine, -sine], [sine, cosine]]))


def shoelace(vertices: Real) -> float:
    """Return the area of a polygon.

    Parameters
    ----------
    vertices : (N, 2) ndarray of float
        Corners in order.

    Returns
    -------
    float
        Never negative.

    Examples
    --------
    >>> shoelace(np.array([[0, 0], [0, 2], [3, 2], [3, 0]], float))
    6.0
    """
    following = np.roll(vertices, -1, axis=0)
    cross = vertices[:, 0] * following[:, 1] - vertices[:, 1] * following[:, 0]
    return float(abs(cross.sum()) / 2)
