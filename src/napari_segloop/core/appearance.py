"""What an image looks like: a few numbers per channel, whatever it shows.

How strong, how lopsided and how peaked detail is in five octaves, whether it lies where the image
is bright, and how much it is drawn in lines. Of normalised pixels, so that exposure hardly counts.
It knows neither models nor what is alike; that is :mod:`napari_segloop.core.looks`' concern.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from napari_segloop.core.images import to_float

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_segloop.core.images import Float, PlaneSource
    from napari_segloop.core.normalize import Normalization

Look = npt.NDArray[np.float64]

SIDE: Final = 256
"""Of the windows that are looked at, in pixels; up to four of a plane."""
CHANNELS: Final = 8
"""The first ones count; more would only cost."""
OCTAVES: Final = 5
STRENGTH, LOPSIDED, PEAKED, BRIGHT = (slice(OCTAVES * k, OCTAVES * (k + 1)) for k in range(4))
LINES: Final = slice(20, 23)
LEVEL, CONTRAST, SKEWNESS = 23, 24, 25
COUNT: Final = 26
"""Numbers of a channel; the names above say where each kind of them is."""

_LINED = (1, 2, 3)  # octaves; in the finest it is noise, in the coarsest there are too few pixels
_SMALLEST = 64  # pixels: smaller windows are mirrored
_TINY = 0.03  # deviations: weaker detail is as good as none


def look_at(plane: PlaneSource, numbers: Normalization) -> Look:
    """Describe a plane by up to four of its windows.

    Parameters
    ----------
    plane : PlaneSource
        Pixels.
    numbers : Normalization
        Those that the plane is predicted with.

    Returns
    -------
    (C, N) ndarray of float64
        `COUNT` numbers of each channel, of the first eight.
    """
    _, rows, columns = plane.shape
    windows = (plane.read(*window) for window in windows_of(rows, columns))
    return mean_look(numbers.apply(to_float(window)[0]) for window in windows)


def mean_look(windows: Iterator[Float]) -> Look:
    """Return the mean description of some windows.

    Parameters
    ----------
    windows : iterator of (C, Y, X) ndarray of float32
        Normalised; at least one.

    Returns
    -------
    (C, N) ndarray of float64
        As `look_at`.
    """
    found = [np.stack([_describe(channel) for channel in each[:CHANNELS]]) for each in windows]
    mean: Look = np.mean(found, axis=0)
    return mean


def windows_of(rows: int, columns: int) -> list[tuple[slice, slice]]:
    """Return the windows of a plane that are looked at.

    Parameters
    ----------
    rows, columns : int
        Of the plane.

    Returns
    -------
    list of (slice, slice)
        One to four, in the middles of equal parts.

    Examples
    --------
    >>> windows_of(300, 100)
    [(slice(0, 256, None), slice(0, 100, None)), (slice(44, 300, None), slice(0, 100, None))]
    """
    return [(y, x) for y in _parts(rows) for x in _parts(columns)]


def _parts(length: int) -> list[slice]:
    if length <= SIDE:
        return [slice(0, length)]
    starts = [round(length * middle - SIDE / 2) for middle in (0.25, 0.75)]
    inside = [min(max(start, 0), length - SIDE) for start in starts]
    return [slice(start, start + SIDE) for start in inside]


def _describe(channel: Float) -> Look:
    """Return the numbers of one channel of a window."""
    beyond = [(0, max(0, _SMALLEST - length)) for length in channel.shape]
    fine = np.pad(channel, beyond, mode="symmetric")
    octaves, lines = [], []
    level = fine
    for octave in range(OCTAVES):
        octaves.append(_detail(level))
        if octave in _LINED:
            lines.append(_lines(level))
        level = _halved(level)
    return np.concatenate([np.array(octaves).T.ravel(), lines, _whole(fine)])


def _whole(values: Float) -> tuple[float, float, float]:
    """Return level, contrast and skewness."""
    level = float(values.mean())
    apart = values - np.float32(level)
    squares = apart * apart  # a third power by the operator takes longer than all else
    variance = float(squares.mean()) + _TINY**2
    skewness = float((squares * apart).mean()) / variance**1.5
    return level, 0.5 * float(np.log(variance)), float(np.arcsinh(skewness))


def _detail(level: Float) -> tuple[float, float, float, float]:
    """Return strength, lopsidedness and peakedness of the finest detail, and where it lies."""
    smooth = _box(level, 3)
    detail = level - smooth
    power = detail * detail
    mean = float(power.mean()) + _TINY**2
    lopsided = float((power * detail).mean()) / mean**1.5
    peaked = mean**0.5 / (float(np.abs(detail).mean()) + 0.8 * _TINY)
    bright, strong = smooth - smooth.mean(), power - power.mean()
    spread = (float((bright**2).mean()) + _TINY**2) * (float((strong**2).mean()) + _TINY**4)
    lies = float((bright * strong).mean()) / spread**0.5
    return 0.5 * float(np.log(mean)), float(np.arcsinh(lopsided)), float(np.log(peaked)), lies


def _lines(level: Float) -> float:
    """Return how far neighbouring gradients agree in direction, 0 to 1."""
    gradients: list[Float] = [*np.gradient(level)]
    down, right = gradients
    across, along = _box(down * down, 5), _box(right * right, 5)
    agreed = np.hypot(along - across, 2 * _box(down * right, 5))
    return float(agreed.sum()) / (float((along + across).sum()) + level.size * _TINY**2)


def _box(values: Float, side: int) -> Float:
    mean: Float = ndimage.uniform_filter(values, side, mode="reflect")
    return mean


def _halved(level: Float) -> Float:
    rows, columns = (length // 2 * 2 for length in level.shape)
    even = level[:rows, :columns]
    four: Float = even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]
    return four * np.float32(0.25)
