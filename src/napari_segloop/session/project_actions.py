"""What can be done with the project: open another one, begin anew, keep a second copy, close."""

from __future__ import annotations

import datetime
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from napari_segloop.core.errors import InputError, OutputError
from napari_segloop.session.models import FileErrand
from napari_segloop.session.rescuing import read_or_say, snapshot_state
from napari_segloop.session.standstill import Standstill, nothing
from napari_segloop.session.state import Curve, DamagedState, RecentState, SnapshotState
from napari_segloop.session.taking_up import take_up
from napari_segloop.session.version_actions import VersionActions
from napari_segloop.store.errors import StoreError
from napari_segloop.store.recent import note_opened, recent

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_segloop.session.opening import Found
    from napari_segloop.store.project import Project

T = TypeVar("T")
READ_ONLY: Final = "This project is open in another viewer: look at it, but nothing is saved here."
HOW_TO_WRITE: Final = "Make a copy to work in, or close it there and open it here again."


class ProjectActions(VersionActions):
    """The project, its history, and other projects."""

    damaged: DamagedState | None = None

    def open_project(self, path: Path) -> None:
        """Read another project, then save and close the one that is open, and go on with it.

        Parameters
        ----------
        path : Path
            Its folder; read on the reader's thread.
        """
        with self.acting():
            folder = Path(path)
            here = self.project
            if here is not None and here.folder == folder and not here.is_read_only:
                return
            if any(errand.kind == "open" and not errand.is_over for errand in self.errands):
                self.desk.tell("Another project is being opened: wait for it.", "info")
                return
            self.run(FileErrand(self.desk, "open", partial(read_or_say, folder), self._found))

    def new_project(self) -> None:
        """Save and close the project that is open, and begin with an empty list."""
        with self.acting():
            self.look_everywhere()
            self._still("open", "Saving, then beginning anew", nothing, self._begin, nothing)

    def _begin(self, _: object) -> None:
        before = self.project
        self._remember()
        self._begin_empty()
        if before is not None:
            before.close()

    def _hush(self) -> None:
        """Show no more what was said of the project before."""
        self.desk.told = None
        self.note("told")

    def _begin_empty(self) -> None:
        self._hush()
        self.clear("classes")
        self.task = None
        self.saver.take_up(None, None)
        self.saver.snapshots = ()
        self._tell_all()

    def set_mirror(self, path: Path | None) -> None:
        """Keep a second copy of the project, brought up to date after each save.

        Parameters
        ----------
        path : Path or None
            A folder, for example on another drive; None: no second copy.
        """
        with self.acting():
            self._writable()
            self.saver.mirroring.choose(None if path is None else Path(path))

    @property
    def project(self) -> Project | None:
        """Where everything is saved; None until there is something to save."""
        return self.saver.project

    @property
    def snapshots(self) -> tuple[SnapshotState, ...]:
        """The history, newest first."""
        return tuple(map(snapshot_state, self.saver.snapshots))

    def look_for_recent(self) -> None:
        """Take note of the projects that were open before."""
        self.recent = tuple(
            RecentState(p.path, p.name, p.saved, p.bytes, p.exists) for p in recent()
        )
        self.desk.changed.add("saved")

    def close_project(self) -> None:
        """Save everything that can be saved, and let others write."""
        for errand in self.errands:
            if isinstance(errand, Standstill):  # it gives up, or takes back what it did
                errand.fail(None)
        is_safe = self.saver.finish()
        self._remember()
        project = self.project
        if project is None:
            return
        if is_safe and not project.is_read_only:
            kept = set(project.models.ids())
            if kept >= {each.model for each in self.desk.versions.states}:
                self.desk.versions.discard()
        project.close()

    def _found(self, found: Found | DamagedState) -> None:
        if isinstance(found, DamagedState):
            self.damaged = found
            self.note("damaged")
        else:
            self._go_over_to(found)

    def _go_over_to(self, found: Found) -> None:
        """Save what was painted up to now, also while the other project was read, and leave."""
        self.look_everywhere()
        title = f"Saving, then opening {found.project.name}"
        errand = self._still("open", title, nothing, lambda _: self._opened(found), nothing)
        if errand.is_over and self.project is not found.project:
            found.project.close()
        else:
            errand.at_end = lambda is_well: None if is_well else found.project.close()

    def _opened(self, found: Found) -> None:
        """Show a project that was read; what is open is saved."""
        same = self.project is found.project
        if not same:
            self._remember()
        before = self.project
        self._hush()
        self.opening.emit(None)
        opened = take_up(self, found, keep_versions=same)
        if before is not None and not same:
            before.close()
        self.saver.take_up(found.project, found.books)
        self.saver.snapshots = found.history
        self.saver.show_project(found.size)
        self.curve = Curve()
        for fault in found.faults:
            self.desk.tell(fault, "warning")
        if found.project.is_read_only:
            self.desk.tell(READ_ONLY, "warning", HOW_TO_WRITE)
        self.desk.sums.want(i.record.number for i in found.images if i.record.identity.full_sha)
        self._tell_all()
        if opened is not None:
            self.open(opened)
        self._remember()

    def _still(
        self,
        kind: str,
        title: str,
        work: Callable[[], T],
        then: Callable[[T], None],
        undo: Callable[[T], object] | None = None,
        *,
        waits: bool = True,
    ) -> Standstill:
        """Do something on the writing thread once everything is saved."""
        errand = Standstill(self.desk, self.saver, kind, title, work, then, undo)
        errand.waits = waits
        self.run(errand)
        return errand

    def _tell_all(self) -> None:
        self.damaged = None
        parts = ("task", "classes", "queue", "images", "versions", "curve", "saved", "history")
        self.note(*parts, "damaged")
        self.look_for_recent()

    def _writable(self) -> Project:
        if self.project is None:
            raise InputError("a project", "none yet", "Check or paint something first.")
        if self.project.is_read_only:
            raise StoreError(
                "a project to write to", "one opened read-only", "Close it in the other viewer."
            )
        return self.project

    def _remember(self) -> None:
        """Take note of the project as the last one; a list that cannot be written is no fault."""
        project, state = self.project, self.saver.state
        if project is not None:
            now = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
            with suppress(OutputError):
                note_opened(project.folder, project.name, now, state.bytes or 0)
