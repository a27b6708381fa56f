"""What all plots have in common: made when there is something to show, and in the theme's colours.

pyqtgraph takes about a second to import. What is drawn is not known here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, QSize, Qt
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_segloop.widgets.theme import Colours, colours_of, em

if TYPE_CHECKING:
    from pyqtgraph import GraphicsLayoutWidget, PlotItem
    from qtpy.QtGui import QColor, QShowEvent


class LazyPlot(QWidget):
    """A plot that is drawn while it is seen.

    Parameters
    ----------
    height : float
        In em.
    parent : QWidget, optional
        Its parent.
    """

    def __init__(self, height: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._height = height
        self._canvas: Any = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)

    def refresh(self) -> None:
        """Draw what is new, now or as soon as it is seen."""
        if not self.isVisible() or not self.has_content():
            return
        if self._canvas is None:
            self._make()
        self.fill()

    def has_content(self) -> bool:
        """Say whether there is anything to draw.

        Returns
        -------
        bool
            Without it nothing is imported.
        """
        raise NotImplementedError

    def build(self, canvas: GraphicsLayoutWidget) -> None:
        """Put plots onto the canvas; once.

        Parameters
        ----------
        canvas : GraphicsLayoutWidget
            Empty.
        """
        raise NotImplementedError

    def fill(self) -> None:
        """Give the plots their numbers."""
        raise NotImplementedError

    def colour(self, colours: Colours) -> None:
        """Give the plots their colours.

        Parameters
        ----------
        colours : Colours
            Of the theme.
        """
        raise NotImplementedError

    def showEvent(self, event: QShowEvent | None) -> None:
        """Draw what came while it was hidden.

        Parameters
        ----------
        event : QShowEvent
            It is shown.
        """
        super().showEvent(event)
        self.refresh()

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
        """Return room for the canvas.

        Returns
        -------
        QSize
            In pixels.
        """
        return QSize(em(self, 12), em(self, self._height))

    def _make(self) -> None:
        import pyqtgraph  # noqa: PLC0415  # a second

        self._canvas = pyqtgraph.GraphicsLayoutWidget()
        self._canvas.setFixedHeight(em(self, self._height))
        for part in (self._canvas, self._canvas.viewport()):
            part.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # nothing in it can be operated
        self._canvas.ci.layout.setSpacing(0)
        self._canvas.ci.setContentsMargins(0, 0, 0, 0)
        self.build(self._canvas)
        self._column.addWidget(self._canvas)
        self._colour()

    def _colour(self) -> None:
        colours = colours_of(self)
        self._canvas.setBackground(colours.background)
        self.colour(colours)


def still(plot: PlotItem) -> PlotItem:
    """Make a plot that cannot be dragged, zoomed or asked for a menu.

    Parameters
    ----------
    plot : PlotItem
        New.

    Returns
    -------
    PlotItem
        The same.
    """
    plot.setMenuEnabled(False)
    plot.hideButtons()
    plot.setMouseEnabled(False, False)
    return plot


def dress(plot: PlotItem, text: QColor, line: QColor, width: int) -> None:
    """Draw the axes of a plot in the colours of the theme.

    Parameters
    ----------
    plot : PlotItem
        Of a canvas.
    text, line : QColor
        Of numbers, and of axes.
    width : int
        Of the axis at the left, in pixels.
    """
    plot.showGrid(x=False, y=True, alpha=0.2)
    for side in ("left", "bottom"):
        axis = plot.getAxis(side)
        axis.setPen(line)
        axis.setTextPen(text)
    plot.getAxis("left").setWidth(width)
    plot.getAxis("bottom").setHeight(None)
