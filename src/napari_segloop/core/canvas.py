"""Full-size results of one plane, filled tile by tile from logits reduced on their device."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from napari_segloop.core.doubt import error_probability

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from napari_segloop.core.images import Mask
    from napari_segloop.core.prediction import Wanted
    from napari_segloop.core.tiling import Tile


class Canvas:
    """Full-size results, uint8 only; tiles are reduced into it.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns of the image.
    outputs : int
        Classes, at most 256.
    wanted : Wanted
        What to keep beside the labels.

    Attributes
    ----------
    labels : (Y, X) ndarray of uint8
        Class numbers.
    uncertainty : (Y, X) ndarray of uint8 or None
        Error probability times 255.
    probabilities : (K, Y, X) ndarray of uint8 or None
        Of the classes, times 255.
    unknown : (Y, X) ndarray of bool or None
        Pixels without a number; None where each has one.
    """

    def __init__(self, shape: tuple[int, int], outputs: int, wanted: Wanted) -> None:
        self.labels = np.zeros(shape, np.uint8)
        self.uncertainty = np.zeros(shape, np.uint8) if wanted.uncertainty else None
        self.probabilities = np.zeros((outputs, *shape), np.uint8) if wanted.probabilities else None
        self.unknown: Mask | None = None

    def put(
        self,
        tile: Tile,
        known: Mask,
        logits: Tensor,
        temperature: float,
        numbers: Sequence[float] | None = None,
    ) -> None:
        """Reduce a tile's logits on its device and keep labels and probabilities.

        Parameters
        ----------
        tile : Tile
            Where.
        known : (y, x) ndarray of bool
            Which of the pixels that the tile owns hold a number.
        logits : (K, h, w) Tensor
            Of all that was read for the tile.
        temperature : float
            Divides the logits.
        numbers : sequence of float, optional
            Turn doubt into error probability (`core.errormodel`).
        """
        window, inside = tile.owned, tile.inside
        labels, uncertainty = reduce_logits(logits, temperature, numbers)
        self.labels[window] = labels[inside].cpu().numpy()
        if self.uncertainty is not None:
            self.uncertainty[window] = uncertainty[inside].cpu().numpy()
        if self.probabilities is not None:
            shares = (logits[:, *inside].float() / temperature).softmax(0)
            if numbers is not None:
                shares = with_doubt(shares, labels[inside], uncertainty[inside])
            self.probabilities[:, *window] = to_bytes(shares).cpu().numpy()
        if not known.all():
            self._clear(window, ~known)

    def _clear(self, window: tuple[slice, slice], unknown: Mask) -> None:
        """Pixels without a number are an excluded area: background, and not uncertain."""
        if self.unknown is None:
            self.unknown = np.zeros(self.labels.shape, bool)
        self.unknown[window] = unknown
        self.labels[window][unknown] = 0
        if self.uncertainty is not None:
            self.uncertainty[window][unknown] = 0
        if self.probabilities is not None:
            self.probabilities[:, *window][:, unknown] = 0
            self.probabilities[0, *window][unknown] = 255


def reduce_logits(
    logits: Tensor, temperature: float, numbers: Sequence[float] | None = None
) -> tuple[Tensor, Tensor]:
    """Turn logits into labels and the probability that each label is wrong.

    Parameters
    ----------
    logits : (K, Y, X) Tensor
        Any precision, on any device.
    temperature : float
        Divides the logits.
    numbers : sequence of float, optional
        Turn doubt into error probability (`core.errormodel`).

    Returns
    -------
    labels : (Y, X) Tensor of uint8
        Position of the largest logit.
    uncertainty : (Y, X) Tensor of uint8
        255 times the error probability: one minus the largest probability without numbers.
    """
    values = logits.float()
    top, labels = values.max(0)
    total = ((values - top) / temperature).exp_().sum(0)
    doubt = 1 - 1 / total
    if numbers is not None:
        doubt = error_probability(doubt, numbers)
    return labels.to(torch.uint8), to_bytes(doubt)


def with_doubt(shares: Tensor, labels: Tensor, uncertainty: Tensor) -> Tensor:
    """Return probabilities that agree with an error probability; the label stays the likeliest.

    Parameters
    ----------
    shares : (K, Y, X) Tensor of float32
        Probabilities; they sum to 1.
    labels, uncertainty : (Y, X) Tensor of uint8
        The likeliest class, and the error probability times 255.

    Returns
    -------
    (K, Y, X) Tensor of float32
        The label has what is left of the error probability; what others share of it they keep.

    Examples
    --------
    >>> shares = torch.tensor([[[0.8]], [[0.15]], [[0.05]]])
    >>> label, doubt = torch.tensor([[0]], dtype=torch.uint8), torch.tensor([[102]])
    >>> with_doubt(shares, label, doubt).flatten()
    tensor([0.6000, 0.3000, 0.1000])
    """
    place = labels[None].long()
    others = shares.scatter(0, place, 0.0)
    others /= others.sum(0).clamp_min(1e-12)
    doubt = torch.minimum(uncertainty / 255, 1 / (1 + others.amax(0)))
    return (others * doubt).scatter(0, place, (1 - doubt)[None])


def to_bytes(probabilities: Tensor) -> Tensor:
    """Return probabilities as bytes.

    Parameters
    ----------
    probabilities : Tensor
        From 0 to 1.

    Returns
    -------
    Tensor of uint8
        Times 255, rounded.
    """
    return (probabilities * 255).round_().to(torch.uint8)
