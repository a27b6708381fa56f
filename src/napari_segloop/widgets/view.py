"""Which part of an image the user sees, and how to bring a part into view.

Works for any transform of the layer and any number of axes. It does not know why one looks there.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari import Viewer
    from napari.layers import Layer
    from napari.utils.events import Event
    from numpy.typing import NDArray

    from napari_segloop.core.images import Labels

Index = tuple[int, ...]
Window = tuple[slice, slice]
Box = tuple[int, int, int, int]
FILLED = 0.5
"""Part of the canvas that a place takes when the view moves to it."""


@dataclass(frozen=True, slots=True)
class View:
    """Where the camera and the sliders are.

    Parameters
    ----------
    center : tuple of float
        Of the camera.
    zoom : float
        Of the camera.
    ndim : int
        Axes of the viewer.
    point : tuple of float
        Where the sliders are.
    """

    center: tuple[float, ...]
    zoom: float
    ndim: int
    point: tuple[float, ...]

    @classmethod
    def of(cls, viewer: Viewer) -> Self:
        """Return the view of a viewer.

        Parameters
        ----------
        viewer : napari.Viewer
            Bare or wrapped.

        Returns
        -------
        View
            As it is now.
        """
        dims, camera = viewer.dims, viewer.scene.camera
        return cls(tuple(camera.center), float(camera.zoom), dims.ndim, tuple(dims.point))

    def take_up(self, viewer: Viewer) -> None:
        """Look there again, when the axes are the same.

        Parameters
        ----------
        viewer : napari.Viewer
            Bare or wrapped.
        """
        if viewer.dims.ndim == self.ndim:
            viewer.dims.set_point(range(self.ndim), self.point)
            viewer.scene.camera.center, viewer.scene.camera.zoom = self.center, self.zoom


def plane_in_view(viewer: Viewer, layer: Layer) -> Index:
    """Return the plane of a layer at which the sliders are.

    Parameters
    ----------
    viewer : napari.Viewer
        Where the layer is.
    layer : napari.layers.Layer
        An Image or Labels layer, rows and columns last.

    Returns
    -------
    tuple of int
        One number for each leading axis, inside the layer.
    """
    point = layer.world_to_data(viewer.dims.point)
    lengths = layer.data.shape[:-2]
    return tuple(
        int(min(max(round(float(at)), 0), length - 1))
        for at, length in zip(point[: len(lengths)], lengths, strict=True)
    )


def box_in_view(viewer: Viewer, layer: Layer) -> Box:
    """Return the rows and columns of a layer that the canvas shows.

    Parameters
    ----------
    viewer : napari.Viewer
        Where the layer is.
    layer : napari.layers.Layer
        An Image or Labels layer, rows and columns last.

    Returns
    -------
    (int, int, int, int)
        Top, left, bottom, right, in pixels, inside the plane; the whole plane when rows and
        columns are not what is shown, empty (top equals bottom) when it is out of view.
    """
    rows, columns = layer.data.shape[-2:]
    if not _shows_planes(viewer):
        return 0, 0, rows, columns
    half = np.asarray(viewer.canvas.size, float) / viewer.scene.camera.zoom / 2
    center = np.asarray(viewer.scene.camera.center[-2:], float)
    corners = []
    for sign in product((-1, 1), repeat=2):
        point = np.array(viewer.dims.point, float)
        point[-2:] = center + np.asarray(sign) * half
        corners.append(layer.world_to_data(point)[-2:])
    low, high = np.min(corners, axis=0), np.max(corners, axis=0)
    top, left = np.clip(np.floor(low + 0.5), 0, (rows, columns)).astype(int)
    bottom, right = np.clip(np.ceil(high + 0.5), 0, (rows, columns)).astype(int)
    return int(top), int(left), int(bottom), int(right)


def is_in_view(viewer: Viewer, layer: Layer, index: Index, window: Window) -> bool:
    """Say whether the middle of a window is on the canvas.

    Parameters
    ----------
    viewer : napari.Viewer
        Where the layer is.
    layer : napari.layers.Layer
        An Image or Labels layer.
    index : tuple of int
        The plane.
    window : tuple of slice
        Rows and columns.

    Returns
    -------
    bool
        False as well when another plane is shown.
    """
    top, left, bottom, right = box_in_view(viewer, layer)
    y, x = ((part.start + part.stop) / 2 for part in window)
    return plane_in_view(viewer, layer) == index and top <= y <= bottom and left <= x <= right


def show_plane(viewer: Viewer, layer: Layer, index: Index) -> None:
    """Move the sliders to a plane, and show planes when volumes or other axes are shown.

    Parameters
    ----------
    viewer : napari.Viewer
        Where the layer is.
    layer : napari.layers.Layer
        An Image or Labels layer.
    index : tuple of int
        The plane.
    """
    dims = viewer.dims
    if not _shows_planes(viewer):
        dims.ndisplay, dims.order = 2, tuple(range(dims.ndim))
    if not index:
        return
    rows, columns = layer.data.shape[-2:]
    world = layer.data_to_world((*index, (rows - 1) / 2, (columns - 1) / 2))
    first = dims.ndim - layer.ndim
    axes = tuple(range(first, first + len(index)))
    dims.set_point(axes, tuple(float(at) for at in world[: len(index)]))


def show_window(viewer: Viewer, layer: Layer, index: Index, window: Window) -> None:
    """Move to a plane, and the camera so that a window fills half of the canvas.

    Parameters
    ----------
    viewer : napari.Viewer
        Where the layer is.
    layer : napari.layers.Layer
        An Image or Labels layer.
    index : tuple of int
        The plane.
    window : tuple of slice
        Rows and columns.
    """
    show_plane(viewer, layer, index)
    corners = world_corners(layer, index, window)[:, -2:]
    low, high = corners.min(axis=0), corners.max(axis=0)
    camera = viewer.scene.camera
    camera.center = (0.0, *(float(at) for at in (low + high) / 2))
    camera.zoom = float(FILLED * np.min(np.asarray(viewer.canvas.size) / (high - low)))


def world_corners(layer: Layer, index: Index, window: Window) -> NDArray[np.float64]:
    """Return where the corners of a window are in the world.

    Parameters
    ----------
    layer : napari.layers.Layer
        An Image or Labels layer.
    index : tuple of int
        The plane.
    window : tuple of slice
        Rows and columns.

    Returns
    -------
    (4, N) ndarray
        One row for each corner, around the window.
    """
    return np.array([layer.data_to_world(corner) for corner in data_corners(index, window)])


def data_corners(index: Index, window: Window) -> Sequence[tuple[float, ...]]:
    """Return the corners of a window, at the outer edges of its pixels.

    Parameters
    ----------
    index : tuple of int
        The plane.
    window : tuple of slice
        Rows and columns.

    Returns
    -------
    sequence of tuple of float
        Four positions in data coordinates, around the window.
    """
    (top, bottom), (left, right) = ((part.start - 0.5, part.stop - 0.5) for part in window)
    around = ((top, left), (top, right), (bottom, right), (bottom, left))
    return [(*index, y, x) for y, x in around]


def updated_window(viewer: Viewer, event: Event) -> Window | None:
    """Return which rows and columns napari's event ``labels_update`` is about.

    Parameters
    ----------
    viewer : napari.Viewer
        Where the layer is.
    event : Event
        Has the new colours and where they begin.

    Returns
    -------
    tuple of slice or None
        None when rows and columns are not what is shown.
    """
    if not _shows_planes(viewer):
        return None
    (top, left), (rows, columns) = event.offset, event.data.shape
    return slice(int(top), int(top) + rows), slice(int(left), int(left) + columns)


def whole_window(labels: Labels) -> Window:
    """Return all rows and columns.

    Parameters
    ----------
    labels : (..., Y, X) ndarray
        A plane or a stack.

    Returns
    -------
    tuple of slice
        Rows and columns.
    """
    rows, columns = labels.shape[-2:]
    return slice(0, rows), slice(0, columns)


def _shows_planes(viewer: Viewer) -> bool:
    order = tuple(viewer.dims.order)
    last = (len(order) - 2, len(order) - 1)
    return viewer.dims.ndisplay == 2 and order[-2:] == last
