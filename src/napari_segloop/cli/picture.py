"""The picture that ``segloop demo`` leaves: panels with captions, drawn with Pillow.

Colours are Okabe and Ito's and the cividis scale, which the colour-blind tell apart. Knows panels,
not where they come from.

References
----------
Okabe and Ito, "Color Universal Design", https://jfly.uni-koeln.de/color/
Nuñez, Anderton and Renslow, "Optimizing colormaps with consideration for color vision deficiency",
PLoS ONE 2018, https://doi.org/10.1371/journal.pone.0199239
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from napari_segloop.core.labels import border_band

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_segloop.core.images import Array, Labels
    from napari_segloop.core.regions import Region

Pixels = NDArray[np.uint8]
Colour = tuple[int, int, int]

CLASS_COLOURS: tuple[Colour, ...] = ((86, 180, 233), (230, 159, 0), (0, 158, 115))
REGION: Colour = (255, 255, 255)
INK: Colour = (30, 34, 40)
FAINT: Colour = (96, 104, 114)
PAPER: Colour = (255, 255, 255)
HEAT: tuple[Colour, ...] = (
    (0, 34, 78),
    (18, 53, 112),
    (59, 73, 108),
    (87, 93, 109),
    (112, 113, 115),
    (138, 134, 120),
    (165, 156, 116),
    (195, 179, 105),
    (225, 204, 85),
    (254, 232, 56),
)
"""Ten evenly spaced colours of cividis."""
MOST = 0.5  # probability of being wrong that gets the brightest colour
GAP, CAPTION, MARGIN = 18, 50, 36


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """One picture with two lines above it.

    Parameters
    ----------
    pixels : (Y, X, 3) ndarray of uint8
        The picture.
    title, caption : str
        What it is, and one line more.
    """

    pixels: Pixels
    title: str
    caption: str = ""


def grey(image: Array) -> Pixels:
    """Return an image as grey colours, stretched between its 0.5th and 99.5th percentile.

    Parameters
    ----------
    image : (Y, X) ndarray
        Grey values.

    Returns
    -------
    (Y, X, 3) ndarray of uint8
        Colours.
    """
    values = image.astype(np.float32)
    low, high = np.percentile(values, (0.5, 99.5))
    scaled = (values - low) / max(float(high - low), 1e-6)
    return np.repeat((np.clip(scaled, 0, 1) * 255).astype(np.uint8)[..., None], 3, axis=2)


def overlay(image: Array, labels: Labels, opacity: float = 0.35) -> Pixels:
    """Return an image with its labels filled faintly and outlined strongly.

    Parameters
    ----------
    image : (Y, X) ndarray
        Grey values.
    labels : (Y, X) ndarray of integer
        0 is left as it is.
    opacity : float
        Of the fill.

    Returns
    -------
    (Y, X, 3) ndarray of uint8
        Colours.
    """
    base = grey(image).astype(np.float32)
    edges = border_band(labels, 1)
    for value in np.unique(labels[labels > 0]):
        colour = np.array(CLASS_COLOURS[(int(value) - 1) % len(CLASS_COLOURS)], np.float32)
        inside = labels == value
        base[inside] = (1 - opacity) * base[inside] + opacity * colour
        base[inside & edges] = colour
    return base.astype(np.uint8)


def heat(uncertainty: Pixels) -> Pixels:
    """Return a map of the probability of being wrong as colours.

    Parameters
    ----------
    uncertainty : (Y, X) ndarray of uint8
        Value / 255 is the probability.

    Returns
    -------
    (Y, X, 3) ndarray of uint8
        Colours; the scale ends at one half.
    """
    steps = np.linspace(0, MOST * 255, len(HEAT))
    table = np.stack(
        [np.interp(np.arange(256), steps, [colour[c] for colour in HEAT]) for c in range(3)], 1
    )
    return table.astype(np.uint8)[uncertainty]


def with_regions(panel: Pixels, regions: Sequence[Region], scale: int) -> Pixels:
    """Enlarge a panel and draw regions as numbered outlines, worst is 1.

    Parameters
    ----------
    panel : (Y, X, 3) ndarray of uint8
        Colours.
    regions : sequence of Region
        In the panel's pixels.
    scale : int
        How many times larger.

    Returns
    -------
    (scale Y, scale X, 3) ndarray of uint8
        Colours.
    """
    picture = Image.fromarray(panel)
    picture = picture.resize(
        (picture.width * scale, picture.height * scale), Image.Resampling.BICUBIC
    )
    draw = ImageDraw.Draw(picture)
    for number, region in enumerate(regions, start=1):
        _outline(draw, region, scale, str(number))
    return np.asarray(picture)


def _outline(draw: ImageDraw.ImageDraw, region: Region, scale: int, number: str) -> None:
    box = [v * scale for v in (region.x, region.y)]
    box += [(region.x + region.width) * scale - 1, (region.y + region.height) * scale - 1]
    draw.rectangle(box, outline=INK, width=5)
    draw.rectangle([box[0] + 1, box[1] + 1, box[2] - 1, box[3] - 1], outline=REGION, width=3)
    draw.rectangle([box[0], box[1], box[0] + 11 + 10 * len(number), box[1] + 23], fill=REGION)
    draw.text((box[0] + 6, box[1] + 2), number, fill=INK, font=_font(17))


def compose(
    title: str, subtitle: str, rows: Sequence[Sequence[Panel]], classes: Sequence[str]
) -> Image.Image:
    """Lay panels out in rows, with a legend below.

    Parameters
    ----------
    title, subtitle : str
        Above all panels.
    rows : sequence of sequences of Panel
        Panels of one size.
    classes : sequence of str
        Names of the label values from 1.

    Returns
    -------
    PIL image
        The whole picture.
    """
    height, width = rows[0][0].pixels.shape[:2]
    across = max(len(row) for row in rows)
    size = (
        2 * MARGIN + across * width + (across - 1) * GAP,
        96 + len(rows) * (height + CAPTION + GAP) + 64,
    )
    picture = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(picture)
    draw.text((MARGIN, 22), title, fill=INK, font=_font(32))
    draw.text((MARGIN, 62), subtitle, fill=FAINT, font=_font(19))
    for i, row in enumerate(rows):
        for j, panel in enumerate(row):
            _place(picture, panel, (MARGIN + j * (width + GAP), 96 + i * (height + CAPTION + GAP)))
    _legend(draw, classes, size)
    return picture


def _place(picture: Image.Image, panel: Panel, corner: tuple[int, int]) -> None:
    draw = ImageDraw.Draw(picture)
    x, y = corner
    draw.text((x, y + 3), panel.title, fill=INK, font=_font(21))
    draw.text((x, y + 27), panel.caption, fill=FAINT, font=_font(16))
    picture.paste(Image.fromarray(panel.pixels), (x, y + CAPTION))


def _legend(draw: ImageDraw.ImageDraw, classes: Sequence[str], size: tuple[int, int]) -> None:
    x, y = MARGIN, size[1] - 50
    for name, colour in zip(classes, CLASS_COLOURS, strict=False):
        draw.rectangle((x, y, x + 22, y + 22), fill=colour)
        x = _word(draw, (x + 30, y), name) + 28
    draw.rectangle((x, y, x + 22, y + 22), outline=INK, width=2)
    x = _word(draw, (x + 30, y), "place to check, worst is 1") + 60
    x = _word(draw, (x, y), "probability of being wrong:  0 %") + 10
    for offset in range(240):
        colour = _heat_colour(offset / 239)
        draw.line((x + offset, y, x + offset, y + 22), fill=colour)
    _word(draw, (x + 250, y), f"{MOST:.0%} or more".replace("%", " %"))


def _heat_colour(part: float) -> Colour:
    pixel = heat(np.full((1, 1), round(part * MOST * 255), np.uint8))[0, 0]
    return int(pixel[0]), int(pixel[1]), int(pixel[2])


def _word(draw: ImageDraw.ImageDraw, corner: tuple[int, int], text: str) -> int:
    font = _font(18)
    draw.text(corner, text, fill=INK, font=font)
    return corner[0] + round(draw.textlength(text, font=font))


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
