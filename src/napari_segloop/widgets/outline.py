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
        for name, value in Placement.of(on).arguments().items():
            setattr(layer, name, value)
        sides = [part.stop - part.start for part in window]
        layer.data = []
        layer.add_rectangles(
            np.array(data_corners(index, window)),
            edge_width=max(0.5, WIDTH * min(sides)),
            edge_color=COLOUR,
            face_color="transparent",
        )
        layer.selected_data = set()
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
