"""Makes the starter weights of the package from made scenes; no image of anyone is needed.

``python -m scripts.starter`` in the root of the repository. On two cores it takes about an hour and
a half; it uses no network. The same seed, threads and versions of the libraries give the same file.
"""

from __future__ import annotations

import argparse
import importlib.metadata
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from napari_segloop.core.augment import vary
from napari_segloop.core.devices import choose_device, set_threads
from napari_segloop.core.durable import replacing
from napari_segloop.core.learner import Learner
from napari_segloop.core.losses import segmentation_loss
from napari_segloop.core.network import Architecture, build_network
from napari_segloop.core.newmodel import VERSIONED
from napari_segloop.core.patches import Batch
from napari_segloop.core.schedule import one_cycle
from napari_segloop.core.settings import TrainSettings
from napari_segloop.core.starter import PACKAGED, StarterInfo, pack, read_starter
from napari_segloop.samples.scenes import KINDS, scene

if TYPE_CHECKING:
    from numpy.typing import NDArray

LICENCE = "BSD-3-Clause"
USUAL = TrainSettings(steps=1)  # its network is the one to start
RATE, PATCH, BATCH = 3e-3, 192, 4
SIDE = 320  # pixels of a scene
FIRST, APART = 10_000, 1_000_000  # seed of the first scene, and of the next starter's
GREYS = 24  # steps of a byte per deviation
MAGNIFICATION = (0.7, 1.5)
PRECISION = "bfloat16"
TOLD_EVERY = 100  # steps
OUTPUTS = tuple(classes for _, classes in KINDS.values())
ENDS = tuple(accumulate(OUTPUTS))
"""Each kind has its own logits: those of the k-th end before ``ENDS[k]``."""


def main() -> None:
    """Teach a network, or take one that was taught, and write the file."""
    asked = _arguments()
    if asked.from_state is None:
        state = teach(asked)
    else:
        state = torch.load(asked.from_state, map_location="cpu", weights_only=True)
    asked.output.parent.mkdir(parents=True, exist_ok=True)
    with replacing(asked.output) as temporary:
        temporary.write_bytes(pack(state, described(asked)))
    info = read_starter(asked.output).info
    print(f"{asked.output}: {asked.output.stat().st_size / 1e6:.1f} MB, {info.content}")


def teach(asked: argparse.Namespace) -> dict[str, Tensor]:
    """Teach a network all kinds at once.

    Parameters
    ----------
    asked : Namespace
        Steps, number of scenes, seed, device, threads.

    Returns
    -------
    dict of str to Tensor
        Its `state_dict`.
    """
    set_threads(asked.threads)
    torch.manual_seed(asked.seed)
    parts = Architecture(USUAL.encoder, 1, sum(OUTPUTS), USUAL.depth)
    device = choose_device(asked.device)
    learner = KindsLearner(build_network(parts), RATE, PRECISION, device)
    patches = ScenePatches(asked.pool, asked.seed)
    losses = []
    for step in range(asked.steps):
        losses.append(learner.step(patches.draw(), one_cycle(step, asked.steps)))
        if (step + 1) % TOLD_EVERY == 0:
            print(f"step {step + 1}, loss {np.mean(losses[-TOLD_EVERY:]):.3f}", flush=True)
    return learner.graduate().state_dict()


@dataclass(frozen=True, slots=True)
class KindsBatch(Batch):
    """Patches, and the number of the kind that each is of."""

    kinds: tuple[int, ...]


class KindsLearner(Learner):
    """Teaches a network whose logits belong to kinds: each patch is asked only about its own."""

    def loss(self, batch: Batch) -> Tensor:
        """Return the mean loss of the patches.

        Parameters
        ----------
        batch : KindsBatch
            With the kind of each patch.

        Returns
        -------
        Tensor
            A scalar.
        """
        if not isinstance(batch, KindsBatch):
            msg = "patches of no kind"
            raise TypeError(msg)
        logits, truth = self.forward(batch.images), batch.truth.to(self.device)
        losses = [
            segmentation_loss(logits[i : i + 1, ENDS[k] - OUTPUTS[k] : ENDS[k]], truth[i : i + 1])
            for i, k in enumerate(batch.kinds)
        ]
        return torch.stack(losses).mean()


class ScenePatches:
    """Draws patches from scenes, all kinds alike.

    Parameters
    ----------
    count : int
        How many scenes.
    seed : int
        Fixes scenes and patches.
    """

    def __init__(self, count: int, seed: int) -> None:
        with ProcessPoolExecutor() as processes:
            made = list(processes.map(partial(_scene, seed=seed), range(count), chunksize=20))
        self._scenes = made
        self._rng = np.random.default_rng(seed + 1)
        self._noise = torch.Generator().manual_seed(seed + 1)

    def draw(self) -> KindsBatch:
        """Cut the next batch.

        Returns
        -------
        KindsBatch
            Magnified, turned by quarters, mirrored, under varied light.
        """
        chosen = [self._cut() for _ in range(BATCH)]
        images, truths, kinds = zip(*chosen, strict=True)
        return KindsBatch(vary(torch.stack(images), self._noise), torch.stack(truths), kinds)

    def _cut(self) -> tuple[Tensor, Tensor, int]:
        rng, number = self._rng, self._rng.integers(len(self._scenes))
        side = min(int(PATCH / rng.uniform(*MAGNIFICATION)), SIDE)
        y, x = rng.integers(0, SIDE + 1 - side, 2)
        window = np.s_[:, y : y + side, x : x + side]
        image, truth = (torch.from_numpy(part[window].astype(np.float32))[None]
                        for part in self._scenes[number])  # fmt: skip
        size = (PATCH, PATCH)
        image = functional.interpolate(image / GREYS, size, mode="bilinear", align_corners=False)[0]
        truth = functional.interpolate(truth, size, mode="nearest")[0]
        turn, mirror = int(rng.integers(4)), rng.random() < 0.5  # noqa: PLR2004  # a coin
        image, truth = (torch.rot90(part, turn, (1, 2)) for part in (image, truth))
        if mirror:
            image, truth = image.flip(2), truth.flip(2)
        return image, truth[0].long(), int(number) % len(KINDS)


def _scene(number: int, seed: int) -> tuple[NDArray[np.int8], NDArray[np.uint8]]:
    """Make a scene in bytes, with an axis for channels."""
    made = scene(FIRST + APART * seed + number, (SIDE, SIDE), list(KINDS)[number % len(KINDS)])
    grey = (made.image * GREYS).clip(-127, 127).astype(np.int8)
    return grey[None], made.labels[None]


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
        encoder=USUAL.encoder,
        depth=USUAL.depth,
        channels=1,
        seen=f"{asked.pool} made scenes of {SIDE} x {SIDE} pixels: {', '.join(KINDS)}",
        licence=LICENCE,
        steps=asked.steps,
        seed=asked.seed,
        versions={name: importlib.metadata.version(name) for name in VERSIONED},
    )


def _arguments() -> argparse.Namespace:
    purpose = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m scripts.starter", description=purpose)
    parser.add_argument("--output", type=Path, default=PACKAGED)
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--pool", type=int, default=1620, help="number of scenes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu", help="auto, cpu, cuda or mps")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--from-state",
        type=Path,
        metavar="FILE",
        help="pack this state_dict, taught with the pool, steps and seed given, and do not teach",
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
