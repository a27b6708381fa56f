"""A network while it is being taught: one optimiser, and a running average of its weights.

The average of the last steps' weights is what is scored and kept; its BatchNorm statistics are
estimated anew from patches, since those gathered during training belong to other weights. The
module does not know images or schedules.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from napari_segloop.core.devices import autocast, place
from napari_segloop.core.losses import segmentation_loss

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_segloop.core.patches import Batch

DECAY = 0.96  # of the average, a memory of about 25 steps
WEIGHT_DECAY = 0.01


class Learner:
    """Teaches a network.

    Parameters
    ----------
    network : torch.nn.Module
        Taught in place.
    rate : float
        Largest learning rate.
    precision : {"float32", "bfloat16"}
        Of autocast.
    device : torch.device
        Where to compute.
    """

    def __init__(
        self, network: nn.Module, rate: float, precision: str, device: torch.device
    ) -> None:
        self._network = place(network.train(), device)
        self._average = copy.deepcopy(self._network)
        self._rate, self._precision, self._device = rate, precision, device
        self._optimizer = torch.optim.AdamW(_groups(self._network), lr=rate, fused=True)
        self._steps = 0

    def step(self, batch: Batch, relative_rate: float) -> float:
        """Take one step.

        Parameters
        ----------
        batch : Batch
            Patches on the device.
        relative_rate : float
            Learning rate relative to the largest.

        Returns
        -------
        float
            The loss.
        """
        for group in self._optimizer.param_groups:
            group["lr"] = self._rate * relative_rate
        loss = segmentation_loss(self._forward(self._network, batch.images), batch.truth)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        self._follow()
        return float(loss.detach())

    def averaged(self, batches: Iterable[Tensor]) -> nn.Module:
        """Return the averaged network with BatchNorm statistics estimated on patches.

        Parameters
        ----------
        batches : iterable of (B, C, Y, X) Tensor
            Patches like those of training.

        Returns
        -------
        torch.nn.Module
            A copy, in evaluation mode.
        """
        network: nn.Module = copy.deepcopy(self._average).train()
        norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # a plain mean over the batches
        with torch.no_grad():
            for images in batches:
                self._forward(network, images)
        for norm, original in zip(norms, _norms(self._network), strict=True):
            norm.momentum = original.momentum
        return network.eval()

    def _forward(self, network: nn.Module, images: Tensor) -> Tensor:
        images = images.to(self._device).contiguous(memory_format=torch.channels_last)
        with autocast(self._precision, self._device):
            logits: Tensor = network(images)
        return logits

    @torch.no_grad()
    def _follow(self) -> None:
        """Move the average towards the weights, faster in the beginning."""
        self._steps += 1
        decay = min(DECAY, (1 + self._steps) / (10 + self._steps))
        torch._foreach_lerp_(  # torch's own averaging uses it
            list(self._average.parameters()), list(self._network.parameters()), 1 - decay
        )


def _norms(network: nn.Module) -> list[nn.BatchNorm2d]:
    return [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]


def _groups(network: nn.Module) -> list[dict[str, object]]:
    """Weights decay, biases and BatchNorm's factors do not."""
    decaying = [weight for weight in network.parameters() if weight.ndim > 1]
    free = [weight for weight in network.parameters() if weight.ndim <= 1]
    return [
        {"params": decaying, "weight_decay": WEIGHT_DECAY},
        {"params": free, "weight_decay": 0.0},
    ]
