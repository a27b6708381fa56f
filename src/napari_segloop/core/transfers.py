"""Numbers on their way to and from a graphics processor, which nobody waits for.

A number that is waited for costs more than a small network's step: the device runs dry meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def send(numbers: NDArray[np.float32], device: torch.device) -> Tensor:
    """Bring a few numbers to a device without waiting for what it computes.

    Parameters
    ----------
    numbers : ndarray of float32
        Left alone afterwards: on the processor, the tensor shares their memory.
    device : torch.device
        Where they are wanted.

    Returns
    -------
    Tensor
        On the device.
    """
    return torch.from_numpy(numbers).to(device, non_blocking=device.type == "cuda")


class Underway:
    """The newest number from a device, read when the next one is on its way.

    So the processor runs ahead of the device, but never by more than what makes one number.
    """

    def __init__(self) -> None:
        self._copy: Tensor | None = None
        self._arrived: torch.cuda.Event | None = None

    def exchange(self, value: Tensor) -> float:
        """Let a number come, and return the one before.

        Parameters
        ----------
        value : Tensor
            A scalar.

        Returns
        -------
        float
            The number itself at the first call, and on every device but CUDA's.
        """
        if not value.is_cuda:
            return float(value)
        copy, arrived = self._copy, self._arrived
        self._copy = value.to("cpu", non_blocking=True)
        self._arrived = torch.cuda.Event()  # type: ignore[no-untyped-call]
        self._arrived.record()
        if copy is None or arrived is None:
            return float(value)
        arrived.synchronize()
        return float(copy)
