"""The U-Net: built by name, folded for prediction.

Everything about the architecture is segmentation-models-pytorch's; this module only guards the
two places where it surprises: downloads nobody asked for, and BatchNorm left unfolded.
"""

from __future__ import annotations

import copy
import difflib
import re
from dataclasses import dataclass

import segmentation_models_pytorch as smp
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from napari_segloop.core.errors import InputError

STRIDE = 32  # the grid on which tiles lie: encoders halve an image up to five times
DECODER = (256, 128, 64, 32, 16)  # smp's channels, deepest first


@dataclass(frozen=True, slots=True)
class Architecture:
    """What a U-Net is built from.

    Parameters
    ----------
    encoder : str
        Name known to segmentation-models-pytorch, for example "resnet34" or "tu-convnext_tiny".
    channels, outputs : int
        Image channels in, logits out.
    depth : int
        How many times the encoder halves the image, 3 to 5.
    """

    encoder: str
    channels: int
    outputs: int
    depth: int


def build_network(parts: Architecture, weights: str | None = None) -> nn.Module:
    """Build a U-Net, never downloading unless `weights` names what to download.

    Parameters
    ----------
    parts : Architecture
        Encoder, channels, outputs, depth.
    weights : {"imagenet"}, optional
        Pretrained encoder weights.

    Returns
    -------
    torch.nn.Module
        In training mode, float32; stages below the depth are left out.

    Raises
    ------
    InputError
        When the encoder is unknown or cannot carry a U-Net.
    """
    try:
        _check_name(parts.encoder)
        network: nn.Module = smp.Unet(
            parts.encoder,
            encoder_depth=parts.depth,
            encoder_weights=weights,
            decoder_channels=DECODER[-parts.depth :],
            in_channels=parts.channels,
            classes=parts.outputs,
        )
        _drop_unused(network)
    except (AssertionError, LookupError, RuntimeError, TypeError, ValueError) as error:
        near = difflib.get_close_matches(parts.encoder, smp.encoders.get_encoder_names(), n=3)
        remedy = f"Did you mean {' or '.join(near)}?" if near else "Use resnet34."
        raise InputError(
            f"an encoder that can carry a U-Net of depth {parts.depth}",
            repr(parts.encoder),
            remedy,
        ) from error
    return network


def _check_name(encoder: str) -> None:
    """Refuse names that are addresses: timm fetches the configuration of "hf-hub:..." at once."""
    if not re.fullmatch(r"[\w.-]+", encoder):
        msg = "no plain name"
        raise ValueError(msg)


def _drop_unused(network: nn.Module) -> None:
    """Take out the encoder's parts that no image passes through."""
    called: set[nn.Module] = set()
    handles = [m.register_forward_hook(lambda m, *_: called.add(m)) for m in network.modules()]
    network.eval()(_probe_input(network)).sum().backward()
    for handle in handles:
        handle.remove()
    _drop_idle(network.get_submodule("encoder"), called)
    network.zero_grad(set_to_none=True)
    network.train()


def _drop_idle(module: nn.Module, called: set[nn.Module]) -> None:
    """Replace what was not called; a part whose weights have gradients was used without a call."""
    for name, part in module.named_children():
        with_gradient = any(weight.grad is not None for weight in part.parameters())
        if called.isdisjoint(part.modules()) and not with_gradient:
            setattr(module, name, nn.Identity())
        else:
            _drop_idle(part, called)


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
    return torch.randn(1, channels, 64, 64, generator=generator)


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
