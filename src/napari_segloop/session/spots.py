"""Random spot checks: what a version said there, and what a human found.

What they say of all images is computed in core; which places are drawn is `spotplaces.py`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.estimate import Estimate, Finding, confuse, estimate, histogram
from napari_segloop.session.spotplaces import Key, SpotPlaces

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from napari_segloop.core.corrections import PlaneTruth
    from napari_segloop.core.estimate import Counts
    from napari_segloop.core.images import Labels, Mask
    from napari_segloop.core.prediction import Bytes
    from napari_segloop.core.regions import Region

Window = tuple[slice, slice]


@dataclass(slots=True, eq=False)
class _Said:
    """What a version said of a place."""

    version: int
    labels: Labels


class Spots(SpotPlaces):
    """The spot checks of a loop.

    What a version states of whole planes is kept as counts; labels only of the places.
    """

    def __init__(self) -> None:
        super().__init__()
        self._said = dict[tuple[Key, "Region"], _Said]()
        self._stated = dict[Key, tuple[int, "Counts"]]()
        self._found = dict[tuple[Key, "Region"], tuple[int, Finding]]()
        self._told: tuple[object, Estimate | None] = (None, None)

    def clear(self) -> None:
        """Forget everything."""
        super().clear()
        for part in (self._said, self._stated, self._found):
            part.clear()
        self._told = None, None

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
            said = self._said.get((key, region))
            if said is None or said.version != version:
                blank = np.zeros((region.height, region.width), labels.dtype)
                said = self._said[key, region] = _Said(version, blank)
            said.labels = said.labels.astype(np.result_type(said.labels, labels), copy=False)
            inner = _moved(rows, region.y), _moved(columns, region.x)
            outer = _moved(rows, window[0].start), _moved(columns, window[1].start)
            said.labels[inner] = labels[outer]

    def state(self, key: Key, version: int, counts: Counts) -> None:
        """Take note of what a version states of a whole plane.

        Parameters
        ----------
        key : (int, tuple of int)
            Image and index.
        version : int
            Its number.
        counts : (K, 256) ndarray of int64
            Pixels by predicted class and uncertainty.
        """
        self._stated[key] = version, counts
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
        known = self._said.get((key, region))
        if known is None or known.version != version:
            self._said[key, region] = _Said(version, prediction.copy())

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
        said, at = self._said.get((key, region)), region.slices
        known = truth[at]
        if said is None or uncertainty is None or not known.any():
            self._found.pop((key, region), None)
            return
        stated = histogram(said.labels[known], uncertainty[at][known], values)
        found = confuse(said.labels, plane.labels[at], known, values, objects=objects)
        self._found[key, region] = said.version, Finding(stated, found)

    def agreement(
        self, keys: Sequence[Key], version: int, answered: Collection[tuple[Key, Region]]
    ) -> Estimate | None:
        """Estimate how well a version agrees with its user on whole planes.

        Parameters
        ----------
        keys : sequence of (int, tuple of int)
            Planes that count.
        version : int
            The version in use.
        answered : collection of ((int, tuple of int), Region)
            Spot checks that a human answered, and did not take back.

        Returns
        -------
        Estimate or None
            None before a plane was predicted.
        """
        about = len(keys), version, frozenset(answered)
        if self._told[0] != about:
            self._told = about, self._estimate(set(keys), version, answered)
        return self._told[1]

    def _estimate(
        self, keys: set[Key], version: int, answered: Collection[tuple[Key, Region]]
    ) -> Estimate | None:
        wanted = [key for key, (told, _) in self._stated.items() if told == version and key in keys]
        counts = [self._stated[key][1] for key in wanted]
        found = [
            finding
            for (key, region), (told, finding) in self._found.items()
            if told == version and key in keys and (key, region) in answered
        ]
        shapes = {each.shape for each in counts} | {each.stated.shape for each in found}
        if len(shapes) != 1:  # classes came or went since
            return None
        told = estimate(counts, found)
        return None if told is None else told[0]


def _common(region: Region, window: Window) -> Window:
    rows, columns = region.slices
    return (
        slice(max(rows.start, window[0].start), min(rows.stop, window[0].stop)),
        slice(max(columns.start, window[1].start), min(columns.stop, window[1].stop)),
    )


def _moved(span: slice, origin: int) -> slice:
    return slice(span.start - origin, span.stop - origin)
