"""The bare image for as long as a key is held: our layers hidden, and then exactly as before."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Layer


class Peek:
    """Hides layers for a while."""

    def __init__(self) -> None:
        self._hidden = list["Layer"]()
        self.is_on = False

    def start(self, layers: Sequence[Layer]) -> None:
        """Hide those that are visible; a second call does nothing.

        Parameters
        ----------
        layers : sequence of napari.layers.Layer
            Which ones.
        """
        if self.is_on:
            return
        self.is_on = True
        self._hidden = [layer for layer in layers if layer.visible]
        for layer in self._hidden:
            layer.visible = False

    def end(self) -> None:
        """Show them again, each with its tool."""
        hidden, self._hidden = self._hidden, []
        self.is_on = False
        for layer in hidden:
            layer.visible = True
