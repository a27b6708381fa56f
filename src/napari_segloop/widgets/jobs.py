"""The jobs that run: what each does, how far it is, and how to stop it.

Draws `JobState`; knows neither requests nor child processes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QVBoxLayout, QWidget
from superqt import QElidingLabel

from napari_segloop.widgets.part import Part, button, in_column
from napari_segloop.widgets.theme import em
from napari_segloop.widgets.words import time_left

if TYPE_CHECKING:
    from napari_segloop.session.loop import LoopSession
    from napari_segloop.session.state import JobState, LoopState

_FULL = 100
"""Steps of the bar. It never runs to and fro: beside a canvas each repaint draws the whole window
again, which took half a processor where there is no graphics card."""
SILENT = "It gave no sign for ten seconds. Wait, or restart it: nothing that you painted is lost."


class JobRow(QWidget):
    """One job: title and time left, below them the bar and the button.

    Parameters
    ----------
    job : JobState
        What to show first.

    Attributes
    ----------
    stop_pressed, restart_pressed : Signal
        The user wants it to end, or the child that does not answer to start again.
    """

    stop_pressed = Signal()
    restart_pressed = Signal()

    def __init__(self, job: JobState) -> None:
        super().__init__()
        self.title = QElidingLabel()
        self.title.setMinimumWidth(1)
        self.note = QLabel()
        self.bar = QProgressBar()
        self.bar.setRange(0, _FULL)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(em(self, 0.5))
        self.stop = button(
            "Stop",
            "Stop this job; the best result so far is kept",
            self.stop_pressed.emit,
            "Stop this job",
        )
        self.restart = button(
            "Restart", SILENT, self.restart_pressed.emit, "Restart what does not answer"
        )
        self._lay_out()
        self.show_job(job)

    def _lay_out(self) -> None:
        words = QHBoxLayout()
        words.addWidget(self.title, 1)
        words.addWidget(self.note)
        left = QVBoxLayout()
        left.setSpacing(em(self, 0.15))
        left.addLayout(words)
        left.addWidget(self.bar)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addLayout(left, 1)
        row.addWidget(self.stop)
        row.addWidget(self.restart)

    def show_job(self, job: JobState) -> None:
        """Show how far the job is.

        Parameters
        ----------
        job : JobState
            Its newest state.
        """
        self.title.setText(job.title)
        self.title.setToolTip(job.title)
        self.bar.setValue(round(_FULL * (job.done or 0)))
        self.bar.setAccessibleName(job.title)
        self.note.setText(_note(job))
        self.note.setToolTip("" if job.answering else SILENT)
        self.stop.setVisible(job.answering)
        self.stop.setEnabled(not job.stopping)
        self.restart.setVisible(not job.answering)


class JobRows(Part):
    """All jobs, one below the other.

    Parameters
    ----------
    session : LoopSession
        Asked to stop and to restart.
    parent : QWidget, optional
        Its parent.
    """

    draws: ClassVar[frozenset[str]] = frozenset({"jobs"})

    def __init__(self, session: LoopSession, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._column = in_column(self)
        self.rows: dict[int, JobRow] = {}

    def draw(self, state: LoopState) -> None:
        """Add, change and take away rows.

        Parameters
        ----------
        state : LoopState
            As the session has it.
        """
        jobs = {job.id: job for job in state.jobs}
        for gone in self.rows.keys() - jobs.keys():
            row = self.rows.pop(gone)
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        for number, job in jobs.items():
            if number in self.rows:
                self.rows[number].show_job(job)
            else:
                self._add(job)
        self.setVisible(bool(jobs))

    def _add(self, job: JobState) -> None:
        row = self.rows[job.id] = JobRow(job)
        row.stop_pressed.connect(lambda: self.ask(self._session.stop, job.id))
        row.restart_pressed.connect(lambda: self.ask(self._session.restart))
        self._column.addWidget(row)


def _note(job: JobState) -> str:
    if not job.answering:
        return "not answering"
    if job.stopping:
        return "stopping…"
    return "working…" if job.done is None else time_left(job.seconds_left)
