"""A work area: a box of an image too large to edit whole, as an image of its own, in place.

Its pixels are read through the large image, so nothing is copied but its labels. Which boxes are
worth working on is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Labels

from napari_segloop.core.errors import InputError
from napari_segloop.core.workboxes import WorkBox, check_memory, clip_box
from napari_segloop.widgets.view import box_in_view, plane_in_view

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari import Viewer
    from napari.layers import Layer, Shapes

    from napari_segloop.core.images import Array
    from napari_segloop.session.sources import ImageSource
    from napari_segloop.widgets.placement import Placement

Index = tuple[int, ...]
UNKNOWN = "Q"
ID_BYTES = 4
"""Of a label, at most: ids may grow beyond 65,535."""


@dataclass(frozen=True, slots=True)
class LeadingAxis:
    """An axis before Y and X: what it is called, how long it is, and which plane is in view."""

    name: str
    length: int
    at: int


class WorkArea:
    """A box of an image as a source; see `session.sources.ImageSource`.

    Parameters
    ----------
    source : ImageSource
        The large image.
    box : WorkBox
        Leading axes, Y and X, without channels.

    Raises
    ------
    InputError
        When the box is not inside the image, or its labels would take more than 2 GiB.
    """

    def __init__(self, source: ImageSource, box: WorkBox) -> None:
        shape = (*source.leading, *source.plane_shape)
        if len(box.stop) != len(shape) or any(np.greater(box.stop, shape)):
            raise InputError(
                f"a work area inside an image of shape {shape}",
                f"{box.start} to {box.stop}",
                "Draw it on the image.",
            )
        self.box = check_memory(box, ID_BYTES)
        self.base = source

    @property
    def name(self) -> str:
        """The image's name and where the area begins."""
        return f"{self.base.name} area {', '.join(map(str, self.box.start))}"

    @property
    def where(self) -> str:
        """``open layer``, or the file and where the area begins in it."""
        where = self.base.where
        return (
            where if where == "open layer" else f"{where} at {', '.join(map(str, self.box.start))}"
        )

    @property
    def axes(self) -> str:
        """As the image's."""
        return self.base.axes

    @property
    def leading(self) -> tuple[int, ...]:
        """Lengths of the axes before Y and X."""
        return self.box.shape[:-2]

    @property
    def plane_shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.box.shape[-2:]
        return rows, columns

    @property
    def channels(self) -> int:
        """As many as the image has."""
        return self.base.channels

    @property
    def pixel_size(self) -> tuple[float, float] | None:
        """The image's."""
        return self.base.pixel_size

    @property
    def gone(self) -> str:
        """What happened to the image."""
        return self.base.gone

    def is_alive(self) -> bool:
        """Say whether the large image is still open.

        Returns
        -------
        bool
            Nothing is read for it.
        """
        return self.base.is_alive()

    def read(self, index: Index, rows: slice, columns: slice) -> Array:
        """Return a window of a plane of the area; called from a background thread.

        Parameters
        ----------
        index : tuple of int
            One number for each leading axis, from the area's first.
        rows, columns : slice
            The window, in the area's pixels.

        Returns
        -------
        (C, rows, columns) ndarray
            A copy in the stored dtype.

        Raises
        ------
        InputError
            When the image was removed or has another shape now.
        """
        place = tuple(at + first for at, first in zip(index, self.box.start[:-2], strict=True))
        windows = (
            slice(first + part.start, first + part.stop)
            for part, first in zip((rows, columns), self.box.start[-2:], strict=True)
        )
        return self.base.read(place, *windows)


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
