"""The way back into work: the project of last time and those before it, while nothing is open.

Draws `RecentState`s; nothing is read from a project before it is opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QSizePolicy

from napari_segloop.widgets.part import Part, button, in_column, in_row
from napari_segloop.widgets.project_menu import ProjectMenu
from napari_segloop.widgets.project_words import short_when, size_words
from napari_segloop.widgets.rows import Column, Rows
from napari_segloop.widgets.table import Table
from napari_segloop.widgets.theme import em

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

    from napari_segloop.session.loop import LoopSession
    from napari_segloop.session.state import LoopState, RecentState

SHOWN = 20


class RecentProjects(Part):
    """Continue, the list of projects, and a way to those that are not in it.

    Parameters
    ----------
    session : LoopSession
        Asked to open projects.
    parent : QWidget, optional
        Its parent.
    """

    draws: ClassVar[frozenset[str]] = frozenset({"saved", "recent", "images", "task"})

    def __init__(self, session: LoopSession, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.project = ProjectMenu(session, self)
        self.go_on = button("Continue where I was", "Open the last project", self._continue)
        self.go_on.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.go_on.setMinimumHeight(em(self, 1.9))
        self.rows: Rows[RecentState] = Rows(_columns(), lambda project: project.path)
        self.table = Table(self.rows, "Recent projects", lines=(1, 3))
        self.table.hide_titles()
        self.table.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.table.entered_row.connect(self._open)
        self.other = button(
            "Open another project…", "Choose the folder of a project", self.project.open_other
        )
        column = in_column(self, 0.3)
        column.addWidget(self.go_on)
        column.addWidget(self.table)
        column.addLayout(in_row(self.other))

    def draw(self, state: LoopState) -> None:
        """Offer what was opened before, or be gone.

        Parameters
        ----------
        state : LoopState
            As the session has it.
        """
        begun = state.saved.path or state.images or state.task is not None
        self.setVisible(bool(state.recent) and not begun)
        last = self._last(state)
        self.go_on.setVisible(last is not None)
        if last is not None:
            self.go_on.setText(f"Continue where I was: {_cut(last.name)}".replace("&", "&&"))
            self.go_on.setToolTip(f"{last.name}\n{_tooltip(last)}")
        self.rows.set_rows([each for each in state.recent if each is not last][:SHOWN])
        self.table.setVisible(bool(self.rows.rows))

    def _last(self, state: LoopState) -> RecentState | None:
        return next((each for each in state.recent if each.exists), None)

    def _continue(self) -> None:
        if (last := self._last(self._session.state)) is not None:
            self.project.open(last.path)

    def _open(self, place: int) -> None:
        self.project.open(self.rows.rows[place].path)


def _columns() -> tuple[Column[RecentState], ...]:
    return (
        Column("Project", lambda p: p.name, tooltip=_tooltip),
        Column("Saved", _saved, tooltip=_tooltip),
    )


def _saved(project: RecentState) -> str:
    if not project.exists:
        return "not there now"
    return f"saved {short_when(project.saved)}" if project.saved else ""


def _tooltip(project: RecentState) -> str:
    size = size_words(project.bytes) if project.bytes else ""
    return "\n".join(part for part in (project.path, _saved(project), size) if part)


def _cut(name: str, longest: int = 28) -> str:
    return name if len(name) <= longest else f"{name[: longest - 1]}…"
