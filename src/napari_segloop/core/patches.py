"""Training patches: how they are cut, and how their geometry is varied.

A patch is resampled straight from the image, turned and magnified at random, from a pyramid so
that shrinking does not alias. Images lie on the device; a batch sends it a few numbers and waits
for nothing. Where patches are cut is decided in :mod:`napari_segloop.core.places`, grey values
are varied in :mod:`napari_segloop.core.augment`. The module does not know the network.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from napari_segloop.core.transfers import send

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_segloop.core.images import Float, Labels
    from napari_segloop.core.places import Places
    from napari_segloop.core.ranges import Range

LEVELS = 3
COARSEST = 2 ** (LEVELS - 1)  # pixels that become one; images are padded to a multiple of it
MAGNIFICATION = (0.5, 2.0)
ANGLE = 2 * math.pi  # patches are turned by up to
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
        beyond = [part for length in truth.shape[::-1] for part in (0, -length % COARSEST)]
        padded = functional.pad(torch.from_numpy(image)[None].to(device), beyond, "replicate")
        answers = torch.from_numpy(truth.astype(np.float32))[None, None].to(device)
        self.levels = _pyramid(padded)
        self.truth = functional.pad(answers, beyond, "replicate")
        self.shape = (self.truth.shape[-2], self.truth.shape[-1])
        gain = np.ones((len(image), 1, 1), np.float32)
        self.unchanged = gain, 0 * gain


@dataclass(frozen=True, slots=True)
class _Cut:
    """One patch to be: its image and level, where its pixels lie, how they are renormalised."""

    image: TeachingImage
    level: int
    affine: NDArray[np.float32]
    gain: NDArray[np.float32]
    offset: NDArray[np.float32]


class PatchSampler:
    """Draws batches; the same seed draws the same ones.

    Parameters
    ----------
    images : sequence of TeachingImage
        On one device.
    places : Places
        Of these images.
    side : int
        Patch side in pixels.
    count : int
        Patches in a batch.
    seed : int
        Of all chance.
    """

    def __init__(
        self, images: Sequence[TeachingImage], places: Places, side: int, count: int, seed: int
    ) -> None:
        self._images, self._places = images, places
        self._side, self._count = side, count
        self._rng = np.random.default_rng(seed)

    def draw(self) -> Batch:
        """Cut the next batch.

        Returns
        -------
        Batch
            Magnified by half to double and turned by any angle, half of them mirrored.
        """
        cuts = [self._cut() for _ in range(self._count)]
        affine, gain, offset = (
            send(np.stack([getattr(cut, name) for cut in cuts]), self._images[0].truth.device)
            for name in ("affine", "gain", "offset")
        )
        size = [self._count, 1, self._side, self._side]
        lattices = torch.split(functional.affine_grid(affine, size, align_corners=False), 1)
        pairs = list(zip(cuts, lattices, strict=True))
        pixels = [_resample(cut.image.levels[cut.level], grid, "bilinear") for cut, grid in pairs]
        truths = [_resample(cut.image.truth, grid, "nearest") for cut, grid in pairs]
        return Batch(torch.cat(pixels) * gain + offset, torch.cat(truths)[:, 0].long())

    def _cut(self) -> _Cut:
        """Draw a patch; its normalisation is as if the image had come with others, or alone."""
        low, high = np.log(MAGNIFICATION)
        magnification = math.exp(self._rng.uniform(low, high))
        place, target = self._places.draw(self._rng)
        image, reach = self._images[place], self._side / 2 / magnification
        affine = self._affine(image.shape, self._centre(target, image.shape, reach), reach)
        level = min(int(max(0.0, -math.log2(magnification) + 0.5)), LEVELS - 1)
        change = image.numbers.change(self._rng.random()) or image.unchanged
        return _Cut(image, level, affine, *change)

    def _centre(
        self, target: NDArray[np.float64], shape: tuple[int, ...], reach: float
    ) -> NDArray[np.float64]:
        """Return a patch's centre: away from its target by up to half of its reach.

        It is moved so that the patch stays inside the image where it fits, and the target inside
        the patch, however that is turned.
        """
        wanted = target + self._rng.uniform(-reach / 2, reach / 2, 2)
        margin = np.minimum(reach, np.array(shape) / 2)
        away = wanted.clip(margin, np.array(shape) - margin) - target
        length = max(float(np.hypot(*away)), 1e-9)
        centre: NDArray[np.float64] = target + away * min(1.0, REACHED * reach / length)
        return centre

    def _affine(
        self, shape: tuple[int, ...], centre: NDArray[np.float64], reach: float
    ) -> NDArray[np.float32]:
        """Return where the pixels of the patch lie, in torch's coordinates of -1 to 1."""
        angle, mirror = self._rng.uniform(0, ANGLE), self._rng.choice([-1.0, 1.0])
        turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        matrix = turn @ np.diag([mirror, 1.0]) * reach  # columns, rows
        size = np.array([shape[1], shape[0]], float)
        affine = np.column_stack([matrix, centre[::-1] - size / 2]) * 2 / size[:, None]
        return np.asarray(affine, np.float32)


def _resample(values: Tensor, lattice: Tensor, mode: str) -> Tensor:
    return functional.grid_sample(
        values, lattice, mode=mode, padding_mode="reflection", align_corners=False
    )


def _pyramid(image: Tensor) -> list[Tensor]:
    levels = [image]
    while len(levels) < LEVELS:
        levels.append(functional.avg_pool2d(levels[-1], 2))
    return levels
