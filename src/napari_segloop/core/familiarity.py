"""What the images that a model learnt from look like, and how unlike them another one is.

An image is as unlike as it is to the nearest look; the limit is wider where the images that taught
differ much, or were one. Torch-free; files are not known here.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from napari_segloop.core import appearance
from napari_segloop.core.appearance import CHANNELS, COUNT
from napari_segloop.core.looks import distances, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_segloop.core.appearance import Look
    from napari_segloop.core.images import Float, PlaneSource
    from napari_segloop.core.lesson import Lesson
    from napari_segloop.core.normalize import Normalization

LARGEST: Final = 1000  # numbers kept: about 7 kB of text
MOST_IMAGES: Final = 16  # that are looked at after a training
ALLOWANCES: Final = (1.0, 1.9)  # of the limit, as far as the images that taught lie apart
FEW: Final = 0.9  # over the number of files that taught: few do not say how far files differ
APART: Final = 1.3  # times the distance of an image that taught to the nearest other one
FAR: Final = 1e3  # no look has such numbers
SOFTER, NOISIER = 1.0, 0.12  # pixels, deviations: what every training varies images by


@dataclass(frozen=True, slots=True)
class Unlike:
    """How unlike what a model learnt something is.

    Parameters
    ----------
    score : float
        1 is the limit: above, the model's certainty means little.
    reason : str
        What differs most, in words.
    """

    score: float
    reason: str


@dataclass(frozen=True, slots=True)
class Familiarity:
    """Looks of the images that taught a model.

    Parameters
    ----------
    looks : tuple of tuple of float
        `appearance.COUNT` numbers of each channel, channel after channel.
    allowance : float
        The limit grows by it, 1 to 1.9.

    Raises
    ------
    ValueError
        When the numbers are absurd.
    """

    looks: tuple[tuple[float, ...], ...]
    allowance: float = 1.0

    def __post_init__(self) -> None:
        lengths = {len(look) for look in self.looks}
        length = lengths.pop() if len(lengths) == 1 else 0
        is_whole = length > 0 and length % COUNT == 0 and length <= CHANNELS * COUNT
        if not is_whole or length * len(self.looks) > max(LARGEST, length):
            msg = f"{len(self.looks)} looks that do not fit together"
            raise ValueError(msg)
        low, high = ALLOWANCES
        if not low <= self.allowance <= high or not all(
            abs(number) < FAR for number in chain(*self.looks)
        ):
            msg = "looks of absurd numbers"
            raise ValueError(msg)

    @property
    def channels(self) -> int:
        """Image channels that are described."""
        return len(self.looks[0]) // COUNT

    def fits(self, channels: int) -> bool:
        """Say whether it describes images of so many channels.

        Parameters
        ----------
        channels : int
            Of a model.

        Returns
        -------
        bool
            True when it does.
        """
        return self.channels == min(channels, CHANNELS)

    @staticmethod
    def from_data(data: object) -> Familiarity | None:
        """Read the numbers out of parsed JSON.

        Parameters
        ----------
        data : object
            What `dataclasses.asdict` made, or None.

        Returns
        -------
        Familiarity or None
            None for None.

        Raises
        ------
        TypeError, ValueError, KeyError
            When it is something else.
        """
        if data is None:
            return None
        if not isinstance(data, dict) or set(data) != {"looks", "allowance"}:
            msg = "no looks"
            raise TypeError(msg)
        looks = tuple(tuple(map(float, look)) for look in data["looks"])
        return Familiarity(looks, float(data["allowance"]))

    def arrays(self) -> Look:
        """Return the looks.

        Returns
        -------
        (K, C, N) ndarray of float64
            One for each of what was learnt.
        """
        return np.array(self.looks).reshape(len(self.looks), -1, COUNT)


def familiar_with(lesson: Lesson) -> Familiarity:
    """Describe the images that teach, also a little softer and noisier, as training varies them.

    Parameters
    ----------
    lesson : Lesson
        What is taught.

    Returns
    -------
    Familiarity
        Of a few kB, whatever the lesson.
    """
    count = len(lesson.images)
    chosen = np.unique(np.linspace(0, count - 1, min(count, MOST_IMAGES)).astype(int)).tolist()
    looks = np.stack([_looks(lesson.images[number]) for number in chosen])
    files = [lesson.statistics[number] for number in chosen]
    allowance = _allowance(looks, [files.index(file) for file in files])
    flat = looks.swapaxes(0, 1).reshape(-1, *looks.shape[2:])
    kept = flat[_spread_out(flat, max(1, LARGEST // flat[0].size))]
    rounded = kept.reshape(len(kept), -1).clip(-FAR / 2, FAR / 2).round(3)
    return Familiarity(tuple(map(tuple, rounded.tolist())), round(allowance, 3))


def _looks(image: Float) -> Look:
    """Return how an image looks as it is, softer and noisier: ``(3, C, N)``."""
    chance = np.random.default_rng(0)
    windows = [image[:CHANNELS, *each] for each in appearance.windows_of(*image.shape[1:])]
    softer = (ndimage.gaussian_filter(window, (0, SOFTER, SOFTER)) for window in windows)
    noise = (chance.normal(0, NOISIER, window.shape).astype(np.float32) for window in windows)
    noisier = (window + grain for window, grain in zip(windows, noise, strict=True))
    return np.stack([appearance.mean_look(each) for each in (iter(windows), softer, noisier)])


def _allowance(looks: Look, files: Sequence[int]) -> float:
    """Return how far the images of different files lie apart, within limits; more for few."""
    own = np.array(files)
    others = ((look, looks[own != file]) for look, file in zip(looks, files, strict=True))
    apart = [
        distances(look[0], np.concatenate([*other])).max(axis=1).min()
        for look, other in others
        if len(other)
    ]
    low, high = 1 + FEW / len(set(files)), ALLOWANCES[1]
    return float(np.clip(APART * max(apart, default=0.0), low, high))


def _spread_out(looks: Look, count: int) -> list[int]:
    """Return which looks to keep: always the one farthest from those kept so far."""
    kept = [0]
    far = distances(looks[0], looks).max(axis=1)
    while len(kept) < min(count, len(looks)):
        kept.append(int(far.argmax()))
        far = np.minimum(far, distances(looks[kept[-1]], looks).max(axis=1))
    return kept


def unlikeness(familiar: Familiarity, plane: PlaneSource, numbers: Normalization) -> Unlike:
    """Say how unlike what was learnt a plane is, from a few of its windows.

    Parameters
    ----------
    familiar : Familiarity
        Of the model.
    plane : PlaneSource
        Pixels, of the model's channels.
    numbers : Normalization
        Those that the plane is predicted with.

    Returns
    -------
    Unlike
        Score and reason.
    """
    look, known = appearance.look_at(plane, numbers), familiar.arrays()
    parts = distances(look, known)
    nearest = int(parts.max(axis=1).argmin())
    score = float(parts[nearest].max()) / familiar.allowance
    return Unlike(score, words(look, known[nearest]))
