"""What an image looks like: a few numbers per channel, whatever it shows.

How strong detail is in five octaves, whether it lies where the image is bright, how much it is
drawn in lines, whether coarse detail lies where fine detail is, and whether blobs and ridges are
bright or dark. Of pixels in units of the image's own deviation, so that exposure does not count. It
knows neither models nor what is alike; that is :mod:`napari_segloop.core.looks`' concern.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from napari_segloop.core.images import to_float

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_segloop.core.images import Float, PlaneSource
    from napari_segloop.core.normalize import Normalization

Look = npt.NDArray[np.float64]

SIDE: Final = 256
"""Of the windows that are looked at, in pixels; up to four of a plane."""
CHANNELS: Final = 8
"""The first ones count; more would only cost."""
OCTAVES: Final = 5
STRENGTH, BRIGHT = slice(0, 5), slice(5, 10)
LINES, EDGES, RIDGES = slice(10, 13), slice(13, 17), slice(17, 21)
CONTRAST: Final = 21
COUNT: Final = 22
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
    return mean_look([numbers.apply(to_float(window)[0]) for window in windows])


def mean_look(windows: Sequence[Float]) -> Look:
    """Return the mean description of some windows.

    Parameters
    ----------
    windows : sequence of (C, Y, X) ndarray of float32
        Normalised; at least one.

    Returns
    -------
    (C, N) ndarray of float64
        As `look_at`.
    """
    channels = range(min(len(windows[0]), CHANNELS))
    return np.stack([_mean([window[channel] for window in windows]) for channel in channels])


def _mean(windows: Sequence[Float]) -> Look:
    """Describe one channel in units of the deviation of all its windows."""
    level = float(np.mean([window.mean() for window in windows]))
    spread = float(np.mean([((window - level) ** 2).mean() for window in windows])) ** 0.5
    spread = max(spread, _TINY)
    found = [_describe((window - level) / np.float32(spread)) for window in windows]
    return np.append(np.mean(found, axis=0), np.log(spread))


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
    """Return the numbers of one channel of a window, but for its contrast."""
    beyond = [(0, max(0, _SMALLEST - length)) for length in channel.shape]
    level = np.pad(channel, beyond, mode="symmetric")
    octaves, lines, ridges, details = [], [], [], []
    for octave in range(OCTAVES):
        smooth = _box(level, 3)
        details.append(level - smooth)
        octaves.append(_detail(smooth, details[-1]))
        if octave in _LINED:
            lines.append(_lines(level))
        if octave < OCTAVES - 1:
            ridges.append(_ridges(level))
        level = _halved(level)
    edges = [_together(fine, coarse) for fine, coarse in pairwise(details)]
    return np.concatenate([np.array(octaves).T.ravel(), lines, edges, ridges])


def _detail(smooth: Float, detail: Float) -> tuple[float, float]:
    """Return how strong detail is, and how far it lies where the image is bright."""
    power = detail * detail
    mean = float(power.mean()) + _TINY**2
    return 0.5 * float(np.log(mean)), _agreement(smooth, power, _TINY)


def _agreement(one: Float, other: Float, tiny: float) -> float:
    """Return a correlation, 0 where one hardly varies."""
    one, other = one - one.mean(), other - other.mean()
    spread = (float((one**2).mean()) + tiny**2) * (float((other**2).mean()) + _TINY**4)
    return float((one * other).mean()) / math.sqrt(spread)


def _together(fine: Float, coarse: Float) -> float:
    """Return how far details of two octaves lie in the same places: at edges they do."""
    halved = _halved(np.abs(fine))
    return _agreement(halved, np.abs(coarse[: halved.shape[0], : halved.shape[1]]), _TINY**2)


def _ridges(level: Float) -> float:
    """Return whether what curves most curves up or down, -1 to 1: dark, bright blobs and lines."""
    down, right = np.gradient(ndimage.gaussian_filter(level, 1.0))
    (down_down, down_right), right_right = np.gradient(down), np.gradient(right, axis=1)
    middle = (down_down + right_right) * 0.5
    apart = np.hypot((down_down - right_right) * 0.5, down_right)
    most = middle + np.copysign(apart, middle)
    square = most * most
    return float((square * np.sign(most)).mean()) / (float(square.mean()) + 0.1 * _TINY**2)


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
