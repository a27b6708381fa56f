"""Kinds of images for telling of unlike ones: who took which is known, so that a draw can be fair.

It knows pictures and what can be done to them, neither models nor looks.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from scipy import ndimage

from benchmarks.sets import crystal_image, open_set
from napari_segloop.files.images import open_image

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_segloop.core.images import Array

    Change = Callable[[Array, np.random.Generator], Array]

CRYSTALS, CRYSTAL_SIDE = 16, 512
FIELD = (520, 696)  # of the mosaic
ONE_EXPERIMENT = ("evolve_testA", "evolve_testB", "evolve_testE", "evolve_trap5_tp1-4")
FEWEST = 10  # images of one size that make a kind of nuclei


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A plane.

    Parameters
    ----------
    source : str
        Animal, volume or file: what teaches is of other ones than what is looked at.
    pixels : (C, Y, X) ndarray
        As stored.
    """

    source: str
    pixels: Array


def _planes(path: Path) -> list[Array]:
    with open_image(path) as file:
        planes = [file.plane(index) for index in file.indices()]
        return [
            np.array(plane.read(slice(0, plane.shape[1]), slice(0, plane.shape[2])))
            for plane in planes
        ]


def _files(folder: str, suffix: str = "png") -> list[Path]:
    real = open_set(folder)
    return sorted((real.folder / "images").glob(f"*.{suffix}")) if real else []


def _each(folder: str, source: Callable[[str], str] = str) -> list[Picture]:
    return [Picture(source(p.stem), _planes(p)[0]) for p in _files(folder)]


def _nuclei(shape: tuple[int, int]) -> list[Picture]:
    return [Picture(path.stem, _planes(path)[0]) for path in _by_size()[shape]]


@cache
def _by_size() -> dict[tuple[int, int], list[Path]]:
    sizes = defaultdict(list)
    for path in _files("dsb2018_fluo"):
        with Image.open(path) as image:
            sizes[image.size[::-1]].append(path)
    return sizes


def _fields() -> list[Picture]:
    high, wide = FIELD
    return [
        Picture(f"{y} {x}", whole[:, y : y + high, x : x + wide])
        for path in _files("large_mosaic_hcs", "tif")
        for whole in _planes(path)
        for y in range(0, whole.shape[1], high)
        for x in range(0, whole.shape[2], wide)
    ]


def _yeast(planes: slice) -> list[Picture]:
    found = []
    for path in _files("baby_yeast", "tif"):
        if path.stem in ONE_EXPERIMENT:
            stack = np.stack([plane[0] for plane in _planes(path)])
            found += [
                Picture(path.stem, frame[planes])
                for frame in stack.reshape(-1, 5, *stack.shape[1:])
            ]
    return found


def _mouse() -> list[Picture]:
    return [
        Picture(path.stem, plane)
        for path in _files("qcanet_mouse3d", "tif")
        for plane in _planes(path)[8:44:3]
    ]


def _crystals() -> list[Picture]:
    side = (CRYSTAL_SIDE, CRYSTAL_SIDE)
    return [Picture(str(n), crystal_image(n, side, bits=8)[0][None]) for n in range(CRYSTALS)]


KINDS: dict[str, Callable[[], list[Picture]]] = {
    "myelin": lambda: _each("ads_sem_myelin", lambda stem: stem.split("_")[0]),
    "nuclei, 256 px": lambda: _nuclei((256, 256)),
    "nuclei, 360 px": lambda: _nuclei((360, 360)),
    "nuclei, 640 px": lambda: _nuclei((512, 640)),
    "nuclei, fields": _fields,
    "membranes": lambda: _each("isbi2012_em"),
    "spheroidite": lambda: _each("uhcs_spheroidite"),
    "yeast": lambda: _yeast(slice(2, 3)),
    "yeast, 5 channels": lambda: _yeast(slice(0, 5)),
    "mouse embryos": _mouse,
    "crystals": _crystals,
}
"""Images of one kind, as far as is known; nuclei of one size are still of many laboratories."""


@cache
def pictures(kind: str) -> list[Picture]:
    """Return the images of a kind.

    Parameters
    ----------
    kind : str
        One of `KINDS`.

    Returns
    -------
    list of Picture
        None where the set is not there.
    """
    return KINDS[kind]()


@cache
def tiny(kind: str) -> list[Picture]:
    """Return a few small made images, to see that a program works."""
    first = 10 * list(KINDS).index(kind)
    return [Picture(str(n), crystal_image(first + n, (96, 96), bits=8)[0][None]) for n in range(6)]


def family(kind: str) -> str:
    """Return what kinds have in common that need not be told apart."""
    return kind.split(",", maxsplit=1)[0]


def _noise(image: Array, chance: np.random.Generator) -> Array:
    return chance.normal(image.mean(), image.std(), image.shape)


def _impulses(image: Array, chance: np.random.Generator) -> Array:
    """Salt and pepper, a tenth of the pixels, of the image's mean and deviation."""
    drawn = chance.random(image.shape)
    strength = image.std() / 0.1**0.5
    return image.mean() + strength * ((drawn > 0.95).astype(float) - (drawn < 0.05))


def _inverted(image: Array, chance: np.random.Generator) -> Array:
    del chance
    return float(image.max()) + float(image.min()) - image.astype(np.float64)


def _blurred(image: Array, chance: np.random.Generator) -> Array:
    del chance
    return ndimage.gaussian_filter(image.astype(np.float64), (0, 8, 8))


def _larger(image: Array, chance: np.random.Generator) -> Array:
    del chance
    middle = tuple(
        slice(side // 2 - max(side // 4, 32) // 2, side // 2 + max(side // 4, 32) // 2)
        for side in image.shape[1:]
    )
    return ndimage.zoom(image[:, *middle].astype(np.float64), (1, 4, 4), order=1)


def _smaller(image: Array, chance: np.random.Generator) -> Array:
    del chance
    smooth = ndimage.gaussian_filter(image.astype(np.float64), (0, 1.5, 1.5))
    return ndimage.zoom(smooth, (1, 0.25, 0.25), order=1)


CHANGES: dict[str, Change] = {
    "noise": _noise,
    "impulses": _impulses,
    "inverted": _inverted,
    "blurred": _blurred,
    "larger": _larger,
    "smaller": _smaller,
}
"""What is done to unseen images of the kind."""
