"""Callbacks that are connected together and let go together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


class Emitter(Protocol):
    """What napari's and psygnal's emitters have in common."""

    def connect(self, callback: Callable[..., object], /) -> object:
        """Call it from now on.

        Parameters
        ----------
        callback : callable
            Called with the event.
        """

    def disconnect(self, callback: Callable[..., object], /) -> object:
        """Call it no longer.

        Parameters
        ----------
        callback : callable
            Called with the event.
        """


class Connections:
    """Callbacks of events of napari or psygnal."""

    def __init__(self) -> None:
        self._made = list[tuple[Emitter, "Callable[..., object]"]]()

    def connect(self, emitter: Emitter, callback: Callable[..., object]) -> None:
        """Connect a callback.

        Parameters
        ----------
        emitter : napari or psygnal emitter
            Has ``connect`` and ``disconnect``.
        callback : callable
            Called with the event.
        """
        emitter.connect(callback)
        self._made.append((emitter, callback))

    def close(self) -> None:
        """Disconnect all of them; doing it twice does no harm."""
        made, self._made = self._made, []
        for emitter, callback in made:
            emitter.disconnect(callback)
