"""How fast this machine predicts and trains in each number format, for ``segloop doctor``.

Measured on an untaught network of the default kind; which format a prediction uses is decided
again for each model, since a faster one must also agree with float32.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import torch

from napari_segloop.core.devices import choose_device, prepare, set_threads
from napari_segloop.core.network import Architecture, build_network, fold
from napari_segloop.core.probing import candidates, probe_training, time_calls
from napari_segloop.core.settings import TrainSettings

if TYPE_CHECKING:
    from torch import nn

    from napari_segloop.core.devices import Format

SIDE = 256  # pixels of the window that is predicted


def speeds() -> dict[str, object]:
    """Measure this machine.

    Returns
    -------
    dict
        ``device``; ``prediction``, megapixels a second for each format; ``precision``, the fastest
        of them; ``training_precision``, what training would use.
    """
    set_threads(None)
    device = choose_device("auto")
    defaults = TrainSettings(steps=1)
    network = build_network(Architecture(defaults.encoder, 1, 2, defaults.depth))
    folded = fold(network)
    timed = {item: round(_speed(folded, item, device), 2) for item in candidates(device)}
    return {
        "device": device.type,
        "prediction": {f"{item.precision} {item.layout}": speed for item, speed in timed.items()},
        "precision": max(timed, key=timed.__getitem__).precision,
        "training_precision": probe_training(device),
    }


def _speed(network: nn.Module, item: Format, device: torch.device) -> float:
    ready = prepare(copy.deepcopy(network), item, device)
    window = torch.zeros(1, 1, SIDE, SIDE).to(device, item.dtype, memory_format=item.memory_format)
    with torch.inference_mode():
        return SIDE**2 / 1e6 / time_calls(lambda: ready(window), device)
