"""Makes the starter weights of the package from made scenes; no image of anyone is needed.

``python -m scripts.starter`` in the root of the repository; on two cores it takes three hours and
uses no network. The same seed and the same versions of the libraries give the same file.
"""

from __future__ import annotations

import argparse
import importlib.metadata
from pathlib import Path

import torch

from napari_segloop.core.durable import replacing
from napari_segloop.core.newmodel import VERSIONED
from napari_segloop.core.starter import PACKAGED, StarterInfo, pack, read_starter

ENCODER, DEPTH = "resnet34", 4
LICENCE = "BSD-3-Clause"


def main() -> None:
    """Teach a network, or take one that was taught, and write the file."""
    asked = _arguments()
    state = torch.load(asked.from_state, map_location="cpu", weights_only=True)
    asked.output.parent.mkdir(parents=True, exist_ok=True)
    with replacing(asked.output) as temporary:
        temporary.write_bytes(pack(state, described(asked)))
    info = read_starter(asked.output).info
    print(f"{asked.output}: {asked.output.stat().st_size / 1e6:.1f} MB, {info.content}")


def described(asked: argparse.Namespace) -> StarterInfo:
    """Return what the file says of itself.

    Parameters
    ----------
    asked : Namespace
        Number of scenes, steps, seed.

    Returns
    -------
    StarterInfo
        For the header.
    """
    return StarterInfo(
        encoder=ENCODER,
        depth=DEPTH,
        channels=1,
        seen=f"{asked.pool} made scenes",
        licence=LICENCE,
        steps=asked.steps,
        seed=asked.seed,
        versions={name: importlib.metadata.version(name) for name in VERSIONED},
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.starter", description=__doc__)
    parser.add_argument("--output", type=Path, default=PACKAGED)
    parser.add_argument(
        "--from-state", type=Path, metavar="FILE", help="pack this state_dict; do not teach"
    )
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--pool", type=int, default=1620, help="number of scenes")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
