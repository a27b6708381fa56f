"""A model file in half precision, which is a legal model file itself.

Its header names the model that it is a copy of: the weights differ in the fourth digit, so its own
id is another. A sum tells whether it is as it was written. What a network is, is not known here.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, Final

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from napari_segloop.core.errors import ModelError
from napari_segloop.core.modelheader import KEY, info_in, metadata_in

if TYPE_CHECKING:
    from napari_segloop.core.images import Array
    from napari_segloop.core.modelinfo import ModelInfo

_SUM: Final = "sha256"
_LARGEST_HALF: Final = float(np.finfo(np.float16).max)


def halved(data: bytes, original: str) -> bytes:
    """Return a model file in half precision.

    Parameters
    ----------
    data : bytes
        Content of a model file, of whichever precision.
    original : str
        Id of the model in full precision; kept in the header.

    Returns
    -------
    bytes
        A model file of about half the size. Weights of one axis (BatchNorm, biases) stay as they
        are: they are few, and their range is wide.

    Raises
    ------
    ModelError
        When it is no model of ours.
    """
    info = replace(info_in(BytesIO(data), len(data)), original=original)
    tensors = {name: _half(tensor) for name, tensor in _tensors(data).items()}
    metadata = {KEY: info.to_json(), _SUM: _sum(info, tensors)}
    content: bytes = save(tensors, metadata=metadata)
    return content


def identify(data: bytes) -> str:
    """Return the id of a model file: of the original, where it is a copy in half precision.

    Parameters
    ----------
    data : bytes
        Its content.

    Returns
    -------
    str
        As `napari_segloop.core.modelfile.model_id`, without torch.

    Raises
    ------
    ModelError
        When it is no model of ours.
    """
    info = info_in(BytesIO(data), len(data))
    if info.original:
        return info.original
    digest = hashlib.sha256(info.to_json(identity=True).encode())
    for name, tensor in sorted(_tensors(data).items()):
        digest.update(f"{name} torch.{tensor.dtype} {tensor.shape}".encode())
        digest.update(tensor.tobytes())
    return digest.hexdigest()


def fault_in(content: bytes, model: str) -> str:
    """Say what is wrong with a kept file.

    Parameters
    ----------
    content : bytes
        Of the file.
    model : str
        Id of the original.

    Returns
    -------
    str
        In words; empty when nothing is.
    """
    try:
        info = info_in(BytesIO(content), len(content))
        tensors = _tensors(content)
    except ModelError as error:
        return error.got
    if info.original != model:
        return f"a copy of {(info.original or 'another model')[:12]}"
    kept = metadata_in(BytesIO(content), len(content)).get(_SUM)
    return "" if kept == _sum(info, tensors) else "one that changed on the disk"


def _tensors(data: bytes) -> dict[str, Array]:
    try:
        tensors: dict[str, Array] = load(data)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            "a model made by segloop train", f"a damaged one ({str(error)[:200]})", "Use another."
        ) from error
    return tensors


def _half(tensor: Array) -> Array:
    large = tensor.dtype == np.float32 and tensor.ndim > 1
    if not large or np.abs(tensor).max(initial=0) > _LARGEST_HALF:
        return tensor
    return tensor.astype(np.float16)


def _sum(info: ModelInfo, tensors: dict[str, Array]) -> str:
    digest = hashlib.sha256(info.to_json().encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tensor.shape}".encode())
        digest.update(tensor.tobytes())
    return digest.hexdigest()
