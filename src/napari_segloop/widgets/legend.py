"""What the colours on the image mean, in words.

Shows the colours that the layers have; makes no layer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QRectF, QSize, Qt
from qtpy.QtGui import QBrush, QColor, QLinearGradient, QPainter
from qtpy.QtWidgets import QWidget

from napari_segloop.widgets.labels_layers import CHECKED_COLOURS, RAMP
from napari_segloop.widgets.theme import colours_of, em

if TYPE_CHECKING:
    from qtpy.QtGui import QPaintEvent

CHECKED_WORDS = {1: "checked by you", 2: "can't tell", 3: "excluded area"}
_STOPS = 8
_LINE = 1.25


class Legend(QWidget):
    """The three colours of the checked layer, and the ramp of the uncertainty map.

    Parameters
    ----------
    parent : QWidget, optional
        Its parent.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        words = ", ".join(CHECKED_WORDS.values())
        self.setAccessibleName(f"Legend: {words}; uncertainty from surely right to may be wrong")
        self.setToolTip(
            "Colours of the layer 'checked', and the map 'uncertainty': the probability that a "
            "pixel's label is wrong, 0 to 100 %"
        )

    def sizeHint(self) -> QSize:
        """Return room for three lines.

        Returns
        -------
        QSize
            In pixels.
        """
        return QSize(em(self, 12), em(self, 3 * _LINE + 0.2))

    def minimumSizeHint(self) -> QSize:
        """Return a size that fits every dock.

        Returns
        -------
        QSize
            In pixels.
        """
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """Draw swatches, ramp and words.

        Parameters
        ----------
        _event : QPaintEvent
            Not needed: it is drawn whole.
        """
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_checked(painter)
        self._paint_ramp(painter)

    def _paint_checked(self, painter: QPainter) -> None:
        left, size, colours = 0, em(self, 0.75), colours_of(self)
        for value, words in CHECKED_WORDS.items():
            painter.fillRect(
                QRectF(left, em(self, 0.25), size, size), QColor(CHECKED_COLOURS[value])
            )
            painter.setPen(colours.text)
            left += size + em(self, 0.3)
            painter.drawText(left, self._baseline(0), words)
            left += painter.fontMetrics().horizontalAdvance(words) + em(self, 0.7)

    def _paint_ramp(self, painter: QPainter) -> None:
        colours = colours_of(self)
        painter.setPen(colours.text)
        painter.drawText(0, self._baseline(1), "uncertainty (a label is wrong with probability)")
        top, width = em(self, 2 * _LINE), self.width()
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
        painter.drawText(0, self._baseline(2), low)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(0, top, width, em(self, _LINE)), right, high)

    def _baseline(self, line: int) -> int:
        return em(self, line * _LINE) + round(0.9 * em(self, 1)) if line else em(self, 0.95)


def _ramp_colour(share: float) -> QColor:
    from napari.utils.colormaps import ensure_colormap  # noqa: PLC0415  # slow import

    red, green, blue, _ = ensure_colormap(RAMP).map([share])[0]
    return QColor.fromRgbF(float(red), float(green), float(blue))
