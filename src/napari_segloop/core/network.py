"""The U-Net: built by name, folded for prediction.

Everything about the architecture is segmentation-models-pytorch's; this module only guards the
two places where it surprises: downloads nobody asked for, and BatchNorm left unfolded.
"""

from __future__ import annotations

import copy
import difflib
import os
import socket

import segmentation_models_pytorch as smp
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from napari_segloop.core.errors import InputError

STRIDE = 32  # smp's encoders halve the image five times
WEIGHTS_HOST = ("huggingface.co", 443)
WEIGHTS_TIMEOUT = 3.0


def build_network(
    encoder: str, channels: int, outputs: int, weights: str | None = None
) -> nn.Module:
    """Build a U-Net, never downloading unless `weights` names what to download.

    Parameters
    ----------
    encoder : str
        Name known to segmentation-models-pytorch, for example "resnet34" or "tu-convnext_tiny".
    channels, outputs : int
        Image channels in, logits out.
    weights : {"imagenet"}, optional
        Pretrained encoder weights.

    Returns
    -------
    torch.nn.Module
        In training mode, float32.

    Raises
    ------
    InputError
        When the encoder is unknown or cannot carry a U-Net.
    """
    try:
        network = smp.Unet(encoder, encoder_weights=weights, in_channels=channels, classes=outputs)
    except (KeyError, RuntimeError, ValueError) as error:
        near = difflib.get_close_matches(encoder, smp.encoders.get_encoder_names(), n=3)
        remedy = f"Did you mean {' or '.join(near)}?" if near else "Use resnet34."
        raise InputError("an encoder that can carry a U-Net", repr(encoder), remedy) from error
    return _checked_stride(network, encoder)


def _checked_stride(network: nn.Module, encoder: str) -> nn.Module:
    stride = getattr(network.encoder, "output_stride", None)
    if stride != STRIDE:
        raise InputError(
            f"an encoder of stride {STRIDE}",
            f"{encoder!r} of stride {stride}",
            "Use resnet34.",
        )
    return network


def build_pretrained(encoder: str, channels: int, outputs: int) -> tuple[nn.Module, str | None]:
    """Build a U-Net on ImageNet weights, or without them where there is no network.

    Parameters
    ----------
    encoder : str
        Name known to segmentation-models-pytorch.
    channels, outputs : int
        Image channels in, logits out.

    Returns
    -------
    network : torch.nn.Module
        In training mode, float32.
    problem : str or None
        What went wrong, as one sentence, when the weights are not ImageNet's.
    """
    os.environ.setdefault("HF_HUB_DOWNLOAD_TIMEOUT", "10")
    os.environ.setdefault("HF_HUB_ETAG_TIMEOUT", "3")
    try:
        socket.create_connection(WEIGHTS_HOST, WEIGHTS_TIMEOUT).close()
        return build_network(encoder, channels, outputs, "imagenet"), None
    except OSError as error:
        problem = (
            f"The ImageNet weights could not be fetched from {WEIGHTS_HOST[0]} ({error}); "
            "training starts from zero instead."
        )
    return build_network(encoder, channels, outputs), problem


def fold(network: nn.Module) -> nn.Module:
    """Return a copy for prediction in which BatchNorm is part of the convolution before it.

    The pairs are found by running the network once and seeing which BatchNorm receives which
    convolution's output, so that any encoder works; a copy that disagrees is not used.

    Parameters
    ----------
    network : torch.nn.Module
        A network in float32.

    Returns
    -------
    torch.nn.Module
        In evaluation mode; the same function up to rounding.
    """
    plain = copy.deepcopy(network).eval()
    folded = copy.deepcopy(plain)
    probe = _probe_input(plain)
    for convolution, norm in _pairs(folded, probe):
        _fold_pair(folded, convolution, norm)
    with torch.inference_mode():
        expected, got = plain(probe), folded(probe)
    agrees = bool((expected - got).abs().max() <= 1e-3 * expected.abs().max() + 1e-6)
    return folded if agrees else plain


def _probe_input(network: nn.Module) -> Tensor:
    first = next(module for module in network.modules() if isinstance(module, nn.Conv2d))
    channels = first.in_channels
    generator = torch.Generator().manual_seed(0)
    return torch.randn(1, channels, 2 * STRIDE, 2 * STRIDE, generator=generator)


def _fold_pair(network: nn.Module, convolution: str, norm: str) -> None:
    first, second = network.get_submodule(convolution), network.get_submodule(norm)
    if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
        _replace(network, convolution, fuse_conv_bn_eval(first, second))
        _replace(network, norm, nn.Identity())


def _pairs(network: nn.Module, probe: Tensor) -> list[tuple[str, str]]:
    """Names of each convolution and the BatchNorm that takes its output unchanged."""
    made: dict[int, str] = {}
    kept: list[Tensor] = []  # keeps ids unique while the network runs
    pairs: list[tuple[str, str]] = []
    runs: dict[str, int] = {}

    def watch(name: str, module: nn.Module) -> torch.utils.hooks.RemovableHandle:
        def hook(_: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            runs[name] = runs.get(name, 0) + 1
            if isinstance(module, nn.BatchNorm2d) and id(inputs[0]) in made:
                pairs.append((made[id(inputs[0])], name))
            elif isinstance(module, nn.Conv2d):
                made[id(output)] = name
                kept.append(output)

        return module.register_forward_hook(hook)

    wanted = (nn.Conv2d, nn.BatchNorm2d)
    handles = [watch(n, m) for n, m in network.named_modules() if type(m) in wanted]
    with torch.inference_mode():
        network(probe)
    for handle in handles:
        handle.remove()
    return [pair for pair in pairs if runs[pair[0]] == runs[pair[1]] == 1]


def _replace(network: nn.Module, name: str, module: nn.Module) -> None:
    parent, _, child = name.rpartition(".")
    setattr(network.get_submodule(parent), child, module)
