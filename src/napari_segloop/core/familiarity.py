"""What the images that a model learnt from look like, and how unlike them another one is.

An image is as unlike as it is to the nearest look, or as it is inverted, blurred, nearer to noise
or empty. Torch-free; files are not known here.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final

import numpy as np

from napari_segloop.core import appearance
from napari_segloop.core.alikeness import ALLOWANCES, allowed, spread_out, varied_looks
from napari_segloop.core.appearance import CHANNELS, COUNT
from napari_segloop.core.looks import (
    RULE,
    distances,
    faded,
    inversion,
    of_noise,
    softened,
    words,
)

if TYPE_CHECKING:
    from napari_segloop.core.appearance import Look
    from napari_segloop.core.images import PlaneSource
    from napari_segloop.core.lesson import Lesson
    from napari_segloop.core.looks import Rule
    from napari_segloop.core.normalize import Normalization

LARGEST: Final = 1000  # numbers kept: about 7 kB of text
MOST_IMAGES: Final = 16  # that are looked at after a training
NEARER: Final = 0.7  # as near to noise as this times what it is to what was learnt
FORMER: Final = 26  # numbers of a look in models from before; they mean something else
FAR: Final = 1e3  # no look has such numbers


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
        `appearance.COUNT` numbers of each channel, channel after channel. Models from before have
        26 of each, which are kept, but compared with nothing.
    allowance : float
        The distance that is the limit.

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
        is_whole = any(length in _lengths(count) for count in (COUNT, FORMER))
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
        return len(self.looks[0]) // (FORMER if self.is_former else COUNT)

    @property
    def is_former(self) -> bool:
        """Whether the numbers are of another kind than looks have today: nothing is known then."""
        return len(self.looks[0]) not in _lengths(COUNT)

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


def _lengths(count: int) -> range:
    """Return how long looks may be; with 22 and 26 numbers of a channel they are never as long."""
    return range(count, CHANNELS * count + 1, count)


def familiar_with(lesson: Lesson, rule: Rule = RULE) -> Familiarity:
    """Describe the images that teach, also a little softer and noisier, as training varies them.

    Parameters
    ----------
    lesson : Lesson
        What is taught.
    rule : Rule
        How looks are compared.

    Returns
    -------
    Familiarity
        Of a few kB, whatever the lesson.
    """
    count = len(lesson.images)
    chosen = np.unique(np.linspace(0, count - 1, min(count, MOST_IMAGES)).astype(int)).tolist()
    looks = np.stack([varied_looks(lesson.images[number]) for number in chosen])
    files = [lesson.statistics[number] for number in chosen]
    allowance = allowed(looks, [files.index(file) for file in files], rule)
    flat = looks.swapaxes(0, 1).reshape(-1, *looks.shape[2:])
    kept = flat[spread_out(flat, max(1, LARGEST // flat[0].size), rule)]
    rounded = kept.reshape(len(kept), -1).clip(-FAR / 2, FAR / 2).round(3)
    return Familiarity(tuple(map(tuple, rounded.tolist())), round(allowance, 3))


def unlikeness(
    familiar: Familiarity, plane: PlaneSource, numbers: Normalization, rule: Rule = RULE
) -> Unlike:
    """Say how unlike what was learnt a plane is, from a few of its windows.

    Parameters
    ----------
    familiar : Familiarity
        Of the model.
    plane : PlaneSource
        Pixels, of the model's channels.
    numbers : Normalization
        Those that the plane is predicted with.
    rule : Rule
        How looks are compared.

    Returns
    -------
    Unlike
        Score and reason; a score of 0 where the numbers are of a former kind.
    """
    if familiar.is_former:
        return Unlike(0.0, "not known")
    look, known = appearance.look_at(plane, numbers), familiar.arrays()
    found = distances(look, known, rule)
    nearest = known[int(found.argmin())]
    far = float(found.min())
    near = float(distances(look, of_noise(), rule).min())
    allowance = familiar.allowance
    reasons = [
        (faded(look, nearest), "hardly any structure"),
        (NEARER * far / max(near, 1e-3 * far, 1e-9), "noisier than what it learnt"),
        (inversion(look, known, rule), "bright where what it learnt is dark"),
        (softened(look, known) / (rule.soft * allowance**2), "more blurred than what it learnt"),
        (far / allowance, words(look, nearest, rule)),
    ]
    score = max(score for score, _ in reasons)
    return Unlike(score, next(why for each, why in reasons if each > 1 or each == score))
