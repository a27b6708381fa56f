"""Imports the heavy packages and says what they found; run as a child by ``segloop doctor``.

A child, because a package of the wrong build may end the process that imports it. Each line of
standard output is one JSON object: first the packages that could be imported, then what torch
sees. The reason for a failure is on standard error.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

PACKAGES = ("torch", "torchvision", "segmentation_models_pytorch")


def main() -> None:
    """Import one after the other, then describe torch and time it."""
    modules = {}
    for name in PACKAGES:
        modules[name] = import_module(name)
        sys.stdout.write(json.dumps({"imported": name}) + "\n")
        sys.stdout.flush()
    speeds = import_module("napari_segloop.cli.speed_check").speeds()
    sys.stdout.write(json.dumps(describe(modules["torch"]) | {"speeds": speeds}) + "\n")


def describe(torch: ModuleType) -> dict[str, object]:
    """Return what torch can compute on.

    Parameters
    ----------
    torch : module
        The imported torch.

    Returns
    -------
    dict
        Plain data.
    """
    cuda = torch.cuda.is_available()
    names = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return {
        "threads": torch.get_num_threads(),
        "cuda_build": torch.version.cuda,
        "cuda": names if cuda else [],
        "mps": torch.backends.mps.is_available(),
    }


if __name__ == "__main__":
    main()
