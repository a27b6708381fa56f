"""What a made suspension looks like: numbers only, checked when they are set.

Sizes and depths are micrometres, so that a sample stays the same suspension when the magnification
changes. This module knows neither pixels nor random numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from napari_segloop.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

CLASS_NAMES: Final = ("background", "crystal", "bubble")
"""Meaning of the values of a class map; round blobs count as crystals, bubbles do not."""

CLASS_OF_KIND: Final[Mapping[str, int]] = MappingProxyType(
    {"facetted": 1, "plate": 1, "needle": 1, "blob": 1, "bubble": 2}
)

_RANGES: Final[Mapping[str, tuple[float, float]]] = MappingProxyType(
    {
        "pixel_size_um": (1e-3, 1e3),
        "number_per_mm2": (0, 1e5),
        "median_diameter_um": (1e-3, 1e4),
        "size_spread": (0, 1.5),
        "bubbles": (0, 1),
        "blobs": (0, 1),
        "clustered": (0, 1),
        "layer_um": (0, 1e5),
        "depth_of_field_um": (1e-3, 1e5),
        "blur_per_um": (0, 1),
        "blur_limit": (0, 100),
        "gradient": (0, 0.9),
        "vignette": (0, 0.9),
        "brightness": (0.01, 1),
        "electrons": (1, 1e7),
        "read_noise": (0, 1e5),
        "offset": (0, 1000),
        "flow_um": (0, 1e4),
    }
)


@dataclass(frozen=True, slots=True)
class CrystalSettings:
    """Crystals, blobs and bubbles in a layer of liquid, and the camera that looks at them.

    Parameters
    ----------
    pixel_size_um : float
        Edge of a pixel in the object plane, in micrometres.
    number_per_mm2 : float
        Objects per square millimetre of the projected layer.
    median_diameter_um : float
        Median of the log-normal distribution of equivalent diameters, in micrometres.
    size_spread : float
        Standard deviation of the logarithm of the diameter; 0 makes all equal.
    bubbles, blobs : float
        Fractions of all objects; the rest are facetted crystals, plates and needles.
    clustered : float
        Fraction that leans on another object instead of lying anywhere.
    layer_um : float
        Thickness of the layer; depths are uniform in it, the focal plane is in its middle.
    depth_of_field_um : float
        Distance from the focal plane at which ``focus`` has dropped to one half.
    blur_per_um : float
        Standard deviation of the blur, in micrometres, per micrometre of defocus.
    blur_limit : float
        Objects whose blur exceeds this part of their smallest diameter are drawn but are not
        truth: nobody could outline them.
    gradient, vignette : float
        Relative change of the light from one side to the other, and from the middle to a corner.
    brightness : float
        The empty background in the middle, relative to the camera's largest value.
    electrons : float
        Electrons that make the camera's largest value; fewer are grainier.
    read_noise : float
        Standard deviation of the read noise, in electrons.
    offset : float
        Counts of the camera without light.
    bits : int
        8 gives uint8; 10, 12, 14 or 16 give uint16.
    flow_um : float
        Drift of the liquid between two frames of a movie, in micrometres.

    Raises
    ------
    InputError
        When a number is not finite or out of its range.

    Examples
    --------
    >>> CrystalSettings(bits=12).dtype
    dtype('uint16')
    >>> CrystalSettings(bubbles=2)
    Traceback (most recent call last):
    napari_segloop.core.errors.InputError: Expected bubbles from 0 to 1, got 2. Choose ...
    """

    pixel_size_um: float = 1.0
    number_per_mm2: float = 300.0
    median_diameter_um: float = 32.0
    size_spread: float = 0.45
    bubbles: float = 0.12
    blobs: float = 0.2
    clustered: float = 0.25
    layer_um: float = 300.0
    depth_of_field_um: float = 50.0
    blur_per_um: float = 0.05
    blur_limit: float = 0.12
    gradient: float = 0.35
    vignette: float = 0.3
    brightness: float = 0.6
    electrons: float = 3000.0
    read_noise: float = 12.0
    offset: float = 4.0
    bits: int = 8
    flow_um: float = 6.0

    def __post_init__(self) -> None:
        for name, (low, high) in _RANGES.items():
            _check_range(name, getattr(self, name), low, high)
        if self.bits not in {8, 10, 12, 14, 16}:
            raise InputError(
                "bits of 8, 10, 12, 14 or 16", f"{self.bits!r}", "Choose one of these."
            )
        if self.offset >= self.largest / 2:
            got = f"{self.offset:g} of {self.largest} counts"
            raise InputError("an offset below half of the camera's range", got, "Choose less.")
        if self.bubbles + self.blobs > 1:
            got = f"{self.bubbles + self.blobs:g}"
            raise InputError("bubbles and blobs of at most 1 together", got, "Choose fewer.")

    @property
    def dtype(self) -> np.dtype[np.unsignedinteger]:
        """The camera's dtype."""
        return np.dtype(np.uint8 if self.bits == 8 else np.uint16)

    @property
    def largest(self) -> int:
        """The camera's largest value, in counts."""
        return int(2**self.bits - 1)

    @property
    def gain(self) -> float:
        """Counts per electron."""
        return (self.largest - self.offset) / self.electrons

    def to_dict(self) -> dict[str, float]:
        """Return the settings as plain numbers.

        Returns
        -------
        dict
            One entry per setting, JSON-ready.
        """
        return {field.name: getattr(self, field.name) for field in fields(self)}


def _check_range(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise InputError(
            f"{name} from {low:g} to {high:g}", f"{value:g}", "Choose a value in this range."
        )
