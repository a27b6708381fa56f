"""The versions of the model: how good each is, where it comes from, and using one again.

Draws `Version`s; opens no model file.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from qtpy.QtWidgets import QFileDialog, QWidget

from napari_segloop.core.comparing import NOT_WORSE
from napari_segloop.session.trusted import TITLE, summary
from napari_segloop.session.words import percent, points
from napari_segloop.widgets.part import Part, button, in_column, in_row
from napari_segloop.widgets.project_words import WHY_READ_ONLY
from napari_segloop.widgets.rows import Column, Rows
from napari_segloop.widgets.section import Section
from napari_segloop.widgets.table import Table
from napari_segloop.widgets.trust import TrustView
from napari_segloop.widgets.words import teach_and_test, when

if TYPE_CHECKING:
    from napari_segloop.session.loop import LoopSession
    from napari_segloop.session.state import LoopState, Version

KEEP, KEEP_NO_LONGER = "Keep this version", "Keep no longer"
WHY_KEEP = "Keep its model when the project is made smaller; the one in use is kept anyway"
FILTER = "SegLoop models (*.safetensors *.segloop)"


class VersionTable(Part):
    """The table of versions with its buttons.

    Parameters
    ----------
    session : LoopSession
        Asked to use and to save versions.
    parent : QWidget, optional
        Its parent.
    """

    draws: ClassVar[frozenset[str]] = frozenset({"versions", "saved"})

    def __init__(self, session: LoopSession, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._in_use: int | None = None
        self.rows: Rows[Version] = Rows(self._columns(), lambda version: version.number)
        self.table = Table(self.rows, "Versions of the model", stretched=4, lines=(2, 6))
        self.table.set_hint("No version yet: training makes the first one.")
        self.table.chosen.connect(self._enable)
        self.use = button(
            "Use this version again", "Predict and improve with the selected version", self._use
        )
        self.save = button(
            "Save model file…",
            "Save the selected version for another project or computer",
            self._save,
        )
        self.keep = button(KEEP, WHY_KEEP, self._keep)
        column = in_column(self, 0.3)
        column.addWidget(self.table)
        column.addLayout(in_row(self.use, self.keep))
        column.addLayout(in_row(self.save))
        self.trust = TrustView()
        self.fold = Section(TITLE, self.trust, "Of the selected version, or of the one in use")
        column.addWidget(self.fold)
        self._enable()

    def _columns(self) -> tuple[Column[Version], ...]:
        def is_bold(version: Version) -> bool:
            return version.number == self._in_use

        texts = {
            "Version": lambda v: str(v.number),
            "Agrees": lambda v: "not tested" if v.score is None else percent(v.score),
            "When": lambda v: when(v.created),
            "From": _origin,
            "": lambda v: _notes(v, in_use=is_bold(v)),
        }
        return tuple(
            Column(title, text, tooltip=_tooltip, is_bold=is_bold) for title, text in texts.items()
        )

    def draw(self, state: LoopState) -> None:
        """Show the versions, newest first.

        Parameters
        ----------
        state : LoopState
            As the session has it.
        """
        moved = self._in_use != state.version
        self._in_use = state.version
        self.rows.set_rows(state.versions[::-1])
        if moved:
            self.rows.redraw()
        self.summarised.emit("" if state.version is None else f"version {state.version} in use")
        self._enable()

    @property
    def selected(self) -> Version | None:
        """The version whose row is selected."""
        places = self.table.selected_rows()
        return self.rows.rows[places[0]] if places else None

    def _enable(self) -> None:
        selected = self.selected
        self.use.setEnabled(selected is not None and selected.number != self._in_use)
        self.save.setEnabled(selected is not None)
        saved = self._session.state.saved
        self.keep.setEnabled(selected is not None and bool(saved.path) and not saved.is_read_only)
        self.keep.setText(KEEP_NO_LONGER if selected is not None and selected.pinned else KEEP)
        self.keep.setToolTip(WHY_READ_ONLY if saved.is_read_only else WHY_KEEP)
        self._show_trust(selected)

    def _show_trust(self, selected: Version | None) -> None:
        in_use = (version for version in self.rows.rows if version.number == self._in_use)
        shown = selected or next(in_use, None)
        self.fold.setVisible(shown is not None)
        self.fold.header.set_summary(summary(shown))
        if shown is not None:
            self.trust.show_version(shown)

    def _use(self) -> None:
        if (selected := self.selected) is not None:
            self.ask(self._session.use_version, selected.number)

    def _keep(self) -> None:
        if (selected := self.selected) is not None:
            self.ask(self._session.keep_version, selected.number, not selected.pinned)

    def _save(self) -> None:
        if (selected := self.selected) is None:
            return
        proposed = f"version-{selected.number}.safetensors"
        name, _ = QFileDialog.getSaveFileName(self, "Save model file", proposed, FILTER)
        if name:
            self.ask(self._session.save_model, selected.number, Path(name))


def _origin(version: Version) -> str:
    """Name the version that it was taught from, with what that reaches on the same regions."""
    if version.note or version.parent is None:
        return version.note or "zero"
    beside = "" if version.start_score is None else f" ({percent(version.start_score)} there)"
    return f"{version.parent}{beside}"


def _notes(version: Version, *, in_use: bool) -> str:
    notes = ["in use"] if in_use else []
    if version.verdict != NOT_WORSE and not (in_use or (version.accepted and not version.verdict)):
        notes.append(version.verdict or "was worse")
    return ", ".join([*notes, "kept"] if version.pinned else notes)


def _tooltip(version: Version) -> str:
    score = "no test regions" if version.score is None else f"mean Dice {version.score:.3f}"
    regions = teach_and_test(version.teach, version.test)
    beside = f"beside version {version.parent}:{points(version)}" if version.judged else ""
    parts = (f"{version.steps:,} training steps", regions, score, beside, version.note)
    return "\n".join(part for part in parts if part)
