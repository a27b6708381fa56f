"""What training minimises: cross-entropy and Dice, on checked pixels only."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

UNKNOWN = -1


def segmentation_loss(logits: Tensor, truth: Tensor) -> Tensor:
    """Return cross-entropy plus one minus the Dice score, each over the whole batch.

    Both are 0 in value and gradient when nothing in the batch is checked. Dice is averaged over
    the classes that occur in the truth or the probabilities of the batch.

    Parameters
    ----------
    logits : (B, K, Y, X) Tensor
        Any precision; computed in float32.
    truth : (B, Y, X) Tensor of int64
        Class numbers, -1 where not checked.

    Returns
    -------
    Tensor
        A scalar.

    References
    ----------
    Milletari et al., V-Net (2016), https://doi.org/10.1109/3DV.2016.79
    """
    values = logits.float()
    known = truth != UNKNOWN
    count = known.sum().clamp(min=1)
    entropy = functional.cross_entropy(values, truth, ignore_index=UNKNOWN, reduction="sum")
    return entropy / count + (1 - soft_dice(values, truth, known)) * known.any()


def soft_dice(values: Tensor, truth: Tensor, known: Tensor) -> Tensor:
    """Return the Dice score of probabilities, averaged over classes.

    Parameters
    ----------
    values : (B, K, Y, X) Tensor of float32
        Logits.
    truth : (B, Y, X) Tensor of int64
        Class numbers; any where not known.
    known : (B, Y, X) Tensor of bool
        Which pixels count.

    Returns
    -------
    Tensor
        A scalar from 0 to 1.
    """
    probabilities = values.softmax(1) * known[:, None]
    classes = torch.arange(values.shape[1], device=truth.device)[:, None, None]
    wanted = (truth[:, None] == classes) & known[:, None]
    both = (probabilities * wanted).sum((0, 2, 3))
    total = probabilities.sum((0, 2, 3)) + wanted.sum((0, 2, 3))
    return torch.mean((2 * both + 1) / (total + 1))
