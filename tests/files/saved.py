"""Arrays and the files they are saved to, for all tests of reading."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import tifffile

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_segloop.files.images import ImageFile

    Pixels = NDArray[Any]

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 60_000, (70, 90)).astype(np.uint16)
STACK = RNG.integers(0, 200, (5, 40, 30)).astype(np.uint8)
DEEP = RNG.integers(0, 60_000, (2, 3, 4, 40, 30)).astype(np.uint16)
RGB = RNG.integers(0, 255, (40, 30, 3)).astype(np.uint8)


def save_tiff(path: Path, array: Pixels, **options: object) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        tifffile.imwrite(path, array, **options)
    return path


def read_all(image: ImageFile) -> Pixels:
    """Every plane as (C, Y, X), stacked along the leading axes."""
    read = [image.plane(i).read(slice(None), slice(None)) for i in image.indices()]
    return np.stack(read).reshape(*image.leading_shape, *read[0].shape)
