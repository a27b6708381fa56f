"""Which places are random spot checks: drawn by chance, the same ones again, and never taught.

What versions say of them, and what humans find there, is not known here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from napari_segloop.core.holdout import Drawn
from napari_segloop.core.spotchecks import CellPlane, Draw, draw, draw_plane

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from napari_segloop.core.regions import Region

SIDE: Final = 128
"""Pixels: small enough for a look of seconds, whatever the objects."""
MOST: Final = 48  # spot checks; from then on the interval hardly narrows

Key = tuple[int, tuple[int, ...]]


class SpotPlaces:
    """The places of all planes that were drawn."""

    def __init__(self) -> None:
        self._joined, self._drawn = Draw(), set[Key]()
        self._chance = dict[Key, dict["Region", float]]()

    def clear(self) -> None:
        """Forget everything."""
        self._joined, self._drawn = Draw(), set()
        self._chance.clear()

    def forget(self, image: int) -> None:
        """Forget the places of an image.

        Parameters
        ----------
        image : int
            Its number.
        """
        self._joined, self._drawn = Draw(), set()
        self._chance = {key: chance for key, chance in self._chance.items() if key[0] != image}

    def draw(
        self,
        planes: Iterable[tuple[Key, str, tuple[int, int]]],
        count: int,
        answered: Collection[tuple[Key, Region]],
    ) -> list[tuple[Key, Region, float]]:
        """Return the next places to check.

        Parameters
        ----------
        planes : iterable of ((int, tuple of int), str, (int, int))
            Planes to draw from: image and index, the image's name, rows and columns.
        count : int
            How many are wanted.
        answered : collection of ((int, tuple of int), Region)
            Spot checks that a human answered.

        Returns
        -------
        list of ((int, tuple of int), Region, float)
            Plane, place, and its probability of being drawn.
        """
        drawn = self._join({key: (name, shape) for key, name, shape in planes})
        said = {(key[0], *_place(key, region)) for key, region in answered}
        found = list[tuple[Key, "Region", float]]()
        for number, check in enumerate(drawn.first, 1):
            key = int(check.identity.split(" ", 1)[0]), check.region.index
            if (key[0], *_place(key, check.region)) not in said and len(found) < count:
                found.append((key, check.region, number / drawn.cells))
        return found

    def _join(self, planes: Mapping[Key, tuple[str, tuple[int, int]]]) -> Draw:
        """Add the planes that came since to what was drawn; begin anew when some went."""
        if not self._drawn <= planes.keys():
            self._joined, self._drawn = Draw(), set()
        for key in planes.keys() - self._drawn:
            known, (name, shape) = self._joined, planes[key]
            highest = known.first[-1].lot if len(known.first) == MOST else 1.0
            plane = CellPlane(f"{key[0]} {name}", key[1], shape, SIDE)
            more = draw_plane(plane, MOST, highest=highest)
            first = draw((known, more), MOST).first if more.first else known.first
            self._joined = Draw(first, known.cells + more.cells)
        self._drawn = set(planes)
        return self._joined

    def keep(self, key: Key, region: Region, probability: float) -> None:
        """Take note of a place that is offered, or was in an earlier session: it never teaches.

        Parameters
        ----------
        key : (int, tuple of int)
            Image and index.
        region : Region
            The place.
        probability : float
            Of being drawn.
        """
        self._chance.setdefault(key, {})[region] = probability

    def never_teach(self, key: Key) -> tuple[Drawn, ...]:
        """Return the places of a plane that test only.

        Parameters
        ----------
        key : (int, tuple of int)
            Image and index.

        Returns
        -------
        tuple of Drawn
            For `core.lesson.TrainingImage`.
        """
        return tuple(
            Drawn((r.y, r.y + r.height), (r.x, r.x + r.width), chance)
            for r, chance in self._chance.get(key, {}).items()
        )

    def offered(self) -> Iterator[tuple[Key, Region]]:
        """Yield the places that were offered.

        Yields
        ------
        ((int, tuple of int), Region)
            Image and index, and the place.
        """
        for key, chances in self._chance.items():
            for region in chances:
                yield key, region

    def places(self, key: Key) -> tuple[Region, ...]:
        """Return the places of a plane that were offered.

        Parameters
        ----------
        key : (int, tuple of int)
            Image and index.

        Returns
        -------
        tuple of Region
            In the order in which they were offered.
        """
        return tuple(self._chance.get(key, {}))


def _place(key: Key, region: Region) -> tuple[tuple[int, ...], int, int, int, int]:
    return key[1], region.y, region.x, region.height, region.width
