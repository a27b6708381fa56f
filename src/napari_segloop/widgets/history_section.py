"""What was: the states of the project that can be gone back to, and the versions of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from qtpy.QtWidgets import QLabel, QWidget

from napari_segloop.widgets.part import Part, in_column
from napari_segloop.widgets.snapshots import Snapshots
from napari_segloop.widgets.version_table import VersionTable

if TYPE_CHECKING:
    from napari_segloop.session.loop import LoopSession
    from napari_segloop.session.state import LoopState


class HistorySection(Part):
    """Snapshots, and below them the versions.

    Parameters
    ----------
    session : LoopSession
        Asked for what either offers.
    parent : QWidget, optional
        Its parent.
    """

    draws: ClassVar[frozenset[str]] = Snapshots.draws | VersionTable.draws

    def __init__(self, session: LoopSession, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.snapshots, self.versions = Snapshots(session), VersionTable(session)
        column = in_column(self, 0.3)
        for title, part in (
            ("Snapshots of the project", self.snapshots),
            ("Versions of the model", self.versions),
        ):
            column.addWidget(QLabel(f"<b>{title}</b>"))
            column.addWidget(part)
            part.refused.connect(self.refused)
        self.versions.summarised.connect(self.summarised)

    def draw(self, state: LoopState) -> None:
        """Show both.

        Parameters
        ----------
        state : LoopState
            As the session has it.
        """
        self.snapshots.draw(state)
        self.versions.draw(state)
