"""Weights as bytes: one scale for each output channel; what is small stays in full.

Counters and the last layer, which belongs to classes, are left out. The module knows neither
networks nor files.
"""

from __future__ import annotations

import torch
from torch import Tensor

Tensors = dict[str, Tensor]
LEVELS = 127  # of a signed byte, on each side of 0
SCALE = ".scale"
LEFT_OUT = ("segmentation_head.", ".num_batches_tracked")


def packed(state: Tensors) -> Tensors:
    """Return weights in a quarter of their size.

    Parameters
    ----------
    state : dict of str to Tensor
        `state_dict` of a network.

    Returns
    -------
    dict of str to Tensor
        Bytes and their scales (``NAME.scale``) for what has two axes or more, else float32.

    Raises
    ------
    ValueError
        When a weight is not finite.
    """
    found: Tensors = {}
    for name, tensor in state.items():
        if is_packed(name):
            found |= _packed(name, tensor.detach().cpu().float().contiguous())
    _check_finite(found)
    return found


def unpacked(tensors: Tensors, like: Tensors) -> Tensors:
    """Return weights in float32.

    Parameters
    ----------
    tensors : dict of str to Tensor
        As they lie in the file.
    like : dict of str to Tensor
        Names and shapes that are wanted.

    Returns
    -------
    dict of str to Tensor
        Of exactly those names and shapes.

    Raises
    ------
    ValueError
        When something is missing, unknown, of another shape or type, or not finite.
    """
    wanted = {key: form for name, w in like.items() for key, form in _forms(name, w)}
    if wanted.keys() != tensors.keys():
        msg = f"{len(wanted.keys() ^ tensors.keys())} weights missing or unknown"
        raise ValueError(msg)
    for name, form in wanted.items():
        if (tuple(tensors[name].shape), tensors[name].dtype) != form:
            msg = f"{name} has shape {tuple(tensors[name].shape)} and {tensors[name].dtype}"
            raise ValueError(msg)
    _check_finite(tensors)
    return {name: _unpacked(name, tensors) for name in like}


def is_packed(name: str) -> bool:
    """Say whether a weight is kept.

    Parameters
    ----------
    name : str
        As in a `state_dict`.

    Returns
    -------
    bool
        Not for counters and the last layer.
    """
    return not (name.startswith(LEFT_OUT[0]) or name.endswith(LEFT_OUT[1]))


def _packed(name: str, tensor: Tensor) -> Tensors:
    if tensor.ndim < 2:
        return {name: tensor}
    scale = tensor.flatten(1).abs().amax(1) / LEVELS
    steps = tensor / scale.clamp(min=torch.finfo(scale.dtype).tiny).view(-1, *_ones(tensor))
    return {name: steps.round().to(torch.int8), name + SCALE: scale}


def _unpacked(name: str, tensors: Tensors) -> Tensor:
    tensor = tensors[name]
    if tensor.ndim < 2:
        return tensor
    return tensor.float() * tensors[name + SCALE].view(-1, *_ones(tensor))


def _ones(tensor: Tensor) -> tuple[int, ...]:
    return (1,) * (tensor.ndim - 1)


def _forms(name: str, tensor: Tensor) -> list[tuple[str, tuple[tuple[int, ...], torch.dtype]]]:
    """Return what of a weight must lie in the file: names, shapes and types."""
    shape = tuple(tensor.shape)
    if tensor.ndim < 2:
        return [(name, (shape, torch.float32))]
    return [(name, (shape, torch.int8)), (name + SCALE, (shape[:1], torch.float32))]


def _check_finite(tensors: Tensors) -> None:
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
            msg = f"{name} is not finite"
            raise ValueError(msg)
