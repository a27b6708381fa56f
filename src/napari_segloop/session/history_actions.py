"""What can be done with the history of a project: snapshots, going back, looking at what was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from napari_segloop.session.keeping import ASIDE
from napari_segloop.session.models import FileErrand
from napari_segloop.session.opening import past, read_project
from napari_segloop.session.project_actions import ProjectActions
from napari_segloop.session.standstill import nothing

if TYPE_CHECKING:
    from napari_segloop.core.images import Array
    from napari_segloop.session.opening import Found
    from napari_segloop.store.snapshots import Snapshot

WAY_FORTH: Final = (
    "What you had is kept: in History it is the one below the top; restore it to undo this."
)
COVERING: Final = frozenset({"predict", "first_mask"})
"""Errands that write into planes."""


class HistoryActions(ProjectActions):
    """Snapshots of the project."""

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
        """Make an older state the present one, once the present one is saved.

        Versions that came since stay in the list; predictions that run are stopped.

        Parameters
        ----------
        snapshot : str
            Its id.
        """
        with self.acting():
            self.look_everywhere()
            project = self._writable()
            for errand in self.errands:
                if errand.kind in COVERING:
                    errand.stop()
            sources = {state.id: self.source(state.id) for state in self.desk.images.states}

            def work() -> tuple[str, Found]:
                present = project.history()[0].id
                project.annotations.restore(snapshot)
                return present, read_project(project, sources)

            def undo(done: tuple[str, Found]) -> None:
                project.annotations.restore(done[0])

            self._still("restore", "Saving, then restoring", work, self._restored, undo)

    def _restored(self, done: tuple[str, Found]) -> None:
        self._opened(done[1])
        if not done[1].faults:
            self.desk.tell("You are back at an earlier state.", "info", WAY_FORTH)

    def step_back(self) -> None:
        """Return to the state before the last one that was saved, across training and accepting."""
        with self.acting():
            self.look_everywhere()
            self._writable()
            self._still("restore", "Saving, then going back", nothing, lambda _: self._step_back())

    def _step_back(self) -> None:
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

    def _took_history(self, history: tuple[Snapshot, ...]) -> None:
        self.saver.snapshots = history
        self.note("history")
