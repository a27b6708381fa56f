"""What is wrong with this machine, in plain words, each with its remedy.

Faults are found by trying, in a child process where a crash does no harm.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_segloop.cli.import_check import PACKAGES
from napari_segloop.cli.machine import installed, memory, temporary_works
from napari_segloop.core.errors import ResourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

OLDEST_TORCH = (2, 10)
LEAST_MEMORY = 2.0  # GiB; importing torch and a step of four patches take about one
_PATIENCE = 300.0  # seconds; the first import from a network drive takes minutes
_REINSTALL = "Install both together: pip install --upgrade --force-reinstall torch torchvision"
KNOWN_FAILURES = (
    (
        r"operator torchvision::nms does not exist",
        "torch and torchvision of the same build",
        "a torchvision made for another torch, often a CPU-only torch beside the usual torchvision",
        f"{_REINSTALL}, with the same --index-url for both.",
    ),
    (r"No module named 'torch'", "torch", "none", "Install it: pip install torch torchvision."),
    (
        r"No module named '(\w+)'",
        "all packages that napari-segloop needs",
        "one missing",
        'Install it again: pip install --upgrade "napari-segloop".',
    ),
    (
        r"WinError (1114|126)|DLL load failed",
        "torch's libraries",
        "a library that Windows cannot load",
        "Install the Microsoft Visual C++ Redistributable (x64), then try again.",
    ),
    (
        r"cannot open shared object file|undefined symbol",
        "torch and torchvision of the same build",
        "a library that is missing or of another build",
        f"{_REINSTALL}.",
    ),
)


@dataclass(frozen=True, slots=True)
class Imports:
    """What the child found.

    Parameters
    ----------
    imported : tuple of str
        Packages that could be imported.
    torch : dict
        What torch sees; empty when an import failed.
    complaint : str
        Why an import failed: the last line that Python wrote.
    """

    imported: tuple[str, ...]
    torch: dict[str, Any]
    complaint: str


def try_imports() -> Imports:
    """Import the heavy packages in a child process, where a crash does no harm."""
    command = [sys.executable, "-m", "napari_segloop.cli.import_check"]
    try:
        child = subprocess.run(
            command, capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return Imports((), {}, f"no answer within {_PATIENCE:.0f} s")
    lines = [json.loads(line) for line in child.stdout.splitlines() if line.startswith("{")]
    imported = tuple(line["imported"] for line in lines if "imported" in line)
    if child.returncode == 0:
        return Imports(imported, lines[-1], "")
    return Imports(imported, {}, _last_line(child.stderr) or f"exit code {child.returncode}")


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1]


def find_faults(imports: Imports) -> Iterator[ResourceError]:
    """Yield everything that is wrong.

    Parameters
    ----------
    imports : Imports
        What the child found.

    Yields
    ------
    ResourceError
        A sentence with its remedy.
    """
    if imports.complaint:
        yield explain(imports)
    yield from _torch_faults(imports)
    yield from _machine_faults()


def explain(imports: Imports) -> ResourceError:
    """Return a failed import in plain words.

    Parameters
    ----------
    imports : Imports
        With a complaint.

    Returns
    -------
    ResourceError
        What was expected, what was found, what to do.

    Examples
    --------
    >>> print(explain(Imports((), {}, "ModuleNotFoundError: No module named 'torch'")))
    Expected torch, got none. Install it: pip install torch torchvision.
    """
    for pattern, expected, got, remedy in KNOWN_FAILURES:
        if re.search(pattern, imports.complaint):
            return ResourceError(expected, got, remedy)
    failed = next((name for name in PACKAGES if name not in imports.imported), PACKAGES[-1])
    again = f"Install it again: pip install --force-reinstall {failed.replace('_', '-')}."
    return ResourceError(f"{failed} to be importable", f'"{imports.complaint}"', again)


def _torch_faults(imports: Imports) -> Iterator[ResourceError]:
    found = installed("torch")
    if found and _numbers(found) < OLDEST_TORCH:
        oldest = ".".join(map(str, OLDEST_TORCH))
        yield ResourceError(
            f"torch {oldest} or newer (older ones load model files unsafely)",
            f"torch {found}",
            "Install a newer one: pip install --upgrade torch torchvision.",
        )
    if imports.torch and not imports.torch["cuda"] and shutil.which("nvidia-smi"):
        build = imports.torch["cuda_build"]
        yield ResourceError(
            "torch to use the NVIDIA GPU of this machine",
            f"a torch for CUDA {build} that finds none" if build else "a CPU-only torch",
            "Update the GPU's driver." if build else "Install the CUDA build of torch.",
        )


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:2])


def _machine_faults() -> Iterator[ResourceError]:
    if not temporary_works():
        yield ResourceError(
            "a folder for temporary files that can be written",
            "none",
            "Set TMPDIR (on Windows TEMP) to a folder with free space where you may write.",
        )
    size = memory()
    if size is not None and size < LEAST_MEMORY:
        yield ResourceError(
            f"at least {LEAST_MEMORY:.0f} GiB of memory",
            f"{size:.1f} GiB",
            "Use a larger machine, or raise the container's limit.",
        )
