"""What all groups of the session's actions share: its parts, and how it tells of changes."""

from __future__ import annotations

import time
from itertools import count
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_segloop.core.errors import SegLoopError
from napari_segloop.engine.client import Engine
from napari_segloop.session import rounds
from napari_segloop.session.books import write_books
from napari_segloop.session.desk import Desk
from napari_segloop.session.imagelist import ImageList
from napari_segloop.session.offers import Offers
from napari_segloop.session.reading import Reader
from napari_segloop.session.resting import BUDGET, Resting
from napari_segloop.session.saving import Saver
from napari_segloop.session.scratch import Scratch
from napari_segloop.session.state import Curve, QueueState, RecentState
from napari_segloop.session.suspecting import Standing
from napari_segloop.session.thumbnails import Thumbnails
from napari_segloop.session.truths import Truths
from napari_segloop.session.versions import Versions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path
    from typing import Literal

    from napari_segloop.core.classes import ClassTable
    from napari_segloop.session.sources import ImageSource
    from napari_segloop.session.state import LoopState

from contextlib import contextmanager

from napari_segloop.session.errands import Errand

AWAY = 60.0
"""Seconds without anything after which the user counts as away."""
Index = tuple[int, ...]
Box = tuple[int, int, int, int]


class LoopParts:
    """Parts of a loop; `LoopSession` adds what can be done with them.

    Parameters
    ----------
    folder : Path
        Where model files are kept, and planes that memory should not hold.
    engine : Engine, optional
        Runs jobs; a new one when not given.
    budget : int
        Bytes of packed planes in memory; what is more goes into a file in the folder.
    """

    changed = Signal(str)
    written = Signal(object)
    preview = Signal(object)
    opening = Signal(object)
    card_read = Signal(object)
    looking = Signal(int, object)  # before a place is judged, or everything is used (None)
    answer_taken_back = Signal(int)  # an image whose last answer was taken back
    covering = Signal(int, object)  # before a prediction covers a plane
    looked = Signal(int, object, object, object)  # a plane of a snapshot: labels and checked

    def __init__(self, folder: Path, engine: Engine | None = None, budget: int = BUDGET) -> None:
        self.task: Literal["classes", "objects"] | None = None
        self.queue = QueueState()
        self.curve = Curve()
        self.offers, self.standing = Offers(), Standing()
        self.errands = list[Errand]()
        self._numbers = count(1)
        self.accepted = self.checked = 0  # places and strokes: since the last training, in all
        self.view: tuple[int, Index, Box] | None = None
        self._state: LoopState | None = None  # as long as nothing changed
        versions, reader, keeper = Versions(folder, self._write_later), Reader(), Reader()
        self.scratch = Scratch(folder)
        resting = Resting(self.scratch, keeper.ask, self._not_put_away, budget)
        truths = Truths(objects=False, resting=resting)
        self.desk = Desk(engine or Engine(), reader, keeper, ImageList(), versions, truths)
        self.thumbnails = Thumbnails(self.desk)
        self.written.connect(self.thumbnails.renew)
        self.desk.replaced = self._replaced
        self.saver = Saver(self.desk, lambda: write_books(self), self.note)
        self.saver.look = self.look_everywhere
        self.recent: tuple[RecentState, ...] = ()
        self.spent = 0.0  # seconds of work in the project
        self._worked_at = time.monotonic()

    def _replaced(self, image: int) -> None:
        """Take note that the file of an image was overwritten; overridden."""

    def _not_put_away(self, error: SegLoopError) -> None:
        self.desk.tell(error, "warning")

    @property
    def table(self) -> ClassTable:
        """The classes."""
        return self.desk.table

    def look_everywhere(self) -> None:
        """Have all layers of the open image looked at, before something depends on them."""
        if self.desk.images.opened is not None:
            self.looking.emit(self.desk.images.opened, None)

    def _write_later(self, write: Callable[[], None]) -> None:
        """Write a file of many megabytes on the reader's thread."""
        self.desk.reader.ask(write, lambda _: None, self.desk.tell)

    def acting(self) -> AbstractContextManager[None]:
        """Turn errors of an action into a message and tell of what changed at its end.

        Returns
        -------
        context manager
            Around every action.
        """
        return self._acting()

    @contextmanager
    def _acting(self) -> Iterator[None]:
        try:
            yield
        except SegLoopError as error:
            self.desk.tell(error)
        self.publish()

    def note(self, *parts: str) -> None:
        """Take note of parts of the state that changed.

        Parameters
        ----------
        *parts : str
            Names as `changed` tells them.
        """
        self.desk.changed.update(parts, ("primary",))

    def publish(self) -> None:
        """Emit what was noted: writes first, then the names of parts."""
        if self.desk.changed & rounds.WORTH and self.running("predict") is None:
            rounds.take_note(self.desk, self.offers)
        writes, self.desk.writes = self.desk.writes, []
        for write in writes:
            self.written.emit(write)
        parts, self.desk.changed = self.desk.changed, set()
        self.saver.note(parts)
        self._count_time()
        self._state = None
        for part in sorted(parts):
            self.changed.emit(part)

    def _count_time(self) -> None:
        """Count time as work unless nothing happened for a minute."""
        now = time.monotonic()
        if now - self._worked_at < AWAY:
            self.spent += now - self._worked_at
        self._worked_at = now

    def run(self, errand: Errand) -> None:
        """Begin an errand.

        Parameters
        ----------
        errand : Errand
            Work of several steps.
        """
        errand.number = next(self._numbers)
        self.errands.append(errand)
        errand.begin()
        self.note("jobs")

    def running(self, kind: str) -> Errand | None:
        """Return the errand of a kind that is under way.

        Parameters
        ----------
        kind : str
            As `Errand.kind`.

        Returns
        -------
        Errand or None
            The first one that is shown.
        """
        found = (e for e in self.errands if e.kind == kind and e.is_shown and not e.is_over)
        return next(found, None)

    def source(self, image: int) -> ImageSource:
        """Return where the pixels of an image come from.

        Parameters
        ----------
        image : int
            Its number.

        Returns
        -------
        ImageSource
            As it was added.
        """
        return self.desk.images.source(image)
