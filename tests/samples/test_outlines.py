"""Outlines against closed formulas and scipy's convex hull."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.spatial import ConvexHull

from napari_segloop.samples.habits import facetted, needle, plate
from napari_segloop.samples.outlines import Disc, Polygon

if TYPE_CHECKING:
    from napari_segloop.samples.outlines import Outline

SQUARE = Polygon(np.array([[1, -1], [1, 1], [-1, 1], [-1, -1]], float))
DRAWN = [
    pytest.param(draw(np.random.default_rng(seed), 20.0), id=f"{draw.__name__} {seed}")
    for draw in (facetted, plate, needle)
    for seed in range(5)
]


def test_a_square() -> None:
    assert (SQUARE.area, SQUARE.feret_min, SQUARE.inradius) == (4, 2, 1)
    assert SQUARE.feret_max == pytest.approx(np.sqrt(8))


@pytest.mark.parametrize("angle", [0.3, 2.0, np.pi])
def test_turning_keeps_sizes(angle: float) -> None:
    turned = SQUARE.turned(angle)
    assert turned.area == pytest.approx(4)
    assert turned.feret_min == pytest.approx(2)


def test_turning_by_a_right_angle_turns_a_bar() -> None:
    bar = Polygon(np.array([[3, -1], [3, 1], [-3, 1], [-3, -1]], float))
    np.testing.assert_allclose(bar.turned(np.pi / 2).bounds, (-1, 1, -3, 3), atol=1e-12)


@pytest.mark.parametrize("outline", DRAWN)
def test_drawn_crystals_are_convex_centred_and_of_the_diameter_asked_for(outline: Outline) -> None:
    hull = ConvexHull(outline.vertices)
    assert len(hull.vertices) == len(outline.vertices)
    assert hull.volume == pytest.approx(np.pi * 100)
    assert outline.area == pytest.approx(hull.volume)
    assert outline.inradius > 0


@pytest.mark.parametrize("outline", DRAWN)
def test_feret_diameters_are_the_extremes_of_all_widths(outline: Outline) -> None:
    angles = np.linspace(0, np.pi, 3601)
    widths = np.ptp(outline.vertices @ np.stack([np.cos(angles), np.sin(angles)]), axis=0)
    assert outline.feret_max == pytest.approx(widths.max(), rel=1e-5)
    assert outline.feret_min == pytest.approx(widths.min(), rel=1e-2)
    assert outline.feret_min <= widths.min() + 1e-9


@pytest.mark.parametrize("outline", [*DRAWN, pytest.param(Disc(10.0), id="disc")])
def test_depth_is_positive_on_the_area(outline: Outline) -> None:
    axis = np.arange(-60, 60, 0.25) + 0.125
    depth, _ = outline.turned(0.3).depth(axis[:, None], axis[None])
    assert (depth >= 0).sum() * 0.25**2 == pytest.approx(np.pi * 100, rel=0.01)
    assert depth.max() >= outline.inradius - 0.25


def test_depth_of_a_disc_is_the_distance_to_its_circle() -> None:
    depth, _ = Disc(5.0).depth(np.array([0.0, 3, 6]), np.array([0.0, 4, 8]))
    np.testing.assert_allclose(depth, [5, 0, -5], atol=1e-12)
