"""How likely wrong a place has to be to be offered: a slider with its number in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from qtpy.QtCore import QSignalBlocker, Qt
from qtpy.QtWidgets import QSlider, QWidget

from napari_segloop.session.limits import more_than
from napari_segloop.widgets.part import Part, in_row, prose
from napari_segloop.widgets.theme import em

if TYPE_CHECKING:
    from napari_segloop.session.loop import LoopSession
    from napari_segloop.session.state import LoopState

MOST: Final = 50
"""Per cent; of what is more likely wrong than that, nobody wants to miss any."""
_TIP = (
    "What is less likely wrong is not offered, and comes back when you move the slider left.\n"
    "Random spot checks and places in first masks are always offered."
)


class Limit(Part):
    """The slider, and beside it what it means.

    Parameters
    ----------
    session : LoopSession
        Told the limit.
    parent : QWidget, optional
        Its parent.
    """

    draws: ClassVar[frozenset[str]] = frozenset({"queue", "versions"})

    def __init__(self, session: LoopSession, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.words = prose()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, MOST)
        self.slider.setPageStep(5)
        self.slider.setTracking(False)  # places are lined up anew when it is let go
        self.slider.setMinimumWidth(em(self, 5))
        self.slider.setToolTip(_TIP)
        self.slider.setAccessibleName("Show places that are more likely wrong than, in per cent")
        self.words.setToolTip(_TIP)
        row = in_row(self.words, self.slider)
        row.setStretch(0, 3)
        row.setStretch(1, 2)
        self.setLayout(row)
        self.slider.sliderMoved.connect(self._say)
        self.slider.valueChanged.connect(self._set)

    def draw(self, state: LoopState) -> None:
        """Show the limit.

        Parameters
        ----------
        state : LoopState
            As the session has it.
        """
        self.setVisible(state.version is not None)
        if self.slider.isSliderDown():
            return
        with QSignalBlocker(self.slider):
            self.slider.setValue(round(100 * state.limit))
        self._say(round(100 * state.limit))

    def _say(self, value: int) -> None:
        self.words.setText(f"Places {more_than(value / 100)}" if value else "All places")

    def _set(self, value: int) -> None:
        self.ask(self._session.set_limit, value / 100)
