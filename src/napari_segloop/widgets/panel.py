"""The dock SegLoop: the next step on top, the images, and what can be done in sections below.

Puts the parts together and tells each one what of the state is new. Layers, keys and the camera
are not known here; what needs them is a signal of a part.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Qt
from qtpy.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from napari_segloop.widgets.advanced import Advanced
from napari_segloop.widgets.check_section import CheckSection
from napari_segloop.widgets.classes_section import ClassesSection
from napari_segloop.widgets.damaged_project import DamagedProject
from napari_segloop.widgets.first_masks_section import FirstMasksSection
from napari_segloop.widgets.first_question import FirstQuestion
from napari_segloop.widgets.history_section import HistorySection
from napari_segloop.widgets.image_list import ImageListPart
from napari_segloop.widgets.jobs import JobRows
from napari_segloop.widgets.listening import Ear
from napari_segloop.widgets.messages import MessageLine
from napari_segloop.widgets.next_step import NextStep
from napari_segloop.widgets.predict_section import PredictSection
from napari_segloop.widgets.recent_projects import RecentProjects
from napari_segloop.widgets.saved_line import SavedLine
from napari_segloop.widgets.section import Section
from napari_segloop.widgets.stations import StationStrip
from napari_segloop.widgets.theme import em
from napari_segloop.widgets.train_section import TrainSection

if TYPE_CHECKING:
    from napari_segloop.session.loop import LoopSession
    from napari_segloop.widgets.part import Part

SECTION_OF = {
    "Segment": "First masks",
    "Annotate": "Classes",
    "Train": "Train",
    "Check": "Check",
    "Predict": "Predict",
}
"""Which section a station's word leads to."""
_TOOLTIPS = {
    "Classes": "What can be painted: names, colours, order",
    "First masks": "Something to correct, before or instead of a network",
    "Check": "The places where labels are probably wrong",
    "Train": "Teach the network with what was checked by you",
    "Predict": "Masks by the version in use",
    "History": "What was saved, and all versions of the model: go back to any of them",
    "Advanced": "For experts; nobody needs it",
}


