"""Which image of one project is which of another, and which object.

By what was recorded of images, and by overlap of objects. No file is opened.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_segloop.core.images import Labels, Mask
    from napari_segloop.store.records import Identity, ImageRecord


def pairs(own: Sequence[ImageRecord], theirs: Sequence[ImageRecord]) -> dict[int, ImageRecord]:
    """Pair the images of two projects.

    Parameters
    ----------
    own, theirs : sequence of ImageRecord
        Of both projects.

    Returns
    -------
    dict of int to ImageRecord
        From their number to the own image; each own image at most once.
    """
    left, found = list(own), dict[int, "ImageRecord"]()
    for their in theirs:
        mine = next((each for each in left if is_same(each.identity, their.identity)), None)
        if mine is not None:
            left.remove(mine)
            found[their.number] = mine
    return found


def is_same(one: Identity, other: Identity) -> bool:
    """Return whether two records tell of one image.

    Parameters
    ----------
    one, other : Identity
        Of two projects.

    Returns
    -------
    bool
        By sums of the content where both have them, else by name; shapes must be equal.
    """
    if one.shape != other.shape:
        return False
    if one.full_sha and other.full_sha:
        return one.full_sha == other.full_sha
    sums = [(each.header_sha, each.sample_sha) for each in (one, other)]
    if all(all(each) for each in sums):
        return sums[0] == sums[1]
    return one.name == other.name


class Ids:
    """Which object of a plane is which in another person's labels."""

    def __init__(self) -> None:
        self._overlaps = Counter[tuple[int, int]]()
        self._largest = 0
        self._known = {0: 0}

    def count(self, own: Labels, theirs: Labels, both: Mask) -> None:
        """Take a window into account.

        Parameters
        ----------
        own, theirs : (h, w) ndarray of integer
            Ids of both.
        both : (h, w) ndarray of bool
            Where both are truth.
        """
        self._largest = max(self._largest, int(own.max(initial=0)))
        met = both & (own > 0) & (theirs > 0)
        if met.any():
            stacked = np.stack([own[met], theirs[met]])
            found, counts = np.unique(stacked, axis=1, return_counts=True)
            for (mine, their), count in zip(found.T.tolist(), counts.tolist(), strict=True):
                self._overlaps[mine, their] += count

    def settled(self) -> Ids:
        """Pair objects that overlap most with each other.

        Returns
        -------
        Ids
            This one.
        """
        best = dict[tuple[str, int], tuple[int, int]]()
        for (mine, their), count in self._overlaps.items():
            for key, partner in ((("own", mine), their), (("their", their), mine)):
                best[key] = max(best.get(key, (0, 0)), (count, -partner))
        for mine, their in self._overlaps:
            if -best["own", mine][1] == their and -best["their", their][1] == mine:
                self._known[their] = mine
        return self

    def read(self, theirs: Labels) -> Labels:
        """Return their ids as own ones; objects without partner get new ids.

        Parameters
        ----------
        theirs : ndarray of integer
            Of the plane that was counted.

        Returns
        -------
        ndarray of uint32
            The same objects.
        """
        values, places = np.unique(theirs, return_inverse=True)
        for value in values.tolist():
            if value not in self._known:
                self._largest += 1
                self._known[value] = self._largest
        ids = np.array([self._known[value] for value in values.tolist()], np.uint32)
        return ids[places.reshape(theirs.shape)]
