"""Where a simulated user looks next: the places that the loop offers, and what it is measured by.

All strategies offer windows of one size that do not overlap and are mostly unchecked. This module
knows planes and numbers; who corrects, and what is learnt from it, it does not.

References
----------
.. [1] Lüth, C. T. et al. (2025). nnActive: a framework for evaluation of active learning in 3D
   biomedical segmentation. https://arxiv.org/abs/2511.19183
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from napari_segloop.core.errors import InputError
from napari_segloop.core.firstplaces import first_places
from napari_segloop.core.queueing import in_order
from napari_segloop.core.ranking import RankSettings, rank_regions
from napari_segloop.core.regions import STRATEGIES, Region

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from napari_segloop.core.images import Labels, Mask
    from napari_segloop.core.prediction import Bytes

    Place = tuple[int, Region]
    Positions = tuple[NDArray[np.intp], NDArray[np.intp]]

_SEEDS_A_PLANE: Final = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """What a strategy sees of a plane.

    Parameters
    ----------
    labels : (Y, X) ndarray of integer
        The masks as they are: predicted, corrected, or first masks.
    checked : (Y, X) ndarray of uint8
        0 not checked, 1 checked, 2 can't tell, 3 excluded.
    truth : (Y, X) ndarray of integer
        What a human would see; only ``foreground`` looks.
    uncertainty : (Y, X) ndarray of uint8, optional
        Probability times 255 that a label is wrong; None before there is a network.
    entropy : (Y, X) ndarray of uint8, optional
        Of the class probabilities, times 255 over its largest value.
    """

    labels: Labels
    checked: Bytes
    truth: Labels
    uncertainty: Bytes | None = None
    entropy: Bytes | None = None


def choose_places(
    how: str, planes: Sequence[Sight], settings: RankSettings, count: int, seed: int
) -> list[Place]:
    """Choose the next places.

    Parameters
    ----------
    how : {"ranked", "foreground", "random", "entropy"}
        ``ranked`` is what the dock offers: first places in first masks, then the queue from the
        network's own uncertainty. ``random`` draws windows anywhere. ``foreground`` draws every
        other window so that its middle lies on a class other than background, all such classes
        alike, as somebody does who looks for them [1]_. ``entropy`` takes the windows of largest
        mean entropy, and random ones as long as there is no network.
    planes : sequence of Sight
        Of all images that are worked on.
    settings : RankSettings
        Window, its unchecked share and whether labels are ids.
    count : int
        How many places at most.
    seed : int
        Fixes what is drawn.

    Returns
    -------
    list of (int, Region)
        Number of the plane and place, in the order of checking; none is left when it is empty.

    Raises
    ------
    InputError
        When there is no such strategy.
    """
    if how not in STRATEGIES:
        raise InputError(f"one of {', '.join(STRATEGIES)}", repr(how), "Choose one of them.")
    if how == "ranked":
        return _offered(planes, settings, count, seed)
    if how == "entropy" and all(plane.entropy is not None for plane in planes):
        return _surprising(planes, settings, count)
    draw = _Draw(planes, settings, np.random.default_rng(seed))
    return list(draw.places(count, around_classes=how == "foreground"))


def entropy_map(probabilities: Bytes) -> Bytes:
    """Return how undecided the network is.

    Parameters
    ----------
    probabilities : (K, Y, X) ndarray of uint8
        Of each class, times 255; at least two classes.

    Returns
    -------
    (Y, X) ndarray of uint8
        Entropy, times 255 over the logarithm of the number of classes.

    Examples
    --------
    >>> entropy_map(np.array([[[255, 128]], [[0, 128]]], np.uint8))
    array([[  0, 255]], dtype=uint8)
    """
    shares = probabilities.astype(np.float32)
    shares /= np.maximum(shares.sum(axis=0), 1)
    terms = shares * np.log(np.maximum(shares, np.float32(1e-9)))
    scaled = -terms.sum(axis=0) / np.log(len(probabilities))
    rounded: Bytes = np.rint(255 * scaled.clip(0, 1)).astype(np.uint8)
    return rounded


def _offered(planes: Sequence[Sight], settings: RankSettings, count: int, seed: int) -> list[Place]:
    found = list[tuple[int, Region]]()
    for number, plane in enumerate(planes):
        seen = plane.labels, plane.checked
        if plane.uncertainty is None:
            regions = first_places(*seen, settings, seed=seed + _SEEDS_A_PLANE * number)
        else:
            regions = rank_regions(plane.uncertainty, *seen, settings)
        found += [(number, region) for region in regions]
    return in_order(found, count)


def _surprising(planes: Sequence[Sight], settings: RankSettings, count: int) -> list[Place]:
    whole = RankSettings(
        settings.window, settings.top, 0, settings.least_unchecked, settings.objects
    )
    found = [
        (number, region)
        for number, plane in enumerate(planes)
        if plane.entropy is not None
        for region in rank_regions(plane.entropy, plane.labels, plane.checked, whole)
    ]
    return _worst(found, count)


def _worst(found: list[Place], count: int) -> list[Place]:
    return sorted(found, key=lambda place: -place[1].score)[:count]


class _Draw:
    """Draws windows from those that may still be offered."""

    def __init__(
        self, planes: Sequence[Sight], settings: RankSettings, rng: np.random.Generator
    ) -> None:
        self._rng = rng
        self._sides = [_size(plane, settings) for plane in planes]
        self._free = [
            _free_corners(plane.checked == 0, size, settings.least_unchecked)
            for plane, size in zip(planes, self._sides, strict=True)
        ]
        self._classes = [_classes(plane, settings.objects) for plane in planes]

    def places(self, count: int, *, around_classes: bool) -> Iterator[Place]:
        """Yield windows; every other one has a class in its middle, where there is any left."""
        for number in range(count):
            found = self._around_a_class() if around_classes and number % 2 == 0 else None
            found = found or self._anywhere()
            if found is None:
                return
            yield self._take(*found)

    def _anywhere(self) -> tuple[int, int, int, str] | None:
        counts = np.array([free.sum() for free in self._free])
        if not counts.any():
            return None
        plane = int(self._rng.choice(len(counts), p=counts / counts.sum()))
        rows, columns = np.nonzero(self._free[plane])
        y, x = self._one_of((rows, columns))
        return plane, y, x, "drawn at random"

    def _around_a_class(self) -> tuple[int, int, int, str] | None:
        """Draw a class, and then one of its pixels whose window is free."""
        values = sorted({v for labels in self._classes for v in np.unique(labels).tolist() if v})
        for value in self._rng.permutation(np.array(values, np.int64)).tolist():
            found = [self._centred(plane, value) for plane in range(len(self._classes))]
            counts = np.array([len(rows) for rows, _ in found])
            if counts.any():
                plane = int(self._rng.choice(len(counts), p=counts / counts.sum()))
                y, x = self._one_of(found[plane])
                return plane, y, x, f"drawn around class {value}"
        return None

    def _centred(self, plane: int, value: int) -> Positions:
        """List the free corners of windows with the class in their middle; a corner counts often.

        A window cannot leave the plane: near the edge the pixel lies off its middle.
        """
        (height, width), free = self._sides[plane], self._free[plane]
        rows, columns = np.nonzero(self._classes[plane] == value)
        y = (rows - height // 2).clip(0, free.shape[0] - 1)
        x = (columns - width // 2).clip(0, free.shape[1] - 1)
        allowed = free[y, x]
        return y[allowed], x[allowed]

    def _one_of(self, positions: Positions) -> tuple[int, int]:
        place = int(self._rng.integers(len(positions[0])))
        return int(positions[0][place]), int(positions[1][place])

    def _take(self, plane: int, y: int, x: int, reason: str) -> Place:
        height, width = self._sides[plane]
        above, left = max(0, y - height + 1), max(0, x - width + 1)
        self._free[plane][above : y + height, left : x + width] = False
        return plane, Region(y, x, height, width, 0.0, 0.0, reason)


def _size(plane: Sight, settings: RankSettings) -> tuple[int, int]:
    side = settings.side(plane.labels)
    return min(side, plane.labels.shape[0]), min(side, plane.labels.shape[1])


def _classes(plane: Sight, objects: bool) -> Labels:
    """Return the classes of what nobody checked; objects are one class."""
    seen = (plane.truth > 0).astype(np.uint8) if objects else plane.truth
    return np.where(plane.checked == 0, seen, 0)


def _free_corners(unchecked: Mask, size: tuple[int, int], least: float) -> Mask:
    """Mark the upper left corners of windows that are unchecked enough to be offered."""
    height, width = size
    table = np.zeros((unchecked.shape[0] + 1, unchecked.shape[1] + 1), np.int64)
    table[1:, 1:] = unchecked.cumsum(axis=0, dtype=np.int64).cumsum(axis=1)
    below, above = table[height:], table[:-height]
    sums = below[:, width:] - below[:, :-width] - above[:, width:] + above[:, :-width]
    free: Mask = (sums > 0) & (sums >= least * height * width)
    return free
