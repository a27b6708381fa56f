"""What can be done where a project cannot be worked in: it is damaged, or another viewer has it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from napari_segloop.core.errors import InputError
from napari_segloop.session.history_actions import HistoryActions
from napari_segloop.session.models import FileErrand
from napari_segloop.session.project_actions import HOW_TO_WRITE
from napari_segloop.session.rescuing import check_left, copy, rescue

if TYPE_CHECKING:
    from napari_segloop.session.opening import Found
    from napari_segloop.store.project import Project


class RescueActions(HistoryActions):
    """Going on in a new project that is made of what is there."""

    _warned: Project | None = None

    def recover_project(self, *, from_copy: bool = False) -> None:
        """Open what is left of the project that is damaged, as a new one beside it.

        Parameters
        ----------
        from_copy : bool
            Whether to take its second copy, instead of the newest state that can be read.
        """
        with self.acting():
            damaged = check_left(self.damaged, from_copy=from_copy)
            work = partial(rescue, damaged, from_copy=from_copy)
            errand = FileErrand(self.desk, "recover", work, self._go_over_to)
            errand.title, errand.is_shown = f"Copying what is left of {damaged.name}", True
            self.run(errand)

    def leave_damaged(self) -> None:
        """Show no more that a project is damaged; it stays as it is."""
        with self.acting():
            self.damaged = None
            self.note("damaged")

    def copy_project(self) -> None:
        """Go on in a copy of a project that another viewer has, with all that is unsaved."""
        with self.acting():
            self.look_everywhere()
            project, past = self.project, self.saver.snapshots
            if project is None or not project.is_read_only or not past:
                raise InputError("a project opened read-only", "another", "Go on in this one.")
            work = partial(copy, project, past[0].id)
            errand = FileErrand(self.desk, "copy", work, partial(self._go_on_in, project))
            errand.title, errand.is_shown = f"Copying {project.name}", True
            self.run(errand)

    def _go_on_in(self, before: Project, found: Found) -> None:
        if self.project is not before:  # another one was opened meanwhile
            found.project.close()
            return
        self.saver.take_up(found.project, found.books, is_copy=True)
        self.saver.snapshots = found.history
        self.note("history", "saved")
        self._remember()
        self.look_for_recent()
        self.desk.tell(f"You work in {found.project.name} from now on.", "info")

    def look_out(self) -> None:
        """Say it before much work is spent on what cannot be saved."""
        project, unsaved = self.project, self.desk.truths.unsaved
        is_lost = project is not None and project.is_read_only and bool(unsaved)
        if is_lost and self._warned is not project:
            self._warned = project
            self.desk.tell("What you do here is not saved.", "warning", HOW_TO_WRITE)
            self.publish()
