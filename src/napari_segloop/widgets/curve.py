"""The live plot of a training: agreement on the test regions above, loss below.

pyqtgraph takes about a second to import, so a plot is made when there is something to show. It
knows `Curve` only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QEvent, QSize, Qt
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_segloop.session.state import Curve
from napari_segloop.widgets.theme import colours_of, em

if TYPE_CHECKING:
    from pyqtgraph import PlotItem
    from qtpy.QtGui import QColor, QShowEvent

_HEIGHT = 15  # em
_MOST_POINTS = 600  # on an axis of about 300 pixels


class CurvePlot(QWidget):
    """Two plots above one axis of steps.

    Parameters
    ----------
    parent : QWidget, optional
        Its parent.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._curve = Curve()
        self._plots: dict[str, Any] = {}
        self._lines: dict[str, Any] = {}
        self._canvas: Any = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
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
        if self.isVisible():
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
        """Return room for both plots.

        Returns
        -------
        QSize
            In pixels.
        """
        return QSize(em(self, 12), em(self, _HEIGHT))

    def _draw(self) -> None:
        if not self._curve.losses and not self._curve.scores:
            return
        if self._canvas is None:
            self._make()
        losses = np.asarray(self._curve.losses, float)
        steps = np.arange(1, len(losses) + 1)
        stride = max(1, len(losses) // _MOST_POINTS)
        self._lines["loss"].setData(steps[::stride], losses[::stride])
        points = np.asarray(self._curve.scores, float).reshape(-1, 2)
        self._lines["score"].setData(points[:, 0], 100 * points[:, 1])
        end = max(self._curve.steps, len(losses), 1)
        self._plots["loss"].setXRange(0, end, padding=0.02)

    def _make(self) -> None:
        import pyqtgraph  # noqa: PLC0415  # a second

        self._canvas = pyqtgraph.GraphicsLayoutWidget()
        self._canvas.setFixedHeight(em(self, _HEIGHT))
        for part in (self._canvas, self._canvas.viewport()):
            part.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # nothing in it can be operated
        self._canvas.ci.layout.setSpacing(0)
        self._canvas.ci.setContentsMargins(0, 0, 0, 0)
        for row, name in enumerate(("score", "loss")):
            plot = self._plots[name] = self._canvas.addPlot(row=row, col=0)
            plot.setMenuEnabled(False)
            plot.hideButtons()
            plot.setMouseEnabled(False, False)
            self._lines[name] = plot.plot([], [])
        self._plots["score"].setXLink(self._plots["loss"])
        self._plots["score"].setYRange(0, 100, padding=0.05)
        self._plots["score"].getAxis("bottom").setStyle(showValues=False)
        self._column.addWidget(self._canvas)
        self._colour()

    def _colour(self) -> None:
        import pyqtgraph  # noqa: PLC0415  # a second

        colours, width = colours_of(self), em(self, 0.12)
        self._canvas.setBackground(colours.background)
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


def dress(plot: PlotItem, text: QColor, line: QColor, width: int) -> None:
    """Give a plot the colours of a theme.

    Parameters
    ----------
    plot : PlotItem
        Any.
    text, line : QColor
        Of numbers, and of axes.
    width : int
        Of the left axis, in pixels, so that plots above each other stand in line.
    """
    plot.showGrid(x=False, y=True, alpha=0.2)
    for side in ("left", "bottom"):
        axis = plot.getAxis(side)
        axis.setPen(line)
        axis.setTextPen(text)
    plot.getAxis("left").setWidth(width)
    plot.getAxis("bottom").setHeight(None)
