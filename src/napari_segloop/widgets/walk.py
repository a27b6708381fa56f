"""Going to a place to check: sliders, camera, outline; the masks stay active, tool in hand.

Knows one open image; which place comes next is the session's business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_segloop.widgets.outline import Outline
from napari_segloop.widgets.sources import unwrapped
from napari_segloop.widgets.view import show_window

if TYPE_CHECKING:
    from napari import Viewer

    from napari_segloop.core.regions import Region
    from napari_segloop.widgets.labels_layers import LoopLayers


class Walk:
    """Moves the view of an open image from place to place.

    Parameters
    ----------
    viewer : napari.Viewer
        Its view is moved.
    layers : LoopLayers
        Of the open image.
    """

    def __init__(self, viewer: Viewer, layers: LoopLayers) -> None:
        self._viewer, self._layers = unwrapped(viewer), layers
        self.outline = Outline(viewer)
        self.at: Region | None = None

    def go(self, region: Region) -> None:
        """Show a place, in all dimensions, and keep the user's tool.

        Parameters
        ----------
        region : Region
            A place of this image; being there already moves nothing.
        """
        if region == self.at:
            return
        self.at = region
        masks, layers = self._layers.masks, self._viewer.layers
        show_window(self._viewer, masks, region.index, region.slices)
        self.outline.show(masks, region.index, region.slices)
        ours = (masks, self._layers.checked)
        if masks in layers and not any(layers.selection.active is each for each in ours):
            layers.selection.active = masks

    def leave(self) -> None:
        """Take the outline away."""
        self.at = None
        self.outline.hide()
