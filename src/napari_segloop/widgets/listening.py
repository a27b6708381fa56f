"""Listening to the session for as long as a widget lives, and not a moment longer.

Knows psygnal and `destroyed`; not what is said.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from psygnal import SignalInstance
    from qtpy.QtWidgets import QWidget


def listen(widget: QWidget, signal: SignalInstance, slot: Callable[..., object]) -> None:
    """Connect a method of a widget to a signal of the session.

    The signal holds neither the widget nor its method, and is left when Qt destroys the widget,
    which may be long before Python forgets it.

    Parameters
    ----------
    widget : QWidget
        Whose life counts.
    signal : psygnal.SignalInstance
        Of the session.
    slot : callable
        A bound method.
    """
    weak = weakref.WeakMethod(slot)

    def hear(*values: object) -> None:
        living = weak()
        if living is not None:
            living(*values)

    signal.connect(hear)
    widget.destroyed.connect(lambda: signal.disconnect(hear))
