"""A network while it is being taught: its optimisers and its BatchNorm statistics.

The module does not know images, schedules or scores.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from napari_segloop.core.devices import DTYPES, autocast, place
from napari_segloop.core.losses import segmentation_loss
from napari_segloop.core.muon import Muon
from napari_segloop.core.transfers import Underway

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from napari_segloop.core.patches import Batch

NORM_MEMORY = 0.1  # weight of the newest batch in BatchNorm's statistics, once there are enough


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
        self._precision, self.device = precision, device
        self._rate = rate
        self._optimizers = _optimizers(self._network, rate, DTYPES[precision])
        self._norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
        self._steps = 0
        self._losses = Underway()

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
            The loss; on a graphics processor that of the step before, since reading this one would
            hold up the next.
        """
        self._set(self._rate * relative_rate)
        loss = self.loss(batch)
        self._network.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        for optimizer in self._optimizers:
            optimizer.step()
        self._steps += 1
        return self._losses.exchange(loss.detach())

    def loss(self, batch: Batch) -> Tensor:
        """Return what a step lowers.

        Parameters
        ----------
        batch : Batch
            Patches on the device.

        Returns
        -------
        Tensor
            A scalar.
        """
        return segmentation_loss(self.forward(batch.images), batch.truth)

    def graduate(self) -> nn.Module:
        """Return the network of this moment.

        Returns
        -------
        torch.nn.Module
            A copy, in evaluation mode.
        """
        network: nn.Module = copy.deepcopy(self._network).eval()
        network.zero_grad(set_to_none=True)
        return network

    @property
    def shapes(self) -> dict[str, torch.Size]:
        """Shape of each of the network's tensors, by name."""
        return {name: value.shape for name, value in self._network.state_dict().items()}

    def forward(self, images: Tensor) -> Tensor:
        """Return what the network says.

        Parameters
        ----------
        images : (B, C, Y, X) Tensor of float32
            Patches; moved to the device.

        Returns
        -------
        (B, K, Y, X) Tensor
            Logits, in the precision of autocast.
        """
        images = images.to(self.device).contiguous(memory_format=torch.channels_last)
        with autocast(self._precision, self.device):
            logits: Tensor = self._network(images)
        return logits

    def _set(self, rate: float) -> None:
        """Set the rate, and let BatchNorm take a plain mean over its first batches."""
        for optimizer in self._optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate
        for norm in self._norms:
            norm.momentum = max(NORM_MEMORY, 1 / (1 + self._steps))


def _optimizers(network: nn.Module, rate: float, dtype: torch.dtype) -> tuple[Optimizer, ...]:
    """Muon for the convolutions between image and logits, AdamW for all else."""
    weights = [weight for weight in network.parameters() if weight.ndim > 1]
    inner = weights[1:-1]
    chosen = {id(weight) for weight in inner}
    rest = [weight for weight in network.parameters() if id(weight) not in chosen]
    return Muon(inner, rate, dtype=dtype), torch.optim.AdamW(
        rest, lr=rate, weight_decay=0.0, fused=True
    )
