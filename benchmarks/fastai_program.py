"""fastai's own program, as its documentation has it: unet_learner, fit_one_cycle, aug_transforms.

It runs under an interpreter of its own, which need not have our package: numpy, Pillow and fastai
are all that it imports. What it is given and what it leaves are arrays in a folder.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.generic]

BATCH = 8
TILE, HALO = 512, 64
GRID = 32


def work(folder: Path) -> None:
    """Teach on crops and predict images.

    Parameters
    ----------
    folder : Path
        Holds ``task.npz``: ``crops`` (N, Y, X, 3) of uint8, ``labels`` (N, Y, X) of uint8 class
        numbers, ``classes``, ``seconds``, ``seed``, ``threads`` (0 for torch's own choice),
        ``tests`` (how many), and each image to
        predict as ``test0``, ``test1`` ... (Y, X, 3). Gets ``done.npz``: ``mask0`` ..., ``epochs``
        and ``seconds``.
    """
    given = np.load(folder / "task.npz")
    tests = [given[f"test{number}"] for number in range(int(given["tests"]))]
    with tempfile.TemporaryDirectory() as name:
        learner, epochs, seconds = _teach(Path(name), given)
        masks = {f"mask{n}": _predict(learner, image) for n, image in enumerate(tests)}
    np.savez_compressed(folder / "done.npz", epochs=epochs, seconds=seconds, **masks)


def _teach(folder: Path, given: Any) -> tuple[Any, int, float]:  # noqa: ANN401  # fastai has no types
    """Find out how long an epoch takes, then go through one cycle that fills the time."""
    import torch  # noqa: PLC0415  # only this interpreter has fastai, and its torch
    from fastai.vision.all import set_seed  # noqa: PLC0415

    if given["threads"]:
        torch.set_num_threads(int(given["threads"]))
    names = _write(folder, given["crops"], given["labels"])
    set_seed(int(given["seed"]), reproducible=True)
    trial = _learner(folder, names, int(given["classes"]))
    with trial.no_bar():
        trial.fit(1)
        began = time.perf_counter()
        trial.fit(1)
    epochs = max(1, int(float(given["seconds"]) / (time.perf_counter() - began)))
    set_seed(int(given["seed"]), reproducible=True)
    learner = _learner(folder, names, int(given["classes"]))
    began = time.perf_counter()
    with learner.no_bar():
        learner.fit_one_cycle(epochs)
    return learner, epochs, time.perf_counter() - began


def _write(folder: Path, crops: Array, labels: Array) -> list[Path]:
    for part in ("images", "labels"):
        (folder / part).mkdir()
    names = [folder / "images" / f"{number}.png" for number in range(len(crops))]
    for name, crop, label in zip(names, crops, labels, strict=True):
        Image.fromarray(crop).save(name)
        Image.fromarray(label).save(folder / "labels" / name.name)
    return names


def _learner(folder: Path, names: list[Path], classes: int) -> Any:  # noqa: ANN401
    from fastai.vision.all import (  # noqa: PLC0415
        Normalize,
        SegmentationDataLoaders,
        aug_transforms,
        imagenet_stats,
        resnet34,
        unet_learner,
    )

    loaders = SegmentationDataLoaders.from_label_func(
        folder,
        names,
        lambda name: folder / "labels" / name.name,
        valid_pct=0.2 if len(names) >= 5 else 0.0,
        seed=0,
        codes=[str(number) for number in range(classes)],
        bs=min(BATCH, max(1, int(0.8 * len(names)))),
        batch_tfms=[*aug_transforms(), Normalize.from_stats(*imagenet_stats)],
        num_workers=0,
    )
    return unet_learner(loaders, resnet34, pretrained=False)


def _predict(learner: Any, image: Array) -> Array:  # noqa: ANN401
    """Predict tile by tile, each with its surroundings."""
    rows, columns = image.shape[:2]
    mask = np.zeros((rows, columns), np.uint8)
    for y in range(0, rows, TILE):
        for x in range(0, columns, TILE):
            top, left = max(0, y - HALO), max(0, x - HALO)
            part = image[top : y + TILE + HALO, left : x + TILE + HALO]
            own = mask[y : y + TILE, x : x + TILE]
            found = _forward(learner, part)[y - top :, x - left :]
            own[:] = found[: own.shape[0], : own.shape[1]]
    return mask


def _forward(learner: Any, part: Array) -> Array:  # noqa: ANN401
    import torch  # noqa: PLC0415
    from fastai.vision.all import imagenet_stats  # noqa: PLC0415

    mean, deviation = (np.array(each, np.float32) for each in imagenet_stats)
    beyond = [(0, -length % GRID) for length in part.shape[:2]]
    padded = np.pad(part, (*beyond, (0, 0)), mode="edge").astype(np.float32) / 255
    values = torch.from_numpy(((padded - mean) / deviation).transpose(2, 0, 1))[None]
    network = learner.model.eval()
    with torch.inference_mode():
        logits = network(values.to(next(network.parameters()).device))
    labels: Array = logits[0].argmax(0).cpu().numpy().astype(np.uint8)
    return labels[: part.shape[0], : part.shape[1]]


def main() -> None:
    """Work in the folder named on the command line."""
    work(Path(sys.argv[-1]))
