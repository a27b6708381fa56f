"""A layer to draw one rectangle on, in the place of an image; taken away when it is done.

What the rectangle is for is not known here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.layers import Shapes

from napari_segloop.widgets.sources import unwrapped

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari import Viewer
    from napari.layers import Layer

    from napari_segloop.widgets.placement import Placement

NAME = "work area (drag a rectangle)"
COLOUR = "#ff9ad5"


def show_edges(layer: Layer) -> None:
    """Show where a layer ends, though it is empty.

    Parameters
    ----------
    layer : napari.layers.Layer
        Of a work area.
    """
    edges = layer.bounding_box
    edges.points, edges.line_color, edges.visible = False, COLOUR, True


class DrawnBox:
    """The layer, while it is needed.

    Parameters
    ----------
    viewer : napari.Viewer
        Where it is shown.
    on_enter : callable
        Called when Enter is pressed over it.
    """

    def __init__(self, viewer: Viewer, on_enter: Callable[[], None]) -> None:
        self._viewer, self._on_enter = unwrapped(viewer), on_enter
        self._layer: Shapes | None = None
        self._before: Layer | None = None

    @property
    def layer(self) -> Shapes | None:
        """The layer, as long as it is in the viewer."""
        shown = self._layer is not None and any(each is self._layer for each in self._viewer.layers)
        return self._layer if shown else None

    def begin(self, placement: Placement, *, width: float) -> None:
        """Add the layer with the tool for rectangles in hand.

        Parameters
        ----------
        placement : Placement
            Of the image, without channels.
        width : float
            Of the line, in pixels of the image.
        """
        self.end()
        self._before = self._viewer.layers.selection.active
        self._layer = layer = Shapes(
            ndim=len(placement.scale),
            name=NAME,
            edge_color=COLOUR,
            face_color="transparent",
            edge_width=width,
            **placement.arguments(),
        )
        layer.bind_key("Enter", lambda _: self._on_enter(), overwrite=True)
        self._viewer.add_layer(layer)
        self._viewer.layers.selection.active = layer
        layer.mode = "add_rectangle"

    def end(self) -> None:
        """Take the layer away; the one that was active before is active again."""
        layer, self._layer = self.layer, None
        if layer is None:
            return
        self._viewer.layers.remove(layer)
        if self._before is not None and self._before in self._viewer.layers:
            self._viewer.layers.selection.active = self._before
        self._before = None
