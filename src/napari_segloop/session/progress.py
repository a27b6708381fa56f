"""How far the loop is from the goal, as frozen values: by version, by image, and at which pace."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Self

from napari_segloop.core.estimate import Estimate

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Agreements:
    """How well the version in use agrees with the user on what it predicted.

    Parameters
    ----------
    whole : Estimate
        Over all.
    images : tuple of (int, Estimate)
        Number of an image, and of that image alone.
    planes : int
        Planes that it predicted.
    """

    whole: Estimate
    images: tuple[tuple[int, Estimate], ...]
    planes: int


@dataclass(frozen=True, slots=True)
class Round:
    """How well a version agreed, as it was last estimated while it was in use.

    Parameters
    ----------
    version : int
        Its number.
    estimate : Estimate
        Over all that it predicted.
    planes : int
        As many.
    places : int
        That the user had checked when it was estimated first.
    seconds : float
        That they had spent at them.
    """

    version: int
    estimate: Estimate
    planes: int
    places: int
    seconds: float

    def to_dict(self) -> dict[str, float]:
        """Return the round as numbers by name.

        Returns
        -------
        dict of str to float
            What `from_dict` reads; the version is told elsewhere.
        """
        facts = {"planes": self.planes, "places": self.places, "seconds": self.seconds}
        return asdict(self.estimate) | facts

    @classmethod
    def from_dict(cls, version: int, data: Mapping[str, float]) -> Self | None:
        """Read a round.

        Parameters
        ----------
        version : int
            Its number.
        data : mapping of str to float
            Perhaps what `to_dict` returned; none is below 0.

        Returns
        -------
        Round or None
            None where a number is missing or makes no sense.
        """
        names = "score", "low", "high", "checks", "planes", "places", "seconds"
        if not all(name in data for name in names):
            return None
        score, low, high, checks, planes, places, seconds = (data[name] for name in names)
        if not low <= score <= high <= 1:
            return None
        told = Estimate(score, low, high, int(checks))
        return cls(version, told, int(planes), int(places), seconds)


@dataclass(frozen=True, slots=True)
class Progress:
    """All that is known of the way to the goal.

    Parameters
    ----------
    rounds : tuple of Round
        One for each version that was estimated, oldest first.
    images : tuple of (int, Estimate)
        Number of an image, and how well the version in use agrees with the user there.
    places : int
        That the user has answered.
    pace : float or None
        Seconds that a place takes them; None while that is not known.
    """

    rounds: tuple[Round, ...] = ()
    images: tuple[tuple[int, Estimate], ...] = ()
    places: int = 0
    pace: float | None = None
