"""What can be done with a project: a menu, and the dialogs that its entries open.

Asks the session; what a project is made of is not known here.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from qtpy.QtCore import QUrl
from qtpy.QtGui import QAction, QDesktopServices
from qtpy.QtWidgets import QFileDialog, QInputDialog, QMenu

from napari_segloop.session.state import Told
from napari_segloop.widgets.project_words import (
    WHY_READ_ONLY,
    recent_words,
    size_words,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_segloop.session.loop import LoopSession
    from napari_segloop.session.state import SavedState
    from napari_segloop.widgets.part import Part

MOST_RECENT = 12
"""Entries of a menu; older projects are opened by their folder."""
SHOWN_PARTS = 2  # of a path


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
        size = "" if saved.bytes is None else f"{size_words(saved.bytes)} in "
        where = self._entry(menu, f"{size}{_short(saved.path)}", lambda: None, saved.path)
        where.setEnabled(False)
        self._entry(menu, "Open its folder", self.show_folder, saved.path)
        writing = (
            self._entry(
                menu, "Save a snapshot…", self.save_snapshot, "Kept, while autosaves go after a day"
            ),
            self._entry(menu, "Rename…", self.rename),
            *self._mirror_entries(menu, saved),
        )
        for entry in writing if saved.is_read_only else ():
            entry.setEnabled(False)
            entry.setToolTip(WHY_READ_ONLY)

    def _mirror_entries(self, menu: QMenu, saved: SavedState) -> tuple[QAction, ...]:
        hint = "A second copy on another disk, brought up to date after every snapshot"
        if not saved.mirror:
            return (self._entry(menu, "Keep a second copy…", self.choose_mirror, hint),)
        other = self._entry(menu, f"Second copy in {_short(saved.mirror)}…", self.choose_mirror)
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

    def _no_mirror(self) -> None:
        self._owner.ask(self._session.set_mirror, None)

    @property
    def _is_open(self) -> bool:
        return bool(self._session.state.saved.path)


def _short(path: str) -> str:
    """Return the end of a path, which is what tells it from others."""
    parts = PurePath(path).parts
    return path if len(parts) <= SHOWN_PARTS else str(PurePath("…", *parts[-SHOWN_PARTS:]))
