"""The states of the project that can be gone back to: look at one, restore it, keep it.

Draws `SnapshotState`s; nothing of the disk is known here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, ParamSpec

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QCheckBox, QLineEdit, QWidget

from napari_segloop.session.state import Told
from napari_segloop.widgets.part import Part, button, in_column, in_row, prose
from napari_segloop.widgets.project_words import (
    WHY_READ_ONLY,
    WHY_SNAPSHOT,
    counts_words,
    short_when,
    snapshot_words,
)
from napari_segloop.widgets.rows import Column, Rows
from napari_segloop.widgets.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qtpy.QtWidgets import QPushButton

    from napari_segloop.session.loop import LoopSession
    from napari_segloop.session.state import LoopState, SnapshotState

P = ParamSpec("P")
LOOK = "Look at"
LOOK_NO_MORE = "Back to now"
WAY_FORTH = "What you had is kept: in History it is the one below the top; restore it to undo this."
_TOOLTIPS = {
    "look": "Show the masks of then as outlines over those of now, and in magenta what differs",
    "restore": "Go back to that time. What you have now is kept first and stays in this list",
    "keep": "Keep it, under the words below if there are any: what saved itself goes after a day",
    "step": "Back to what was saved before the last change, be it a training or a place accepted",
    "use": "Predict and improve with the version of the model that was in use then",
    "save": "Keep the state of now under the words at the left",
}


class Snapshots(Part):
    """The table of snapshots with its buttons.

    Parameters
    ----------
    session : LoopSession
        Asked to look, restore and keep.
    parent : QWidget, optional
        Its parent.

    Attributes
    ----------
    now_wanted : Signal
        The user has looked at a snapshot long enough.
    asked : str or None
        Id of the snapshot that was to be looked at last.
    """

    draws: ClassVar[frozenset[str]] = frozenset({"history", "saved", "versions"})
    now_wanted = Signal()

    def __init__(self, session: LoopSession, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.asked: str | None = None
        self._looked_at: str | None = None
        self.rows: Rows[SnapshotState] = Rows(self._columns(), lambda snapshot: snapshot.id)
        self.table = Table(self.rows, "Snapshots of the project", stretched=1, lines=(2, 6))
        self.table.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.table.set_hint("Nothing is saved yet: it begins with what you do first.")
        self.table.chosen.connect(self._enable)
        self._make_buttons()
        self.since = prose()
        self.since.hide()
        self.autosaves = QCheckBox("All of the last day")
        self.autosaves.setToolTip("Show also what was saved by itself")
        self.autosaves.toggled.connect(lambda _: self.draw(self._session.state))
        self.message = QLineEdit()
        self.message.setPlaceholderText("For example: before the holidays")
        self.message.setAccessibleName("What the snapshot is")
        self.message.returnPressed.connect(self._save)
        self._lay_out()
        self._enable()

    def _make_buttons(self) -> None:
        self.look = button(LOOK, _TOOLTIPS["look"], self._look)
        self.restore = button("Restore", _TOOLTIPS["restore"], self._restore)
        self.keep = button("Keep", _TOOLTIPS["keep"], self._keep)
        self.use = button("Use version", _TOOLTIPS["use"], self._use)
        self.step = button("One step back", _TOOLTIPS["step"], self._step_back)
        self.save = button("Save now", _TOOLTIPS["save"], self._save)

    def _lay_out(self) -> None:
        column = in_column(self, 0.3)
        column.addWidget(self.table)
        column.addWidget(self.since)
        column.addLayout(in_row(self.autosaves, self.step))
        column.addLayout(in_row(self.look, self.restore, self.keep, self.use))
        column.addLayout(in_row(self.message, self.save))

    def _columns(self) -> tuple[Column[SnapshotState], ...]:
        texts = {
            "Saved": lambda s: short_when(s.time),
            "What it is": snapshot_words,
            "Version": lambda s: "" if s.version is None else str(s.version),
        }
        return tuple(
            Column(title, text, tooltip=_tooltip, is_bold=_is_named)
            for title, text in texts.items()
        )

    def draw(self, state: LoopState) -> None:
        """Show the snapshots, newest first.

        Parameters
        ----------
        state : LoopState
            As the session has it.
        """
        self.rows.set_rows(worth_showing(state.snapshots, autosaves=self.autosaves.isChecked()))
        self._enable()

    def show_looked_at(self, snapshot: str | None, words: str = "") -> None:
        """Take note of which snapshot is shown over the present.

        Parameters
        ----------
        snapshot : str or None
            Its id; None when it is now that is shown.
        words : str
            What changed since.
        """
        self._looked_at = snapshot
        self.since.setText(words)
        self.since.setVisible(bool(words))
        self._enable()

    @property
    def selected(self) -> SnapshotState | None:
        """The snapshot whose row is selected."""
        places = self.table.selected_rows()
        return self.rows.rows[places[0]] if places else None

    def _enable(self) -> None:
        state, chosen = self._session.state, self.selected
        is_back = self._looked_at is not None and (chosen is None or chosen.id == self._looked_at)
        self.look.setText(LOOK_NO_MORE if is_back else LOOK)
        self.look.setEnabled(is_back or chosen is not None)
        numbers = {version.number for version in state.versions}
        then = None if chosen is None else chosen.version
        self.use.setEnabled(then in numbers and then != state.version)
        may_write = not state.saved.is_read_only
        self._allow(self.restore, "restore", chosen is not None, may_write=may_write)
        is_loose = chosen is not None and not chosen.is_kept
        self._allow(self.keep, "keep", is_loose, may_write=may_write)
        self._allow(self.step, "step", len(state.snapshots) > 1, may_write=may_write)
        self._allow(self.save, "save", bool(state.saved.path), may_write=may_write)
        self.message.setEnabled(self.save.isEnabled())

    def _allow(self, made: QPushButton, name: str, is_possible: bool, *, may_write: bool) -> None:
        made.setEnabled(is_possible and may_write)
        made.setToolTip(_TOOLTIPS[name] if may_write else WHY_READ_ONLY)

    def _look(self) -> None:
        if self.look.text() == LOOK_NO_MORE:
            self.now_wanted.emit()
        elif (chosen := self.selected) is not None:
            self.ask_for(chosen.id)

    def ask_for(self, snapshot: str) -> None:
        """Ask for a snapshot's plane in view.

        Parameters
        ----------
        snapshot : str
            Its id.
        """
        self.asked = snapshot
        self.ask(self._session.look_at, snapshot)

    def _restore(self) -> None:
        if (chosen := self.selected) is not None:
            self._go_back(self._session.restore, chosen.id)

    def _step_back(self) -> None:
        self._go_back(self._session.step_back)

    def _go_back(self, action: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Restore, and say how to come forth again unless something else was said."""
        before, told = self._session.state.snapshots[:1], self._session.state.told
        self.now_wanted.emit()
        self.ask(action, *args, **kwargs)
        state = self._session.state
        if state.snapshots[:1] != before and state.told == told:
            self.refused.emit(Told("info", "You are back at an earlier state.", WAY_FORTH))

    def _keep(self) -> None:
        if (chosen := self.selected) is not None:
            self.ask(self._session.keep, chosen.id, self._words())

    def _use(self) -> None:
        chosen = self.selected
        if chosen is not None and chosen.version is not None:
            self.ask(self._session.use_version, chosen.version)

    def _save(self) -> None:
        if self.save.isEnabled():
            self.ask(self._session.snapshot, self._words())

    def _words(self) -> str:
        """Take what was typed."""
        typed = self.message.text().strip()
        self.message.clear()
        return typed


