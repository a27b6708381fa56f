"""How far a version's percentages can be trusted: a plot, and a sentence under it.

It knows `Version` only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from qtpy.QtWidgets import QWidget

from napari_segloop.session.trusted import in_words
from napari_segloop.widgets.part import in_column, prose
from napari_segloop.widgets.plot import LazyPlot, dress, still
from napari_segloop.widgets.theme import em

if TYPE_CHECKING:
    from pyqtgraph import GraphicsLayoutWidget

    from napari_segloop.session.state import Version
    from napari_segloop.widgets.theme import Colours

Trust = tuple[tuple[float, float, float], ...]
_HEIGHT: Final = 12  # em
_LEAST: Final = 5.0  # per cent that the axes reach to
_MARGIN: Final = 1.1
_SMALLEST, _LARGEST = 0.45, 2.0  # em, across a point
TOOLTIP: Final = (
    "Each point is a part of the pixels of the test regions (never trained on), from sure to "
    "unsure; the larger it is, the more pixels.\n"
    "On the line, as many are wrong as is said; above it more, below it fewer.\n"
    "Each region is judged by numbers that were fitted on the others."
)


class TrustPlot(LazyPlot):
    """What was said against what was found.

    Parameters
    ----------
    parent : QWidget, optional
        Its parent.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(_HEIGHT, parent)
        self._trust: Trust = ()
        self._plot: Any = None
        self._line: Any = None
        self.points: Any = None
        self.setToolTip(TOOLTIP)

    def show_trust(self, trust: Trust) -> None:
        """Draw other points.

        Parameters
        ----------
        trust : tuple of (float, float, float)
            Stated share, found share, share of the pixels.
        """
        self._trust = trust
        self.refresh()

    def has_content(self) -> bool:
        """Say whether there is anything to draw.

        Returns
        -------
        bool
            With one point or more.
        """
        return bool(self._trust)

    def build(self, canvas: GraphicsLayoutWidget) -> None:
        """Put a plot onto the canvas.

        Parameters
        ----------
        canvas : GraphicsLayoutWidget
            Empty.
        """
        import pyqtgraph  # noqa: PLC0415  # a second

        self._plot = still(canvas.addPlot())
        self._line = self._plot.plot([], [])
        self.points = pyqtgraph.ScatterPlotItem(pxMode=True)
        self._plot.addItem(self.points)

    def fill(self) -> None:
        """Draw the points, and the line on which they should lie."""
        stated, found, share = np.array(self._trust).T
        end = max(_LEAST, 100 * _MARGIN * float(max(stated.max(), found.max())))
        across = np.clip(em(self, _LARGEST) * np.sqrt(share), em(self, _SMALLEST), None)
        self.points.setData(100 * stated, 100 * found, size=across)
        self._line.setData([0, end], [0, end])
        self._plot.setRange(xRange=(0, end), yRange=(0, end), padding=0.04)

    def colour(self, colours: Colours) -> None:
        """Draw line, points and axes in the colours of the theme.

        Parameters
        ----------
        colours : Colours
            Of the theme.
        """
        import pyqtgraph  # noqa: PLC0415  # a second

        dress(self._plot, colours.text, colours.line, em(self, 2.6))
        text = colours.text.name()
        self._plot.setLabel("left", "was wrong (%)", color=text)
        self._plot.setLabel("bottom", "said to be wrong (%)", color=text)
        self._line.setPen(pyqtgraph.mkPen(colours.dim, width=em(self, 0.1)))
        self.points.setBrush(pyqtgraph.mkBrush(colours.marked))
        self.points.setPen(pyqtgraph.mkPen(colours.background))


class TrustView(QWidget):
    """The plot, and the sentence.

    Parameters
    ----------
    parent : QWidget, optional
        Its parent.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plot, self.words = TrustPlot(), prose()
        self.words.setToolTip(TOOLTIP)
        column = in_column(self, 0.2)
        column.addWidget(self.plot)
        column.addWidget(self.words)

    def show_version(self, version: Version) -> None:
        """Show what is known of a version.

        Parameters
        ----------
        version : Version
            Of the list.
        """
        text = in_words(version)
        self.words.setText(text)
        self.plot.setAccessibleName(text)
        self.plot.setVisible(bool(version.trust))
        self.plot.show_trust(version.trust)
