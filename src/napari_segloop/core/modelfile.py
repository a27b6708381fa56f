"""The model file: one safetensors file with one metadata key, never a pickle.

Reading checks every size and name before a network is built and never downloads. The module does
not know how a model was taught or is used.
"""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from napari_segloop.core.durable import replacing
from napari_segloop.core.errors import InputError, ModelError
from napari_segloop.core.modelinfo import ModelInfo
from napari_segloop.core.network import Architecture, build_network

if TYPE_CHECKING:
    from pathlib import Path

KEY = "segloop"
MAX_HEADER = 64 * 2**20


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
        """SHA-256 over the sorted tensors and the header without times, hexadecimal."""
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
    digest = hashlib.sha256(info.to_json(times=False).encode())
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
    tensors = {k: v.detach().cpu().contiguous() for k, v in model.network.state_dict().items()}
    with replacing(path) as temporary:
        temporary.write_bytes(save(tensors, metadata={KEY: model.info.to_json()}))


def read_info(path: Path) -> ModelInfo:
    """Read a model's header only.

    Parameters
    ----------
    path : Path
        A model file.

    Returns
    -------
    ModelInfo
        The checked header.

    Raises
    ------
    ModelError
        When the file is missing, damaged, or no model of ours.
    """
    try:
        text = _metadata(path).get(KEY)
        if not isinstance(text, str):
            raise _foreign(path, "a file of weights without segloop's header")
        return ModelInfo.from_json(text)
    except OSError as error:
        raise ModelError(
            "a model file", (error.strerror or str(error)).lower(), "Check the path.", str(path)
        ) from error
    except (ValueError, RecursionError, struct.error) as error:
        raise _foreign(path, "a file that is no safetensors file") from error
    except ModelError as error:
        raise ModelError(error.expected, error.got, error.remedy, str(path)) from error


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
    try:
        tensors = load_file(path)
        network = build_network(architecture(info))
        _check_tensors(network.state_dict(), tensors)
        network.load_state_dict(tensors)  # copied: the file must not stay open, on Windows locked
    except (SafetensorError, ValueError, InputError) as error:
        raise _foreign(path, f"a damaged one ({str(error)[:200]})") from error
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


def _metadata(path: Path) -> dict[str, object]:
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        if length > min(MAX_HEADER, path.stat().st_size):
            msg = f"a header of {length} bytes"
            raise ValueError(msg)
        header = json.loads(file.read(length))
    metadata = header.get("__metadata__", {}) if isinstance(header, dict) else {}
    return metadata if isinstance(metadata, dict) else {}


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


def _foreign(path: Path, got: str) -> ModelError:
    return ModelError(
        "a model made by segloop train", got, "Use another copy, or train it again.", str(path)
    )
