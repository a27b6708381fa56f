"""Where training patches are cut: around the newest corrections, on foreground, anywhere checked.

Places are kept on a grid of small cells. Which classes there are, how much is checked and what is
new all count; pixels and patches are :mod:`napari_segloop.core.patches`' concern. Torch-free.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.holdout import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from napari_segloop.core.holdout import Block
    from napari_segloop.core.images import Labels, Mask

CELL = 16  # pixels
NEWEST_SHARE = 1 / 2  # of the places are around what is new, if anything is
FOREGROUND_SHARE = 1 / 3  # of the places are on something, if there is anything
CLASS_POWER = 0.0  # a class is drawn by its pixels to this power: 0 all alike, 1 as they occur


class Places:
    """Draws what patches are cut for.

    Half of the places are around the newest corrections, a third on foreground, where each class
    has the same chance however rare it is, and the rest on all that is checked. Without anything
    new, or with nothing old, those of the first kind are drawn as the rest.

    Parameters
    ----------
    truths : sequence of (Y, X) ndarray of integer
        Class numbers, -1 where nothing is taught; something in at least one of them is.
    newest : sequence of Block
        Where the truth is new.
    """

    def __init__(self, truths: Sequence[Labels], newest: Sequence[Block] = ()) -> None:
        known = [truth != UNKNOWN for truth in truths]
        self._checked = _Pool(known)
        self._newest = _Pool(_inside(known, newest))
        occurring = np.unique(np.concatenate([np.unique(truth) for truth in truths]))
        self._classes = [_Pool(truth == c for truth in truths) for c in occurring[occurring > 0]]
        shares = np.array([pool.pixels for pool in self._classes], float) ** CLASS_POWER
        self._class_shares = shares / shares.sum()

    def draw(self, rng: np.random.Generator) -> tuple[int, NDArray[np.float64]]:
        """Draw a place.

        Parameters
        ----------
        rng : numpy Generator
            Source of chance.

        Returns
        -------
        int
            Position of the image.
        (2,) ndarray of float64
            Row and column of a point, at most a cell away from what it was drawn for.
        """
        return self._pool(rng).draw(rng)

    def _pool(self, rng: np.random.Generator) -> _Pool:
        kind = rng.random()
        if self._classes and kind < FOREGROUND_SHARE:
            return self._classes[rng.choice(len(self._classes), p=self._class_shares)]
        is_replay = kind >= FOREGROUND_SHARE + NEWEST_SHARE
        has_both = 0 < self._newest.pixels < self._checked.pixels
        return self._newest if has_both and not is_replay else self._checked


@dataclass(frozen=True, slots=True)
class _Cells:
    """The cells of one image in which a mask is set, and how many of its pixels each holds."""

    shape: tuple[int, ...]
    corners: NDArray[np.int64]
    upto: NDArray[np.int64]

    @property
    def pixels(self) -> int:
        return int(self.upto[-1]) if self.upto.size else 0

    def draw(self, rng: np.random.Generator) -> NDArray[np.float64]:
        cell = np.searchsorted(self.upto, rng.integers(self.pixels), side="right")
        point: NDArray[np.float64] = self.corners[cell] + rng.uniform(0, CELL, 2)
        return point.clip(max=self.shape)


class _Pool:
    """Places of one kind; images are drawn by the root of how many pixels of the kind they have."""

    def __init__(self, masks: Iterable[Mask]) -> None:
        self._cells = [_cells(mask) for mask in masks]
        self.pixels = sum(cells.pixels for cells in self._cells)
        shares = np.sqrt([cells.pixels for cells in self._cells])
        self._shares = shares / max(1.0, shares.sum())

    def draw(self, rng: np.random.Generator) -> tuple[int, NDArray[np.float64]]:
        image = int(rng.choice(len(self._cells), p=self._shares))
        return image, self._cells[image].draw(rng)


def _inside(known: Sequence[Mask], blocks: Sequence[Block]) -> list[Mask]:
    """Return what is known inside some blocks."""
    masks = [np.zeros_like(mask) for mask in known]
    for block in blocks:
        masks[block.image][block.window] = known[block.image][block.window]
    return masks


def _cells(mask: Mask) -> _Cells:
    rows, columns = (-(-n // CELL) * CELL for n in mask.shape)
    padded = np.zeros((rows, columns), bool)
    padded[: mask.shape[0], : mask.shape[1]] = mask
    counts = padded.reshape(rows // CELL, CELL, columns // CELL, CELL).sum((1, 3), dtype=np.int64)
    held = np.nonzero(counts)
    return _Cells(mask.shape, np.column_stack(held) * CELL, np.cumsum(counts[held]))
