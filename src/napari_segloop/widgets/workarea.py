"""Work areas as the user chooses them: what is in view, or the box around what was drawn.

What becomes of an area is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Labels

from napari_segloop.core.errors import InputError
from napari_segloop.core.workboxes import clip_box
from napari_segloop.session.workarea import WorkArea
from napari_segloop.widgets.view import box_in_view, plane_in_view

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari import Viewer
    from napari.layers import Layer, Shapes

    from napari_segloop.session.sources import ImageSource
    from napari_segloop.widgets.placement import Placement

UNKNOWN = "Q"


@dataclass(frozen=True, slots=True)
class LeadingAxis:
    """An axis before Y and X: what it is called, how long it is, and which plane is in view."""

    name: str
    length: int
    at: int


def area_in_view(
    viewer: Viewer,
    source: ImageSource,
    placement: Placement,
    ranges: Sequence[tuple[int, int]] | None = None,
) -> WorkArea:
    """Make a work area of what the user sees.

    Parameters
    ----------
    viewer : napari.Viewer
        Its camera and sliders are asked.
    source : ImageSource
        The large image.
    placement : Placement
        Where it lies, without channels.
    ranges : sequence of (int, int), optional
        First and one past the last plane along each leading axis; the plane in view by default.

    Returns
    -------
    WorkArea
        To be added to the image list.

    Raises
    ------
    InputError
        When the image is out of view, or the area is too large.
    """
    grid = _grid(source, placement)
    top, left, bottom, right = box_in_view(viewer, grid)
    planes = ranges or [(at, at + 1) for at in plane_in_view(viewer, grid)]
    shape = (*source.leading, *source.plane_shape)
    start = (*(first for first, _ in planes), top, left)
    stop = (*(last for _, last in planes), bottom, right)
    return WorkArea(source, clip_box(start, stop, shape))


def area_in_shape(
    shapes: Shapes | None,
    source: ImageSource,
    placement: Placement,
    ranges: Sequence[tuple[int, int]] | None = None,
) -> WorkArea:
    """Make a work area of the box around the last shape that was drawn.

    Parameters
    ----------
    shapes : napari.layers.Shapes or None
        Holds it; its own transform may differ from the image's.
    source : ImageSource
        The large image.
    placement : Placement
        Where it lies, without channels.
    ranges : sequence of (int, int), optional
        First and one past the last plane along each leading axis; the plane on which the shape
        was drawn by default.

    Returns
    -------
    WorkArea
        To be added to the image list.

    Raises
    ------
    InputError
        When nothing was drawn on the image, or the area is too large.
    """
    if shapes is None or not len(shapes.data):
        raise InputError("a rectangle on the image", "none", "Drag one over the image first.")
    grid = _grid(source, placement)
    corners = np.array(
        [grid.world_to_data(shapes.data_to_world(corner)) for corner in shapes.data[-1]]
    )
    low, high = corners.min(axis=0), corners.max(axis=0)
    low[:-2], high[:-2] = np.round(low[:-2]), np.round(high[:-2]) + 1
    low[-2:], high[-2:] = low[-2:] + 0.5, high[-2:] + 0.5  # pixel edges at whole numbers
    if ranges is not None:
        low[:-2], high[:-2] = np.reshape(ranges, (-1, 2)).T
    return WorkArea(source, clip_box(low, high, (*source.leading, *source.plane_shape)))


def leading_axes(
    viewer: Viewer, source: ImageSource, placement: Placement
) -> tuple[LeadingAxis, ...]:
    """Return the axes before Y and X.

    Parameters
    ----------
    viewer : napari.Viewer
        Its sliders are asked.
    source : ImageSource
        The image.
    placement : Placement
        Where it lies, without channels.

    Returns
    -------
    tuple of LeadingAxis
        From the first.
    """
    at = plane_in_view(viewer, _grid(source, placement))
    names = [
        letter.lower() if letter != UNKNOWN else f"axis {number}"
        for number, letter in enumerate(placement.letters)
    ]
    return tuple(map(LeadingAxis, names, source.leading, at))


def _grid(source: ImageSource, placement: Placement) -> Layer:
    """Return an empty layer with the image's axes, without channels."""
    shape = (*source.leading, *source.plane_shape)
    empty = np.broadcast_to(np.zeros((), np.uint8), shape)
    return Labels(empty, **placement.arguments())
