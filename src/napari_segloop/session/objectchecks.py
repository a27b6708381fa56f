"""What became of objects in random spot checks, by version: kept beside what became of pixels.

Which places are drawn, and what is made of pixels there, is not known here. Places cut objects; so
what a version said is kept with a margin, to know in which place the centroid of an object is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from napari_segloop.core.objectcounts import ObjectCounts, count_objects
from napari_segloop.core.objectrates import ObjectRates, rates

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from napari_segloop.core.corrections import PlaneTruth
    from napari_segloop.core.images import Labels, Mask
    from napari_segloop.core.regions import Region
    from napari_segloop.session.desk import Desk

Key = tuple[int, tuple[int, ...]]
Spot = tuple[Key, "Region"]
Window = tuple[slice, slice]

AROUND: Final = 128
"""Pixels around a place: as much as its side, so that most objects are seen whole."""


@dataclass(slots=True, eq=False)
class _Said:
    """What a version said of a place and around it."""

    version: int
    labels: Labels


class ObjectChecks:
    """The objects of the spot checks of a loop.

    Attributes
    ----------
    found : dict of ((int, tuple of int), Region) to (int, ObjectCounts)
        With which version, and what.
    """

    def __init__(self) -> None:
        self._said = dict[Spot, _Said]()
        self.found = dict[Spot, tuple[int, ObjectCounts]]()
        self._told: tuple[object, ObjectRates | None] = (None, None)

    def clear(self) -> None:
        """Forget everything."""
        self._said.clear()
        self.found.clear()
        self._told = None, None

    def forget(self, image: int) -> None:
        """Forget all of an image that was taken off the list.

        Parameters
        ----------
        image : int
            Its number.
        """
        for spot in [spot for spot in {**self._said, **self.found} if spot[0][0] == image]:
            self._said.pop(spot, None)
            self.found.pop(spot, None)

    def see(self, spot: Spot, part: Window, labels: Labels, around: Window, version: int) -> None:
        """Take note of what a version says in a part of a plane.

        Parameters
        ----------
        spot : ((int, tuple of int), Region)
            Plane and place.
        part : tuple of slice
            The part.
        labels : (h, w) ndarray of integer
            Predicted there.
        around : tuple of slice
            The place with its margin.
        version : int
            Its number.
        """
        common = tuple(
            slice(max(a.start, b.start), min(a.stop, b.stop))
            for a, b in zip(around, part, strict=True)
        )
        if any(span.start >= span.stop for span in common):
            return
        said = self._said.get(spot)
        if said is None or said.version != version:
            blank = np.zeros([span.stop - span.start for span in around], labels.dtype)
            said = self._said[spot] = _Said(version, blank)
        said.labels = said.labels.astype(np.result_type(said.labels, labels), copy=False)
        said.labels[_within(common, around)] = labels[_within(common, part)]

    def version_of(self, spot: Spot) -> int | None:
        """Return the version that said something of a place last.

        Parameters
        ----------
        spot : ((int, tuple of int), Region)
            Plane and place.

        Returns
        -------
        int or None
            None when nobody did.
        """
        said = self._said.get(spot)
        return None if said is None else said.version

    def answer(self, spot: Spot, plane: PlaneTruth, truth: Mask) -> None:
        """Compare what was said of a place with what a human found.

        Parameters
        ----------
        spot : ((int, tuple of int), Region)
            Plane and place.
        plane : PlaneTruth
            Of the plane, with the human's answer.
        truth : (Y, X) ndarray of bool
            Where its labels are truth.
        """
        self._told = None, None
        said, place = self._said.get(spot), spot[1].slices
        if said is None or not truth[place].any():
            self.found.pop(spot, None)
            return
        around = with_margin(spot[1], plane.shape)
        counts = count_objects(
            said.labels, plane.labels[around], truth[around], _within(place, around)
        )
        self.found[spot] = said.version, counts

    def rates(self, answered: Collection[Spot], version: int) -> ObjectRates | None:
        """Estimate what becomes of objects with a version.

        Parameters
        ----------
        answered : collection of ((int, tuple of int), Region)
            Spot checks that a human answered, and did not take back, in images that count.
        version : int
            Its number.

        Returns
        -------
        ObjectRates or None
            None before a spot check was answered.
        """
        about = version, frozenset(answered)
        if self._told[0] != about:
            found = ((spot, self.found.get(spot)) for spot in about[1])
            counts = [each[1] for _, each in found if each is not None and each[0] == version]
            self._told = about, rates(counts)
        return self._told[1]


def see(desk: Desk, key: Key, part: Window, labels: Labels, version: int) -> None:
    """Take note of what a version says of the objects in and around the spot checks of a plane.

    Parameters
    ----------
    desk : Desk
        Planes.
    key : (int, tuple of int)
        Image and index.
    part : tuple of slice
        Of the plane.
    labels : (h, w) ndarray of integer
        Predicted there.
    version : int
        Its number.
    """
    if desk.objects:
        shape = desk.images.source(key[0]).plane_shape
        for region in desk.spots.places(key):
            around = with_margin(region, shape)
            desk.object_checks.see((key, region), part, labels, around, version)


def ask(desk: Desk, key: Key, region: Region, version: int) -> None:
    """Take note of what a human sees at a place that they are about to answer.

    Parameters
    ----------
    desk : Desk
        Planes.
    key : (int, tuple of int)
        Image and index.
    region : Region
        The place.
    version : int
        That predicted the plane.
    """
    checks, spot = desk.object_checks, (key, region)
    if not desk.objects or checks.version_of(spot) == version:
        return
    prediction = desk.plane(key).prediction
    around, known = with_margin(region, prediction.shape), desk.spots.said.get(spot)
    if known is not None and known.version == version:  # from before the project was opened again
        checks.see(spot, region.slices, known.labels, around, version)
    else:
        checks.see(spot, around, prediction[around], around, version)


def with_margin(region: Region, shape: Sequence[int]) -> Window:
    """Return a place and what lies around it.

    Parameters
    ----------
    region : Region
        The place.
    shape : sequence of int
        Rows and columns of the plane.

    Returns
    -------
    tuple of (slice, slice)
        Within the plane.
    """
    rows, columns = (
        slice(max(0, span.start - AROUND), min(length, span.stop + AROUND))
        for span, length in zip(region.slices, shape, strict=True)
    )
    return rows, columns


def _within(window: Sequence[slice], outer: Window) -> Window:
    rows, columns = (
        slice(inner.start - other.start, inner.stop - other.start)
        for inner, other in zip(window, outer, strict=True)
    )
    return rows, columns
