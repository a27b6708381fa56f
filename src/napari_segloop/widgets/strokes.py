"""Whether the user is drawing right now, with the mouse down on one of our layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from napari.layers import Labels
    from napari.utils.events import Event

TOOLS = frozenset({"paint", "erase", "fill", "polygon"})


class Strokes:
    """Watches the mouse over some labels layers.

    Parameters
    ----------
    layers : sequence of napari.layers.Labels
        Which ones.
    tell : callable
        Called with True when a stroke begins and with False when it ends.
    """

    def __init__(self, layers: Sequence[Labels], tell: Callable[[bool], None]) -> None:
        self.is_painting = False
        self._layers, self._tell = tuple(layers), tell
        for layer in self._layers:
            layer.mouse_drag_callbacks.append(self._drag)

    def close(self) -> None:
        """Watch no longer."""
        for layer in self._layers:
            if self._drag in layer.mouse_drag_callbacks:
                layer.mouse_drag_callbacks.remove(self._drag)
        self._set(False)

    def _drag(self, layer: Labels, event: Event) -> Generator[None, None, None]:
        if str(layer.mode) not in TOOLS:
            return
        self._set(True)
        yield
        while event.type == "mouse_move":
            yield
        self._set(False)

    def _set(self, is_painting: bool) -> None:  # two states
        if self.is_painting != is_painting:
            self.is_painting = is_painting
            self._tell(is_painting)
