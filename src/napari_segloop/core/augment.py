"""Vary the grey values of training patches the way microscopes do.

Exposure, contrast, response curve, uneven light, focus and noise differ between samples and days
more than within the few images that a user labels. All in batches, in torch. Which of them pay
is measured in docs/decisions; geometry is :mod:`napari_segloop.core.patches`' concern.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

CONTRAST = 0.2  # log range of the gain, and range of the offset in deviations
CURVE = 0.3  # log range of the exponent
SHADING = 0.2  # deviations
NOISE = 0.15  # deviations
BLUR_SHARE = 0.2
BLUR_SIGMA = (0.4, 1.6)  # pixels
NO_SIGMA = 0.01  # pixels; so narrow that nothing is blurred


def vary(images: Tensor, generator: torch.Generator) -> Tensor:
    """Return the patches under other light, focus and noise.

    Parameters
    ----------
    images : (B, C, Y, X) Tensor of float32
        Normalised patches.
    generator : torch.Generator
        Source of chance, on the device of the patches, which then draws without being waited for.

    Returns
    -------
    (B, C, Y, X) Tensor of float32
        New patches; no pixel is moved.
    """
    chance = _Chance(len(images), generator)
    images = _bend(images, chance.uniform(-CURVE, CURVE).exp())
    images = _blur_some(images, chance)
    images = images + _shading(images, chance) * chance.uniform(0, SHADING)
    images = images * chance.uniform(-CONTRAST, CONTRAST).exp()
    images = images + chance.uniform(-CONTRAST, CONTRAST)
    return images + chance.normal(images.shape) * chance.uniform(0, NOISE)


class _Chance:
    """Random numbers per patch."""

    def __init__(self, count: int, generator: torch.Generator) -> None:
        self._count, self._generator = count, generator

    def uniform(self, low: float, high: float) -> Tensor:
        shape = (self._count, 1, 1, 1)
        drawn = torch.rand(shape, generator=self._generator, device=self._generator.device)
        return low + (high - low) * drawn

    def normal(self, shape: torch.Size | tuple[int, ...]) -> Tensor:
        return torch.randn(shape, generator=self._generator, device=self._generator.device)


def _bend(images: Tensor, exponent: Tensor) -> Tensor:
    """Apply a power law between each channel's darkest and brightest value."""
    low, high = images.amin((2, 3), keepdim=True), images.amax((2, 3), keepdim=True)
    span = (high - low).clamp(min=1e-6)
    return ((images - low) / span).clamp(min=1e-4) ** exponent * span + low


def _shading(images: Tensor, chance: _Chance) -> Tensor:
    coarse = chance.normal((len(images), 1, 4, 4))
    return functional.interpolate(coarse, size=images.shape[-2:], mode="bicubic")


def _blur_some(images: Tensor, chance: _Chance) -> Tensor:
    """Multiply rows and columns of each patch with a matrix of its own, for most of them unity."""
    sigma = chance.uniform(*BLUR_SIGMA)
    sigma = torch.where(chance.uniform(0, 1) < BLUR_SHARE, sigma, NO_SIGMA)
    height, width = images.shape[-2:]
    return _gaussian(sigma, height) @ images @ _gaussian(sigma, width).mT


def _gaussian(sigma: Tensor, length: int) -> Tensor:
    """Return a matrix (B, 1, length, length) that blurs an axis; at its ends it sees no further."""
    places = torch.arange(length, device=sigma.device)
    weights = torch.exp(-(((places - places[:, None]) / sigma) ** 2) / 2)
    return weights / weights.sum(-1, keepdim=True)
