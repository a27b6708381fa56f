"""The checked layer's brush for what is right, cannot be told or does not count; and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_segloop.core.checkstate import CHECKED
from napari_segloop.widgets.sources import unwrapped

if TYPE_CHECKING:
    from napari import Viewer

    from napari_segloop.widgets.labels_layers import LoopLayers

ERASER = 0
PAINTING = {"paint", "polygon", "fill"}


class CheckedBrush:
    """Changes between the masks, with the tool in hand there, and the brushes for ``checked``.

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

    @property
    def value(self) -> int | None:
        """What the brush in hand paints into ``checked``; None when it is another tool."""
        checked = self._layers.checked
        if self.is_on and checked.mode == "erase":
            return ERASER
        return int(checked.selected_label) if self.is_on and checked.mode in PAINTING else None

    def toggle(self) -> None:
        """Take the brush that checks, or go back."""
        self.put_away() if self.is_on else self.take(CHECKED)

    def take(self, value: int) -> None:
        """Take a brush.

        Parameters
        ----------
        value : int
            What it paints, 0 to 3; 0 erases.
        """
        masks, checked = self._layers.masks, self._layers.checked
        checked.visible = True
        if not self.is_on:
            checked.brush_size = masks.brush_size
        self._viewer.layers.selection.active = checked
        if value != ERASER:
            checked.selected_label = value
        checked.mode = "erase" if value == ERASER else "paint"

    def put_away(self) -> None:
        """Go back to the masks, which kept their tool."""
        self._viewer.layers.selection.active = self._layers.masks
