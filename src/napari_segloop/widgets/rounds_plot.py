"""How well each version agreed with the user on all images, with its interval, and the goal.

It knows `Round` only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from qtpy.QtCore import Qt

from napari_segloop.session.ahead import rounds_in_words
from napari_segloop.widgets.plot import LazyPlot, dress, still
from napari_segloop.widgets.theme import em

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyqtgraph import GraphicsLayoutWidget
    from qtpy.QtWidgets import QWidget

    from napari_segloop.session.progress import Round
    from napari_segloop.widgets.theme import Colours

FEWEST: Final = 2
_HEIGHT = 9  # em
_MOST_TICKS = 10
_TIP = (
    "How well each version agreed with you on all that it predicted, as its random spot checks "
    "told while it was in use: best guess and 90 % interval. Dashed: the goal."
)


class RoundsPlot(LazyPlot):
    """Estimates against version numbers; hidden before there are two.

    Parameters
    ----------
    parent : QWidget, optional
        Its parent.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(_HEIGHT, parent)
        self._rounds: tuple[Round, ...] = ()
        self._goal = 0.0
        self._plot: Any = None
        self._parts: dict[str, Any] = {}
        self.setAccessibleName("Agreement on all images by version")
        self.setToolTip(_TIP)
        self.hide()

    def show_rounds(self, rounds: Sequence[Round], goal: float) -> None:
        """Draw the rounds so far.

        Parameters
        ----------
        rounds : sequence of Round
            Oldest first.
        goal : float
            Wanted agreement, 0 to 1.
        """
        is_news = (self._rounds, self._goal) != (tuple(rounds), goal)
        self._rounds, self._goal = tuple(rounds), goal
        self.setVisible(self.has_content())
        self.setAccessibleDescription(rounds_in_words(rounds))
        self.setToolTip(f"{_TIP}\n{rounds_in_words(rounds[-_MOST_TICKS:])}")
        if is_news:
            self.refresh()

    def has_content(self) -> bool:
        """Say whether there is anything to draw.

        Returns
        -------
        bool
            From two versions on.
        """
        return len(self._rounds) >= FEWEST

    def build(self, canvas: GraphicsLayoutWidget) -> None:
        """Put a plot onto the canvas.

        Parameters
        ----------
        canvas : GraphicsLayoutWidget
            Empty.
        """
        import pyqtgraph  # noqa: PLC0415  # a second

        self._plot = still(canvas.addPlot())
        self._parts["bars"] = pyqtgraph.ErrorBarItem(beam=0.12)
        self._parts["goal"] = pyqtgraph.InfiniteLine(angle=0)
        self._plot.addItem(self._parts["goal"])
        self._plot.addItem(self._parts["bars"])
        self._parts["points"] = self._plot.plot([], [], symbol="o")

    def fill(self) -> None:
        """Draw estimates, intervals and the goal."""
        versions = np.array([each.version for each in self._rounds], float)
        told = [each.estimate for each in self._rounds]
        low, score, high = 100 * np.array([(t.low, t.score, t.high) for t in told], float).T
        self._parts["points"].setData(versions, score)
        self._parts["bars"].setData(x=versions, y=score, top=high - score, bottom=score - low)
        self._parts["goal"].setValue(100 * self._goal)
        floor = 10 * np.floor(min(low.min(), 100 * self._goal - 5) / 10)
        self._plot.setYRange(max(0, floor), 100, padding=0.04)
        self._plot.setXRange(versions[0] - 0.3, versions[-1] + 0.3, padding=0)
        shown = versions[:: -(-len(versions) // _MOST_TICKS)]
        self._plot.getAxis("bottom").setTicks([[(v, f"{v:.0f}") for v in shown]])

    def colour(self, colours: Colours) -> None:
        """Draw lines and axes in the colours of the theme.

        Parameters
        ----------
        colours : Colours
            Of the theme.
        """
        import pyqtgraph  # noqa: PLC0415  # a second

        width, dashed = em(self, 0.12), Qt.PenStyle.DashLine
        dress(self._plot, colours.text, colours.line, em(self, 2.6))
        self._plot.setLabel("left", "agrees (%)", color=colours.text.name())
        self._plot.setLabel("bottom", "version", color=colours.text.name())
        self._parts["goal"].setPen(pyqtgraph.mkPen(colours.accent, width=width, style=dashed))
        self._parts["bars"].setData(pen=pyqtgraph.mkPen(colours.dim, width=width))
        points = self._parts["points"]
        points.setPen(pyqtgraph.mkPen(colours.good, width=width))
        points.setSymbolSize(em(self, 0.5))
        points.setSymbolBrush(pyqtgraph.mkBrush(colours.good))
        points.setSymbolPen(None)
