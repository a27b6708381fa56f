"""What became of the places that a human was asked to look at: when, what was said, how long.

The queue and the planes are changed elsewhere; this is the protocol.
"""

from __future__ import annotations

import datetime
import time
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Final

from napari_segloop.core.regions import Region
from napari_segloop.store.records import DISPUTED, OfferedRegion

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_segloop.session.state import Place

LONGEST: Final = 600.0
"""Seconds at one place that count as work; beyond that the user was away."""
SAID: Final = {"accept": "accepted", "cant_tell": "cant_tell"}


class Offers:
    """Places by image, in the order in which they were offered."""

    def __init__(self) -> None:
        self._offered = dict["Place", OfferedRegion]()
        self._here: Place | None = None
        self._since = 0.0

    def go(self, place: Place | None, model: str | None) -> None:
        """Take note of where the user is now, and how long they were at the place before.

        Parameters
        ----------
        place : Place or None
            Where; None when the walk is over.
        model : str or None
            Id of the model that was unsure there; None for first masks.
        """
        now = time.monotonic()
        if self._here in self._offered:
            before = self._offered[self._here]
            spent = before.seconds + min(LONGEST, now - self._since)
            self._offered[self._here] = replace(before, seconds=spent)
        self._here, self._since = place, now
        if place is not None and place not in self._offered:
            at = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
            kind = "audit" if place.probability else "first" if model is None else "ranked"
            told = {"kind": kind, "probability": place.probability, "model": model}
            self._offered[place] = written(place.region, at, **told)

    def say(self, place: Place, state: str) -> None:
        """Take note of what the user said of a place.

        Parameters
        ----------
        place : Place
            Where.
        state : str
            As in `OfferedRegion`.
        """
        if place in self._offered:
            self._offered[place] = replace(self._offered[place], state=state)

    def of(self, image: int) -> tuple[OfferedRegion, ...]:
        """Return all places of an image.

        Parameters
        ----------
        image : int
            Its number.

        Returns
        -------
        tuple of OfferedRegion
            In the order in which they were offered.
        """
        return tuple(each for place, each in self._offered.items() if place.image == image)

    def disputed(self) -> tuple[Place, ...]:
        """Return the places where labels are in dispute and that wait for an answer.

        Returns
        -------
        tuple of Place
            Where two people disagree, the largest first, then suspicious ones, the worst first.
        """
        found = (place for place, each in self._offered.items() if _is_open(each))
        return tuple(sorted(found, key=lambda place: -place.region.score))

    def suspect(self, places: Iterable[Place], model: str) -> None:
        """Take note of suspicious places; those of before that nobody judged are dropped.

        Parameters
        ----------
        places : iterable of Place
            Where labels disagree with the rest.
        model : str
            Id of the model that was taught with them.
        """
        left = [p for p, each in self._offered.items() if each.model and _is_open(each)]
        for place in left:
            del self._offered[place]
        at = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
        for place in places:
            self._offered[place] = written(place.region, at, kind=DISPUTED, model=model)

    def answer(self, place: Place) -> str:
        """Return what the user answered at a place, and did not take back.

        Parameters
        ----------
        place : Place
            Any.

        Returns
        -------
        str
            ``accepted`` or ``cant_tell``; empty for neither.
        """
        offered = self._offered.get(place)
        return offered.state if offered is not None and offered.state in SAID.values() else ""

    def is_answered(self, place: Place) -> bool:
        """Say whether the user answered a place, and did not take that back.

        Parameters
        ----------
        place : Place
            Any.

        Returns
        -------
        bool
            False for one that was never offered.
        """
        return bool(self.answer(place))

    def answers(self) -> list[OfferedRegion]:
        """Return all places that the user answered, and did not take back.

        Returns
        -------
        list of OfferedRegion
            In the order in which they were offered.
        """
        return [each for each in self._offered.values() if each.state in SAID.values()]

    def spot_checks(self) -> tuple[Place, ...]:
        """Return the random spot checks that were offered.

        Returns
        -------
        tuple of Place
            In the order in which they were offered.
        """
        return tuple(place for place in self._offered if place.probability)

    def is_suspect(self, place: Place) -> bool:
        """Say whether a place was offered because its labels disagree with the rest.

        Parameters
        ----------
        place : Place
            Any.

        Returns
        -------
        bool
            Whatever was said of it.
        """
        offered = self._offered.get(place)
        return offered is not None and offered.kind == DISPUTED and offered.model is not None

    def put(self, place: Place, offered: OfferedRegion) -> None:
        """Take over a place of a project.

        Parameters
        ----------
        place : Place
            Where.
        offered : OfferedRegion
            What became of it.
        """
        self._offered[place] = offered

    def clear(self) -> None:
        """Forget everything."""
        self._offered.clear()
        self._here = None


def _is_open(offered: OfferedRegion) -> bool:
    return offered.kind == DISPUTED and offered.state in {"open", "later"}


def written(region: Region, at: str = "", **more: object) -> OfferedRegion:
    """Return the record of a place.

    Parameters
    ----------
    region : Region
        The place.
    at : str
        When it was offered, ISO format; "" when it was not.
    **more : object
        Fields of `OfferedRegion`.

    Returns
    -------
    OfferedRegion
        Open.
    """
    fields = asdict(region) | {"reason": region.reason[:1000]}
    return OfferedRegion(**fields, offered=at, **more)  # type: ignore[arg-type]  # checks itself


def region_of(offered: OfferedRegion) -> Region:
    """Return the place that a record is of.

    Parameters
    ----------
    offered : OfferedRegion
        The record.

    Returns
    -------
    Region
        As it was ranked.
    """
    names = Region.__dataclass_fields__
    return Region(**{name: getattr(offered, name) for name in names})


def found_in(
    regions: Iterable[list[Region]], offered: Iterable[OfferedRegion]
) -> tuple[OfferedRegion, ...]:
    """Return the places that were found in an image, but that nobody was asked about.

    Parameters
    ----------
    regions : iterable of list of Region
        All that were found, plane by plane.
    offered : iterable of OfferedRegion
        Those of the image that were offered.

    Returns
    -------
    tuple of OfferedRegion
        With no time.
    """
    asked = {region_of(each) for each in offered}
    return tuple(written(each) for plane in regions for each in plane if each not in asked)
