"""Work on a project while nothing is saved: it waits for the last save, and holds further ones.

Painting goes on meanwhile; what was painted is saved afterwards. The work itself is not known here.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar, cast

from napari_segloop.core.errors import SegLoopError
from napari_segloop.session.errands import Errand
from napari_segloop.store.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_segloop.session.desk import Desk
    from napari_segloop.session.saving import Saver

T = TypeVar("T")

NAP: Final = 0.02
"""Seconds between two looks at whether everything is saved."""
TRIES: Final = 3
PATIENCE: Final = 60.0
"""Seconds that it waits for the last save."""


class Standstill(Errand):
    """Do something on the writing thread, once everything is saved.

    Parameters
    ----------
    desk : Desk
        What is worked on.
    saver : Saver
        Held while the work is done.
    kind, title : str
        What it is; the title is for the user.
    work : callable
        Called on the writing thread.
    then : callable
        Called with its result.
    undo : callable, optional
        Called on the writing thread when something changed during the work, of which the work must
        not be ignorant; then the work is done again. Not needed where it does not matter.

    Attributes
    ----------
    waits : bool
        Whether everything has to be saved first.
    """

    def __init__(
        self,
        desk: Desk,
        saver: Saver,
        kind: str,
        title: str,
        work: Callable[[], T],
        then: Callable[[T], None],
        undo: Callable[[T], object] | None = None,
    ) -> None:
        super().__init__(desk, title)
        self.kind, self._saver, self._work = kind, saver, work
        self._then = cast("Callable[[object], None]", then)
        self._undo = cast("Callable[[object], object] | None", undo)
        self._tries, self._is_held, self.waits = TRIES, False, True
        self._until = time.monotonic() + PATIENCE

    def begin(self) -> None:
        """Wait for the last save, then do it."""
        saver = self._saver
        if self.is_over or self.is_stopping:
            return
        if self.waits and saver.can_save and saver.state.level == "error":
            self._give_up(saver.state.text)
        elif time.monotonic() > self._until:
            self._give_up(f"not all of it saved within {PATIENCE:.0f} s")
        elif saver.is_held or (self.waits and not saver.is_settled):
            saver.hurry()
            saver.writer.ask(partial(time.sleep, NAP), lambda _: self.begin(), self.fail)
        else:
            saver.is_held = self._is_held = True
            saver.writer.ask(self._work, self._done, self._failed)

    def stop(self) -> None:
        """Give up waiting; what is being done already is done to the end."""
        if not self._is_held:
            super().stop()

    def _done(self, found: object) -> None:
        self._release()
        self._saver.look()  # what was painted last may not have been seen yet
        if self._undo is not None and (self.is_over or not self._saver.is_settled):
            self._take_back(found, self._undo)
            return
        try:
            self._then(found)
        except SegLoopError as error:
            self.fail(error)
        self._end(is_well=True)

    def _take_back(self, found: object, undo: Callable[[object], object]) -> None:
        """Do it again: something was painted that it does not know."""
        self._tries -= 1
        self._saver.is_held = self._is_held = True
        self._saver.writer.ask(lambda: undo(found), self._try_again, self._failed)

    def _try_again(self, _: object) -> None:
        self._release()
        if self._tries and not self.is_over:
            self.begin()
            return
        got = "changes all the time"
        self.fail(StoreError("a moment without changes", got, "Nothing was done. Try it again."))

    def _give_up(self, got: str) -> None:
        remedy = "Make room or bring the disk back, then try again."
        self.fail(StoreError("to save this project first", got, remedy))

    def _failed(self, error: SegLoopError) -> None:
        self._release()
        self.fail(error)

    def _release(self) -> None:
        self._saver.is_held = self._is_held = False


def nothing(*_: object) -> None:
    """Do nothing: what has to be done is done on the viewer's thread, once all is saved.

    Parameters
    ----------
    *_ : object
        Anything.
    """
