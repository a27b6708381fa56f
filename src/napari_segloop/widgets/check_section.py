"""Places to check: where the user is, why it is offered, and the answers with their keys.

Draws the queue; moving the view and the keys themselves are others' business.
"""

from __future__ import annotations

from functools import partial
from html import escape
from typing import TYPE_CHECKING, ClassVar

from qtpy.QtWidgets import QGridLayout, QPushButton, QWidget

from napari_segloop.session.limits import more_than
from napari_segloop.session.words import counted
from napari_segloop.widgets.agreement import Agreement
from napari_segloop.widgets.brushes import Brushes
from napari_segloop.widgets.keys import DEFAULT_KEYS
from napari_segloop.widgets.legend import Legend
from napari_segloop.widgets.limit import Limit
from napari_segloop.widgets.part import Part, button, in_column, in_row, prose
from napari_segloop.widgets.place_table import PlaceTable
from napari_segloop.widgets.place_words import where, why
from napari_segloop.widgets.way_to_goal import WayToGoal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_segloop.session.loop import LoopSession
    from napari_segloop.session.state import LoopState

_TEXTS = {
    "accept": ("All correct", "All labels here are right, also where you changed nothing; next"),
    "cant_tell": ("Can't tell", "Nobody can tell here: never truth, never an error; next"),
    "later": ("Later", "Leave it for later; next"),
    "back": ("Back", "One place back"),
}


class CheckSection(Part):
    """The walk through the places.

    Parameters
    ----------
    session : LoopSession
        Asked to walk.
    parent : QWidget, optional
        Its parent.
    """

    draws: ClassVar[frozenset[str]] = frozenset({"queue", "images", "classes", "versions"})

    def __init__(self, session: LoopSession, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.place, self.reason = prose(), prose()
        self.keys_hint = prose()
        self.keys_hint.hide()
        self.answers: dict[str, QPushButton] = {}
        for name in _TEXTS:
            self.answers[name] = button("", "", partial(self._answer, name))
        self.start = button(
            "Start checking", "Go to the worst place first", self._start, "Start checking places"
        )
        self.stop = button(
            "Stop checking", "The places stay in the list", lambda: self.ask(session.stop_checking)
        )
        self.take_back = button(
            "Take back the last answer",
            "Undo the last 'all correct' or 'can't tell' and go there",
            lambda: self.ask(session.take_back_last),
        )
        self.limit, self.places = Limit(session), PlaceTable(session)
        self.agreement = Agreement(session)
        self.way = WayToGoal(session)
        for part in (self.limit, self.places, self.agreement):
            part.refused.connect(self.refused)
        self.brushes = Brushes()
        self.legend = Legend()
        self._lay_out()
        self.show_keys(DEFAULT_KEYS)

    def _lay_out(self) -> None:
        column = in_column(self, 0.3)
        column.addWidget(self.place)
        column.addWidget(self.reason)
        grid = QGridLayout()
        for place, made in enumerate(self.answers.values()):
            grid.addWidget(made, place // 2, place % 2)
        column.addLayout(grid)
        column.addLayout(in_row(self.start, self.stop, self.take_back))
        column.addWidget(self.limit)
        column.addWidget(self.places)
        column.addWidget(self.agreement)
        column.addWidget(self.way)
        column.addWidget(self.brushes)
        column.addWidget(self.keys_hint)
        column.addWidget(self.legend)

    def show_keys(self, keys: Mapping[str, str]) -> None:
        """Write the keys onto the buttons.

        Parameters
        ----------
        keys : mapping of str to str
            Key of ``accept``, ``cant_tell``, ``later`` and ``back``; of ``peek`` and ``brush``.
        """
        for name, (text, tip) in _TEXTS.items():
            key = keys.get(name, "")
            made = self.answers[name]
            made.setText(f"{text} ({key})" if key else text)
            made.setToolTip(f"{tip}. Key: {key}, whichever layer is active" if key else tip)
            made.setAccessibleName(text)
        words = {"peek": "Hold {} for the bare image", "brush": "{} to brush checked"}
        hints = [text.format(keys[name]) for name, text in words.items() if keys.get(name)]
        self.keys_hint.setText(" · ".join(hints))
        self.keys_hint.setVisible(bool(hints))

    def draw(self, state: LoopState) -> None:
        """Show where the user is.

        Parameters
        ----------
        state : LoopState
            As the session has it.
        """
        queue, here = state.queue, state.queue.here
        for part in (self.limit, self.places, self.agreement, self.way):
            part.draw(state)
        self.brushes.setEnabled(any(image.is_open for image in state.images))
        is_walking = here is not None
        for made in self.answers.values():
            made.setEnabled(is_walking)
        self.start.setVisible(not is_walking)
        self.stop.setVisible(is_walking)
        total, left = len(queue.places), counted(queue.left, "place")
        if here is None and state.is_clear:
            self.place.setText(f"<b>Nothing {more_than(state.limit)} is left.</b>")
            self.reason.setText(_what_else(state))
        elif here is None or queue.at is None:
            self.place.setText(f"{left} to check" if total else "No places to check yet.")
            self.reason.setText("Worst first; each takes a few seconds." if queue.left else "")
        else:
            self.place.setText(
                f"<b>Place {queue.at + 1} of {total}</b> in {escape(where(state, here))}"
            )
            self.reason.setText(why(state, here))
        self.reason.setVisible(bool(self.reason.text()))
        at = f"place {queue.at + 1} of {total}" if queue.at is not None else f"{left} left"
        self.summarised.emit(at if total else "")

    def _answer(self, name: str) -> None:
        session = self._session
        actions = {
            "accept": session.accept,
            "cant_tell": session.cant_tell,
            "later": session.later,
            "back": session.back,
        }
        self.ask(actions[name])

    def _start(self) -> None:
        self.ask(self._session.start_checking)


def _what_else(state: LoopState) -> str:
    """Say what could still be looked at when nothing above the limit is left."""
    spots = f"{counted(state.queue.left, 'random spot check')} to do." if state.queue.left else ""
    hidden = counted(state.below, "less likely place")
    return f"{spots} {hidden} hidden by the slider.".strip() if state.below else spots
