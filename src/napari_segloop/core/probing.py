"""Find the fastest number format by timing it: what gains on one processor loses on the next.

The probe knows networks and times, not files.
"""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from napari_segloop.core.devices import Format, autocast, prepare, synchronize

if TYPE_CHECKING:
    from collections.abc import Callable

PROBE_SIDE = 128
AGREEMENT = 0.99  # share of equal labels that a faster format must reach
GAIN = 1.15  # a format must be this much faster than float32 to be worth its rounding


@dataclass(frozen=True, slots=True)
class Timing:
    """How fast one format was on this device, in megapixels a second."""

    format: Format
    speed: float


def candidates(device: torch.device) -> tuple[Format, ...]:
    """Return the formats worth timing on a device, float32 first.

    Parameters
    ----------
    device : torch.device
        Where to compute.

    Returns
    -------
    tuple of Format
        Float16 only where graphics processors have it in hardware.
    """
    plain = (Format("float32", "contiguous"), Format("float32", "channels_last"))
    small = {"cpu": ("bfloat16",), "cuda": ("bfloat16", "float16"), "mps": ("float16",)}
    fast = tuple(Format(name, "channels_last") for name in small.get(device.type, ()))
    return plain + fast


def time_calls(call: Callable[[], object], device: torch.device, repeats: int = 3) -> float:
    """Return the median seconds of a call after one that warms up.

    Parameters
    ----------
    call : callable
        What to time.
    device : torch.device
        Where it computes.
    repeats : int
        Timed calls.

    Returns
    -------
    float
        Seconds.
    """
    call()
    seconds = []
    for _ in range(repeats):
        synchronize(device)
        start = time.perf_counter()
        call()
        synchronize(device)
        seconds.append(time.perf_counter() - start)
    return median(seconds)


def probe_prediction(
    network: nn.Module, sample: Tensor, device: torch.device
) -> tuple[Timing, ...]:
    """Time a network in every format and keep the formats that agree with float32.

    Parameters
    ----------
    network : torch.nn.Module
        Folded, float32, on the CPU; left as it is.
    sample : (1, C, Y, X) Tensor of float32
        A normalised window of the image at hand; sides are multiples of 32.
    device : torch.device
        Where to compute.

    Returns
    -------
    tuple of Timing
        Fastest first, float32 always among them.
    """
    timings = []
    reference: Tensor | None = None
    for item in candidates(device):
        ready = prepare(copy.deepcopy(network), item, device)
        window = sample.to(device, item.dtype, memory_format=item.memory_format)
        with torch.inference_mode():
            labels = ready(window).float().argmax(1).cpu()
            seconds = time_calls(lambda: ready(window), device)  # noqa: B023  # called at once
        reference = labels if reference is None else reference
        if (labels == reference).float().mean() >= AGREEMENT:
            timings.append(Timing(item, sample[0, 0].numel() / 1e6 / seconds))
    return tuple(sorted(timings, key=lambda timing: -timing.speed))


def probe_training(network: nn.Module, device: torch.device) -> str:
    """Choose the precision of autocast by timing forward and backward passes.

    On a processor the passes run on one thread and its own clock counts, not the wall's: other
    work on the machine must not change the answer, or the same seed would give other weights.

    Parameters
    ----------
    network : torch.nn.Module
        On the device, in training mode; its BatchNorm statistics change.
    device : torch.device
        Where to compute.

    Returns
    -------
    {"float32", "bfloat16"}
        Bfloat16 only where it gains more than timing noise.
    """
    first = next(module for module in network.modules() if isinstance(module, nn.Conv2d))
    window = torch.zeros(2, first.in_channels, PROBE_SIDE, PROBE_SIDE, device=device)
    window = window.contiguous(memory_format=torch.channels_last)

    def step(precision: str) -> None:
        with autocast(precision, device):
            loss = network(window).float().mean()
        loss.backward()
        network.zero_grad(set_to_none=True)

    times = {name: _seconds(lambda: step(name), device) for name in ("float32", "bfloat16")}  # noqa: B023
    return "bfloat16" if times["bfloat16"] * GAIN < times["float32"] else "float32"


def _seconds(call: Callable[[], object], device: torch.device) -> float:
    return _time_alone(call) if device.type == "cpu" else time_calls(call, device)


def _time_alone(call: Callable[[], object], repeats: int = 3) -> float:
    """Return the least processor seconds of a call on one thread, after one that warms up."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        call()
        return min(_processor_seconds(call) for _ in range(repeats))
    finally:
        torch.set_num_threads(threads)


def _processor_seconds(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start
