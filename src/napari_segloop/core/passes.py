"""One pass of the network over a batch of tiles, or two where it is not sure: the choice, the mean.

The second pass sees the tile turned by half, which needs no other shape. Which tiles get one
depends on the tile alone and on a threshold that the model carries, so that any order and any
division of the work gives the same result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from napari_segloop.core.errormodel import ErrorModel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from torch import Tensor

    from napari_segloop.core.modelinfo import ModelInfo
    from napari_segloop.core.tiling import Tile

    Forward = Callable[[Tensor], Tensor]
    Numbers = Sequence[float] | None


def passes(
    forward: Forward, windows: Tensor, tiles: Sequence[Tile], info: ModelInfo, quality: str
) -> Iterator[tuple[Tensor, float, Numbers]]:
    """Predict a batch of tiles.

    Parameters
    ----------
    forward : callable
        The network, from windows to logits, on its device.
    windows : (B, C, h, w) Tensor of float32
        Normalised; may be more than the tiles.
    tiles : sequence of Tile
        That the first windows were read for.
    info : ModelInfo
        Temperature and error model.
    quality : {"fast", "careful"}
        One pass, or two where the first one is not sure.

    Yields
    ------
    logits : (K, h, w) Tensor
        Of a tile.
    temperature : float
        Divides them.
    numbers : sequence of float or None
        Turn doubt into error probability.
    """
    logits = forward(windows)
    second: Tensor | None = None
    for number, tile in enumerate(tiles):
        first = logits[number]
        if quality != "careful" or not _is_unsure(first[:, *tile.inside], info):
            yield first, info.temperature, _of_pixels(info, "fast")
            continue
        if second is None:
            second = turned(forward, windows)
        mean = mean_logits(first, second[number], info.temperature)
        yield mean, 1.0, _of_pixels(info, "careful")


def numbers_of(info: ModelInfo, quality: str) -> Numbers:
    """Return what turns doubt into error probability.

    Parameters
    ----------
    info : ModelInfo
        Of a model.
    quality : {"fast", "careful"}
        Of one pass, or of the mean of two.

    Returns
    -------
    sequence of float or None
        None for a model whose doubt counts as it is.
    """
    if info.errors is None:
        return None
    return info.errors.careful if quality == "careful" else info.errors.fast


def _of_pixels(info: ModelInfo, quality: str) -> Numbers:
    """Return the numbers for classes; the doubt of objects is known when they are separated."""
    return None if info.task == "objects" else numbers_of(info, quality)


def turned(forward: Forward, windows: Tensor) -> Tensor:
    """Predict windows turned by half, and turn the answer back.

    Parameters
    ----------
    forward : callable
        The network.
    windows : (B, C, h, w) Tensor
        Normalised.

    Returns
    -------
    (B, K, h, w) Tensor
        Logits.
    """
    return forward(windows.flip(-2, -1)).flip(-2, -1)


def mean_logits(first: Tensor, second: Tensor, temperature: float) -> Tensor:
    """Return the logarithm of the mean probabilities of two passes.

    Parameters
    ----------
    first, second : (K, y, x) Tensor
        Logits.
    temperature : float
        Divides them.

    Returns
    -------
    (K, y, x) Tensor of float32
        Logits of temperature 1.

    Examples
    --------
    >>> one, two = torch.tensor([[[0.0]], [[9.0]]]), torch.tensor([[[9.0]], [[0.0]]])
    >>> mean_logits(one, two, 1.0).softmax(0).flatten()
    tensor([0.5000, 0.5000])
    """
    both = [(logits.float() / temperature).log_softmax(0) for logits in (first, second)]
    return torch.logaddexp(*both)


def _is_unsure(logits: Tensor, info: ModelInfo) -> bool:
    doubt = 1 - (logits.float() / info.temperature).softmax(0).amax(0)
    return bool(doubt.mean() > (info.errors or ErrorModel()).careful_above)
