"""Strokes on the wrong layer: another labels layer of the same image, while places are checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.layers import Labels

from napari_segloop.widgets.connections import Connections
from napari_segloop.widgets.imagelayers import stored_shape
from napari_segloop.widgets.sources import unwrapped

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari import Viewer
    from napari.layers import Layer
    from napari.utils.events import Event

    from napari_segloop.widgets.labels_layers import LoopLayers


class StrayStrokes:
    """Takes strokes back that hit another labels layer of the same shape.

    Parameters
    ----------
    viewer : napari.Viewer
        Whose layers are watched.
    layers : LoopLayers
        The right ones.
    is_checking : callable
        Says whether places are being checked; otherwise any layer may be painted on.
    on_hint : callable
        Called with a sentence.
    """

    def __init__(
        self,
        viewer: Viewer,
        layers: LoopLayers,
        is_checking: Callable[[], bool],
        on_hint: Callable[[str], None],
    ) -> None:
        self._layers, self._is_checking, self._on_hint = layers, is_checking, on_hint
        self._connections = Connections()
        self._hit: Labels | None = None
        shown = unwrapped(viewer).layers
        for layer in shown:
            self._watch(layer)
        self._connections.connect(shown.events.inserted, self._on_inserted)

    def tick(self) -> None:
        """Take back the last stray stroke; it is whole only after napari's event."""
        layer, self._hit = self._hit, None
        if layer is not None:
            layer.undo()
            self._on_hint(
                f"That stroke was on {layer.name!r} and was taken back. "
                f"Select {self._layers.masks.name!r} to correct the masks."
            )

    def close(self) -> None:
        """Watch no longer."""
        self._connections.close()

    def _on_inserted(self, event: Event) -> None:
        self._watch(event.value)

    def _watch(self, layer: Layer) -> None:
        if isinstance(layer, Labels) and not any(layer is each for each in self._layers.all()):
            self._connections.connect(layer.events.paint, self._on_paint)

    def _on_paint(self, event: Event) -> None:
        layer = event.source
        if self._is_checking() and stored_shape(layer) == stored_shape(self._layers.masks):
            self._hit = layer
