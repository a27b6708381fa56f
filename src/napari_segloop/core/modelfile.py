"""The model file: one safetensors file with one metadata key, never a pickle.

Reading checks every size and name before a network is built and never downloads. The module does
not know how a model was taught or is used.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError
from safetensors.torch import load, load_file, save
from torch import Tensor, nn

from napari_segloop.core.durable import replacing
from napari_segloop.core.errors import InputError
from napari_segloop.core.modelheader import KEY, foreign, info_in, read_info
from napari_segloop.core.network import Architecture, build_network

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_segloop.core.modelinfo import ModelInfo


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A network and what it says of itself.

    Parameters
    ----------
    info : ModelInfo
        The header.
    network : torch.nn.Module
        Float32 weights, on the CPU, in evaluation mode.
    """

    info: ModelInfo
    network: nn.Module

    @property
    def id(self) -> str:
        """SHA-256 over the sorted tensors and the header without its description, hexadecimal."""
        return model_id(self.info, self.network.state_dict())


def model_id(info: ModelInfo, tensors: dict[str, Tensor]) -> str:
    """Identify a model by content.

    Parameters
    ----------
    info : ModelInfo
        The header.
    tensors : dict of str to Tensor
        The weights.

    Returns
    -------
    str
        SHA-256, hexadecimal.
    """
    return content_id(info.to_json(identity=True), tensors)


def content_id(header: str, tensors: dict[str, Tensor]) -> str:
    """Identify weights and what is said of them.

    Parameters
    ----------
    header : str
        What is said.
    tensors : dict of str to Tensor
        The weights.

    Returns
    -------
    str
        SHA-256, hexadecimal.
    """
    digest = hashlib.sha256(header.encode())
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def save_model(model: Model, path: Path) -> None:
    """Write a model, whole or not at all.

    Parameters
    ----------
    model : Model
        What to write.
    path : Path
        Exactly this file; an older one is replaced.

    Raises
    ------
    OutputError
        When the disk is full or the folder cannot be written.
    """
    content = model_bytes(model)
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def model_bytes(model: Model) -> bytes:
    """Return what `save_model` would write.

    Parameters
    ----------
    model : Model
        The model.

    Returns
    -------
    bytes
        The content of a model file.
    """
    tensors = {k: v.detach().cpu().contiguous() for k, v in model.network.state_dict().items()}
    content: bytes = save(tensors, metadata={KEY: model.info.to_json()})
    return content


def load_model(path: Path) -> Model:
    """Read a model without network access, without pickle.

    Parameters
    ----------
    path : Path
        A model file.

    Returns
    -------
    Model
        On the CPU, in evaluation mode.

    Raises
    ------
    ModelError
        When the file is missing, damaged, or no model of ours.
    """
    info = read_info(path)
    return _build(info, partial(load_file, path), str(path))


def model_from_bytes(content: bytes) -> Model:
    """Read a model from the content of its file, with the same checks.

    Parameters
    ----------
    content : bytes
        What a model file holds.

    Returns
    -------
    Model
        On the CPU, in evaluation mode.

    Raises
    ------
    ModelError
        When it is damaged, or no model of ours.
    """
    info = info_in(BytesIO(content), len(content))
    return _build(info, partial(load, content), None)


def _build(info: ModelInfo, read: Callable[[], dict[str, Tensor]], name: str | None) -> Model:
    try:
        tensors = {name: _in_full(tensor) for name, tensor in read().items()}
        network = build_network(architecture(info))
        _check_tensors(network.state_dict(), tensors)
        network.load_state_dict(tensors)  # copied: the file must not stay open, on Windows locked
    except (SafetensorError, ValueError, InputError) as error:
        raise foreign(f"a damaged one ({str(error)[:200]})", name) from error
    return Model(info, network.eval().requires_grad_(requires_grad=False))


def architecture(info: ModelInfo) -> Architecture:
    """Return what a model's network is built from.

    Parameters
    ----------
    info : ModelInfo
        The header.

    Returns
    -------
    Architecture
        Encoder, channels, outputs, depth.
    """
    return Architecture(info.encoder, info.channels, info.outputs, info.depth)


def _in_full(tensor: Tensor) -> Tensor:
    """Return what a project keeps in half precision as the network has it."""
    return tensor.float() if tensor.dtype == torch.float16 else tensor


def _check_tensors(expected: dict[str, Tensor], got: dict[str, Tensor]) -> None:
    if expected.keys() != got.keys():
        msg = f"{len(expected.keys() ^ got.keys())} weights missing or unknown"
        raise ValueError(msg)
    for name, tensor in expected.items():
        if tensor.shape != got[name].shape or tensor.dtype != got[name].dtype:
            msg = f"{name} has shape {tuple(got[name].shape)} and {got[name].dtype}"
            raise ValueError(msg)
        if tensor.is_floating_point() and not bool(torch.isfinite(got[name]).all()):
            msg = f"{name} is not finite"
            raise ValueError(msg)
