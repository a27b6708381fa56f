"""Colours and sizes as the napari theme around a widget has them.

Everything that the dock draws itself asks here; nothing here knows what is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari.utils.theme import available_themes, get_theme
from qtpy.QtGui import QColor, QFontMetricsF, QPalette

if TYPE_CHECKING:
    from napari.utils.theme import Theme
    from qtpy.QtWidgets import QWidget

# Okabe and Ito's bluish green, told apart from napari's blue and yellow by the colour-blind, in two
# lightnesses: https://jfly.uni-koeln.de/color/
_GREEN_ON_DARK, _GREEN_ON_LIGHT = "#2fc79b", "#00785a"
_BLUE_ON_DARK, _BLUE_ON_LIGHT = "#4aa8ec", "#0b6cb4"
_RED_ON_DARK, _RED_ON_LIGHT = "#ff7a70", "#b3261e"
_MIDDLE = 128


@dataclass(frozen=True, slots=True)
class Colours:
    """What a theme gives to draw with.

    Parameters
    ----------
    text, dim : QColor
        For what is read first, and second.
    background, surface, line : QColor
        Of the dock, of tables and fields, of borders.
    accent, on_accent : QColor
        Of the next step, and of text on it.
    good, marked, warning, error : QColor
        Checked, predicted, and the two kinds of trouble.
    dark : bool
        Whether light text stands on a dark ground.
    """

    text: QColor
    dim: QColor
    background: QColor
    surface: QColor
    line: QColor
    accent: QColor
    on_accent: QColor
    good: QColor
    marked: QColor
    warning: QColor
    error: QColor
    dark: bool


def colours_of(widget: QWidget) -> Colours:
    """Return the colours of the theme that a widget is shown in.

    Parameters
    ----------
    widget : QWidget
        Inside a napari window, or anywhere else.

    Returns
    -------
    Colours
        Text and background from its palette, the others from the napari theme that has them.
    """
    palette = widget.palette()
    text = palette.color(QPalette.ColorRole.WindowText)
    background = palette.color(QPalette.ColorRole.Window)
    dark = _lightness(text) > _lightness(background)
    theme = _theme_with(background, dark)
    accent = QColor(theme.current.as_hex("long")) if dark else QColor(_BLUE_ON_LIGHT)
    return Colours(
        text=text,
        dim=blend(text, background, 0.3),
        background=background,
        surface=QColor(theme.foreground.as_hex("long")),
        line=QColor(theme.primary.as_hex("long")),
        accent=accent,
        on_accent=QColor("white" if _lightness(accent) < _MIDDLE + 20 else "black"),
        good=QColor(_GREEN_ON_DARK if dark else _GREEN_ON_LIGHT),
        marked=QColor(_BLUE_ON_DARK if dark else _BLUE_ON_LIGHT),
        warning=QColor(theme.warning.as_hex("long")),
        error=QColor(_RED_ON_DARK if dark else _RED_ON_LIGHT),
        dark=dark,
    )


def blend(one: QColor, other: QColor, share: float) -> QColor:
    """Mix two colours.

    Parameters
    ----------
    one, other : QColor
        The colours.
    share : float
        Of ``other``, from 0 to 1.

    Returns
    -------
    QColor
        The mixture.
    """
    mixed = [
        round(a + (b - a) * share)
        for a, b in zip(one.getRgb()[:3], other.getRgb()[:3], strict=True)
    ]
    return QColor(*mixed)


def em(widget: QWidget, number: float = 1.0) -> int:
    """Return a length that grows with the widget's font.

    Parameters
    ----------
    widget : QWidget
        Whose font.
    number : float
        How many times its line height.

    Returns
    -------
    int
        Pixels, at least 1.
    """
    return max(1, round(number * QFontMetricsF(widget.font()).height()))


def _theme_with(background: QColor, dark: bool) -> Theme:
    for name in available_themes():
        theme = get_theme(name)
        if QColor(theme.background.as_hex("long")) == background:
            return theme
    return get_theme("dark" if dark else "light")


def _lightness(colour: QColor) -> float:
    """Perceived, 0 to 255 (ITU-R BT.601)."""
    return 0.299 * colour.red() + 0.587 * colour.green() + 0.114 * colour.blue()
