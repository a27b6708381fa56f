"""The starter weights: a network that has seen many kinds of micrographs, in one small file.

How the weights were made is not known here, but the file says it.
"""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError
from safetensors.torch import load, save

from napari_segloop.core.eightbit import is_packed, packed, unpacked
from napari_segloop.core.errors import ModelError
from napari_segloop.core.modelfile import content_id
from napari_segloop.core.modelheader import metadata_in

if TYPE_CHECKING:
    from torch import nn

    from napari_segloop.core.eightbit import Tensors
    from napari_segloop.core.network import Architecture

PACKAGED = Path(__file__).parents[1] / "starter" / "microscopy.safetensors"
LARGEST_FILE = 30_000_000  # bytes
KEY = "segloop starter"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class StarterInfo:
    """What a file of starter weights says of itself.

    Parameters
    ----------
    encoder : str
        Name known to segmentation-models-pytorch.
    depth : int
        How many times the encoder halves the image.
    channels : int
        Image channels that the network took.
    seen : str
        What taught it, in words.
    licence : str
        SPDX name of the licence of the weights.
    steps, seed : int
        How it was taught.
    versions : dict of str to str
        Libraries that made it.
    content : str
        SHA-256 over the sorted tensors and all else that is said, hexadecimal.
    format : int
        Version of this record.
    """

    encoder: str
    depth: int
    channels: int
    seen: str
    licence: str
    steps: int
    seed: int
    versions: dict[str, str]
    content: str = ""
    format: int = FORMAT

    def to_json(self) -> str:
        """Return the record as sorted JSON.

        Returns
        -------
        str
            One line.
        """
        return json.dumps(asdict(self), sort_keys=True)


@dataclass(frozen=True, slots=True, eq=False)
class Starter:
    """Starter weights as they lie in the file.

    Parameters
    ----------
    info : StarterInfo
        What the file says of itself.
    tensors : dict of str to Tensor
        Checked against what it says, but not yet against a network.
    name : str
        Which file, for messages.
    """

    info: StarterInfo
    tensors: Tensors
    name: str

    def fits(self, parts: Architecture) -> bool:
        """Say whether a network can start from these weights.

        Parameters
        ----------
        parts : Architecture
            Of the network; its channels and outputs do not matter.

        Returns
        -------
        bool
            Whether encoder and depth are the same.
        """
        return (self.info.encoder, self.info.depth) == (parts.encoder, parts.depth)

    def take_over(self, network: nn.Module) -> None:
        """Give a network these weights; its last layer stays as it is.

        Where it takes other channels, the weights of its first convolution are the source's sum
        over the channels shared out among the new ones, so that the response to an image whose
        channels are alike keeps its size, as smp and timm do with ImageNet's.

        Parameters
        ----------
        network : torch.nn.Module
            Of the same encoder and depth; changed in place.

        Raises
        ------
        ModelError
            When a weight is missing, unknown, of another shape or type, or not finite.

        References
        ----------
        timm.models.adapt_input_conv, https://github.com/huggingface/pytorch-image-models
        """
        own = {name: w for name, w in network.state_dict().items() if is_packed(name)}
        first = next(name for name, tensor in own.items() if tensor.ndim > 1)
        channels = own[first].shape[1]
        own[first] = own[first][:, :1].expand(-1, self.info.channels, *own[first].shape[2:])
        try:
            weights = unpacked(self.tensors, own)
        except ValueError as error:
            raise _damaged(str(error), self.name) from error
        if channels != self.info.channels:
            shared = weights[first].sum(1, keepdim=True) / channels
            weights[first] = shared.expand(-1, channels, *shared.shape[2:])
        network.load_state_dict(weights, strict=False)


def pack(state: Tensors, info: StarterInfo) -> bytes:
    """Return the content of a file of starter weights.

    Parameters
    ----------
    state : dict of str to Tensor
        `state_dict` of a network; its last layer is left out.
    info : StarterInfo
        What is said of it; `content` is set here.

    Returns
    -------
    bytes
        What `read_starter` reads.

    Raises
    ------
    ModelError
        When a weight is not finite, or the file would be larger than 30 MB.
    """
    try:
        tensors = packed(state)
    except ValueError as error:
        raise _damaged(str(error), None) from error
    told = replace(info, content=_content_of(tensors, info)).to_json()
    data: bytes = save(tensors, metadata={KEY: told})
    _check_size(len(data), "what was packed")
    return data


def read_starter(path: Path | None = None) -> Starter:
    """Read starter weights without network access, without pickle.

    Parameters
    ----------
    path : Path, optional
        The package's own when not given.

    Returns
    -------
    Starter
        Whole and as it was written.

    Raises
    ------
    ModelError
        When the file is missing, damaged or no starter weights.
    """
    path = path or PACKAGED
    try:
        _check_size(path.stat().st_size, str(path))
        data = path.read_bytes()
        info = _info_in(metadata_in(BytesIO(data), len(data)))
        tensors: Tensors = load(data)
    except OSError as error:
        raise ModelError(
            "the starter weights of this package",
            (error.strerror or str(error)).lower(),
            "Install napari-segloop again.",
            str(path),
        ) from error
    except (SafetensorError, ValueError, TypeError, RecursionError, struct.error) as error:
        raise _damaged(str(error)[:200], str(path)) from error
    if _content_of(tensors, info) != info.content:
        raise _damaged("weights that are not those that were written", str(path))
    return Starter(info, tensors, str(path))


def _content_of(tensors: Tensors, info: StarterInfo) -> str:
    return content_id(replace(info, content="").to_json(), tensors)


def _info_in(metadata: dict[str, object]) -> StarterInfo:
    data = json.loads(str(metadata.get(KEY)))
    info = StarterInfo(**data)
    if info.format != FORMAT:
        msg = f"format {info.format!r}"
        raise ValueError(msg)
    kinds = {name: type(value) for name, value in asdict(info).items()}
    numbers = ("depth", "channels", "steps", "seed", "format")
    texts = ("encoder", "seen", "licence", "content")
    wrong = [n for n in numbers if kinds[n] is not int] + [t for t in texts if kinds[t] is not str]
    if wrong or info.channels < 1:
        msg = f"a header with a wrong {' and '.join(wrong) or 'number of channels'}"
        raise ValueError(msg)
    return info


def _check_size(size: int, name: str) -> None:
    if size > LARGEST_FILE:
        raise ModelError(
            f"starter weights of at most {LARGEST_FILE // 10**6} MB",
            f"{size} bytes",
            "Take a smaller network.",
            name,
        )


def _damaged(got: str, name: str | None) -> ModelError:
    return ModelError(
        "starter weights as the package brings them",
        f"damaged ones ({got})",
        "Install napari-segloop again.",
        name,
    )
