"""The live plot of a training: agreement on the test regions above, loss below.

It knows `Curve` only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_segloop.session.state import Curve
from napari_segloop.widgets.plot import LazyPlot, dress, still
from napari_segloop.widgets.theme import em

if TYPE_CHECKING:
    from pyqtgraph import GraphicsLayoutWidget
    from qtpy.QtWidgets import QWidget

    from napari_segloop.widgets.theme import Colours

_HEIGHT = 15  # em
_MOST_POINTS = 600  # on an axis of about 300 pixels


class CurvePlot(LazyPlot):
    """Two plots above one axis of steps.

    Parameters
    ----------
    parent : QWidget, optional
        Its parent.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(_HEIGHT, parent)
        self._curve = Curve()
        self._plots: dict[str, Any] = {}
        self._lines: dict[str, Any] = {}
        self.setAccessibleName("Curve of the training")
        self.setToolTip(
            "Above: agrees with you on the test regions (never trained on), as mean Dice. "
            "Below: what training makes small, on the regions that teach."
        )

    def show_curve(self, curve: Curve) -> None:
        """Draw a training so far.

        Parameters
        ----------
        curve : Curve
            Losses and scores.
        """
        self._curve = curve
        self.refresh()

    def has_content(self) -> bool:
        """Say whether there is anything to draw.

        Returns
        -------
        bool
            After the first step.
        """
        return bool(self._curve.losses or self._curve.scores)

    def build(self, canvas: GraphicsLayoutWidget) -> None:
        """Put both plots onto the canvas.

        Parameters
        ----------
        canvas : GraphicsLayoutWidget
            Empty.
        """
        for row, name in enumerate(("score", "loss")):
            plot = self._plots[name] = still(canvas.addPlot(row=row, col=0))
            self._lines[name] = plot.plot([], [])
        self._plots["score"].setXLink(self._plots["loss"])
        self._plots["score"].setYRange(0, 100, padding=0.05)
        self._plots["score"].getAxis("bottom").setStyle(showValues=False)

    def fill(self) -> None:
        """Draw losses and scores."""
        losses = np.asarray(self._curve.losses, float)
        steps = np.arange(1, len(losses) + 1)
        stride = max(1, len(losses) // _MOST_POINTS)
        self._lines["loss"].setData(steps[::stride], losses[::stride])
        points = np.asarray(self._curve.scores, float).reshape(-1, 2)
        self._lines["score"].setData(points[:, 0], 100 * points[:, 1])
        end = max(self._curve.steps, len(losses), 1)
        self._plots["loss"].setXRange(0, end, padding=0.02)

    def colour(self, colours: Colours) -> None:
        """Draw lines and axes in the colours of the theme.

        Parameters
        ----------
        colours : Colours
            Of the theme.
        """
        import pyqtgraph  # noqa: PLC0415  # a second

        width = em(self, 0.12)
        for plot in self._plots.values():
            dress(plot, colours.text, colours.line, em(self, 2.6))
        text = colours.text.name()
        self._plots["score"].setLabel("left", "agrees (%)", color=text)
        self._plots["loss"].setLabel("left", "loss", color=text)
        self._plots["loss"].setLabel("bottom", "training step", color=text)
        self._lines["loss"].setPen(pyqtgraph.mkPen(colours.dim, width=width))
        self._lines["score"].setPen(pyqtgraph.mkPen(colours.good, width=width))
        self._lines["score"].setSymbol("o")
        self._lines["score"].setSymbolSize(em(self, 0.4))
        self._lines["score"].setSymbolBrush(pyqtgraph.mkBrush(colours.good))
        self._lines["score"].setSymbolPen(None)
