"""The model files of a project, kept in half precision.

A file here is a legal model file whose header names the model that it is a copy of: the weights
differ in the fourth digit, so its own id is another. What a network is, is not known here.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, Final

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from napari_segloop.core.durable import replacing
from napari_segloop.core.errors import ModelError
from napari_segloop.core.modelheader import KEY, info_in, metadata_in, read_info
from napari_segloop.store.records import StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from napari_segloop.core.images import Array
    from napari_segloop.core.modelinfo import ModelInfo

SUFFIX: Final = ".safetensors"
LARGEST: Final = 4 * 2**30
"""Bytes of a model file that is read."""
_SUM: Final = "sha256"
_ID: Final = re.compile(r"[0-9a-f]{64}")
_LARGEST_HALF: Final = float(np.finfo(np.float16).max)


class Models:
    """The model files of one project.

    Parameters
    ----------
    folder : Path
        Where they lie; made when the first one comes.
    is_read_only : bool
        Whether nothing may be written.
    """

    def __init__(self, folder: Path, *, is_read_only: bool = False) -> None:
        self.folder = folder
        self._is_read_only = is_read_only

    def path(self, model: str) -> Path:
        """Return where a model lies, or would lie.

        Parameters
        ----------
        model : str
            Id of the model in full precision: 64 hexadecimal digits.

        Returns
        -------
        Path
            Inside the folder.

        Raises
        ------
        StoreError
            When it is no such id.
        """
        if not _ID.fullmatch(model):
            raise StoreError(
                "the id of a model, 64 hexadecimal digits", repr(model)[:80], "Choose a version."
            )
        return self.folder / f"{model}{SUFFIX}"

    def put(self, model: str, data: bytes) -> Path:
        """Keep a model.

        Parameters
        ----------
        model : str
            Its id in full precision, by which it is asked for again.
        data : bytes
            Content of its file.

        Returns
        -------
        Path
            The file; one that is there already, and sound, stays.

        Raises
        ------
        StoreError
            When the project is read-only.
        ModelError
            When it is no model of ours.
        OutputError
            When it cannot be written.
        """
        path = self.path(model)
        if self._is_read_only:
            raise StoreError(
                "a project to write to", "one opened read-only", "Close it in the other viewer."
            )
        if path.is_file() and not self.faults_of(model):
            return path
        content = halved(data, model)
        self.folder.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary:
            temporary.write_bytes(content)
        return path

    def get(self, model: str) -> bytes:
        """Return a model that every loader of model files takes.

        Parameters
        ----------
        model : str
            Its id in full precision.

        Returns
        -------
        bytes
            Content of a model file.

        Raises
        ------
        StoreError
            When it is not here, or damaged.
        """
        content = self._read(model)
        if fault := _fault_in(content, model):
            raise StoreError(
                "a model as it was kept",
                fault,
                "Use another version, or take this file from the second copy.",
                str(self.path(model)),
            )
        return content

    def info(self, model: str) -> ModelInfo:
        """Return what a model says of itself.

        Parameters
        ----------
        model : str
            Its id in full precision.

        Returns
        -------
        ModelInfo
            Of the copy in half precision.
        """
        return read_info(self.path(model))

    def faults_of(self, model: str) -> list[str]:
        """Look whether a model is as it was kept.

        Parameters
        ----------
        model : str
            Its id.

        Returns
        -------
        list of str
            What is wrong, in words; empty when nothing is.
        """
        try:
            self.get(model)
        except StoreError as error:
            return [f"model {model[:12]}: {error.got}"]
        return []

    def ids(self) -> tuple[str, ...]:
        """Return the ids of all models that are here, sorted."""
        if not self.folder.is_dir():
            return ()
        stems = (path.name.removesuffix(SUFFIX) for path in self.folder.glob(f"*{SUFFIX}"))
        return tuple(sorted(stem for stem in stems if _ID.fullmatch(stem)))

    def delete(self, model: str) -> None:
        """Delete a model's file; versions go on telling of it.

        Parameters
        ----------
        model : str
            Its id.
        """
        if not self._is_read_only:
            self.path(model).unlink(missing_ok=True)

    def size(self) -> int:
        """Return how many bytes all files take."""
        return sum(self.path(model).stat().st_size for model in self.ids())

    def _read(self, model: str) -> bytes:
        path = self.path(model)
        try:
            size = path.stat().st_size
            if size > LARGEST:
                raise StoreError(
                    "a model file of at most 4 GiB", f"{size} bytes", "Use another.", str(path)
                )
            return path.read_bytes()
        except OSError as error:
            raise StoreError(
                "the file of this version",
                (error.strerror or str(error)).lower(),
                "It was pruned or lost: use another version, or train again.",
                str(path),
            ) from error


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


def _fault_in(content: bytes, model: str) -> str:
    """Say what is wrong with a kept file, or nothing."""
    try:
        info = info_in(BytesIO(content), len(content))
        tensors = _tensors(content)
    except ModelError as error:
        return error.got
    if info.original != model:
        return f"a copy of {(info.original or 'another model')[:12]}"
    kept = metadata_in(BytesIO(content), len(content)).get(_SUM)
    return "" if kept == _sum(info, tensors) else "one that changed on the disk"
