"""Listening to the session for as long as a widget lives, and not a moment longer.

Knows psygnal and `destroyed`; not what is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from psygnal import SignalInstance
    from qtpy.QtCore import QObject


class Ear:
    """A connection between a signal of the session and a method of a widget.

    The widget keeps it. Both the signal and Qt hold it weakly, since a function in a cycle of
    garbage would be called by `destroyed` after Python has emptied it.

    Parameters
    ----------
    widget : QObject
        When Qt destroys it, which may be long before Python forgets it, the signal is left.
    signal : psygnal.SignalInstance
        Of the session.
    slot : callable
        A bound method of the widget.
    """

    def __init__(
        self, widget: QObject, signal: SignalInstance, slot: Callable[..., object]
    ) -> None:
        self._signal, self._slot = signal, slot
        signal.connect(slot)
        widget.destroyed.connect(self._leave)

    def _leave(self) -> None:
        self._signal.disconnect(self._slot)
