"""Saves by itself: what changed is copied here, a little each turn, and written on another thread.

Saved means committed. What could not be saved counts as unsaved again, is said, and is tried again.
The module does not know layers, jobs or what is in a record.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from napari_segloop.session.content import Content
from napari_segloop.session.keeping import Asked, Work, Written, write
from napari_segloop.session.ledger import Ledger
from napari_segloop.session.mirroring import Mirroring
from napari_segloop.session.pace import Pace
from napari_segloop.session.reading import Reader
from napari_segloop.session.savedline import SavedLine
from napari_segloop.session.taking import Taking
from napari_segloop.store.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_segloop.core.errors import SegLoopError
    from napari_segloop.session.books import Books
    from napari_segloop.session.desk import Desk
    from napari_segloop.session.savedstate import SavedState
    from napari_segloop.store.project import Project
    from napari_segloop.store.snapshots import Snapshot

TURN: Final = 0.004
"""Seconds of copying in one turn of the viewer."""
WORTH: Final = frozenset({"classes", "images", "queue", "task", "versions"})
"""Parts of the state that are saved beside pixels."""
PATIENCE: Final = 60.0
"""Seconds that closing waits for a disk."""


class Saver:
    """Keeps a session in a project.

    Parameters
    ----------
    desk : Desk
        Planes and images.
    write_books : callable
        Returns the session's records, as they are now.
    tell : callable
        Called when `state` or `snapshots` changed, with "saved" or "history".

    Attributes
    ----------
    project : Project or None
        Where to; None until there is something to save.
    begin : callable or None
        Makes the project, on the writing thread; None: nothing is saved.
    is_held : bool
        Whether saving waits until something else is done with the project.
    look : callable
        Has layers looked at, so that nothing painted is overlooked.
    """

    def __init__(
        self, desk: Desk, write_books: Callable[[], Books], tell: Callable[[str], None]
    ) -> None:
        self._desk, self._write_books, self._tell = desk, write_books, tell
        self.project: Project | None = None
        self.begin: Callable[[str, str], Project] | None = None
        self.writer, self.content = Reader(), Content(desk)
        self.mirroring = Mirroring(self.show_project)
        self._line = SavedLine(self.writer, tell)
        self.snapshots: tuple[Snapshot, ...] = ()
        self.is_held = False
        self.look: Callable[[], None] = lambda: None
        self.faults = 0  # saves that failed, one after the other
        self._pace = Pace()
        self._taking: Taking | None = None
        self._is_writing = False
        self._asked = list[Asked]()
        self._edition = 0
        self._ledger = Ledger()

    @property
    def state(self) -> SavedState:
        """How safe it all is, in words."""
        return self._line.state

    @property
    def can_save(self) -> bool:
        """Whether there is, or will be, a project to write to."""
        if self.project is None:
            return self.begin is not None
        return not self.project.is_read_only

    @property
    def is_idle(self) -> bool:
        """Whether everything is saved."""
        busy = self._is_writing or self._taking is not None or self._pace.is_waiting or self.is_held
        return not (busy or self._asked or self._is_news() or self._desk.truths.unsaved)

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to be saved, or can be."""
        return not self.can_save or (self.is_idle and not self.content)

    def note(self, parts: set[str]) -> None:
        """Take note of what changed beside pixels.

        Parameters
        ----------
        parts : set of str
            Names as `LoopSession.changed` tells them.
        """
        is_worth = self.project or self._desk.versions.states or self._desk.truths.unsaved
        if parts & WORTH and is_worth:  # pixels may have waited for what their image is
            self._pace.note(time.monotonic())

    def hurry(self) -> None:
        """Save what changed at once: a place was accepted, or a job begins."""
        self._pace.hurry()

    def ask(self, kind: str, message: str, then: Callable[[Snapshot], None]) -> None:
        """Have a snapshot made of this moment.

        Parameters
        ----------
        kind : {"round", "manual"}
            Why.
        message : str
            In words.
        then : callable
            Called by a later poll, once it is on the disk.
        """
        if self.can_save:
            self._asked.append(Asked(kind, message, then))  # type: ignore[arg-type]  # a literal
            self._pace.note(time.monotonic())
            self._pace.hurry()

    def poll(self, seconds: float = TURN) -> None:
        """Go on with saving; never waits.

        Parameters
        ----------
        seconds : float
            How long to copy.
        """
        self.writer.poll()
        self.mirroring.poll()
        if not self.can_save or self.is_held:
            return
        now = time.monotonic()
        self._look(now)
        if self._taking is None and not self._is_writing and self._is_due(now):
            self._pace.begin()
            self._taking = Taking(self._desk.truths, self._is_known)
        if self._taking is not None and self._taking.step(seconds):
            self._save(self._taking)

    def finish(self, seconds: float = PATIENCE) -> bool:
        """Save everything now, and wait for it.

        Parameters
        ----------
        seconds : float
            How long to wait at most.

        Returns
        -------
        bool
            Whether everything is on the disk; True also when nothing is to be saved.
        """
        end, faults = time.monotonic() + seconds, self.faults
        self._pace.retry()
        self._desk.identify_now()
        self.content.read_now(is_now=True)
        while self.can_save and not (self.is_idle and not self.content):
            self.hurry()
            self.poll(seconds)
            if self.faults > faults or time.monotonic() > end:
                break
            time.sleep(0.002)
        self.content.read_now(is_now=False)
        return not self.can_save or self.is_idle

    def take_up(
        self, project: Project | None, books: Books | None, *, is_copy: bool = False
    ) -> None:
        """Go on with a project that was opened, or with none.

        Parameters
        ----------
        project : Project or None
            Where to save from now on; the one before was closed.
        books : Books or None
            Its records, as they were saved.
        is_copy : bool
            Whether it is a copy of the one before; then what is unsaved will be saved into it.
        """
        self.project, self._taking = project, None
        self._ledger = Ledger(books)
        self.content.forget()
        if not is_copy:
            self._desk.truths.unsaved.clear()
        self._edition = -1 if is_copy else self._desk.truths.unsaved.edition
        self._pace = Pace()
        self._asked.clear()
        self.mirroring.take_up(project)
        self.show_project()

    def show_project(self, size: int | None = None) -> None:
        """Say where the project is.

        Parameters
        ----------
        size : int, optional
            Bytes that it takes, where that is known anew.
        """
        self._line.show(self.project, self.mirroring, size)

    def close(self) -> None:
        """End the threads."""
        self.writer.close()
        self.mirroring.close()

    def _is_news(self) -> bool:
        unsaved = self._desk.truths.unsaved
        return unsaved.edition != self._edition or self.content.is_ready

    def _is_known(self, image: int) -> bool:
        return image in self._desk.images.identities

    def _is_due(self, now: float) -> bool:
        """Say whether to begin; a new project has its name of an image, so it waits for one."""
        images = self._desk.images
        waits = any(state.planes for state in images.states) and not images.identities
        return self._pace.is_due(now) and not (self.project is None and waits)

    def _look(self, now: float) -> None:
        """Take note of pixels that changed, and of image pixels that were read."""
        if self._desk.truths.unsaved.edition != self._edition:
            self._edition = self._desk.truths.unsaved.edition
            self._pace.note(now)
        if self.content.is_ready and not self._is_writing and not self._pace.is_waiting:
            self._pace.note(now)
            self._pace.hurry()

    def _save(self, taking: Taking) -> None:
        """Hand over what was copied, and what else changed up to this moment."""
        self._taking = None
        try:
            books, unsaved = self._write_books(), self._desk.truths.unsaved
            work = self._ledger.work(books, taking, unsaved, self.content, tuple(self._asked))
        except StoreError as error:  # a record that makes no sense
            self._failed(error, taking, None)
            return
        self._asked.clear()
        if work.is_empty:
            return
        self._is_writing = True

        def carry_out() -> Written:
            if self.project is None and self.begin is not None:
                self.project = self.begin(work.books.name, work.books.project.task)
            assert self.project is not None  # asked by `can_save`
            return write(self.project, work)

        self.writer.ask(carry_out, self._done, lambda error: self._failed(error, taking, work))

    def _done(self, written: Written) -> None:
        self._is_writing, self.faults = False, 0
        work = written.work
        self._ledger.saved(work)
        self.content.saved(work.content)
        self.content.want(written.checked)
        self._desk.sums.want({key[0] for key in written.checked})
        if self.mirroring.project is not self.project:  # it was begun just now
            self.mirroring.take_up(self.project)
        self.mirroring.update()
        if not self.snapshots or self.snapshots[0].id != written.snapshot.id:
            self.snapshots = (written.snapshot, *self.snapshots)
            self._tell("history")
        self._line.saved()
        self.show_project()
        self._line.measure(self.project, self.show_project)
        for each in work.asked:
            each.then(written.snapshot)

    def _failed(self, error: SegLoopError, taking: Taking, work: Work | None) -> None:
        """Count everything as unsaved again, and say why."""
        self._is_writing = False
        self.faults += 1
        taking.put_back()
        if work is not None:
            self._desk.truths.unsaved.dropped.update(work.removed)
            self.content.put_back(work.content)
            self._asked[:0] = work.asked
        self._pace.fail(time.monotonic())
        self._line.failed(error)
