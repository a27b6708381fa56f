"""How well each version agreed with the user on all images, with its interval, and the goal.

pyqtgraph takes about a second to import, so the plot is made when there is something to show. It
knows `Round` only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from qtpy.QtCore import QEvent, QSize, Qt
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_segloop.session.ahead import rounds_in_words
from napari_segloop.widgets.curve import dress
from napari_segloop.widgets.theme import colours_of, em

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtGui import QShowEvent

    from napari_segloop.session.progress import Round

FEWEST: Final = 2
_HEIGHT = 9  # em
_MOST_TICKS = 10
_TIP = (
    "How well each version agreed with you on all that it predicted, as its random spot checks "
    "told while it was in use: best guess and 90 % interval. Dashed: the goal."
)


class RoundsPlot(QWidget):
    """Estimates against version numbers; hidden before there are two.

    Parameters
    ----------
    parent : QWidget, optional
        Its parent.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rounds: tuple[Round, ...] = ()
        self._goal = 0.0
        self._canvas: Any = None
        self._plot: Any = None
        self._parts: dict[str, Any] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
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
        self.setVisible(len(rounds) >= FEWEST)
        self.setAccessibleDescription(rounds_in_words(rounds))
        self.setToolTip(f"{_TIP}\n{rounds_in_words(rounds[-_MOST_TICKS:])}")
        if is_news and self.isVisible():
            self._draw()

    def showEvent(self, event: QShowEvent | None) -> None:
        """Draw what came while it was hidden.

        Parameters
        ----------
        event : QShowEvent
            It is shown.
        """
        super().showEvent(event)
        self._draw()

    def changeEvent(self, event: QEvent | None) -> None:
        """Take the colours of a new theme.

        Parameters
        ----------
        event : QEvent
            Style, palette or font changed.
        """
        super().changeEvent(event)
        is_style = event is not None and event.type() == QEvent.Type.StyleChange
        if is_style and getattr(self, "_canvas", None) is not None:
            self._colour()

    def sizeHint(self) -> QSize:
        """Return room for the plot.

        Returns
        -------
        QSize
            In pixels.
        """
        return QSize(em(self, 12), em(self, _HEIGHT))

    def _draw(self) -> None:
        if len(self._rounds) < FEWEST:
            return
        if self._canvas is None:
            self._make()
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

    def _make(self) -> None:
        import pyqtgraph  # noqa: PLC0415  # a second

        self._canvas = pyqtgraph.PlotWidget()
        self._canvas.setFixedHeight(em(self, _HEIGHT))
        for part in (self._canvas, self._canvas.viewport()):
            part.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # nothing in it can be operated
        self._plot = self._canvas.getPlotItem()
        self._plot.setMenuEnabled(False)
        self._plot.hideButtons()
        self._plot.setMouseEnabled(False, False)
        self._parts["bars"] = pyqtgraph.ErrorBarItem(beam=0.12)
        self._parts["goal"] = pyqtgraph.InfiniteLine(angle=0)
        self._plot.addItem(self._parts["goal"])
        self._plot.addItem(self._parts["bars"])
        self._parts["points"] = self._plot.plot([], [], symbol="o")
        self._column.addWidget(self._canvas)
        self._colour()

    def _colour(self) -> None:
        import pyqtgraph  # noqa: PLC0415  # a second

        colours, width = colours_of(self), em(self, 0.12)
        dashed = Qt.PenStyle.DashLine
        self._canvas.setBackground(colours.background)
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
