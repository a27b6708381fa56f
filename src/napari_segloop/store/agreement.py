"""How far two people agree, as a figure and as places; values and one mask, no project.

Pixels that both checked are compared; nobody is taken to be right.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from napari_segloop.store.records import DISPUTED, OfferedRegion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_segloop.core.images import Mask

NEAR: Final = 8  # pixels: what lies closer is one place


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A place where two people checked and said different things.

    Parameters
    ----------
    image : int
        Number in the own project.
    name : str
        Of the image.
    index : tuple of int
        The plane.
    y, x, height, width : int
        In pixels.
    pixels : int
        That differ.
    """

    image: int
    name: str
    index: tuple[int, ...]
    y: int
    x: int
    height: int
    width: int
    pixels: int

    def to_offer(self, other: str) -> OfferedRegion:
        """Return the place as one to check.

        Parameters
        ----------
        other : str
            Name of the other project.

        Returns
        -------
        OfferedRegion
            Open.
        """
        now = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
        reason = f"you and {other[:100]} disagree on {self.pixels:,} px"
        place = (self.y, self.x, self.height, self.width, self.index)
        size = float(self.pixels)
        return OfferedRegion(*place, size, size, reason, DISPUTED, offered=now)


@dataclass(slots=True)
class Agreement:
    """How far two people agree on an image.

    Parameters
    ----------
    image : int
        Number in the own project.
    name : str
        Of the image.
    both, same : int
        Pixels that both checked, and those of them with the same label.
    taken : int
        Pixels that only the other one had stated.
    is_new : bool
        Whether the image came with the other project.
    places : list of Disagreement
        Where they differ.
    """

    image: int
    name: str
    both: int = 0
    same: int = 0
    taken: int = 0
    is_new: bool = False
    places: list[Disagreement] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge led to.

    Parameters
    ----------
    images : tuple of Agreement
        Of every image that the other project has.
    """

    images: tuple[Agreement, ...]

    @property
    def agreement(self) -> float | None:
        """Share of the pixels checked by both that have one label; None when there are none."""
        both = sum(each.both for each in self.images)
        return sum(each.same for each in self.images) / both if both else None

    @property
    def disagreements(self) -> tuple[Disagreement, ...]:
        """All places where they differ, the largest first."""
        places = (place for each in self.images for place in each.places)
        return tuple(sorted(places, key=lambda place: -place.pixels))


def places_in(mask: Mask) -> Iterator[tuple[int, int, int, int, int]]:
    """Find rectangles around marked pixels; those near each other share one.

    Parameters
    ----------
    mask : (h, w) ndarray of bool
        Where two labels differ.

    Yields
    ------
    tuple of int
        Row, column, height, width, and how many pixels are marked in it.

    Examples
    --------
    >>> marks = np.zeros((100, 100), bool)
    >>> marks[10, 20:25] = marks[70:73, 70] = True
    >>> list(places_in(marks))
    [(2, 12, 17, 21, 5), (62, 62, 19, 17, 3)]
    """
    if not mask.any():
        return
    square = np.ones((3, 3), bool)
    near = ndimage.binary_dilation(mask, square, iterations=NEAR)
    parts, _ = ndimage.label(near, square)
    for number, box in enumerate(ndimage.find_objects(parts), start=1):
        rows, columns = box
        size = rows.stop - rows.start, columns.stop - columns.start
        marked = int(np.count_nonzero(mask[box] & (parts[box] == number)))
        yield int(rows.start), int(columns.start), *size, marked
