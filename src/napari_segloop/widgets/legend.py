"""What the colours of the uncertainty mean, in words.

Shows the colours that the layer has; makes no layer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QRectF, QSize, Qt
from qtpy.QtGui import QBrush, QColor, QLinearGradient, QPainter
from qtpy.QtWidgets import QWidget

from napari_segloop.widgets.labels_layers import RAMP
from napari_segloop.widgets.theme import colours_of, em

if TYPE_CHECKING:
    from qtpy.QtGui import QPaintEvent

_STOPS = 8
_LINE = 1.25


class Legend(QWidget):
    """The ramp of the uncertainty map.

    Parameters
    ----------
    parent : QWidget, optional
        Its parent.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Legend: uncertainty from surely right to surely wrong")
        self.setToolTip("The map 'uncertainty': the probability that a pixel's label is wrong")

    def sizeHint(self) -> QSize:
        """Return room for two lines.

        Returns
        -------
        QSize
            In pixels.
        """
        return QSize(em(self, 12), em(self, 2 * _LINE + 0.2))

    def minimumSizeHint(self) -> QSize:
        """Return a size that fits every dock.

        Returns
        -------
        QSize
            In pixels.
        """
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """Draw ramp and words.

        Parameters
        ----------
        _event : QPaintEvent
            Not needed: it is drawn whole.
        """
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(colours_of(self).text)
        painter.drawText(0, em(self, 0.95), "uncertainty (a label is wrong with probability)")
        top, width = em(self, _LINE), self.width()
        low, high = "0 %", "100 %"
        metrics = painter.fontMetrics()
        start = metrics.horizontalAdvance(low) + em(self, 0.4)
        end = width - metrics.horizontalAdvance(high) - em(self, 0.4)
        ramp = QLinearGradient(start, 0, end, 0)
        for place in range(_STOPS + 1):
            ramp.setColorAt(place / _STOPS, _ramp_colour(place / _STOPS))
        painter.fillRect(
            QRectF(start, top + em(self, 0.25), end - start, em(self, 0.75)), QBrush(ramp)
        )
        painter.drawText(0, top + em(self, 0.9), low)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(0, top, width, em(self, _LINE)), right, high)


def _ramp_colour(share: float) -> QColor:
    from napari.utils.colormaps import ensure_colormap  # noqa: PLC0415  # slow import

    red, green, blue, _ = ensure_colormap(RAMP).map([share])[0]
    return QColor.fromRgbF(float(red), float(green), float(blue))
