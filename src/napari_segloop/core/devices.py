"""Which device computes, with how many threads, and in which number format it is fastest.

Formats are probed, not assumed: bfloat16 is six times faster on one processor and slower on the
next. The probe knows networks and times, not images.
"""

from __future__ import annotations

import copy
import os
import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from napari_segloop.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

PROBE_SIDE = 256
AGREEMENT = 0.99  # share of equal labels that a faster format must reach
GAIN = 1.15  # a format must be this much faster than float32 to be worth its rounding
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True, slots=True)
class Format:
    """A number format and a memory layout.

    Parameters
    ----------
    precision : {"float32", "bfloat16", "float16"}
        Of weights and activations.
    layout : {"channels_last", "contiguous"}
        Of tensors.
    """

    precision: str
    layout: str

    @property
    def dtype(self) -> torch.dtype:
        """Torch's dtype of the precision."""
        return DTYPES[self.precision]

    @property
    def memory_format(self) -> torch.memory_format:
        """Torch's memory format of the layout."""
        last = self.layout == "channels_last"
        return torch.channels_last if last else torch.contiguous_format


@dataclass(frozen=True, slots=True)
class Timing:
    """How fast one format was on this device, in megapixels a second."""

    format: Format
    speed: float


def choose_device(name: str) -> torch.device:
    """Return the device of that name, or the best there is.

    Parameters
    ----------
    name : {"auto", "cpu", "cuda", "mps"}
        What the user asked for.

    Returns
    -------
    torch.device
        A device that works.

    Raises
    ------
    InputError
        When the named device is not there.
    """
    there = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name == "auto":
        return torch.device(next(kind for kind, found in there.items() if found))
    if not there[name]:
        raise InputError(
            f"a {name} device", "none", "Use --device auto; segloop doctor lists the devices."
        )
    return torch.device(name)


def set_threads(threads: int | None) -> int:
    """Fix torch's threads for this process.

    Parameters
    ----------
    threads : int, optional
        All processors that this process may use when not given.

    Returns
    -------
    int
        The number in force.
    """
    count = threads or available_threads()
    if torch.get_num_threads() != count:
        torch.set_num_threads(count)
    return count


def available_threads() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


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


def prepare(network: nn.Module, number_format: Format, device: torch.device) -> nn.Module:
    """Bring a network to a device in a number format.

    Parameters
    ----------
    network : torch.nn.Module
        Changed in place.
    number_format : Format
        Precision and layout.
    device : torch.device
        Where to compute.

    Returns
    -------
    torch.nn.Module
        The same network.
    """
    moved = network.to(device=device, dtype=number_format.dtype)
    return moved.to(memory_format=number_format.memory_format)


def place(network: nn.Module, device: torch.device) -> nn.Module:
    """Bring a network to a device for training, in the layout that convolutions like.

    Parameters
    ----------
    network : torch.nn.Module
        Changed in place.
    device : torch.device
        Where to compute.

    Returns
    -------
    torch.nn.Module
        The same network, float32, channels last.
    """
    return prepare(network, Format("float32", "channels_last"), device)


def synchronize(device: torch.device) -> None:
    """Wait until the device has finished, so that a clock means something.

    Parameters
    ----------
    device : torch.device
        Where something was computed.
    """
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


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
    window = torch.zeros(2, first.in_channels, PROBE_SIDE // 2, PROBE_SIDE // 2, device=device)
    window = window.contiguous(memory_format=torch.channels_last)

    def step(precision: str) -> None:
        with autocast(precision, device):
            loss = network(window).float().mean()
        loss.backward()
        network.zero_grad(set_to_none=True)

    times = {name: time_calls(lambda: step(name), device) for name in ("float32", "bfloat16")}  # noqa: B023
    return "bfloat16" if times["bfloat16"] * GAIN < times["float32"] else "float32"


def autocast(precision: str, device: torch.device) -> torch.autocast:
    """Return torch's autocast context for a precision.

    Parameters
    ----------
    precision : {"float32", "bfloat16", "float16"}
        Float32 switches autocast off.
    device : torch.device
        Where to compute.

    Returns
    -------
    torch.autocast
        A context manager.
    """
    enabled = precision != "float32"
    dtype = DTYPES[precision] if enabled else torch.bfloat16
    return torch.autocast(device.type, dtype, enabled=enabled)
