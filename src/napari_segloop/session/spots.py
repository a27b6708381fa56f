"""Random spot checks: what a version said there, and what a human found.

What they say of all images is computed in core; which places are drawn is `spotplaces.py`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from napari_segloop.core.checkstate import NOT_CHECKED
from napari_segloop.core.estimate import Finding, confuse, estimate, histogram
from napari_segloop.session.progress import Agreements
from napari_segloop.session.spotnotes import Found, Said, Stated
from napari_segloop.session.spotplaces import Key, SpotPlaces

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from napari_segloop.core.corrections import PlaneTruth
    from napari_segloop.core.estimate import Counts
    from napari_segloop.core.images import Labels, Mask
    from napari_segloop.core.prediction import Bytes
    from napari_segloop.core.regions import Region

Window = tuple[slice, slice]


MOST_OPEN: Final = 0.05
"""Share of a spot check that may be unknown again, as after a stroke that was undone."""


class Spots(SpotPlaces):
    """The spot checks of a loop.

    Attributes
    ----------
    stated : dict of (int, tuple of int) to Stated
        What the last version that predicted a plane states of it, as counts.
    said : dict of ((int, tuple of int), Region) to Said
        What it said of a place.
    found : dict of ((int, tuple of int), Region) to Found
        What a human found there.
    reopened : set of ((int, tuple of int), Region)
        Places of which too much counts as not checked again, since a class came.
    """

    def __init__(self) -> None:
        super().__init__()
        self.said = dict[tuple[Key, "Region"], Said]()
        self.stated = dict[Key, Stated]()
        self.found = dict[tuple[Key, "Region"], Found]()
        self.reopened = set[tuple[Key, "Region"]]()
        self._told: tuple[object, Agreements | None] = (None, None)

    def clear(self) -> None:
        """Forget everything."""
        super().clear()
        for part in (self.said, self.stated, self.found, self.reopened):
            part.clear()
        self._told = None, None

    def forget(self, image: int) -> None:
        """Forget all of an image that was taken off the list.

        Parameters
        ----------
        image : int
            Its number.
        """
        super().forget(image)
        for part in (self.said, self.found):
            for place in [place for place in part if place[0][0] == image]:
                del part[place]
        for key in [key for key in self.stated if key[0] == image]:
            del self.stated[key]
        self.reopened = {place for place in self.reopened if place[0][0] != image}

    def renumber(self, mapping: Mapping[int, int]) -> None:
        """Take note that classes were merged or deleted; what was found is to be compared anew.

        Parameters
        ----------
        mapping : mapping of int to int
            Old label value to the one that it is now; 0 for a class that was deleted.
        """
        self._told = None, None
        self.stated = {key: told.renumbered(mapping) for key, told in self.stated.items()}
        for said in self.said.values():
            said.renumber(mapping)

    def see(self, key: Key, window: Window, labels: Labels, version: int) -> None:
        """Take note of what a version says of the places in a part of a plane.

        Parameters
        ----------
        key : (int, tuple of int)
            Image and index.
        window : tuple of slice
            The part.
        labels : (h, w) ndarray of integer
            Predicted.
        version : int
            Its number.
        """
        for region in self._chance.get(key, {}):
            rows, columns = _common(region, window)
            if rows.start >= rows.stop or columns.start >= columns.stop:
                continue
            said = self.said.get((key, region))
            if said is None or said.version != version:
                blank = np.zeros((region.height, region.width), labels.dtype)
                said = self.said[key, region] = Said(version, blank)
            inner = _moved(rows, region.y), _moved(columns, region.x)
            outer = _moved(rows, window[0].start), _moved(columns, window[1].start)
            said.put(inner, labels[outer])

    def state(self, key: Key, version: int, counts: Counts, values: Sequence[int] = (0, 1)) -> None:
        """Take note of what a version states of a whole plane.

        Parameters
        ----------
        key : (int, tuple of int)
            Image and index.
        version : int
            Its number.
        counts : (K, 256) ndarray of int64
            Pixels by predicted class and uncertainty.
        values : sequence of int
            Label values of the classes, ascending, 0 first.
        """
        self.stated[key] = Stated(version, tuple(values), counts)
        self._told = None, None

    def ask(self, key: Key, region: Region, prediction: Labels, version: int) -> None:
        """Take note of what a human sees at a place that they are about to answer.

        Parameters
        ----------
        key : (int, tuple of int)
            Image and index.
        region : Region
            The place.
        prediction : (h, w) ndarray of integer
            What the version in use predicted there.
        version : int
            Its number.
        """
        known = self.said.get((key, region))
        if known is None or known.version != version:
            self.said[key, region] = Said(version, prediction.copy())

    def answer(
        self,
        key: Key,
        region: Region,
        plane: PlaneTruth,
        uncertainty: Bytes | None,
        values: Sequence[int],
        truth: Mask,
        *,
        objects: bool,
    ) -> None:
        """Compare what was said of a place with what a human found.

        Parameters
        ----------
        key : (int, tuple of int)
            Image and index.
        region : Region
            The place.
        plane : PlaneTruth
            Of the plane, with the human's answer.
        uncertainty : (Y, X) ndarray of uint8 or None
            Of the plane; nothing is compared without it.
        values : sequence of int
            Of the classes, 0 first; ``(0, 1)`` for objects.
        truth : (Y, X) ndarray of bool
            Where the plane's labels are truth.
        objects : bool
            Whether labels are ids.
        """
        self._told = None, None
        place, at = (key, region), region.slices
        said, known = self.said.get(place), truth[at]
        self.found.pop(place, None)
        self.reopened.discard(place)
        if (plane.checked[at] == NOT_CHECKED).mean() > MOST_OPEN:
            self.reopened.add(place)
        elif said is not None and uncertainty is not None and known.any():
            stated = histogram(said.labels[known], uncertainty[at][known], values)
            found = confuse(said.labels, plane.labels[at], known, values, objects=objects)
            self.found[place] = Found(said.version, tuple(values), Finding(stated, found))

    def agreements(
        self,
        images: Sequence[int],
        version: int,
        answered: Collection[tuple[Key, Region]],
        values: Sequence[int] = (0, 1),
    ) -> Agreements | None:
        """Estimate how well a version agrees with its user on whole planes.

        Parameters
        ----------
        images : sequence of int
            Numbers of those that count.
        version : int
            The version in use.
        answered : collection of ((int, tuple of int), Region)
            Spot checks that a human answered, and did not take back.
        values : sequence of int
            Label values of the classes of today, ascending, 0 first.

        Returns
        -------
        Agreements or None
            None before a plane was predicted.
        """
        about = tuple(images), version, frozenset(answered), tuple(values)
        if self._told[0] != about:
            told = self._estimate(set(images), version, answered, values)
            self._told = about, told
        return self._told[1]

    def _estimate(
        self,
        images: set[int],
        version: int,
        answered: Collection[tuple[Key, Region]],
        values: Sequence[int],
    ) -> Agreements | None:
        counts, planes = dict[int, "Counts"](), 0
        for key, stated in self.stated.items():
            if stated.version != version or key[0] not in images:
                continue
            if (today := stated.within(values)) is not None:
                counts[key[0]] = counts.get(key[0], 0) + today
                planes += 1
        found = [
            finding
            for place, each in self.found.items()
            if each.version == version and place[0][0] in images and place in answered
            if (finding := each.within(values)) is not None
        ]
        told = estimate(list(counts.values()), found)
        return (
            None
            if told is None
            else Agreements(told[0], tuple(zip(counts, told[1], strict=True)), planes)
        )


def _common(region: Region, window: Window) -> Window:
    rows, columns = region.slices
    return (
        slice(max(rows.start, window[0].start), min(rows.stop, window[0].stop)),
        slice(max(columns.start, window[1].start), min(columns.stop, window[1].stop)),
    )


def _moved(span: slice, origin: int) -> slice:
    return slice(span.start - origin, span.stop - origin)
