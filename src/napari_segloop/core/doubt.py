"""How unsure a network is at each pixel and around it, on its device; and how likely it is wrong.

Boxes are summed by doubling, which costs a few additions a pixel whatever their size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from napari_segloop.core.errormodel import BOXES, FLOOR

if TYPE_CHECKING:
    from collections.abc import Sequence


def doubts_of(uncertainty: Tensor) -> Tensor:
    """Return the logarithm of the odds of being wrong, at each pixel and in boxes around it.

    Parameters
    ----------
    uncertainty : (Y, X) Tensor of float32
        One minus the largest probability.

    Returns
    -------
    (3, Y, X) Tensor of float32
        Of the pixel and of the means over 5 and 17 pixels; boxes end at the edge.
    """
    means = [uncertainty, *(box_mean(uncertainty, side) for side in BOXES)]
    return torch.logit(torch.stack(means), FLOOR)


def error_probability(uncertainty: Tensor, numbers: Sequence[float]) -> Tensor:
    """Return how likely each label is wrong.

    Parameters
    ----------
    uncertainty : (Y, X) Tensor of float32
        One minus the largest probability.
    numbers : sequence of float
        Offset, and weights of the three doubts.

    Returns
    -------
    (Y, X) Tensor of float32
        From 0 to 1.
    """
    offset, *weights = numbers
    log_odds = torch.full_like(uncertainty, offset)
    for weight, doubt in zip(weights, doubts_of(uncertainty), strict=True):
        log_odds.add_(doubt, alpha=weight)
    return log_odds.sigmoid_()


def box_mean(values: Tensor, side: int) -> Tensor:
    """Average over the box around each pixel, as much of it as lies in the plane.

    Parameters
    ----------
    values : (Y, X) Tensor of float32
        Any.
    side : int
        Odd number of pixels.

    Returns
    -------
    (Y, X) Tensor of float32
        The means.

    Examples
    --------
    >>> box_mean(torch.tensor([[0.0, 3.0, 6.0, 0.0]]), 3)
    tensor([[1.5000, 3.0000, 3.0000, 3.0000]])
    """
    sums = _box_sum(_box_sum(values, side, 0), side, 1)
    lengths = [_box_sum(torch.ones(n, device=values.device), side, 0) for n in values.shape]
    return sums / (lengths[0][:, None] * lengths[1])


def _box_sum(values: Tensor, side: int, axis: int) -> Tensor:
    """Add up ``side`` neighbours along an axis: windows of twice the length, and what is left."""
    half = side // 2
    ends = [0, 0] * (values.ndim - 1 - axis) + [half, half]
    padded = functional.pad(values, ends)
    length = values.shape[axis]
    window, width = padded, 1
    parts, done = list[Tensor](), 0
    left = side
    while left:
        if left & 1:
            parts.append(window.narrow(axis, done, length))
            done += width
        left >>= 1
        if left:
            kept = window.shape[axis] - width
            window = window.narrow(axis, 0, kept) + window.narrow(axis, width, kept)
            width *= 2
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total
