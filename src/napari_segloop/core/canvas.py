"""Full-size results of one plane, filled tile by tile from logits reduced on their device."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
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
    """

    def __init__(self, shape: tuple[int, int], outputs: int, wanted: Wanted) -> None:
        self.labels = np.zeros(shape, np.uint8)
        self.uncertainty = np.zeros(shape, np.uint8) if wanted.uncertainty else None
        self.probabilities = np.zeros((outputs, *shape), np.uint8) if wanted.probabilities else None

    def put(self, tile: Tile, known: Mask, logits: Tensor, temperature: float) -> None:
        """Reduce a tile's logits on its device and keep labels and probabilities.

        Parameters
        ----------
        tile : Tile
            Where.
        known : (y, x) ndarray of bool
            Which of the pixels that the tile owns hold a number.
        logits : (K, y, x) Tensor
            Of the pixels that the tile owns.
        temperature : float
            Divides the logits.
        """
        r, c = tile.rows, tile.columns
        window = slice(r.own_start, r.own_stop), slice(c.own_start, c.own_stop)
        labels, uncertainty = reduce_logits(logits, temperature)
        self.labels[window] = labels.cpu().numpy()
        if self.uncertainty is not None:
            self.uncertainty[window] = uncertainty.cpu().numpy()
        if self.probabilities is not None:
            self.probabilities[:, *window] = _to_bytes(
                (logits.float() / temperature).softmax(0)
            ).cpu().numpy()  # fmt: skip
        if not known.all():
            self._clear(window, ~known)

    def _clear(self, window: tuple[slice, slice], unknown: Mask) -> None:
        """Pixels without a number are an excluded area: background, and not uncertain."""
        self.labels[window][unknown] = 0
        if self.uncertainty is not None:
            self.uncertainty[window][unknown] = 0
        if self.probabilities is not None:
            self.probabilities[:, *window][:, unknown] = 0
            self.probabilities[0, *window][unknown] = 255


def reduce_logits(logits: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """Turn logits into labels and the probability that each label is wrong.

    Parameters
    ----------
    logits : (K, Y, X) Tensor
        Any precision, on any device.
    temperature : float
        Divides the logits.

    Returns
    -------
    labels : (Y, X) Tensor of uint8
        Position of the largest logit.
    uncertainty : (Y, X) Tensor of uint8
        255 times one minus the largest probability.
    """
    values = logits.float()
    top, labels = values.max(0)
    total = ((values - top) / temperature).exp_().sum(0)
    return labels.to(torch.uint8), _to_bytes(1 - 1 / total)


def _to_bytes(probabilities: Tensor) -> Tensor:
    return (probabilities * 255).round_().to(torch.uint8)
