"""One key to brush over what is right: the checked layer's brush, and back to the masks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_segloop.core.checkstate import CHECKED
from napari_segloop.widgets.sources import unwrapped

if TYPE_CHECKING:
    from napari import Viewer

    from napari_segloop.widgets.labels_layers import LoopLayers


class CheckedBrush:
    """Changes between the masks, with the tool in hand there, and the brush for ``checked``.

    Parameters
    ----------
    viewer : napari.Viewer
        Its active layer changes.
    layers : LoopLayers
        Of the open image.
    """

    def __init__(self, viewer: Viewer, layers: LoopLayers) -> None:
        self._viewer, self._layers = unwrapped(viewer), layers

    @property
    def is_on(self) -> bool:
        """Whether the checked layer is active."""
        return self._viewer.layers.selection.active is self._layers.checked

    def toggle(self) -> None:
        """Take the brush, or go back to the masks, which kept their tool."""
        masks, checked = self._layers.masks, self._layers.checked
        if self.is_on:
            self._viewer.layers.selection.active = masks
            return
        checked.visible = True
        checked.selected_label = CHECKED
        checked.brush_size = masks.brush_size
        self._viewer.layers.selection.active = checked
        checked.mode = "paint"
