"""Which device computes, with how many threads, in which number format.

The module does not know which format is fastest; :mod:`napari_segloop.core.probing` finds out.
"""

from __future__ import annotations

import ctypes
import os
import platform
from dataclasses import dataclass
from functools import cache

import torch
from torch import nn

from napari_segloop.core.errors import InputError

MMAP_THRESHOLD = -3, 2**30  # parameter and value of mallopt, in bytes
TRIM_THRESHOLD = -1, 2**31 - 1
MOST_THREADS = 64
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
        All processors that this process may use when not given; more than `MOST_THREADS` are
        not started unless there are so many processors: thousands wait for each other for hours.

    Returns
    -------
    int
        The number in force.
    """
    available = available_threads()
    count = min(threads or available, max(available, MOST_THREADS))
    if torch.get_num_threads() != count:
        torch.set_num_threads(count)
    return count


@cache
def keep_large_blocks() -> bool:
    """Let the C library keep freed memory of activations instead of handing each block back.

    A large activation is otherwise mapped, filled with zeros and unmapped at every layer, which
    costs a fifth of the time on tiles of two megapixels. It holds for the whole process, whose
    memory then stays at its peak.

    Returns
    -------
    bool
        Whether it could be done: with glibc, the C library of most Linux systems.

    References
    ----------
    mallopt(3), https://man7.org/linux/man-pages/man3/mallopt.3.html
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    library = ctypes.CDLL(None)
    return bool(library.mallopt(*MMAP_THRESHOLD) and library.mallopt(*TRIM_THRESHOLD))


def available_threads() -> int:
    """Return how many processors this process may use.

    Returns
    -------
    int
        At least 1.
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


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


def is_out_of_memory(error: BaseException) -> bool:
    """Say whether an error means that memory did not suffice.

    Parameters
    ----------
    error : BaseException
        Torch has a class of its own for graphics memory only; on processors it is known by words.

    Returns
    -------
    bool
        False for all other failures.
    """
    words = ("can't allocate memory", "not enough memory", "ALLOC_FAILED")
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(word in str(error) for word in words)


def in_words(device: torch.device, precision: str) -> str:
    """Say where something was computed, and how.

    Parameters
    ----------
    device : torch.device
        Where.
    precision : str
        Of the numbers.

    Returns
    -------
    str
        For example ``cuda (NVIDIA H200), bfloat16``.
    """
    name = f" ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else ""
    return f"{device.type}{name}, {precision}"


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
