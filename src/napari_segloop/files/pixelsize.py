"""How large a pixel is, in micrometres: read from what a file says, never invented.

This module knows units and plausible sizes; it does not know file formats.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

MICROMETRES = {
    "a": 1e-4,
    "angstrom": 1e-4,
    "å": 1e-4,
    "nm": 1e-3,
    "nanometer": 1e-3,
    "nanometre": 1e-3,
    "um": 1.0,
    "µm": 1.0,
    "micron": 1.0,
    "microns": 1.0,
    "micrometer": 1.0,
    "micrometre": 1.0,
    "mm": 1e3,
    "millimeter": 1e3,
    "millimetre": 1e3,
    "cm": 1e4,
    "centimeter": 1e4,
    "centimetre": 1e4,
    "inch": 25400.0,
    "m": 1e6,
    "meter": 1e6,
    "metre": 1e6,
}
PRINT_RESOLUTION = 10.0
"""Micrometres: a resolution tag that says more (72 to 1200 dpi) is a printer's, no microscope's."""


@dataclass(frozen=True, slots=True)
class PixelSize:
    """Edge lengths of a pixel.

    Parameters
    ----------
    y, x : float
        Height and width of a pixel.
    z : float, optional
        Distance of the planes, where it is known.
    unit : str
        Unit of all three.
    """

    y: float
    x: float
    z: float | None = None
    unit: str = "um"


def micrometres(value: object, unit: str | None) -> float | None:
    """Return a length in micrometres, or None when it is not known.

    Parameters
    ----------
    value : object
        The number that a file holds.
    unit : str, optional
        Its unit, in any of the usual spellings.

    Returns
    -------
    float or None
        None for units that are no lengths ("pixel") and for numbers that are no lengths.

    Examples
    --------
    >>> micrometres(180, "nm")
    0.18
    >>> micrometres(1.0, "pixel") is None
    True
    """
    factor = MICROMETRES.get(_plain(unit)) if unit else None
    if factor is None or not isinstance(value, int | float | str):
        return None
    try:
        length = float(value) * factor
    except ValueError:
        return None
    return length if math.isfinite(length) and length > 0 else None


def pixel_size(y: float | None, x: float | None, z: float | None = None) -> PixelSize | None:
    """Return a pixel size when height and width are both known.

    Parameters
    ----------
    y, x, z : float or None
        Micrometres.

    Returns
    -------
    PixelSize or None
        None when y or x is missing.
    """
    return PixelSize(y, x, z) if y and x else None


def from_resolution(y: float, x: float, unit: str) -> PixelSize | None:
    """Return the pixel size that a resolution in pixels per unit stands for.

    Parameters
    ----------
    y, x : float
        Pixels per unit.
    unit : str
        "inch" or "cm".

    Returns
    -------
    PixelSize or None
        None when the numbers are those of a printer or screen (72, 96, 300 dpi) and so say nothing
        about the microscope.

    Examples
    --------
    >>> from_resolution(300, 300, "inch") is None
    True
    >>> from_resolution(50000, 50000, "cm")
    PixelSize(y=0.2, x=0.2, z=None, unit='um')
    """
    if y <= 0 or x <= 0 or unit not in MICROMETRES:
        return None
    height, width = MICROMETRES[unit] / y, MICROMETRES[unit] / x
    return PixelSize(height, width) if max(height, width) < PRINT_RESOLUTION else None


def _plain(unit: str) -> str:
    r"""Return a unit in lower case with one kind of mu (also ImageJ's escaped ``\u00B5``)."""
    text = unit.strip().strip('"').lower().replace("\\u00b5", "µ")
    return text.replace("\u03bc", "µ").replace("\u212b", "å")
