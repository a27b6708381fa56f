"""One rule per file and channel that brings grey values to a common scale.

The numbers are fixed before anything is predicted and kept in the Plan: never per tile or plane.
Which rule is the default was chosen by measurement (docs/decisions). This module knows planes,
not files: whoever holds a file passes its planes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.images import Array, Float, PlaneSource, to_float

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

SAMPLED_PLANES = 16
SAMPLED_PIXELS = 2**20  # per plane; one in n rows and columns of larger planes
FLAT = 1e-12  # a smaller deviation is a constant image
LIMIT = 10.0  # normalised values are clipped here: one hot pixel must not blind the network
FAR, UNLIKE = 8.0, 16.0
PERCENTILES = (1.0, 99.0)


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
        """Normalise a window; pixels that are no number become 0.

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
    filled = [values if values.size else np.zeros(1) for values in channels]
    low_high = [np.percentile(values, PERCENTILES) for values in filled]
    return Statistics(
        tuple(float(values.mean(dtype=np.float64)) for values in filled),
        tuple(float(values.std(dtype=np.float64)) for values in filled),
        tuple(float(low) for low, _ in low_high),
        tuple(float(high) for _, high in low_high),
    )


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
        return Normalization(rule, statistics.mean, _positive(statistics.deviation))
    low, high = np.array(statistics.low), np.array(statistics.high)
    centre, scale = (low + high) / 2, (high - low) / 4
    return Normalization(rule, tuple(centre.tolist()), _positive(tuple(scale.tolist())))


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
    variance = (deviations**2 + (means - mean) ** 2).mean(axis=0)
    return Normalization("training", tuple(mean.tolist()), _positive(tuple(np.sqrt(variance))))


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers that an image is normalised with, and between which others teaching varies them.

    Parameters
    ----------
    used : Normalization
        What prediction uses.
    first, second : Normalization
        Both ends; equal to `used` when nothing is varied.
    """

    used: Normalization
    first: Normalization
    second: Normalization

    def change(self, place: float) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
        """Return how normalised values change when other numbers of the range are used.

        Parameters
        ----------
        place : float
            0 for the first end, 1 for the second.

        Returns
        -------
        gain, offset : (C, 1, 1) ndarray of float32
            To multiply by and to add; None where nothing changes.
        """
        if self.first == self.second == self.used:
            return None
        new = between(self.first, self.second, place)
        scale, centre = np.array(new.scale), np.array(new.centre)
        gain = np.array(self.used.scale) / scale
        offset = (np.array(self.used.centre) - centre) / scale
        return gain.astype(np.float32)[:, None, None], offset.astype(np.float32)[:, None, None]


def range_for(model: Normalization, statistics: Statistics) -> Range:
    """Return the numbers for a training image and what they are varied between.

    Parameters
    ----------
    model : Normalization
        The rule, and the numbers of all training images.
    statistics : Statistics
        Of the image's file.

    Returns
    -------
    Range
        From the training images' numbers to the file's own for the rule "between".
    """
    used = for_file(model, statistics)
    if used.rule != "between":
        return Range(used, used, used)
    return Range(used, model, from_file(statistics, "file"))


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
    """
    if model.rule in ("file", "percentile"):
        return from_file(statistics, model.rule)
    own = from_file(statistics, "file")
    if is_unlike(model, statistics):
        return own
    return between(model, own, 0.5) if model.rule == "between" else model


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
        abs(mean - centre) > FAR * scale or not 1 / UNLIKE < max(deviation, FLAT) / scale < UNLIKE
        for centre, scale, mean, deviation in columns
        if deviation > FLAT
    )


def _positive(scales: Sequence[float]) -> tuple[float, ...]:
    return tuple(float(scale) if scale > FLAT else 1.0 for scale in scales)


def _spread(planes: Sequence[PlaneSource]) -> Iterator[PlaneSource]:
    count = min(len(planes), SAMPLED_PLANES)
    return (planes[i] for i in np.unique(np.linspace(0, len(planes) - 1, count).astype(int)))


def _sample(plane: PlaneSource) -> list[NDArray[np.float64]]:
    window = _sparse_window(plane)
    values, known = to_float(window)
    return [channel[known].astype(np.float64) for channel in values]


def _sparse_window(plane: PlaneSource) -> Array:
    """Read whole small planes, and evenly spaced blocks of large ones."""
    _, rows, columns = plane.shape
    if rows * columns <= SAMPLED_PIXELS:
        return plane.read(slice(0, rows), slice(0, columns))
    side = 256
    blocks = [
        plane.read(slice(y, min(y + side, rows)), slice(x, min(x + side, columns)))
        for y in _starts(rows, side)
        for x in _starts(columns, side)
    ]
    return np.concatenate([block.reshape(len(block), 1, -1) for block in blocks], axis=2)


def _starts(length: int, side: int) -> list[int]:
    return sorted({int(start) for start in np.linspace(0, max(length - side, 0), 4)})
