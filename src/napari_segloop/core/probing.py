"""Find the fastest number format by timing it: what gains on one processor loses on the next.

The probe knows networks and times, not files.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from statistics import median
from typing import TYPE_CHECKING, TypeVar

import torch
from torch import Tensor, nn

from napari_segloop.core.devices import Format, autocast, prepare, synchronize

if TYPE_CHECKING:
    from collections.abc import Mapping

Name = TypeVar("Name", str, Format)
PROBE_CHANNELS, PROBE_SIDE = 64, 96  # of the convolution that is timed
ROUNDS = 4
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
    calls, labels = dict[Format, Callable[[], Tensor]](), dict[Format, Tensor]()
    for item in candidates(device):
        ready = prepare(copy.deepcopy(network), item, device)
        window = sample.to(device, item.dtype, memory_format=item.memory_format)
        calls[item] = partial(_infer, ready, window)
        labels[item] = calls[item]().float().argmax(1).cpu()
    reference = labels[candidates(device)[0]]
    agreeing = {
        item: call
        for item, call in calls.items()
        if (labels[item] == reference).float().mean() >= AGREEMENT
    }
    pixels = sample[0, 0].numel() / 1e6
    seconds = _least_seconds(agreeing, device)
    timings = (Timing(item, pixels / seconds[item]) for item in agreeing)
    return tuple(sorted(timings, key=lambda timing: -timing.speed))


def _infer(network: nn.Module, window: Tensor) -> Tensor:
    with torch.inference_mode():
        logits: Tensor = network(window)
    return logits


@cache
def probe_training(device: torch.device) -> str:
    """Choose the precision of autocast by timing a convolution forward and backward.

    A device either has bfloat16 in hardware, and is then about twice as fast, or emulates it and is
    several times slower: the answer must not depend on what else the machine does, or the same
    seed would give other weights. On a processor one thread and its own clock are used, therefore.

    Parameters
    ----------
    device : torch.device
        Where to compute.

    Returns
    -------
    {"float32", "bfloat16"}
        Bfloat16 only where it gains more than timing noise.
    """
    layer = nn.Conv2d(PROBE_CHANNELS, PROBE_CHANNELS, 3, padding=1, bias=False).to(device)
    layer = layer.to(memory_format=torch.channels_last)
    window = torch.ones(2, PROBE_CHANNELS, PROBE_SIDE, PROBE_SIDE, device=device)
    window = window.contiguous(memory_format=torch.channels_last).requires_grad_()

    def step(precision: str) -> None:
        with autocast(precision, device):
            loss = layer(window).relu().float().mean()
        loss.backward()

    calls = {name: partial(step, name) for name in ("float32", "bfloat16")}
    times = _least_seconds(calls, device)
    return "bfloat16" if times["bfloat16"] * GAIN < times["float32"] else "float32"


def _least_seconds(
    calls: Mapping[Name, Callable[[], object]], device: torch.device
) -> dict[Name, float]:
    """Time calls in turn and keep each one's best, after a round that warms up."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        rounds = [
            {name: _seconds(call, device) for name, call in calls.items()} for _ in range(ROUNDS)
        ]
    finally:
        torch.set_num_threads(threads)
    return {name: min(times[name] for times in rounds[1:]) for name in calls}


def _seconds(call: Callable[[], object], device: torch.device) -> float:
    clock = time.process_time if device.type == "cpu" else time.perf_counter
    synchronize(device)
    start = clock()
    call()
    synchronize(device)
    return clock() - start
