"""What the starter network sees around each pixel, at several scales; nothing is taught to it.

Features are kept at the scales where they arise, coarse ones small: whoever weighs them linearly
can do so there and magnify the few results. Labels are not known here.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from napari_segloop.core.devices import keep_large_blocks
from napari_segloop.core.network import Architecture, build_network, fold
from napari_segloop.core.starter import read_starter

if TYPE_CHECKING:
    from collections.abc import Sequence

HALO: Final = 48  # pixels read beyond a tile
LARGEST_TILE: Final = 640
ENCODED: Final = (2, 3)  # outputs of the encoder that count: at a quarter and an eighth


class Sight:
    """The frozen body of the starter network.

    Parameters
    ----------
    channels : int
        Of the images.
    device : torch.device
        Where to compute.

    Raises
    ------
    ModelError
        When the starter weights are missing or damaged.
    """

    def __init__(self, channels: int, device: torch.device) -> None:
        starter = read_starter()
        network = build_network(Architecture(starter.info.encoder, channels, 1, starter.info.depth))
        starter.take_over(network)
        keep_large_blocks()
        body = fold(network).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stubs know no module here
        self._encoder, self._decoder = body.get_submodule("encoder"), body.get_submodule("decoder")
        self._device = device
        self._seen = list[Tensor]()
        self._watch()

    def _watch(self) -> None:
        """Keep what the decoder's blocks give, but for the last one's, which is not computed."""
        blocks = self._decoder.get_submodule("blocks")
        names = [name for name, _ in blocks.named_children()]
        setattr(blocks, names[-1], _Passing())
        for name in names[:-1]:
            blocks.get_submodule(name).register_forward_hook(
                lambda _, __, output: self._seen.append(output)
            )

    def look(self, window: Tensor) -> list[Tensor]:
        """Return the features of a window.

        Parameters
        ----------
        window : (C, h, w) Tensor of float32
            Normalised; sides are multiples of 32.

        Returns
        -------
        list of (F, y, x) Tensor
            On the device; each of them covers the window.
        """
        self._seen.clear()
        with torch.inference_mode():
            encoded = self._encoder(window[None].to(self._device))
            self._decoder(encoded)
            found = [*(encoded[level] for level in ENCODED), *self._seen]
            self._seen.clear()
            return [each[0].float().contiguous() for each in found]


@lru_cache(maxsize=1)
def sight_of(channels: int, device: torch.device) -> Sight:
    """Return the body for images of so many channels; the last one is kept.

    Parameters
    ----------
    channels : int
        Of the images.
    device : torch.device
        Where to compute.

    Returns
    -------
    Sight
        Ready.
    """
    return Sight(channels, device)


class _Passing(nn.Module):
    """Takes the place of a block whose result nobody needs."""

    def forward(self, features: Tensor, *_: object, **__: object) -> Tensor:
        """Return the features as they came."""
        return features


def gather(features: Sequence[Tensor], rows: Tensor, columns: Tensor) -> Tensor:
    """Return the features at some pixels of a window.

    Parameters
    ----------
    features : sequence of (F, y, x) Tensor
        Of a window; the finest has half of its resolution.
    rows, columns : (N,) Tensor of int64
        Pixels of the window.

    Returns
    -------
    (N, F) Tensor of float32
        All features, one after the other, between those of the nearest places.
    """
    height, width = shape_of(features)
    places = torch.stack([(columns + 0.5) / width, (rows + 0.5) / height], 1) * 2 - 1
    grid = places.float().to(features[0].device)[None, None]
    parts = [
        functional.grid_sample(each[None], grid, align_corners=False, padding_mode="border")
        for each in features
    ]
    return torch.cat([part[0, :, 0] for part in parts]).T


def magnified(features: Sequence[Tensor], weights: Tensor) -> Tensor:
    """Return weighted sums of the features at each pixel of their window.

    Parameters
    ----------
    features : sequence of (F, y, x) Tensor
        Of a window.
    weights : (K, F) Tensor
        Of all features, in the order of `gather`.

    Returns
    -------
    (K, h, w) Tensor of float32
        What `gather` and a matrix product give, at every pixel.
    """
    total, used = None, 0
    for each in features:
        part = torch.einsum("kf,fyx->kyx", weights[:, used : used + len(each)], each)
        used += len(each)
        large = functional.interpolate(
            part[None], shape_of(features), mode="bilinear", align_corners=False
        )[0]
        total = large if total is None else total.add_(large)
    if total is None:
        msg = "no features"
        raise ValueError(msg)
    return total


def shape_of(features: Sequence[Tensor]) -> tuple[int, int]:
    """Return rows and columns of the window that features are of.

    Parameters
    ----------
    features : sequence of (F, y, x) Tensor
        The finest has half of its resolution.

    Returns
    -------
    (int, int)
        In pixels.
    """
    return 2 * max(each.shape[1] for each in features), 2 * max(each.shape[2] for each in features)
