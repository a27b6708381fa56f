"""What the system says of itself: versions, processors, memory; nothing heavy is imported."""

from __future__ import annotations

import os
import platform
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

LISTED = (
    "napari-segloop",
    "torch",
    "torchvision",
    "segmentation-models-pytorch",
    "timm",
    "numpy",
    "scikit-image",
    "tifffile",
    "zarr",
    "napari",
)


def versions() -> dict[str, str | None]:
    """Return the versions of the packages that matter, None where one is not installed."""
    return {name: installed(name) for name in LISTED}


def installed(name: str) -> str | None:
    """Return the version of a package without importing it, or None."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def machine() -> dict[str, object]:
    """Return what the system says of itself; memory in GiB."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processors": usable_processors(),
        "memory_gib": memory(),
        "temporary_folder": tempfile.gettempdir() if temporary_works() else None,
    }


def usable_processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory() -> float | None:
    """Return the machine's memory in GiB, or the container's where that is less."""
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return None
    size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = Path("/sys/fs/cgroup/memory.max")
    text = limit.read_text(encoding="ascii").strip() if limit.exists() else "max"
    return min(size, int(text) if text.isdecimal() else size) / 2**30


def temporary_works() -> bool:
    """Return whether a temporary file can be written."""
    try:
        with tempfile.TemporaryFile() as file:
            file.write(b"segloop")
    except OSError:
        return False
    return True
