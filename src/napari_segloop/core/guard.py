"""How far the truth that teaches stays away from the regions that test.

A test region next to truth that teaches is easier than what nobody has checked: the same object
lies in both, half of it taught. So truth within a guard around each test region neither teaches
nor tests. It is as wide as pays: a patch where regions lie apart or truth is plenty, nothing where
little truth would be lost to it. In a stack it reaches through all planes. Torch-free; it knows
truth, not networks.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.holdout import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_segloop.core.holdout import Block, Split
    from napari_segloop.core.images import Labels

COST, COST_OF_PLENTY = 0.1, 0.25  # of the truth that teaches
PLENTY = 4_000_000  # pixels of truth that teach
MOST_OF_A_CLASS = 0.25
NARROWEST = 6  # pixels


def with_guard(parts: Split, truths: Sequence[Labels], patch: int) -> Split:
    """Choose the guard of a split, and leave out the blocks of which nothing teaches any more.

    The widest one counts that costs at most a tenth of the truth that teaches (a quarter where
    that is more than four million pixels), and of no class more than a quarter: a patch's side,
    or half of it again and again, down to six pixels and to none.

    Parameters
    ----------
    parts : Split
        Which blocks teach and test.
    truths : sequence of (Y, X) ndarray of integer
        Class numbers, -1 where not checked.
    patch : int
        Side of a patch in pixels.

    Returns
    -------
    Split
        With its guard.
    """
    if not parts.test:
        return parts
    widths = _widths(patch)
    lost = _lost(parts, truths, widths)
    teach = lost.sum(0)
    share = COST_OF_PLENTY if teach.sum() > PLENTY else COST
    for place, guard in enumerate(widths):
        cost = lost[place:-1].sum(0)  # rows: within the widest only, ..., within the narrowest
        if cost.sum() <= share * teach.sum() and (cost <= MOST_OF_A_CLASS * teach).all():
            return _guarded(parts, truths, guard)
    return parts


def blank(truths: Sequence[Labels], parts: Split) -> tuple[Labels, ...]:
    """Return the truth without test blocks and the guard around them.

    Parameters
    ----------
    truths : sequence of (Y, X) ndarray of integer
        Class numbers, -1 where not checked.
    parts : Split
        With its guard.

    Returns
    -------
    tuple of (Y, X) ndarray of integer
        Copies.
    """
    taught = tuple(truth.copy() for truth in truths)
    for number, truth in enumerate(taught):
        for block in parts.tests_beside(number):
            truth[_around(block, parts.guard)] = UNKNOWN
    return taught


def _guarded(parts: Split, truths: Sequence[Labels], guard: int) -> Split:
    taught = blank(truths, replace(parts, guard=guard))
    kept = (b for b in parts.teach if (taught[b.image][b.window] != UNKNOWN).any())
    return replace(parts, teach=tuple(kept), guard=guard)


def _widths(patch: int) -> list[int]:
    """Return the guards to try, widest first."""
    widths = [patch]
    while widths[-1] // 2 >= NARROWEST:
        widths.append(widths[-1] // 2)
    return widths


def _lost(parts: Split, truths: Sequence[Labels], widths: list[int]) -> NDArray[np.int64]:
    """Count the truth that teaches, by the narrowest guard it lies in and by class.

    The last row is what lies in none.
    """
    classes = max((int(truth.max()) + 1 for truth in truths if truth.size), default=0)
    rows = len(widths) + 1
    counts = np.zeros((rows, classes), np.int64)
    for number, truth in enumerate(truths):
        within = _rings(truth.shape, list(parts.tests_beside(number)), widths)
        known = (truth != UNKNOWN) & (within < rows)
        places = within[known].astype(np.int64) * classes + truth[known]
        counts += np.bincount(places, minlength=rows * classes).reshape(rows, classes)
    return counts


def _rings(shape: tuple[int, ...], tests: list[Block], widths: list[int]) -> NDArray[np.uint8]:
    """Return the narrowest guard that each pixel lies in, by its place; test blocks one more."""
    within = np.full(shape, len(widths), np.uint8)
    for place, width in enumerate(widths):
        for block in tests:
            within[_around(block, width)] = place
    for block in tests:
        within[block.window] = len(widths) + 1
    return within


def _around(block: Block, guard: int) -> tuple[slice, slice]:
    rows, columns = block.rows, block.columns
    return (
        slice(max(0, rows[0] - guard), rows[1] + guard),
        slice(max(0, columns[0] - guard), columns[1] + guard),
    )
