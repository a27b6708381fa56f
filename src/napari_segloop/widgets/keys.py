"""The keys of the loop, whichever layer or table of the viewer's window has the focus.

Keys are seen before the widget that has the focus, but never while one types into a text or number
field, nor while a dialog or menu is open. Those that judge places are ours only while places are
being checked, so that A and S stay napari's on Points and Shapes otherwise. The module does not
know what a key does.

`W`, `H`, `K` and `N` are free on napari's Labels, Points, Shapes and Image layers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtGui import QKeyEvent, QKeySequence
from qtpy.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QKeySequenceEdit,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DEFAULT_KEYS: dict[str, str] = {
    "accept": "A",
    "cant_tell": "S",
    "later": "N",
    "back": "W",
    "peek": "H",
    "brush": "K",
}
"""``peek`` is held; ``accept`` to ``back`` are ours only while places are being checked."""
JUDGING = frozenset({"accept", "cant_tell", "later", "back"})
_TYPED_INTO = (QLineEdit, QTextEdit, QPlainTextEdit, QAbstractSpinBox, QKeySequenceEdit)
_KEY_EVENTS = frozenset(
    {QEvent.Type.KeyPress, QEvent.Type.KeyRelease, QEvent.Type.ShortcutOverride}
)
_LEFT = frozenset({QEvent.Type.WindowDeactivate, QEvent.Type.ApplicationDeactivate})
_HARMLESS = Qt.KeyboardModifier.KeypadModifier


@dataclass(frozen=True, slots=True)
class KeyActions:
    """What the keys do.

    Parameters
    ----------
    accept, cant_tell, later, back, brush : callable
        Once for each press.
    peek : callable
        Called with True when the key goes down and with False when it comes up or focus is lost.
    is_checking : callable
        Says whether places are being checked.
    is_open : callable
        Says whether an image is open; without one no key is ours.
    """

    accept: Callable[[], object]
    cant_tell: Callable[[], object]
    later: Callable[[], object]
    back: Callable[[], object]
    brush: Callable[[], object]
    peek: Callable[[bool], object]
    is_checking: Callable[[], bool]
    is_open: Callable[[], bool]


class LoopKeys(QObject):
    """Listens to the keys in one window.

    Parameters
    ----------
    window : QWidget
        The viewer's window; its floating docks belong to it.
    actions : KeyActions
        What is done.
    keys : mapping of str to str, optional
        Other keys than `DEFAULT_KEYS`.
    """

    def __init__(
        self, window: QWidget, actions: KeyActions, keys: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(window)
        self._window, self._actions = window, actions
        self._names = {_code(key): name for name, key in (DEFAULT_KEYS | dict(keys or {})).items()}
        self._peeking: int | None = None
        application = QApplication.instance()
        if application is not None:
            application.installEventFilter(self)

    def close(self) -> None:
        """Listen no longer and let go of the window; doing it twice does no harm."""
        self._end_peek()
        self.setParent(None)
        application = QApplication.instance()
        if application is not None:
            application.removeEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Take the keys that are ours.

        Parameters
        ----------
        watched : QObject
            Who is about to get the event.
        event : QEvent
            Any event of the application; all but a few are let through at once.

        Returns
        -------
        bool
            True for a key that was ours.
        """
        kind = QEvent.Type.None_ if event is None else event.type()
        if kind in _LEFT and self._peeking is not None:
            self._end_peek()
        if kind not in _KEY_EVENTS or not isinstance(event, QKeyEvent):
            return False
        if not isinstance(watched, QWidget):
            return False
        if event.type() == QEvent.Type.KeyRelease:
            return self._released(event)
        is_ours = self._name(watched, event) is not None
        if is_ours and kind == QEvent.Type.KeyPress and not event.isAutoRepeat():
            self._pressed(event)
        if is_ours:
            event.accept()
        return is_ours

    def _name(self, watched: QWidget, event: QKeyEvent) -> str | None:
        """Return what a key does here and now."""
        name = self._names.get(int(event.key()))
        if name is None or event.modifiers() & ~_HARMLESS or not self._actions.is_open():
            return None
        if name in JUDGING and not self._actions.is_checking():
            return None
        return name if self._is_here(watched) else None

    def _is_here(self, watched: QWidget) -> bool:
        if QApplication.activeModalWidget() or QApplication.activePopupWidget():
            return False
        if isinstance(watched, _TYPED_INTO):
            return False
        if isinstance(watched, QComboBox) and watched.isEditable():
            return False
        return _belongs(watched, self._window)

    def _pressed(self, event: QKeyEvent) -> None:
        name = self._names[int(event.key())]
        if name != "peek":
            getattr(self._actions, name)()
        elif self._peeking is None:
            self._peeking = int(event.key())
            self._actions.peek(True)

    def _released(self, event: QKeyEvent) -> bool:
        if self._peeking is None or int(event.key()) != self._peeking or event.isAutoRepeat():
            return False
        self._end_peek()
        event.accept()
        return True

    def _end_peek(self) -> None:
        if self._peeking is not None:
            self._peeking = None
            self._actions.peek(False)


def _belongs(widget: QWidget, window: QWidget) -> bool:
    """Whether a widget is in a window or in one of its floating docks."""
    each: QWidget | None = widget
    while each is not None and each is not window:
        each = each.parentWidget()
    return each is window


def _code(key: str) -> int:
    return int(QKeySequence(key)[0].key())
