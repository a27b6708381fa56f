"""Everything that is drawn: signs of the image list, swatches, pictures of the first question.

Colours and sizes in, pixmaps out; drawn in code, so that they fit every theme and resolution.
"""

from __future__ import annotations

from math import cos, pi, sin
from typing import TYPE_CHECKING

from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

from napari_segloop.widgets.theme import blend

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_segloop.session.state import Status
    from napari_segloop.widgets.theme import Colours

_SHARP = 2.0  # drawn at twice the size, for screens of high resolution


def status_sign(status: Status, size: int, colours: Colours) -> QPixmap:
    """Draw the sign of an image's state; each has a form of its own, not only a colour.

    Parameters
    ----------
    status : {"new", "predicted", "checked", "excluded", "missing"}
        The state.
    size : int
        Side, in pixels.
    colours : Colours
        Of the theme.

    Returns
    -------
    QPixmap
        Square, transparent around the sign.
    """
    draw = {
        "new": lambda painter: _ring(painter, colours.dim),
        "predicted": lambda painter: _half_disc(painter, colours.marked),
        "checked": lambda painter: _tick(painter, colours),
        "excluded": lambda painter: _bar(painter, colours.dim),
        "missing": lambda painter: _exclamation(painter, colours),
    }[status]
    return _drawn(size, size, draw)


def swatch(colour: str, size: int, colours: Colours) -> QPixmap:
    """Draw a small field of a colour.

    Parameters
    ----------
    colour : str
        ``#rrggbb``.
    size : int
        Side, in pixels.
    colours : Colours
        Of the theme, for the border.

    Returns
    -------
    QPixmap
        Square with round corners.
    """

    def draw(painter: QPainter) -> None:
        painter.setPen(QPen(colours.dim, 0.04))
        painter.setBrush(QColor(colour))
        painter.drawRoundedRect(QRectF(0.06, 0.06, 0.88, 0.88), 0.15, 0.15)

    return _drawn(size, size, draw)


def cross(size: int, colour: QColor) -> QPixmap:
    """Draw the cross that dismisses.

    Parameters
    ----------
    size : int
        Side, in pixels.
    colour : QColor
        Of its strokes.

    Returns
    -------
    QPixmap
        Square, transparent around the cross.
    """

    def draw(painter: QPainter) -> None:
        painter.setPen(_pen(colour, 0.1))
        painter.drawLine(QPointF(0.2, 0.2), QPointF(0.8, 0.8))
        painter.drawLine(QPointF(0.8, 0.2), QPointF(0.2, 0.8))

    return _drawn(size, size, draw)


def areas_picture(width: int, height: int, colours: Colours) -> QPixmap:
    """Draw kinds of area: a tissue of three kinds, with one membrane winding between two.

    Parameters
    ----------
    width, height : int
        In pixels.
    colours : Colours
        Of the theme.

    Returns
    -------
    QPixmap
        The picture.
    """

    def draw(painter: QPainter) -> None:
        _ground(painter, colours, width / height)
        upper = _wave(width / height, 0.42)
        upper.lineTo(width / height, 0)
        upper.lineTo(0, 0)
        painter.fillPath(upper, _tint(colours.marked, colours, 0.45))
        lower = _wave(width / height, 0.78)
        lower.lineTo(width / height, 1)
        lower.lineTo(0, 1)
        painter.fillPath(lower, _tint(colours.warning, colours, 0.45))
        painter.setPen(QPen(colours.good, 0.11))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(_wave(width / height, 0.42))

    return _drawn(width, height, draw)


def objects_picture(width: int, height: int, colours: Colours) -> QPixmap:
    """Draw single objects: crystals and nuclei, each in its own colour, two of them touching.

    Parameters
    ----------
    width, height : int
        In pixels.
    colours : Colours
        Of the theme.

    Returns
    -------
    QPixmap
        The picture.
    """

    def draw(painter: QPainter) -> None:
        across = width / height
        _ground(painter, colours, across)
        for place, (x, y, size, sides) in enumerate(_OBJECTS):
            hue = (colours.marked, colours.good, colours.warning, colours.error)[place % 4]
            painter.setBrush(_tint(hue, colours, 0.35))
            painter.setPen(QPen(hue, 0.03))
            painter.drawPath(_outline(x * across, y, size, sides))

    return _drawn(width, height, draw)


