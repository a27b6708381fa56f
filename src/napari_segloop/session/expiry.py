"""Old autosaves are forgotten while nothing else is to be done, however long a viewer stays open.

Which states are autosaves is the store's business.
"""

from __future__ import annotations

import datetime
import time
from typing import TYPE_CHECKING, Final

from napari_segloop.session.opening import past

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_segloop.session.saving import Saver
    from napari_segloop.store.project import Project
    from napari_segloop.store.snapshots import Snapshot

AUTOSAVES: Final = datetime.timedelta(days=1)
"""How long a state stays that nobody asked to keep."""
EVERY: Final = 3600.0
"""Seconds between two looks."""


class Expiry:
    """Has old autosaves of one project after the other expire.

    Parameters
    ----------
    saver : Saver
        Its writing thread does it; the second copy follows.
    tell : callable
        Called with the history when it is shorter.
    """

    def __init__(self, saver: Saver, tell: Callable[[tuple[Snapshot, ...]], None]) -> None:
        self._saver, self._tell = saver, tell
        self._project: Project | None = None
        self._looked_at = 0.0

    def poll(self) -> None:
        """Look whether it is time, and nothing is being saved or copied; never waits."""
        project, now = self._saver.project, time.monotonic()
        if project is None or project.is_read_only:
            return
        if project is self._project and now - self._looked_at < EVERY:
            return
        if not self._saver.is_idle or self._saver.mirroring.is_busy:
            return
        self._project, self._looked_at = project, now
        if any(_is_old(each) for each in self._saver.snapshots):
            self.expire(project)

    def expire(self, project: Project) -> None:
        """Have old autosaves forgotten, after what is being saved now.

        Parameters
        ----------
        project : Project
            Open for writing.
        """

        def work() -> tuple[Snapshot, ...]:
            project.annotations.expire(_limit())
            return past(project)

        def take(history: tuple[Snapshot, ...]) -> None:
            if self._saver.project is project:
                self._tell(history)
                self._saver.mirroring.update()

        self._saver.writer.ask(work, take, lambda _: None)


def _limit() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC) - AUTOSAVES


def _is_old(snapshot: Snapshot) -> bool:
    return snapshot.kind == "autosave" and not snapshot.is_kept and snapshot.time < _limit()
