"""One rule per file and channel that brings grey values to a common scale.

The numbers are fixed before anything is predicted and kept in the Plan: never per tile or plane.
Which rule is the default was chosen by measurement (docs/decisions). This module knows planes,
not files: whoever holds a file passes its planes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.images import (
    Array,
    Float,
    PlaneSource,
    check_channel_count,
    to_float,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

SAMPLED_PLANES = 16
SAMPLED_PIXELS = 2**20  # per plane; sixteen blocks of larger planes
FLAT = 1e-7  # a deviation smaller than this share of the mean is rounding: a constant image
TINY = 1e-30  # grey values below are 0 to float32
LIMIT = 10.0  # normalised values are clipped here: one hot pixel must not blind the network
FAR, UNLIKE = 8.0, 16.0
PERCENTILES = (1.0, 99.0)
OUTLYING = 100.0  # ranges between the percentiles; what lies further out is no light


@dataclass(frozen=True, slots=True)
class Normalization:
    """Grey values become ``(value - centre) / scale``, channel by channel.

    Parameters
    ----------
    rule : str
        "between", "training", "file" or "percentile": where the numbers come from.
    centre, scale : tuple of float
        One number per channel, in grey values; scales are above 0.
    """

    rule: str
    centre: tuple[float, ...]
    scale: tuple[float, ...]

    def apply(self, values: Float) -> Float:
        """Normalise a window; what is not a number becomes 0.

        Parameters
        ----------
        values : (C, Y, X) ndarray of float32
            Grey values; changed in place and returned.

        Returns
        -------
        (C, Y, X) ndarray of float32
            Values in -10 to 10.
        """
        centre, scale = np.array(self.centre, np.float32), np.array(self.scale, np.float32)
        with np.errstate(over="ignore"):
            values -= centre[:, None, None]
            values /= scale[:, None, None]
        np.nan_to_num(values, copy=False, nan=0.0, posinf=LIMIT, neginf=-LIMIT)
        return np.clip(values, -LIMIT, LIMIT, out=values)


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a file's grey values look like, channel by channel.

    Parameters
    ----------
    mean, deviation, low, high : tuple of float
        Mean, standard deviation, 1st and 99th percentile of the sampled pixels, in grey values.
        A hot pixel counts as at most 100 times the range between the percentiles.
    """

    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


def measure(planes: Sequence[PlaneSource]) -> Statistics:
    """Measure a file's grey values on a deterministic sparse sample.

    Parameters
    ----------
    planes : sequence of PlaneSource
        All planes and times of one file, in order; up to 16 of them, evenly spaced, are read.

    Returns
    -------
    Statistics
        Zeros where no pixel holds a number.
    """
    channels = [np.concatenate(parts) for parts in zip(*map(_sample, _spread(planes)), strict=True)]
    rows = [_describe(values.astype(float) if values.size else np.zeros(1)) for values in channels]
    return Statistics(*zip(*rows, strict=True))


def _describe(values: NDArray[np.float64]) -> tuple[float, float, float, float]:
    """Return mean, deviation and percentiles; single hot pixels must not decide about them."""
    first = float(np.percentile(values, PERCENTILES[0], method="higher"))
    last = float(np.percentile(values, PERCENTILES[1], method="lower"))
    low, high = sorted((first, last))
    if high > low:
        reach = OUTLYING * (high - low)
        values = values.clip(low - reach, high + reach)
    return float(values.mean()), float(values.std()), low, high


def from_file(statistics: Statistics, rule: str) -> Normalization:
    """Turn one file's statistics into numbers by the rule "file" or "percentile".

    Parameters
    ----------
    statistics : Statistics
        Of the file itself.
    rule : {"file", "percentile"}
        Mean and deviation, or the middle and a quarter of the range between the percentiles,
        which equals two deviations on both sides for a flat histogram.

    Returns
    -------
    Normalization
        A channel of constant value gets scale 1, so that it becomes 0 everywhere.
    """
    if rule == "file":
        return Normalization(
            rule, statistics.mean, _positive(statistics.mean, statistics.deviation)
        )
    low, high = np.array(statistics.low), np.array(statistics.high)
    centre, scale = ((low + high) / 2).tolist(), ((high - low) / 4).tolist()
    return Normalization(rule, tuple(centre), _positive(centre, scale))


def between(first: Normalization, second: Normalization, place: float) -> Normalization:
    """Return numbers between two: centres in a straight line, scales by a constant factor.

    Parameters
    ----------
    first, second : Normalization
        Of the same channels.
    place : float
        0 gives the first, 1 the second.

    Returns
    -------
    Normalization
        With the rule of the first.
    """
    centre = [(1 - place) * a + place * b for a, b in zip(first.centre, second.centre, strict=True)]
    scale = [a ** (1 - place) * b**place for a, b in zip(first.scale, second.scale, strict=True)]
    return Normalization(first.rule, tuple(centre), tuple(scale))


