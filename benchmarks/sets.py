"""The images that benchmarks use: made crystals, and real sets where they are found.

It is free of torch, and knows neither models nor scores.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from benchmarks.harness import ROOT
from napari_segloop.files.images import open_image, open_labels
from napari_segloop.samples.crystals import crystals
from napari_segloop.samples.settings import CrystalSettings

if TYPE_CHECKING:
    from napari_segloop.core.images import Array, Labels

CRYSTAL = 1
MADE = "crystals"
MADE_COUNT, MADE_SIDE = 12, 512
SMOKE_COUNT, SMOKE_SIDE = 6, 128
SETS = ("ads_sem_myelin", "dsb2018_fluo", "isbi2012_em", "uhcs_spheroidite", MADE)
"""Five kinds of images far apart, to learn from few of."""
OF_OBJECTS = ("dsb2018_fluo",)  # taught and scored as nuclei against background


@dataclass(frozen=True, slots=True)
class RealSet:
    """A folder with ``images/`` and ``masks/`` of equal file names.

    Parameters
    ----------
    folder : Path
        Where it is.
    train, test : tuple of str
        File names without suffix.
    """

    folder: Path
    train: tuple[str, ...]
    test: tuple[str, ...]

    @property
    def name(self) -> str:
        """Name of the set."""
        return self.folder.name

    def image_path(self, name: str) -> Path:
        """Return where an image is."""
        return self.folder / "images" / f"{name}.png"

    def mask_path(self, name: str) -> Path:
        """Return where an image's truth is."""
        return self.folder / "masks" / f"{name}.png"

    def image(self, name: str) -> Array:
        """Return the pixels ``(C, Y, X)`` of an image."""
        with open_image(self.image_path(name)) as file:
            plane = file.plane()
            _, rows, columns = plane.shape
            return np.array(plane.read(slice(0, rows), slice(0, columns)))

    def mask(self, name: str) -> Labels:
        """Return an image's truth ``(Y, X)``."""
        with open_labels(self.mask_path(name)) as file:
            return file.read(())

    def draw(self, count: int, seed: int) -> tuple[str, ...]:
        """Draw training images, all of them where there are fewer.

        Parameters
        ----------
        count, seed : int
            How many, and which.

        Returns
        -------
        tuple of str
            Names, sorted.
        """
        chosen = np.random.default_rng(seed).permutation(len(self.train))[:count]
        return tuple(self.train[i] for i in sorted(chosen))


def open_set(name: str) -> RealSet | None:
    """Open a real set.

    Parameters
    ----------
    name : str
        Its folder in `SEGLOOP_DATA`, by default ``../shared/data``.

    Returns
    -------
    RealSet or None
        None where it is not.
    """
    folder = Path(os.environ.get("SEGLOOP_DATA", ROOT.parent / "shared" / "data")) / name
    described = folder / "META.json"
    if not described.exists():
        return None
    split = json.loads(described.read_text("utf-8"))["split"]
    if "train" in split:
        return RealSet(folder, tuple(split["train"]), tuple(split["test"]))
    names = sorted(path.stem for path in (folder / "images").glob("*.png"))
    half = len(names) // 2  # the last ones test where META names no test images
    return RealSet(folder, tuple(names[:half]), tuple(names[half:]))


def any_set(name: str, scratch: Path) -> RealSet | None:
    """Open a real set, or the made crystals.

    Parameters
    ----------
    name : str
        "crystals", or a real set.
    scratch : Path
        Where made images are written.

    Returns
    -------
    RealSet or None
        None where it is not.
    """
    return made_set(scratch / MADE, MADE_COUNT, MADE_SIDE) if name == MADE else open_set(name)


def few_shot_set(name: str, scratch: Path, *, smoke: bool) -> RealSet | None:
    """Open one of `SETS`, objects as one class.

    Parameters
    ----------
    name : str
        Which.
    scratch : Path
        Where made images are written.
    smoke : bool
        A few tiny made images instead.

    Returns
    -------
    RealSet or None
        None where it is not.
    """
    if smoke:
        return made_set(scratch / name, SMOKE_COUNT, SMOKE_SIDE)
    real = any_set(name, scratch)
    return foreground_masks(real, scratch / name) if real and name in OF_OBJECTS else real


def foreground_masks(real: RealSet, folder: Path) -> RealSet:
    """Write a set's masks of objects again as 1 on objects, beside links to its images.

    Parameters
    ----------
    real : RealSet
        With masks of objects.
    folder : Path
        Where to write.

    Returns
    -------
    RealSet
        Of the same names.
    """
    (folder / "masks").mkdir(parents=True, exist_ok=True)
    if not (folder / "images").exists():
        (folder / "images").symlink_to((real.folder / "images").resolve())
    made = RealSet(folder, real.train, real.test)
    for name in (*real.train, *real.test):
        if not made.mask_path(name).exists():
            Image.fromarray((real.mask(name) > 0).astype(np.uint8)).save(made.mask_path(name))
    return made


def made_set(folder: Path, count: int, side: int) -> RealSet:
    """Write a set of made crystals, two thirds of them for training.

    Parameters
    ----------
    folder : Path
        Where to write.
    count, side : int
        Images, and pixels along their sides.

    Returns
    -------
    RealSet
        In the layout of the real ones.
    """
    for part in ("images", "masks"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    names = tuple(f"made{number}" for number in range(count))
    made = RealSet(folder, names[: 2 * count // 3], names[2 * count // 3 :])
    for number, name in enumerate(names):
        image, labels = crystal_image(number, (side, side), bits=8)
        Image.fromarray(image).save(made.image_path(name))
        Image.fromarray(labels).save(made.mask_path(name))
    return made


def crystal_image(seed: int, shape: tuple[int, int], bits: int = 16) -> tuple[Array, Labels]:
    """Make an image of crystals.

    Parameters
    ----------
    seed : int
        The same one makes equal pixels.
    shape : tuple of int
        Rows and columns.
    bits : int
        8 for uint8, 16 for uint16.

    Returns
    -------
    image : (Y, X) ndarray of uint8 or uint16
        Pixels.
    labels : (Y, X) ndarray of uint8
        1 on crystals.
    """
    sample = crystals(seed, shape, CrystalSettings(bits=bits))
    return sample.image, (sample.classes == CRYSTAL).astype(np.uint8)
