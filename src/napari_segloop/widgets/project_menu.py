"""What can be done with a project: a menu, and the dialogs that its entries open.

Asks the session; what a project is made of is not known here.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QFile, QUrl
from qtpy.QtGui import QAction, QDesktopServices
from qtpy.QtWidgets import QFileDialog, QInputDialog, QMenu

from napari_segloop.session.state import Told
from napari_segloop.widgets.project_words import (
    WHY_READ_ONLY,
    pruning_words,
    recent_words,
    short_path,
    size_words,
)
from napari_segloop.widgets.questions import confirm

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_segloop.session.loop import LoopSession
    from napari_segloop.session.state import SavedState
    from napari_segloop.store.pruning import Pruned
    from napari_segloop.widgets.part import Part

MOST_RECENT = 12
"""Entries of a menu; older projects are opened by their folder."""
BESIDES = "Images are not touched, and a second copy stays where it is."


class ProjectMenu:
    """Menu and dialogs over a part of the dock.

    Parameters
    ----------
    session : LoopSession
        Asked to do what was chosen.
    owner : Part
        Over which dialogs open; it tells what was refused.
    """

    def __init__(self, session: LoopSession, owner: Part) -> None:
        self._session, self._owner = session, owner
        self._where: QAction | None = None
        self._has_trash = True

    def menu(self) -> QMenu:
        """Return what can be done now.

        Returns
        -------
        QMenu
            Not shown yet.
        """
        menu, saved = QMenu(self._owner), self._session.state.saved
        menu.setToolTipsVisible(True)
        if saved.path:
            self._add_own(menu, saved)
            menu.addSeparator()
        self._entry(menu, "New project", self.begin, "What is open now stays saved")
        self._entry(menu, "Open another project…", self.open_other)
        self._add_recent(menu)
        return menu

    def _add_own(self, menu: QMenu, saved: SavedState) -> None:
        self._where = self._entry(menu, _place(saved), lambda: None, saved.path)
        self._where.setEnabled(False)
        menu.aboutToHide.connect(self._forget_where)
        self._entry(menu, "Open its folder", self.show_folder, saved.path)
        writing = (
            self._entry(
                menu, "Save a snapshot…", self.save_snapshot, "Kept, while autosaves go after a day"
            ),
            self._entry(
                menu,
                "Take in a colleague's project…",
                self.merge,
                "What only they checked comes in; where you disagree is shown to you",
            ),
            *self._mirror_entries(menu, saved),
            self._entry(menu, "Rename…", self.rename),
            self._entry(menu, "Move…", self.move, "To another folder, perhaps on another disk"),
            self._entry(
                menu,
                "Make smaller…",
                self.make_smaller,
                "Delete models that are neither in use nor kept; it is asked first",
            ),
            self._entry(menu, "Delete…", self.delete, BESIDES),
        )
        for entry in writing if saved.is_read_only else ():
            entry.setEnabled(False)
            entry.setToolTip(WHY_READ_ONLY)

    def _mirror_entries(self, menu: QMenu, saved: SavedState) -> tuple[QAction, ...]:
        hint = "A second copy on another disk, brought up to date after every snapshot"
        if not saved.mirror:
            return (self._entry(menu, "Keep a second copy…", self.choose_mirror, hint),)
        other = self._entry(menu, f"Second copy in {short_path(saved.mirror)}…", self.choose_mirror)
        other.setToolTip(f"{saved.mirror}\n{saved.mirror_text}\nChoose another folder for it")
        none = self._entry(menu, "No second copy any more", self._no_mirror)
        none.setToolTip("What lies there stays there")
        return other, none

    def _add_recent(self, menu: QMenu) -> None:
        open_now = self._session.state.saved.path
        others = [each for each in self._session.state.recent if each.path != open_now]
        inner = menu.addMenu("Recent projects")
        if inner is None:
            return
        inner.setToolTipsVisible(True)
        inner.setEnabled(bool(others))
        for each in others[:MOST_RECENT]:
            entry = self._entry(inner, recent_words(each), partial(self.open, each.path), each.path)
            entry.setEnabled(each.exists)

    def _entry(
        self, menu: QMenu, text: str, action: Callable[[], object], tooltip: str = ""
    ) -> QAction:
        made = QAction(text.replace("&", "&&"), menu)
        made.setToolTip(tooltip or text)
        made.triggered.connect(lambda _checked=False: action())
        menu.addAction(made)
        return made

    def open(self, path: str) -> None:
        """Open a project in place of the one that is open.

        Parameters
        ----------
        path : str
            Its folder.
        """
        self._owner.ask(self._session.open_project, Path(path))

    def open_other(self) -> None:
        """Let the user choose the folder of a project, and open it."""
        start = str(Path(self._session.state.saved.path).parent) if self._is_open else ""
        title = "Open a project: choose its folder NAME.segloop"
        if name := QFileDialog.getExistingDirectory(self._owner, title, start):
            self.open(name)

    def begin(self) -> None:
        """Begin another project; the one that is open stays saved."""
        self._owner.ask(self._session.new_project)

    def show_folder(self) -> None:
        """Show the project's folder as the system shows folders."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(self._session.state.saved.path))

    def rename(self) -> None:
        """Let the user type another name."""
        old = self._session.state.saved.name
        name, is_given = QInputDialog.getText(self._owner, "Rename the project", "Name:", text=old)
        if is_given and name.strip() and name.strip() != old:
            self._owner.ask(self._session.rename_project, name.strip())

    def save_snapshot(self) -> None:
        """Let the user say what the snapshot is, and keep it."""
        if not self._is_open:
            remedy = "A project begins by itself with what you do first."
            self._owner.refused.emit(Told("warning", "There is nothing to save yet.", remedy))
            return
        question = "What is it? (for example: before the holidays)"
        message, is_given = QInputDialog.getText(self._owner, "Save a snapshot", question)
        if is_given:
            self._owner.ask(self._session.snapshot, message.strip())

    def choose_mirror(self) -> None:
        """Let the user choose where the second copy lies."""
        title = "Second copy: choose a folder on another disk"
        if name := QFileDialog.getExistingDirectory(self._owner, title):
            self._owner.ask(self._session.set_mirror, Path(name))

    def merge(self) -> None:
        """Let the user choose a colleague's project, and take it in."""
        title = "Take in a colleague's project: choose its folder NAME.segloop"
        if name := QFileDialog.getExistingDirectory(self._owner, title):
            self._owner.ask(self._session.merge_project, Path(name))

    def move(self) -> None:
        """Let the user choose where the project lies from now on."""
        title = "Move the project: choose the folder that it will lie in"
        if name := QFileDialog.getExistingDirectory(self._owner, title):
            self._owner.ask(self._session.move_project, Path(name))

    def make_smaller(self) -> None:
        """Find out what can be cleared away, then ask."""
        self._owner.ask(self._session.weigh_project, self._ask_to_prune)

    def _ask_to_prune(self, pruned: Pruned) -> None:
        words = pruning_words(pruned)
        if not words:
            text = "There is nothing to clear away: all models are in use or kept."
            self._owner.refused.emit(Told("info", text))
            return
        question = f"Make {self._session.state.saved.name} smaller?"
        versions = "These versions stay in the list, but cannot be used again."
        more = f"Deleted for good: {words}.\n{versions if pruned.models else ''}".strip()
        if confirm(self._owner, question, more, "Delete them"):
            self._owner.ask(self._session.prune_project)

    def delete(self) -> None:
        """Ask whether to delete the project; twice where there is no trash."""
        saved = self._session.state.saved
        size = "" if saved.bytes is None else f", {size_words(saved.bytes)}"
        question, what = f"Delete {saved.name}{size}?", f"{saved.path}\n{BESIDES}"
        if self._has_trash and hasattr(QFile, "moveToTrash"):
            if confirm(self._owner, question, what, "Move it to the trash"):
                self._owner.ask(self._session.delete_project, self._bring_to_trash)
            return
        sure = f"Delete all annotations, snapshots and versions of {saved.name} for good?"
        never = "They cannot be brought back."
        what += "\nThere is no trash for it."
        is_wanted = confirm(self._owner, question, what, "Delete…")
        if is_wanted and confirm(self._owner, sure, never, "Delete for good"):
            self._owner.ask(self._session.delete_project)

    def _bring_to_trash(self, folder: Path) -> bool:
        """Move a folder to the trash; on any thread."""
        QFile.moveToTrash(str(folder))
        self._has_trash = not folder.exists()
        return self._has_trash

    def show_size(self, saved: SavedState) -> None:
        """Show how large the project is now, while the menu is open.

        Parameters
        ----------
        saved : SavedState
            As the session has it.
        """
        if self._where is not None:
            self._where.setText(_place(saved).replace("&", "&&"))

    def _forget_where(self) -> None:
        self._where = None

    def _no_mirror(self) -> None:
        self._owner.ask(self._session.set_mirror, None)

    @property
    def _is_open(self) -> bool:
        return bool(self._session.state.saved.path)


def _place(saved: SavedState) -> str:
    size = "" if saved.bytes is None else f"{size_words(saved.bytes)} in "
    return f"{size}{short_path(saved.path)}"
