"""What became of objects in spot checks, as plain data for a project, and back.

When records are saved is not known here.
"""

from __future__ import annotations

from dataclasses import astuple, fields
from typing import TYPE_CHECKING, Any, Final

from napari_segloop.core.objectcounts import ObjectCounts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from napari_segloop.core.regions import Region
    from napari_segloop.session.objectchecks import ObjectChecks, Spot

_NAMES: Final = tuple(each.name for each in fields(ObjectCounts))


def notes_of(checks: ObjectChecks, image: int) -> dict[str, list[Any]]:
    """Return what is known of an image.

    Parameters
    ----------
    checks : ObjectChecks
        As they are now.
    image : int
        Its number.

    Returns
    -------
    dict of str to list
        For `ImageRecord`: index, place, version and counts of each spot check. Empty without any.
    """
    found = [
        [list(key[1]), _box(region), version, list(astuple(counts))]
        for (key, region), (version, counts) in checks.found.items()
        if key[0] == image
    ]
    return {"objects": found} if found else {}


def take_up(
    checks: ObjectChecks, image: int, notes: Mapping[str, object], places: Iterable[Spot]
) -> None:
    """Go on with what was kept; what makes no sense is passed over.

    Parameters
    ----------
    checks : ObjectChecks
        Filled.
    image : int
        Its number.
    notes : mapping
        Of its record.
    places : iterable of ((int, tuple of int), Region)
        Spot checks that were offered.
    """
    known = {(spot[0][1], *_box(spot[1])): spot for spot in places if spot[0][0] == image}
    found = notes.get("objects")
    for note in found if isinstance(found, list) else ():
        try:
            index, box, version, values = note
            spot = known[tuple(index), *box]
            counts = ObjectCounts(**dict(zip(_NAMES, values, strict=True)))
        except (KeyError, TypeError, ValueError):
            continue
        if type(version) is int and _makes_sense(counts, spot[1]):
            checks.found[spot] = version, counts


def _makes_sense(counts: ObjectCounts, region: Region) -> bool:
    pixels = region.height * region.width
    if any(type(value) is not int or not 0 <= value <= pixels for value in astuple(counts)):
        return False
    wrong = counts.missed + counts.merged + counts.split
    return wrong <= counts.true and counts.false <= counts.predicted


def _box(region: Region) -> list[int]:
    return [region.y, region.x, region.height, region.width]
