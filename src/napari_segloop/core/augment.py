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


def vary(images: Tensor, generator: torch.Generator) -> Tensor:
    """Return the patches under other light, focus and noise.

    Parameters
    ----------
    images : (B, C, Y, X) Tensor of float32
        Normalised patches.
    generator : torch.Generator
        Source of chance, on the CPU.

    Returns
    -------
    (B, C, Y, X) Tensor of float32
        New patches; no pixel is moved.
    """
    chance = _Chance(len(images), generator, images.device)
    images = _bend(images, chance.uniform(-CURVE, CURVE).exp())
    images = _blur_some(images, chance)
    images = images + _shading(images, chance) * chance.uniform(0, SHADING)
    images = images * chance.uniform(-CONTRAST, CONTRAST).exp()
    images = images + chance.uniform(-CONTRAST, CONTRAST)
    return images + chance.normal(images.shape) * chance.uniform(0, NOISE)


class _Chance:
    """Random numbers per patch, drawn on the CPU so that every device sees the same."""

    def __init__(self, count: int, generator: torch.Generator, device: torch.device) -> None:
        self._count, self._generator, self._device = count, generator, device

    def uniform(self, low: float, high: float) -> Tensor:
        drawn = torch.rand(self._count, 1, 1, 1, generator=self._generator)
        return (low + (high - low) * drawn).to(self._device)

    def normal(self, shape: torch.Size | tuple[int, ...]) -> Tensor:
        return torch.randn(shape, generator=self._generator).to(self._device)


def _bend(images: Tensor, exponent: Tensor) -> Tensor:
    """Apply a power law between each channel's darkest and brightest value."""
    low, high = images.amin((2, 3), keepdim=True), images.amax((2, 3), keepdim=True)
    span = (high - low).clamp(min=1e-6)
    return ((images - low) / span).clamp(min=1e-4) ** exponent * span + low


def _shading(images: Tensor, chance: _Chance) -> Tensor:
    coarse = chance.normal((len(images), 1, 4, 4))
    return functional.interpolate(coarse, size=images.shape[-2:], mode="bicubic")


def _blur_some(images: Tensor, chance: _Chance) -> Tensor:
    chosen = chance.uniform(0, 1).flatten() < BLUR_SHARE
    sigmas = chance.uniform(*BLUR_SIGMA).flatten()
    blurred = [
        _blur(image[None], float(sigma)) if blur else image[None]
        for image, sigma, blur in zip(images, sigmas, chosen, strict=True)
    ]
    return torch.cat(blurred)


def _blur(image: Tensor, sigma: float) -> Tensor:
    reach = min(int(3 * sigma + 0.5), min(image.shape[-2:]) - 1)
    offsets = torch.arange(-reach, reach + 1, dtype=torch.float32, device=image.device)
    kernel = torch.exp(-(offsets**2) / (2 * sigma**2))
    kernel = (kernel / kernel.sum()).expand(image.shape[1], 1, -1)
    padded = functional.pad(image, (reach, reach, reach, reach), mode="reflect")
    rows = functional.conv2d(padded, kernel[..., None], groups=image.shape[1])
    return functional.conv2d(rows, kernel[:, :, None], groups=image.shape[1])