def worth_showing(
    snapshots: Sequence[SnapshotState], *, autosaves: bool
) -> tuple[SnapshotState, ...]:
    """Choose what is listed: thousands of autosaves would hide the rounds.

    Parameters
    ----------
    snapshots : sequence of SnapshotState
        Newest first.
    autosaves : bool
        Whether all of them are wanted.

    Returns
    -------
    tuple of SnapshotState
        Without autosaves that are neither kept nor the newest state, and without the empty
        beginning that cannot be opened.
    """
    return tuple(
        snapshot
        for place, snapshot in enumerate(snapshots)
        if (autosaves or not place or snapshot.kind != "autosave" or snapshot.is_kept)
        and (snapshot.kind != "begin" or snapshot.message)
    )


def _is_named(snapshot: SnapshotState) -> bool:
    return snapshot.is_kept or snapshot.kind == "manual"


def _tooltip(snapshot: SnapshotState) -> str:
    version = "" if snapshot.version is None else f"Version {snapshot.version} was in use"
    why = WHY_SNAPSHOT.get(snapshot.kind, snapshot.kind)
    kept = "kept" if snapshot.is_kept else ""
    parts = (snapshot_words(snapshot), why, counts_words(snapshot.counts), version, kept)
    lines = dict.fromkeys(part[:1].upper() + part[1:] for part in parts if part)
    return "\n".join(lines)
