"""What random spot checks say of all images: where planes, versions and answers come together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.session import objectchecks
from napari_segloop.session.state import Place

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_segloop.core.estimate import Counts, Estimate
    from napari_segloop.core.images import Labels
    from napari_segloop.core.objectrates import ObjectRates
    from napari_segloop.core.regions import Region
    from napari_segloop.session.desk import Desk, Key
    from napari_segloop.session.offers import Offers
    from napari_segloop.session.progress import Agreements


def next_spots(desk: Desk, offers: Offers, count: int) -> list[Place]:
    """Return the random spot checks to offer next, in planes that the version in use predicted.

    Parameters
    ----------
    desk : Desk
        Planes.
    offers : Offers
        What was answered.
    count : int
        How many are wanted.

    Returns
    -------
    list of Place
        None when there is no version.
    """
    version, images = desk.versions.current, desk.images
    if version is None:
        return []
    known = {n: (images.state(n).name, images.source(n).plane_shape) for n in images.used()}
    planes = [
        (key, *known[key[0]]) for key in desk.all_keys() if desk.predicted.get(key) == version
    ]
    answered = _answered(offers) - desk.spots.reopened
    found = desk.spots.draw(planes, count, answered)
    return [Place(key[0], region, chance) for key, region, chance in found]


def offer(desk: Desk, place: Place) -> None:
    """Take note that a user is at a place: from now on a spot check never teaches.

    Parameters
    ----------
    desk : Desk
        Spot checks.
    place : Place
        Any place; others than spot checks are passed over.
    """
    if place.probability is not None:
        desk.spots.keep((place.image, place.region.index), place.region, place.probability)


def ask(desk: Desk, place: Place) -> None:
    """Take note of what is predicted at a spot check, before it is answered.

    Parameters
    ----------
    desk : Desk
        Planes.
    place : Place
        Any place; others than spot checks are passed over.
    """
    key, version = (place.image, place.region.index), desk.versions.current
    if place.probability is None or version is None or desk.predicted.get(key) != version:
        return
    prediction = desk.plane(key).prediction[place.region.slices]
    objectchecks.ask(desk, key, place.region, version)
    desk.spots.ask(key, place.region, prediction, version)


def object_rates(desk: Desk, offers: Offers) -> ObjectRates | None:
    """Estimate what becomes of objects with the version in use.

    Parameters
    ----------
    desk : Desk
        Planes.
    offers : Offers
        What was answered.

    Returns
    -------
    ObjectRates or None
        None for classes, and before a spot check was answered.
    """
    version = desk.versions.current
    if version is None or not desk.objects:
        return None
    places = (place for place in offers.spot_checks() if offers.is_answered(place))
    answered = [((place.image, place.region.index), place.region) for place in places]
    used = set(desk.images.used())
    return desk.object_checks.rates([each for each in answered if each[0][0] in used], version)


def compare(desk: Desk, key: Key, regions: Sequence[Region]) -> None:
    """Compare what was said of spot checks with what a human found.

    Parameters
    ----------
    desk : Desk
        Planes.
    key : (int, tuple of int)
        Image and index.
    regions : sequence of Region
        Spot checks of that plane.
    """
    if not regions:
        return
    plane, objects, values = desk.plane(key), desk.objects, _values(desk)
    truth, unsure = plane.truth(desk.table, objects=objects), desk.truths.uncertainty(key)
    for region in regions:
        desk.spots.answer(key, region, plane, unsure, values, truth, objects=objects)
        if objects:
            desk.object_checks.answer((key, region), plane, truth)


def take_over(desk: Desk, key: Key, version: int, stated: Labels) -> None:
    """Take note of what a version states of a whole plane, in the classes of today.

    Parameters
    ----------
    desk : Desk
        Planes.
    key : (int, tuple of int)
        Image and index.
    version : int
        Its number.
    stated : (K, 256) ndarray of int64
        Pixels by the model's classes and by uncertainty.
    """
    counts = np.asarray(stated, np.int64)
    if not desk.objects:
        counts = _in_classes_of_today(desk, version, counts)
    if len(counts) == len(_values(desk)):
        desk.spots.state(key, version, counts, _values(desk))
    compare(desk, key, desk.spots.places(key))


def _in_classes_of_today(desk: Desk, version: int, stated: Counts) -> Counts:
    facts, today = desk.versions.facts, _values(desk)
    if facts is None or len(facts.values) != len(stated):
        return stated
    values = desk.versions.translate(version, np.array(facts.values))
    counts = np.zeros((len(today), stated.shape[1]), np.int64)
    for value, row in zip(values.tolist(), stated, strict=True):
        counts[today.index(value) if value in today else 0] += row
    return counts


def renumber(desk: Desk, mapping: Mapping[int, int]) -> None:
    """Take note that classes were merged or deleted, once the planes say so.

    Parameters
    ----------
    desk : Desk
        Planes, and the classes of today.
    mapping : mapping of int to int
        Old label value to the one that it is now; 0 for a class that was deleted.
    """
    desk.spots.renumber(mapping)
    for key in {key for key, _ in desk.spots.found}:
        compare(desk, key, desk.spots.places(key))
        desk.settle(key)


def agreements(desk: Desk, offers: Offers) -> Agreements | None:
    """Estimate how well the version in use agrees with the user on all that it predicted.

    Parameters
    ----------
    desk : Desk
        Planes.
    offers : Offers
        What was answered.

    Returns
    -------
    Agreements or None
        Over all, and by image; None before there is anything to go by.
    """
    version = desk.versions.current
    if version is None:
        return None
    used = tuple(desk.images.used())
    return desk.spots.agreements(used, version, _answered(offers), _values(desk))


def agreement(desk: Desk, offers: Offers) -> Estimate | None:
    """Estimate how well the version in use agrees with the user, over all that it predicted.

    Parameters
    ----------
    desk : Desk
        Planes.
    offers : Offers
        What was answered.

    Returns
    -------
    Estimate or None
        None before there is anything to go by.
    """
    told = agreements(desk, offers)
    return None if told is None else told.whole


def _answered(offers: Offers) -> set[tuple[Key, Region]]:
    return {
        ((place.image, place.region.index), place.region)
        for place in offers.spot_checks()
        if offers.is_answered(place)
    }


def _values(desk: Desk) -> tuple[int, ...]:
    """Return label values, ascending, 0 first: the table may show them in another order."""
    return (0, 1) if desk.objects else (0, *sorted(desk.table.values))
