"""The end of a window: told when it was closed, before anything in it is deleted.

A window that was asked to close may refuse; then nothing is told. Who listens is not known here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject, QTimer

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtWidgets import QWidget


class Closing(QObject):
    """Watches a window.

    Parameters
    ----------
    window : QWidget
        Any top-level widget.
    then : callable
        Called once, when the window was closed or deleted.
    """

    def __init__(self, window: QWidget, then: Callable[[], object]) -> None:
        super().__init__()
        self._then: Callable[[], object] | None = then
        self._is_asked = False
        window.installEventFilter(self)
        window.destroyed.connect(self._end)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Notice a window that is asked to close and then hides.

        Parameters
        ----------
        watched : QObject
            The window.
        event : QEvent
            Any of its events; none is taken.

        Returns
        -------
        bool
            False.
        """
        if event is None or watched is None:
            return False
        if event.type() == QEvent.Type.Close:
            self._is_asked = True
            QTimer.singleShot(0, self._forget)
            if not watched.property("visible"):
                self._end()
        elif event.type() == QEvent.Type.Hide and self._is_asked and not event.spontaneous():
            self._end()
        return False

    def _forget(self) -> None:
        self._is_asked = False

    def _end(self) -> None:
        then, self._then = self._then, None
        if then is not None:
            then()
