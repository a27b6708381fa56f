"""What can be done with the project: open, begin anew, snapshots, restore, look at what was."""

from __future__ import annotations

import datetime
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from napari_segloop.core.errors import InputError, OutputError
from napari_segloop.session.keeping import ASIDE
from napari_segloop.session.models import FileErrand
from napari_segloop.session.opening import past, read_project
from napari_segloop.session.rescuing import read_or_say, snapshot_state
from napari_segloop.session.state import Curve, DamagedState, RecentState, SnapshotState
from napari_segloop.session.taking_up import take_up
from napari_segloop.session.version_actions import VersionActions
from napari_segloop.store.errors import StoreError
from napari_segloop.store.recent import note_opened, recent

if TYPE_CHECKING:
    from napari_segloop.core.images import Array
    from napari_segloop.session.opening import Found
    from napari_segloop.store.project import Project
    from napari_segloop.store.snapshots import Snapshot

AUTOSAVES: Final = datetime.timedelta(days=1)
"""How long a state stays that nobody asked to keep."""


class ProjectActions(VersionActions):
    """The project, its history, and other projects."""

    damaged: DamagedState | None = None

    def open_project(self, path: Path) -> None:
        """Save and close the project that is open, and go on with another one.

        Parameters
        ----------
        path : Path
            Its folder; read on the reader's thread.
        """
        with self.acting():
            folder = Path(path)
            if self.project is not None and self.project.folder == folder:
                return
            self._leave()
            self.run(FileErrand(self.desk, "open", partial(read_or_say, folder), self._found))

    def new_project(self) -> None:
        """Save and close the project that is open, and begin with an empty list."""
        with self.acting():
            self._leave()
            before = self.project
            self._begin_empty()
            if before is not None:
                before.close()

    def _begin_empty(self) -> None:
        self.clear("classes")
        self.task = None
        self.saver.take_up(None, None)
        self.saver.snapshots = ()
        self._tell_all()

    def snapshot(self, message: str) -> None:
        """Make a snapshot that stays.

        Parameters
        ----------
        message : str
            In the user's words.
        """
        with self.acting():
            self.look_everywhere()
            if not self.saver.can_save:
                self._writable()
            self.saver.ask("manual", message, lambda made: None)

    def keep(self, snapshot: str, message: str = "") -> None:
        """Keep a snapshot for good.

        Parameters
        ----------
        snapshot : str
            Its id.
        message : str
            In the user's words.
        """
        with self.acting():
            project = self._writable()

            def work() -> tuple[Snapshot, ...]:
                project.annotations.keep(snapshot, message)
                return past(project)

            self.saver.writer.ask(work, self._took_history, self.desk.tell)

    def restore(self, snapshot: str) -> None:
        """Make an older state the present one; the present is saved first.

        Versions that came since stay in the list.

        Parameters
        ----------
        snapshot : str
            Its id.
        """
        with self.acting():
            self.look_everywhere()
            project = self._writable()
            if not self.saver.finish():
                raise StoreError(
                    "to save the present state first", self.saver.state.text,
                    "Make room or bring the disk back, then restore again.",
                )  # fmt: skip
            project.annotations.restore(snapshot)
            sources = {state.id: self.source(state.id) for state in self.desk.images.states}
            self._opened(read_project(project, sources))

    def step_back(self) -> None:
        """Return to the state before the last one that was saved, across training and accepting."""
        with self.acting():
            self.look_everywhere()
            self._writable()
            self.saver.finish()
            past = self.saver.snapshots
            steps = [at for at, each in enumerate(past) if each.message != ASIDE]
            if steps and steps[0] + 1 < len(past):
                self.restore(past[steps[0] + 1].id)
            else:
                self.desk.tell("There is nothing before this state.", "info")

    def look_at(self, snapshot: str) -> None:
        """Read the plane in view as it was; `looked` tells image, index, labels and checked.

        Parameters
        ----------
        snapshot : str
            Its id.
        """
        with self.acting():
            if self.project is None or self.view is None:
                self.desk.tell("Open an image of a project first.", "info")
                return
            image, index, _ = self.view
            annotations = self.project.annotations
            rows, columns = self.source(image).plane_shape
            window = slice(0, rows), slice(0, columns)

            def read() -> dict[str, Array]:
                return annotations.window(image, index, *window, ("labels", "checked"), snapshot)

            def show(found: dict[str, Array]) -> None:
                self.looked.emit(image, index, found["labels"], found["checked"])

            self.run(FileErrand(self.desk, "look", read, show))

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

    def _leave(self) -> None:
        """Save and close; unless that fails, when the project stays open."""
        self.look_everywhere()
        if not self.saver.finish():
            raise StoreError(
                "to save this project first", self.saver.state.text,
                "Make room or bring the disk back, then try again.",
            )  # fmt: skip
        self._remember()

    def _leave_for(self, other: Project) -> None:
        """Save what was painted while the other project was read."""
        try:
            self._leave()
        except StoreError:
            other.close()
            raise

    def _found(self, found: Found | DamagedState) -> None:
        if isinstance(found, DamagedState):
            self.damaged = found
            self.note("damaged")
        else:
            self._opened(found)

    def _opened(self, found: Found) -> None:
        same = self.project is found.project
        if not same:
            self._leave_for(found.project)
        before = self.project
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
            self.desk.tell(
                "This project is open in another viewer: you can look at it, but nothing is saved.",
                "warning",
            )
        elif not same:
            self._expire(found.project)
        self.desk.sums.want(i.record.number for i in found.images if i.record.identity.full_sha)
        self._tell_all()
        if opened is not None:
            self.open(opened)
        self._remember()

    def _tell_all(self) -> None:
        self.damaged = None
        parts = ("task", "classes", "queue", "images", "versions", "curve", "saved", "history")
        self.note(*parts, "damaged")
        self.look_for_recent()

    def _expire(self, project: Project) -> None:
        """Forget autosaves that are older than a day, on the writing thread."""

        def work() -> tuple[Snapshot, ...]:
            project.annotations.expire(datetime.datetime.now(datetime.UTC) - AUTOSAVES)
            return past(project)

        self.saver.writer.ask(work, self._took_history, lambda _: None)

    def _took_history(self, history: tuple[Snapshot, ...]) -> None:
        self.saver.snapshots = history
        self.note("history")

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
