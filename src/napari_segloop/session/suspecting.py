"""Places whose labels disagree with the rest, and what the user stands by all the same.

A place that was named and is accepted again is not named once more while its content is the same.
It knows places and planes, neither jobs nor the queue.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from napari_segloop.core.regions import Region
from napari_segloop.session.state import Place

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_segloop.core.corrections import PlaneTruth
    from napari_segloop.core.events import Suspicion
    from napari_segloop.session.truths import Key

Window = tuple[int, tuple[int, ...], int, int, int, int]
"""Image, index, row, column, height, width."""


class Standing:
    """What the user stands by although it was named."""

    def __init__(self) -> None:
        self._content = dict[Window, str]()

    def keep(self, place: Place, plane: PlaneTruth) -> None:
        """Take note that a place was accepted.

        Parameters
        ----------
        place : Place
            Where.
        plane : PlaneTruth
            As it is now.
        """
        self._content[window_of(place)] = _content(place, plane)

    def clear(self) -> None:
        """Forget everything."""
        self._content.clear()

    def has(self, place: Place, plane: PlaneTruth | None) -> bool:
        """Say whether the user accepted a place as it is now.

        Parameters
        ----------
        place : Place
            Where.
        plane : PlaneTruth or None
            As it is now; None when nothing is known of it any more.

        Returns
        -------
        bool
            Then there is nothing to ask; also where there is nothing left.
        """
        return plane is None or self._content.get(window_of(place)) == _content(place, plane)


def window_of(place: Place) -> Window:
    """Return where a place is, whyever it is offered.

    Parameters
    ----------
    place : Place
        Any.

    Returns
    -------
    tuple
        Image, index, row, column, height, width.
    """
    region = place.region
    return place.image, region.index, region.y, region.x, region.height, region.width


def places_of(found: Iterable[tuple[Key, Suspicion]]) -> list[Place]:
    """Return suspicious regions as places to check.

    Parameters
    ----------
    found : iterable of ((int, tuple of int), Suspicion)
        Each with its image and index, the worst first.

    Returns
    -------
    list of Place
        In this order.
    """
    listed = list(found)
    return [
        Place(image, Region(
            each.y, each.x, each.height, each.width, float(len(listed) - number), 0.0,
            each.reason, index,
        ))
        for number, ((image, index), each) in enumerate(listed)
    ]  # fmt: skip


def _content(place: Place, plane: PlaneTruth) -> str:
    digest = hashlib.sha256()
    for array in (plane.labels, plane.checked):
        digest.update(array[place.region.slices].tobytes())
    return digest.hexdigest()
