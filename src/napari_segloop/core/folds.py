"""Which test regions choose the step, which fit the temperature, and which judge.

A number is honest only on regions that chose nothing of what it is the number of. Torch-free; it
knows counts and hashes, no networks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.comparing import FEWEST, fitness

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from napari_segloop.core.comparing import Counts

APART = 15  # regions from which on the folds are disjoint
JUDGING, CHOOSING = "01234567", "89ab"
"""Last digit of a region's hash; the rest calibrates. By its first ones it is a test region."""


@dataclass(frozen=True, slots=True)
class Folds:
    """What each test region is for, by its place in the list of regions.

    From 15 regions on the three folds are disjoint, by the hash of each region, so that a region
    stays in its fold whatever else is checked. Under 15 regions, where a third of them would say
    nothing, all choose, calibrate and judge, cross-fitted: a region is judged by the step that is
    best on all *others* (`judged`). The temperature changes no label, so no count of pixels
    depends on it.

    Parameters
    ----------
    choosing, calibrating, judging : tuple of int
        Places of regions; regions that the model to start from was taught never judge, unless
        there are no others.
    is_crossed : bool
        Whether all regions do everything.
    is_honest : bool
        False when the model to start from was taught every region.
    """

    choosing: tuple[int, ...]
    calibrating: tuple[int, ...]
    judging: tuple[int, ...]
    is_crossed: bool
    is_honest: bool = True

    def choose(self, counts: Counts) -> float:
        """Return the score by which the step is chosen.

        Parameters
        ----------
        counts : (R, K, 3) ndarray of int64
            Of all regions.

        Returns
        -------
        float
            From 0 to 1, see `core.comparing.fitness`.
        """
        return fitness(counts[list(self.choosing)])

    def judged(self, steps: Sequence[Counts]) -> Counts:
        """Return what the regions that judge say of the training.

        Parameters
        ----------
        steps : sequence of (R, K, 3) ndarray of int64
            Counts of all regions after each step that was scored, at least one.

        Returns
        -------
        (J, K, 3) ndarray of int64
            Of the regions that judge, each at the step that the others choose.
        """
        if not self.is_crossed:
            return _best(steps, self.choosing)[list(self.judging)]
        others = {i: [k for k in self.choosing if k != i] for i in self.judging}
        return np.stack([_best(steps, others[i])[i] for i in self.judging])


def folds_of(looks: Sequence[str], seen: Collection[str] = ()) -> Folds:
    """Divide the test regions.

    Parameters
    ----------
    looks : sequence of str
        Hash of each region's pixels, at least one.
    seen : collection of str
        Hashes of regions that the model to start from was taught.

    Returns
    -------
    Folds
        Disjoint where there are 15 regions and five of them judge, crossed where not.
    """
    every = tuple(range(len(looks)))
    unseen = tuple(i for i in every if looks[i] not in seen)
    judging = tuple(i for i in unseen if looks[i][-1] in JUDGING)
    choosing = tuple(i for i in every if looks[i][-1] in CHOOSING)
    calibrating = tuple(i for i in every if looks[i][-1] not in JUDGING + CHOOSING)
    enough = len(judging) >= FEWEST and choosing and calibrating
    if len(looks) >= APART and enough:
        return Folds(choosing, calibrating, judging, is_crossed=False)
    return Folds(every, every, unseen or every, is_crossed=True, is_honest=bool(unseen))


def _best(steps: Sequence[Counts], regions: Sequence[int]) -> Counts:
    """Return the counts of the step that is best on some regions; without any, of the last."""
    if not regions:
        return steps[-1]
    return max(steps, key=lambda counts: fitness(counts[list(regions)]))