# x (share of the width), y, radius, corners (0: round); the second and third touch
_OBJECTS = (
    (0.14, 0.30, 0.17, 0),
    (0.42, 0.36, 0.20, 6),
    (0.60, 0.50, 0.17, 0),
    (0.84, 0.28, 0.19, 5),
    (0.24, 0.74, 0.19, 5),
    (0.48, 0.82, 0.12, 0),
    (0.78, 0.76, 0.17, 6),
)


def _drawn(width: int, height: int, draw: Callable[[QPainter], None]) -> QPixmap:
    """Return a pixmap painted in units of its height."""
    pixmap = QPixmap(round(_SHARP * width), round(_SHARP * height))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(_SHARP * height, _SHARP * height)
    draw(painter)
    painter.end()
    pixmap.setDevicePixelRatio(_SHARP)
    return pixmap


def _pen(colour: QColor, width: float) -> QPen:
    pen = QPen(colour, width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    return pen


def _ring(painter: QPainter, colour: QColor) -> None:
    painter.setPen(QPen(colour, 0.12))
    painter.drawEllipse(QPointF(0.5, 0.5), 0.32, 0.32)


def _half_disc(painter: QPainter, colour: QColor) -> None:
    _ring(painter, colour)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawPie(QRectF(0.18, 0.18, 0.64, 0.64), 90 * 16, 180 * 16)


def _tick(painter: QPainter, colours: Colours) -> None:
    _disc(painter, colours.good)
    painter.setPen(_pen(colours.background, 0.12))
    corners = [QPointF(0.31, 0.52), QPointF(0.44, 0.65), QPointF(0.69, 0.37)]
    painter.drawPolyline(QPolygonF(corners))


def _bar(painter: QPainter, colour: QColor) -> None:
    _ring(painter, colour)
    painter.setPen(QPen(colour, 0.12))
    painter.drawLine(QPointF(0.27, 0.73), QPointF(0.73, 0.27))


def _exclamation(painter: QPainter, colours: Colours) -> None:
    _disc(painter, colours.error)
    painter.setPen(_pen(colours.background, 0.13))
    painter.drawLine(QPointF(0.5, 0.28), QPointF(0.5, 0.52))
    painter.drawPoint(QPointF(0.5, 0.72))


def _disc(painter: QPainter, colour: QColor) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawEllipse(QPointF(0.5, 0.5), 0.4, 0.4)


def _ground(painter: QPainter, colours: Colours, across: float) -> None:
    clip = QPainterPath()
    clip.addRoundedRect(QRectF(0, 0, across, 1), 0.06, 0.06)
    painter.setClipPath(clip)
    painter.fillRect(QRectF(0, 0, across, 1), blend(colours.surface, colours.text, 0.14))


def _tint(colour: QColor, colours: Colours, share: float) -> QColor:
    return blend(colour, colours.surface, share)


def _wave(across: float, height: float) -> QPainterPath:
    path = QPainterPath(QPointF(0, height))
    third = across / 3
    path.cubicTo(third * 0.6, height - 0.4, third, height + 0.3, 1.5 * third, height - 0.05)
    path.cubicTo(2 * third, height - 0.4, 2.4 * third, height + 0.25, across, height - 0.12)
    return path


def _outline(x: float, y: float, size: float, corners: int) -> QPainterPath:
    path = QPainterPath()
    if not corners:
        path.addEllipse(QPointF(x, y), size, 0.85 * size)
        return path
    angles = [2 * pi * corner / corners + 0.3 for corner in range(corners)]
    path.addPolygon(QPolygonF([QPointF(x + size * cos(a), y + size * sin(a)) for a in angles]))
    path.closeSubpath()
    return path
