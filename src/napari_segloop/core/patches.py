"""Training patches: where they are cut, and how their geometry is varied.

A patch is resampled straight from the image, turned and magnified at random, from a pyramid so
that shrinking does not alias. Grey values are varied in :mod:`napari_segloop.core.augment`. The
module does not know the network.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from napari_segloop.core.holdout import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_segloop.core.images import Float, Labels
    from napari_segloop.core.ranges import Range

CELL = 16  # pixels; checked and foreground places are kept on this grid
LEVELS = 3
FOREGROUND_SHARE = 1 / 3  # of the patches are centred on something, if there is anything
MAGNIFICATION = (0.5, 2.0)
REACHED = 0.9  # of the circle in a patch, in which it holds what it was cut for


@dataclass(frozen=True, slots=True)
class Batch:
    """Patches to learn from.

    Parameters
    ----------
    images : (B, C, Y, X) Tensor of float32
        Normalised.
    truth : (B, Y, X) Tensor of int64
        Class numbers, -1 where not checked.
    """

    images: Tensor
    truth: Tensor


class TeachingImage:
    """One training image, ready to be cut into patches.

    Parameters
    ----------
    image : (C, Y, X) ndarray of float32
        Normalised.
    truth : (Y, X) ndarray of integer
        Class numbers, -1 where nothing is taught.
    numbers : Range
        How its normalisation may be varied.
    device : torch.device
        Where patches are cut.
    """

    def __init__(self, image: Float, truth: Labels, numbers: Range, device: torch.device) -> None:
        self.numbers = numbers
        self.levels = _pyramid(torch.from_numpy(image)[None].to(device))
        self.truth = torch.from_numpy(truth.astype(np.float32))[None, None].to(device)
        self.shape = truth.shape
        self._checked = _cell_weights(truth != UNKNOWN)
        self._foreground = _cell_weights(truth > 0)

    @property
    def checked_pixels(self) -> float:
        """Number of pixels that teach."""
        return float(self._checked.sum())

    def place(self, rng: np.random.Generator, reach: float) -> tuple[float, float]:
        """Draw a patch centre near something that teaches.

        Parameters
        ----------
        rng : numpy Generator
            Source of chance.
        reach : float
            Half a patch's side in image pixels; the centre is shifted by up to half of it.

        Returns
        -------
        tuple of float
            Row and column, moved so that the patch stays inside the image where it fits and what
            it was cut for stays inside the patch, however that is turned.
        """
        prefer = self._foreground.any() and rng.random() < FOREGROUND_SHARE
        weights = self._foreground if prefer else self._checked
        cumulative = np.cumsum(weights.ravel())
        cell = int(np.searchsorted(cumulative, rng.random() * cumulative[-1], side="right"))
        corner = np.array(np.unravel_index(min(cell, weights.size - 1), weights.shape)) * CELL
        target = (corner + rng.uniform(0, CELL, 2)).clip(max=self.shape)
        wanted = target + rng.uniform(-reach / 2, reach / 2, 2)
        inside = [_inside(float(c), n, reach) for c, n in zip(wanted, self.shape, strict=True)]
        away = np.array(inside) - target
        row, column = target + away * min(1.0, REACHED * reach / max(float(np.hypot(*away)), 1e-9))
        return float(row), float(column)


class PatchSampler:
    """Draws batches; the same seed draws the same ones.

    Parameters
    ----------
    images : sequence of TeachingImage
        At least one with something to teach.
    side : int
        Patch side in pixels.
    count : int
        Patches in a batch.
    seed : int
        Of all chance.
    """

    def __init__(self, images: Sequence[TeachingImage], side: int, count: int, seed: int) -> None:
        self._images = [image for image in images if image.checked_pixels]
        self._side, self._count = side, count
        self._rng = np.random.default_rng(seed)
        shares = np.sqrt([image.checked_pixels for image in self._images])
        self._shares = shares / shares.sum()

    def draw(self) -> Batch:
        """Cut the next batch.

        Returns
        -------
        Batch
            Magnified by half to double and turned by any angle, half of them mirrored.
        """
        chosen = self._rng.choice(len(self._images), size=self._count, p=self._shares)
        cut = [self._cut(self._images[i]) for i in chosen]
        images, truths = zip(*cut, strict=True)
        return Batch(torch.cat(images), torch.cat(truths)[:, 0].long())

    def _cut(self, image: TeachingImage) -> tuple[Tensor, Tensor]:
        low, high = np.log(MAGNIFICATION)
        magnification = math.exp(self._rng.uniform(low, high))
        reach = self._side / 2 / magnification
        centre = image.place(self._rng, reach)
        lattice = self._lattice(image, centre, reach)
        level = min(int(max(0.0, -math.log2(magnification) + 0.5)), LEVELS - 1)
        pixels = _resample(image.levels[level], lattice, "bilinear")
        return self._renormalise(pixels, image), _resample(image.truth, lattice, "nearest")

    def _renormalise(self, pixels: Tensor, image: TeachingImage) -> Tensor:
        """Normalise as if the image had come with other images, or alone."""
        change = image.numbers.change(self._rng.random())
        if change is None:
            return pixels
        gain, offset = (torch.from_numpy(part).to(pixels.device) for part in change)
        return pixels * gain + offset

    def _lattice(self, image: TeachingImage, centre: tuple[float, float], reach: float) -> Tensor:
        """Return where each pixel of the patch lies, in torch's coordinates of -1 to 1."""
        angle, mirror = self._rng.uniform(0, 2 * math.pi), self._rng.choice([-1.0, 1.0])
        turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        matrix = turn @ np.diag([mirror, 1.0]) * reach  # columns, rows
        size = np.array([image.shape[1], image.shape[0]], float)
        affine = np.column_stack([matrix, np.array(centre[::-1]) - size / 2]) * 2 / size[:, None]
        theta = torch.tensor(affine[None], dtype=torch.float32, device=image.truth.device)
        return functional.affine_grid(theta, [1, 1, self._side, self._side], align_corners=False)


def _inside(centre: float, length: int, reach: float) -> float:
    reach = min(reach, length / 2)
    return min(max(centre, reach), length - reach)


def _resample(values: Tensor, lattice: Tensor, mode: str) -> Tensor:
    return functional.grid_sample(
        values, lattice, mode=mode, padding_mode="reflection", align_corners=False
    )


def _pyramid(image: Tensor) -> list[Tensor]:
    levels = [image]
    while len(levels) < LEVELS and min(levels[-1].shape[-2:]) > 1:
        levels.append(functional.avg_pool2d(levels[-1], 2, ceil_mode=True, count_include_pad=False))
    return levels + levels[-1:] * (LEVELS - len(levels))


def _cell_weights(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    rows, columns = (-(-n // CELL) * CELL for n in mask.shape)
    padded = np.zeros((rows, columns), bool)
    padded[: mask.shape[0], : mask.shape[1]] = mask
    cells = padded.reshape(rows // CELL, CELL, columns // CELL, CELL)
    return np.asarray(cells.sum((1, 3), dtype=np.int64))
