"""fastai on the pixels that somebody checked: what it is given, and who runs it.

`fastai_program` does the work, in a process of its own; scores are not known here.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.harness import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from napari_segloop.core.images import Array, Labels, Mask

    Bytes = NDArray[np.uint8]
    Checked = tuple[Array, Labels, Mask]

PROGRAM = "from benchmarks.fastai_program import main; main()"


def fastai_python() -> Path | None:
    """Return the interpreter that has fastai: ``SEGLOOP_FASTAI``, else this one if it has.

    Returns
    -------
    Path or None
        None when there is none.
    """
    named = os.environ.get("SEGLOOP_FASTAI")
    if named:
        return Path(named)
    return Path(sys.executable) if importlib.util.find_spec("fastai") else None


def run_fastai(
    images: Sequence[Checked],
    tests: Sequence[Array],
    values: Sequence[int],
    side: int,
    device: str,
    **limits: float,
) -> tuple[list[Labels], dict[str, float]]:
    """Teach fastai's program on whole checked windows, and predict images with it.

    Parameters
    ----------
    images : sequence of ((C, Y, X) ndarray, (Y, X) ndarray, (Y, X) ndarray of bool)
        Pixels, labels and where they are checked.
    tests : sequence of (C, Y, X) ndarray
        To predict.
    values : sequence of int
        Of the classes, ascending.
    side : int
        Of the windows, in pixels.
    device : str
        On "cpu" it sees no other.
    **limits : float
        ``seconds``, ``seed`` and ``threads``.

    Returns
    -------
    masks : list of (Y, X) ndarray
        Class values.
    told : dict of str to float
        ``epochs`` and ``train_seconds``.
    """
    crops, labels = zip(*_crops(images, values, side), strict=True)
    coloured = {f"test{number}": _coloured(image) for number, image in enumerate(tests)}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        task = {"crops": np.stack(crops), "labels": np.stack(labels), "classes": len(values)}
        np.savez(folder / "task.npz", **task, **limits, tests=len(tests), **coloured)
        command = [str(fastai_python()), "-c", PROGRAM, str(folder)]
        unseen = {"CUDA_VISIBLE_DEVICES": ""} if device == "cpu" else {}
        environment = {**os.environ, **unseen}
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, env=environment)
        done = np.load(folder / "done.npz")
        masks = [np.array(values)[done[f"mask{number}"]] for number in range(len(tests))]
        return masks, {"epochs": int(done["epochs"]), "train_seconds": float(done["seconds"])}


def _crops(
    images: Sequence[Checked], values: Sequence[int], side: int
) -> Iterator[tuple[Bytes, Bytes]]:
    """Cut whole checked windows out of the images, side by side."""
    for image, labels, checked in images:
        left = checked.copy()
        for y, x in np.argwhere(checked):
            window = slice(y, y + side), slice(x, x + side)
            is_whole = left[window].shape == (side, side) and checked[window].all()
            if left[y, x] and is_whole:
                left[window] = False
                numbers = np.searchsorted(values, labels[window])
                yield _coloured(image[(..., *window)]), numbers.astype(np.uint8)


def _coloured(image: Array) -> Bytes:
    """Return a plane as eight-bit RGB; the last channel fills up what is missing."""
    low, high = float(image.min()), float(image.max())
    eight = image if image.dtype == np.uint8 else (image - low) * (255 / ((high - low) or 1))
    planes = [*eight, *[eight[-1]] * 3][:3]
    return np.stack(planes, axis=-1).astype(np.uint8)
