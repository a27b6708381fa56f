"""A project that is damaged: what is wrong with it, and what is left to go on with.

Draws `DamagedState`; how a project is read and copied is not known here.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, ClassVar

from qtpy.QtCore import Qt
from qtpy.QtGui import QPainter

from napari_segloop.widgets.part import Part, button, in_column, in_row, prose
from napari_segloop.widgets.project_words import short_path, short_when, snapshot_words
from napari_segloop.widgets.theme import colours_of, em

if TYPE_CHECKING:
    from qtpy.QtGui import QPaintEvent
    from qtpy.QtWidgets import QWidget

    from napari_segloop.session.loop import LoopSession
    from napari_segloop.session.state import DamagedState, LoopState

BESIDE = "It becomes a new project beside the damaged one, which stays as it is"
NOTHING = "No state of it can be read here, and there is no second copy. Look for a backup."


class DamagedProject(Part):
    """Says what is wrong, with a button for each way to go on.

    Parameters
    ----------
    session : LoopSession
        Asked to open what is left.
    parent : QWidget, optional
        Its parent.
    """

    draws: ClassVar[frozenset[str]] = frozenset({"damaged", "jobs"})

    def __init__(self, session: LoopSession, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.text, self.left = prose(), prose()
        self.older = button(
            "Open the newest readable state", BESIDE, lambda: self._recover(from_copy=False)
        )
        self.copy = button("Open the second copy", BESIDE, lambda: self._recover(from_copy=True))
        self.leave = button(
            "Not now", "The damaged project stays as it is", lambda: self.ask(session.leave_damaged)
        )
        for label in (self.text, self.left):
            label.setStyleSheet("background: transparent;")
        column = in_column(self, 0.3)
        column.setContentsMargins(em(self, 0.6), *3 * (em(self, 0.4),))
        for made in (self.text, self.left, self.older, self.copy):
            column.addWidget(made)
        column.addLayout(in_row(self.leave))
        self.hide()

    def draw(self, state: LoopState) -> None:
        """Say what is wrong, or be gone.

        Parameters
        ----------
        state : LoopState
            As the session has it.
        """
        damaged = state.damaged
        self.setVisible(damaged is not None)
        if damaged is None:
            return
        name, fault = escape(damaged.name), escape(damaged.fault)
        self.text.setText(
            f"<b>{name} is damaged and was not opened.</b> Nothing in it was touched."
            f"<br>What is wrong: {fault}"
        )
        self.text.setToolTip(damaged.path)
        self.left.setText(_left(damaged))
        self.left.setToolTip(damaged.mirror)
        is_copying = any(job.kind == "recover" for job in state.jobs)
        self.older.setVisible(damaged.snapshot is not None)
        self.copy.setVisible(bool(damaged.mirror))
        for made in (self.older, self.copy, self.leave):
            made.setEnabled(not is_copying)

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """Draw the ground, and at the left a strip in the colour of an error.

        Parameters
        ----------
        _event : QPaintEvent
            Not needed: it is drawn whole.
        """
        painter, colours = QPainter(self), colours_of(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.surface)
        painter.drawRoundedRect(self.rect(), em(self, 0.15), em(self, 0.15))
        painter.fillRect(0, 0, em(self, 0.25), self.height(), colours.error)

    def _recover(self, *, from_copy: bool) -> None:
        self.ask(self._session.recover_project, from_copy=from_copy)


def _left(damaged: DamagedState) -> str:
    lines = []
    if (snapshot := damaged.snapshot) is not None:
        when = short_when(snapshot.time)
        lines.append(f"Readable: the state of {when}, {escape(snapshot_words(snapshot))}.")
    if damaged.mirror:
        when = short_when(damaged.mirrored)
        lines.append(f"Second copy of {when}: {escape(short_path(damaged.mirror))}.")
    return "<br>".join(lines) or NOTHING
