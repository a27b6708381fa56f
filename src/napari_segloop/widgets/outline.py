"""The outline of the place to check: one layer, reused, never selected by us."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Shapes

from napari_segloop.widgets.placement import Placement
from napari_segloop.widgets.sources import unwrapped
from napari_segloop.widgets.view import data_corners

if TYPE_CHECKING:
    from napari import Viewer
    from napari.layers import Layer

Index = tuple[int, ...]
Window = tuple[slice, slice]
NAME = "place to check"
COLOUR = "#ffd24a"
WIDTH = 1 / 100
"""Of the shorter side of the place."""


class Outline:
    """Shows a rectangle around the place that the user is at.

    Parameters
    ----------
    viewer : napari.Viewer
        Where it is shown.
    """

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = unwrapped(viewer)
        self._layer: Shapes | None = None

    @property
    def layer(self) -> Shapes | None:
        """The layer, as long as it is in the viewer."""
        shown = self._layer is not None and any(each is self._layer for each in self._viewer.layers)
        return self._layer if shown else None

    def show(self, on: Layer, index: Index, window: Window) -> None:
        """Draw it around a window; what is selected stays selected.

        Parameters
        ----------
        on : napari.layers.Layer
            The masks, whose transform it takes.
        index : tuple of int
            The plane.
        window : tuple of slice
            Rows and columns.
        """
        selected, active = set(self._viewer.layers.selection), self._viewer.layers.selection.active
        if self.layer is not None and self._layer is not None and self._layer.ndim != on.ndim:
            self.hide()
        layer = self.layer or self._add(on)
        _place(layer, on)
        _draw(layer, np.array(data_corners(index, window)), WIDTH * _side(window))
        self._viewer.layers.selection = selected
        self._viewer.layers.selection.active = active

    def hide(self) -> None:
        """Remove it."""
        if (layer := self.layer) is not None:
            self._viewer.layers.remove(layer)
        self._layer = None

    def _add(self, on: Layer) -> Shapes:
        self._layer = Shapes(ndim=on.ndim, name=NAME, **Placement.of(on).arguments())
        self._viewer.add_layer(self._layer)
        return self._layer


def _place(layer: Shapes, on: Layer) -> None:
    """Take over what is different: napari draws everything anew at each change."""
    now = Placement.of(layer).arguments()
    for name, value in Placement.of(on).arguments().items():
        if not np.array_equal(now[name], value):
            setattr(layer, name, value)


def _draw(layer: Shapes, corners: np.ndarray, width: float) -> None:
    """Move the one rectangle, or make it."""
    if len(layer.data) == 1:
        layer.data = [corners]
        layer.edge_width = [max(0.5, width)]
        return
    layer.data = []
    layer.add_rectangles(
        corners, edge_width=max(0.5, width), edge_color=COLOUR, face_color="transparent"
    )
    layer.selected_data = set()


def _side(window: Window) -> int:
    return min(int(part.stop - part.start) for part in window)
