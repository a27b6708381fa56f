"""How large a pixel was where a model was taught, and whether other images fit that.

Numbers and words only; where a pixel size comes from is not known here.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

PixelSize = tuple[float, float]
"""Height and width of a pixel in micrometres."""
UNIT: Final = "um"
LARGEST: Final = 1e6  # micrometres: a metre
UNLIKE: Final = 1.5  # from this factor on objects look clearly larger or smaller
ALIKE: Final = 1.01


def agreed(sizes: Iterable[PixelSize | None]) -> PixelSize | None:
    """Return the pixel size that all images have.

    Parameters
    ----------
    sizes : iterable of (float, float) or None
        Height and width in micrometres; None where it is not known.

    Returns
    -------
    (float, float) or None
        The first one's; None when one is not known or they differ by more than 1 %.

    Examples
    --------
    >>> agreed([(0.2, 0.2), (0.2, 0.201)])
    (0.2, 0.2)
    >>> agreed([(0.2, 0.2), None]) is None
    True
    """
    first, *others = [*sizes] or [None]
    if first is None or any(each is None or factor(first, each) > ALIKE for each in others):
        return None
    return first


def factor(one: PixelSize, other: PixelSize) -> float:
    """Return how many times larger one pixel is than another, in the axis that differs more.

    Parameters
    ----------
    one, other : (float, float)
        Height and width in micrometres.

    Returns
    -------
    float
        At least 1.
    """
    ratios = (a / b for a, b in zip(one, other, strict=True))
    return max(max(ratio, 1 / ratio) for ratio in ratios)


def mismatch(taught: PixelSize | None, seen: PixelSize | None) -> str:
    """Say when a model was taught on pixels of another size.

    Parameters
    ----------
    taught, seen : (float, float) or None
        Of the model's images and of the image at hand, in micrometres.

    Returns
    -------
    str
        A sentence with a remedy; empty when they are alike or one is not known.

    Examples
    --------
    >>> mismatch((0.2, 0.2), (0.5, 0.5)).split(":")[0]
    'The model was taught on pixels of 0.2 um, these are of 0.5 um'
    """
    if taught is None or seen is None or factor(taught, seen) < UNLIKE:
        return ""
    return (
        f"The model was taught on pixels of {in_words(taught)}, these are of {in_words(seen)}: "
        "things have another size in pixels than it knows. Look at the result with care; resample "
        "the images, or check some places in these and improve the model."
    )


def in_words(size: PixelSize) -> str:
    """Write a pixel size.

    Parameters
    ----------
    size : (float, float)
        Height and width in micrometres.

    Returns
    -------
    str
        One number when both are alike.

    Examples
    --------
    >>> in_words((0.25, 0.5))
    '0.25 x 0.5 um (y, x)'
    """
    y, x = size
    return f"{y:.3g} um" if factor((y, y), (x, x)) < ALIKE else f"{y:.3g} x {x:.3g} um (y, x)"


def is_pixel_size(size: object) -> bool:
    """Say whether a file's value can be a pixel size.

    Parameters
    ----------
    size : object
        Anything.

    Returns
    -------
    bool
        True for two finite numbers above 0 and up to a metre.
    """
    if not isinstance(size, tuple) or len(size) != 2:
        return False
    numbers = all(type(each) in (int, float) for each in size)
    return numbers and all(math.isfinite(each) and 0 < each <= LARGEST for each in size)
