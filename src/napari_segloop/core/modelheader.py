"""Reading a model file's header: quick, within limits, and without torch.

It finds segloop's one metadata key in a safetensors file; it knows nothing of weights.
"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, BinaryIO

from napari_segloop.core.errors import ModelError
from napari_segloop.core.modelinfo import ModelInfo

if TYPE_CHECKING:
    from pathlib import Path

KEY = "segloop"
MAX_HEADER = 64 * 2**20


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
    if path.is_dir():
        raise ModelError(
            "a model file", "a folder", "Give the file that segloop train wrote.", str(path)
        )
    try:
        with path.open("rb") as file:
            return info_in(file, path.stat().st_size, str(path))
    except OSError as error:
        raise ModelError(
            "a model file", (error.strerror or str(error)).lower(), "Check the path.", str(path)
        ) from error


def info_in(file: BinaryIO, size: int, name: str | None = None) -> ModelInfo:
    """Read the header at the start of an open model file.

    Parameters
    ----------
    file : binary file
        At its start.
    size : int
        Bytes of the whole file.
    name : str, optional
        For messages.

    Returns
    -------
    ModelInfo
        The checked header.

    Raises
    ------
    ModelError
        When it is damaged, or no model of ours.
    """
    try:
        text = metadata_in(file, size).get(KEY)
        if not isinstance(text, str):
            raise foreign("a file of weights without segloop's header", name)
        return ModelInfo.from_json(text)
    except (ValueError, RecursionError, struct.error) as error:
        raise foreign("a file that is no safetensors file", name) from error
    except ModelError as error:
        raise ModelError(error.expected, error.got, error.remedy, name) from error


def foreign(got: str, name: str | None = None) -> ModelError:
    """Say that a file is no model of ours.

    Parameters
    ----------
    got : str
        What it is instead.
    name : str, optional
        Which file.

    Returns
    -------
    ModelError
        To be raised.
    """
    remedy = "Use another copy, or train it again."
    return ModelError("a model made by segloop train", got, remedy, name)


def metadata_in(file: BinaryIO, size: int) -> dict[str, object]:
    """Read the free metadata of a safetensors file.

    Parameters
    ----------
    file : binary file
        At its start.
    size : int
        Bytes of the whole file.

    Returns
    -------
    dict
        Empty when there is none.

    Raises
    ------
    ValueError, struct.error
        When it is no safetensors file.
    """
    (length,) = struct.unpack("<Q", file.read(8))
    if length > min(MAX_HEADER, size):
        msg = f"a header of {length} bytes"
        raise ValueError(msg)
    header = json.loads(file.read(length))
    metadata = header.get("__metadata__", {}) if isinstance(header, dict) else {}
    return metadata if isinstance(metadata, dict) else {}