class SegLoopPanel(QWidget):
    """What the dock shows.

    Parameters
    ----------
    session : LoopSession
        Its state is drawn and its methods are called.
    parent : QWidget, optional
        Its parent.
    """

    def __init__(self, session: LoopSession, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._make_parts(session)
        self.sections = {
            name: Section(name, part, _TOOLTIPS[name]) for name, part in self._folding().items()
        }
        self._followed = ""
        self._unfolded: Section | None = None  # by the panel, and left alone by the user since
        self._lay_out()
        self._connect()
        self.draw()
        self._ear = Ear(self, session.changed, self._on_changed)

    def _make_parts(self, session: LoopSession) -> None:
        self.stations = StationStrip(session)
        self.next_step = NextStep(session)
        self.jobs = JobRows(session)
        self.message = MessageLine(session)
        self.damaged = DamagedProject(session)
        self.recent = RecentProjects(session)
        self.question = FirstQuestion(session)
        self.images = ImageListPart(session)
        self.classes = ClassesSection(session)
        self.first_masks = FirstMasksSection(session)
        self.check = CheckSection(session)
        self.train = TrainSection(session)
        self.predict = PredictSection(session)
        self.history = HistorySection(session)
        self.advanced = Advanced(session)
        self.saved = SavedLine(session)

    def _folding(self) -> dict[str, Part]:
        return {
            "Classes": self.classes,
            "First masks": self.first_masks,
            "Check": self.check,
            "Train": self.train,
            "Predict": self.predict,
            "History": self.history,
            "Advanced": self.advanced,
        }

    @property
    def parts(self) -> tuple[Part, ...]:
        """Everything that draws a part of the state, from the top."""
        above = (self.stations, self.next_step, self.jobs, self.message, self.damaged)
        inner = (self.recent, self.question, self.images)
        return (*above, *inner, *self._folding().values(), self.saved)

    def _lay_out(self) -> None:
        gap = em(self, 0.4)
        column = QVBoxLayout(self)
        column.setContentsMargins(gap, gap, gap, 0)
        column.setSpacing(gap)
        for part in (self.stations, self.next_step, self.jobs, self.message, self.damaged):
            column.addWidget(part)
        self.area = QScrollArea()
        self.area.setWidget(self._inner(gap))
        self.area.setWidgetResizable(True)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column.addWidget(self.area, 1)
        column.addWidget(self.saved)

    def _inner(self, gap: int) -> QWidget:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, gap)
        column.setSpacing(gap)
        column.addWidget(self.recent)
        column.addWidget(self.question)
        column.addWidget(self.images)
        for section in self.sections.values():
            column.addWidget(section)
        column.addStretch()
        return inner

    def _connect(self) -> None:
        for part in self.parts:
            part.refused.connect(self.message.show_told)
        for name, section in self.sections.items():
            self._folding()[name].summarised.connect(section.header.set_summary)
            section.header.clicked.connect(partial(self._leave_to_user, section))
        self.stations.visited.connect(self.visit)
        self.next_step.images_wanted.connect(self.images.add_files)
        self.next_step.answer_wanted.connect(self._show_question)

    def draw(self) -> None:
        """Draw the whole state."""
        state = self._session.state
        for part in self.parts:
            part.draw(state)
        self._show_sections()

    def _on_changed(self, name: str) -> None:
        state = self._session.state
        for part in self.parts:
            if name in part.draws:
                part.draw(state)
        if name in ("task", "primary", "queue"):
            self._show_sections()

    def _show_sections(self) -> None:
        """Hide the sections until there is a task, then unfold the one that is needed now."""
        has_task = self._session.state.task is not None
        for section in self.sections.values():
            section.setVisible(has_task)
        needed = self._needed()
        if has_task and needed != self._followed and not self.area.underMouse():
            self._followed = needed
            self._follow(self.sections[needed])

    def _needed(self) -> str:
        """Return the section of the current station; at a place that with its buttons."""
        if self._session.state.queue.at is not None:
            return "Check"
        return SECTION_OF[self.stations.current or "Segment"]

    def _follow(self, section: Section) -> None:
        """Unfold a section and fold the one before, unless the user has opened or visited it."""
        if self._unfolded is not None:
            self._unfolded.unfold(False)
        self._unfolded = None if section.is_open else section
        section.unfold()

    def _leave_to_user(self, section: Section, _checked: bool = False) -> None:  # a Qt slot
        if self._unfolded is section:
            self._unfolded = None

    def visit(self, station: str) -> None:
        """Unfold the section of a station, fold those of the others, and bring it into sight.

        Parameters
        ----------
        station : str
            One of the stations' words.
        """
        section = self.sections[SECTION_OF[station]]
        if section.isHidden():
            self._show_question()
            return
        self._unfolded = None
        for other in SECTION_OF.values():  # a small screen has room for one
            self.sections[other].unfold(other == SECTION_OF[station])
        self._bring_into_sight(section)

    def _bring_into_sight(self, widget: QWidget) -> None:
        inner = self.area.widget()
        if inner is not None and (layout := inner.layout()) is not None:
            layout.activate()
        bar = self.area.verticalScrollBar()
        if bar is not None:
            bar.setValue(widget.y())

    def _show_question(self) -> None:
        self._bring_into_sight(self.question)
        self.question.areas.setFocus(Qt.FocusReason.OtherFocusReason)

    def sizeHint(self) -> QSize:
        """Return a width that leaves the image most of a small screen.

        Returns
        -------
        QSize
            In pixels.
        """
        return QSize(max(em(self, 26), self.minimumSizeHint().width()), em(self, 40))

    def minimumSizeHint(self) -> QSize:
        """Return a width at which nothing is cut off.

        Returns
        -------
        QSize
            In pixels.
        """
        inner, bar = self.area.widget(), self.area.verticalScrollBar()
        least = 0 if inner is None else inner.minimumSizeHint().width()
        beside = 0 if bar is None else bar.sizeHint().width()
        margins = 2 * em(self, 0.4)
        return QSize(max(least, em(self, 20)) + beside + margins, em(self, 20))
