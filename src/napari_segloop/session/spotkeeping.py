"""The notes of spot checks in the records of images, and back: so an estimate outlives the viewer.

What a note holds is `spotnotes.py`'s; when records are saved is not known here.
"""

from __future__ import annotations

from contextlib import suppress
from math import prod
from typing import TYPE_CHECKING, Any, Final

from napari_segloop.core.errors import InputError
from napari_segloop.session.spotnotes import Found, Said, Stated

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from napari_segloop.core.regions import Region
    from napari_segloop.session.spots import Spots

Index = tuple[int, ...]
Notes = dict[str, list[Any]]

MOST_PLANES: Final = 20_000
"""Of all images; a plane takes a kilobyte and 50 microseconds when a project is opened."""


def notes_of(spots: Spots) -> dict[int, Notes]:
    """Return what is kept of spot checks, by image.

    Parameters
    ----------
    spots : Spots
        As they are now.

    Returns
    -------
    dict of int to dict
        For `ImageRecord`. What is stated of planes is left out when they are too many.
    """
    notes = dict[int, Notes]()
    if len(spots.stated) <= MOST_PLANES:
        for (image, index), stated in spots.stated.items():
            _add(notes, image, "stated", [list(index), *stated.note])
    for name, part in (("said", spots.said), ("found", spots.found)):
        for ((image, index), region), each in part.items():
            _add(notes, image, name, [list(index), _box(region), *each.note])
    return notes


def take_up(
    spots: Spots,
    image: int,
    notes: Mapping[str, Any],
    planes: Collection[Index],
    shape: tuple[int, int],
) -> None:
    """Go on with what was kept; what makes no sense is passed over.

    Parameters
    ----------
    spots : Spots
        Knows the places of the image already.
    image : int
        Its number.
    notes : mapping
        Of its record.
    planes : collection of tuple of int
        Those that a version predicted.
    shape : (int, int)
        Rows and columns of each.
    """
    for entry in _entries(notes, "stated", 1):
        with suppress(InputError):
            if entry[0] in planes:
                spots.stated[image, entry[0]] = Stated.read(entry[1:], prod(shape))
    regions = {(index, tuple(_box(region))): region for index, region in _places(spots, image)}
    for name in ("said", "found"):
        for index, box, *note in _entries(notes, name, 2):
            region = regions.get((index, box))
            if region is None:
                continue
            place, size = ((image, index), region), (region.height, region.width)
            with suppress(InputError):
                if name == "said":
                    spots.said[place] = Said.read(note, size)
                else:
                    spots.found[place] = Found.read(note, prod(size))


def _add(notes: dict[int, Notes], image: int, name: str, note: list[object]) -> None:
    notes.setdefault(image, {}).setdefault(name, []).append(note)


def _box(region: Region) -> list[int]:
    return [region.y, region.x, region.height, region.width]


def _places(spots: Spots, image: int) -> Iterator[tuple[Index, Region]]:
    for key, region in spots.offered():
        if key[0] == image:
            yield key[1], region


def _entries(notes: Mapping[str, Any], name: str, names: int) -> Iterator[list[Any]]:
    """Yield what looks like notes; the lists of numbers that they begin with become tuples."""
    found = notes.get(name)
    for entry in found if isinstance(found, list) else ():
        if isinstance(entry, list) and len(entry) > names:
            first, rest = entry[:names], entry[names:]
            if all(isinstance(each, list) and _are_numbers(each) for each in first):
                yield [*map(tuple, first), *rest]


def _are_numbers(values: list[object]) -> bool:
    return all(type(each) is int for each in values)