def from_training(files: Sequence[Statistics]) -> Normalization:
    """Pool the statistics of the training images, every image with the same weight.

    Parameters
    ----------
    files : sequence of Statistics
        One per training image.

    Returns
    -------
    Normalization
        Mean and deviation of the mixture.
    """
    means = np.array([item.mean for item in files])
    deviations = np.array([item.deviation for item in files])
    mean = means.mean(axis=0)
    deviation = np.sqrt((deviations**2 + (means - mean) ** 2).mean(axis=0)).tolist()
    return Normalization("training", tuple(mean.tolist()), _positive(mean.tolist(), deviation))


def for_file(model: Normalization, statistics: Statistics) -> Normalization:
    """Return the numbers for one file by a model's rule.

    Parameters
    ----------
    model : Normalization
        The model's rule, and the numbers of its training images.
    statistics : Statistics
        Of the file.

    Returns
    -------
    Normalization
        To be fixed in the Plan; the file's own where it is on another scale altogether.

    Raises
    ------
    ModelError
        When the file has other channels than the model.
    """
    check_channel_count(len(model.centre), len(statistics.mean))
    if model.rule in ("file", "percentile"):
        return from_file(statistics, model.rule)
    own = own_numbers(model, statistics)
    if is_unlike(model, statistics):
        return own
    return between(model, own, 0.5) if model.rule == "between" else model


def own_numbers(model: Normalization, statistics: Statistics) -> Normalization:
    """Return a file's own numbers.

    Parameters
    ----------
    model : Normalization
        Numbers of the training images.
    statistics : Statistics
        Of the file.

    Returns
    -------
    Normalization
        Mean and deviation; a constant channel has no scale and takes the model's.
    """
    own = from_file(statistics, "file")
    columns = zip(model.scale, own.scale, statistics.mean, statistics.deviation, strict=True)
    scale = tuple(m if _is_flat(mean, deviation) else s for m, s, mean, deviation in columns)
    return Normalization("file", own.centre, scale)


def is_unlike(model: Normalization, statistics: Statistics) -> bool:
    """Say whether a file's grey values are on another scale than the training images'.

    Eight bits against sixteen, or raw counts against values from 0 to 1, are; a dim or a mostly
    empty image is not.

    Parameters
    ----------
    model : Normalization
        Numbers of the training images.
    statistics : Statistics
        Of the file.

    Returns
    -------
    bool
        True when, in some channel, the middle lies more than 8 training deviations away or the
        deviations differ more than 16 times.
    """
    columns = zip(model.centre, model.scale, statistics.mean, statistics.deviation, strict=True)
    return any(
        abs(mean - centre) > FAR * scale or not 1 / UNLIKE < deviation / scale < UNLIKE
        for centre, scale, mean, deviation in columns
        if not _is_flat(mean, deviation)
    )


def _positive(centres: Sequence[float], scales: Sequence[float]) -> tuple[float, ...]:
    pairs = zip(centres, scales, strict=True)
    return tuple(1.0 if _is_flat(centre, scale) else scale for centre, scale in pairs)


def _is_flat(centre: float, scale: float) -> bool:
    return scale <= max(FLAT * abs(centre), TINY)


def _spread(planes: Sequence[PlaneSource]) -> Iterator[PlaneSource]:
    count = min(len(planes), SAMPLED_PLANES)
    return (planes[i] for i in np.unique(np.linspace(0, len(planes) - 1, count).astype(int)))


def _sample(plane: PlaneSource) -> list[NDArray[np.float32]]:
    values, known = to_float(_sparse_window(plane))
    return [channel[known] for channel in values]


def _sparse_window(plane: PlaneSource) -> Array:
    """Read whole small planes, and evenly spaced blocks of large ones."""
    _, rows, columns = plane.shape
    if rows * columns <= SAMPLED_PIXELS:
        return plane.read(slice(0, rows), slice(0, columns))
    blocks = [plane.read(y, x) for y in _blocks(rows) for x in _blocks(columns)]
    return np.concatenate([block.reshape(len(block), 1, -1) for block in blocks], axis=2)


def _blocks(length: int, side: int = 256, count: int = 4) -> list[slice]:
    """Return blocks in the middle of equal parts: not at the edges, where light often falls off."""
    middles = length * (np.arange(count) + 0.5) / count
    starts = (middles - side / 2).clip(0, max(length - side, 0)).astype(int)
    return [slice(start, min(start + side, length)) for start in np.unique(starts).tolist()]
