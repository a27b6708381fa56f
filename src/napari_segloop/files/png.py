"""PNG files as stored arrays, of 1 to 16 bits, grey, coloured or with a palette.

A palette is two things: colours in an image, class numbers in labels. The caller says which.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import imagecodecs
import numpy as np
from PIL import Image, PngImagePlugin

from napari_segloop.core.errors import InputError
from napari_segloop.files.pixelsize import PixelSize, from_resolution
from napari_segloop.files.stored import Key, Stored, check_size

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_segloop.core.images import Array

LARGEST = 2**32
"""Pixels: 65,536 by 65,536."""
GREY_ALPHA = 4
DEEP_COLOUR = {2, GREY_ALPHA, 6}
"""PNG colour types with several samples, which Pillow would cut to 8 bits."""
GREY, COLOURS = "YX", "YXS"


class DecodedPixels:
    """Pixels that can only be decoded as a whole, at each read.

    Parameters
    ----------
    shape : tuple of int
        The shape after decoding.
    dtype : numpy dtype
        The dtype after decoding.
    decode : callable
        Returns all pixels.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        dtype: np.dtype[np.generic],
        decode: Callable[[], Array],
    ) -> None:
        self.shape = shape
        self.dtype = dtype
        self.chunks = shape
        self._decode = decode

    def __getitem__(self, key: Key) -> Array:
        return self._decode()[key]


def open_png(path: Path, palette_indices: bool = False) -> Stored:
    """Return a PNG file.

    Parameters
    ----------
    path : Path
        A PNG file.
    palette_indices : bool
        Read the numbers of a palette's entries instead of its colours.

    Returns
    -------
    Stored
        Lazy pixels and axes.

    Raises
    ------
    InputError
        When it is damaged or too large.

    Notes
    -----
    Pillow's own limit guards against small files that unpack to gigabytes, but also refuses
    mosaics; ours compares the declared size with the length of the file.
    """
    # The plugin's class itself, because Image.open refuses more than 179 million pixels.
    with PngImagePlugin.PngImageFile(path) as image:
        _check(path, image)
        mode = _target_mode(image, palette_indices)
        shape: tuple[int, ...] = (image.height, image.width)
        size = _pixel_size(image)
    depth, kind = _depth_and_type(path)
    if depth == 16 and kind in DEEP_COLOUR:
        return _deep(path, shape, kind, size)
    samples = Image.getmodebands(mode)
    shape = shape if samples == 1 else (*shape, samples)
    dtype = np.dtype({"1": bool, "I;16": np.uint16, "I": np.int32}.get(mode, np.uint8))
    decode = partial(_decode, path, mode)
    return Stored(DecodedPixels(shape, dtype, decode), GREY if samples == 1 else COLOURS, size)


def _check(path: Path, image: PngImagePlugin.PngImageFile) -> None:
    """Refuse what cannot be true before anything is unpacked."""
    pixels = image.height * image.width
    if pixels > LARGEST:
        raise InputError(
            f"a PNG of at most {LARGEST} pixels",
            f"{image.height} x {image.width}",
            "Save it as a tiled TIFF or as OME-Zarr.",
            str(path),
        )
    check_size(path, pixels * len(image.getbands()), path.stat().st_size)


def _target_mode(image: PngImagePlugin.PngImageFile, palette_indices: bool) -> str:
    """Return the Pillow mode to convert to: without palette and opacity."""
    if image.mode == "P" and not palette_indices:
        return "L" if _is_grey_palette(image) else "RGB"
    return {"LA": "L", "RGBA": "RGB"}.get(image.mode, image.mode)


def _is_grey_palette(image: PngImagePlugin.PngImageFile) -> bool:
    """Whether every entry of the palette is a grey."""
    table = np.asarray(image.getpalette("RGB") or [], np.uint8).reshape(-1, 3)
    return bool((table == table[:, :1]).all())


def _decode(path: Path, mode: str) -> Array:
    """Return all pixels in a Pillow mode."""
    with PngImagePlugin.PngImageFile(path) as image:
        return np.asarray(image if image.mode == mode else image.convert(mode))


def _depth_and_type(path: Path) -> tuple[int, int]:
    """Return bits and colour type from the header."""
    with path.open("rb") as file:
        header = file.read(26)
    return header[24], header[25]


def _deep(path: Path, shape: tuple[int, ...], kind: int, size: PixelSize | None) -> Stored:
    """Return a PNG of 16 bits with several samples, without its opacity."""
    dtype = np.dtype(np.uint16)
    if kind == GREY_ALPHA:
        return Stored(DecodedPixels(shape, dtype, partial(_decode_deep, path, 0)), GREY, size)
    decode = partial(_decode_deep, path, slice(0, 3))
    return Stored(DecodedPixels((*shape, 3), dtype, decode), COLOURS, size)


def _decode_deep(path: Path, samples: int | slice) -> Array:
    """Return some samples of a PNG of 16 bits."""
    pixels: Array = imagecodecs.png_decode(path.read_bytes())
    return pixels[..., samples]


def _pixel_size(image: PngImagePlugin.PngImageFile) -> PixelSize | None:
    """Return the size from pHYs, which Pillow gives in dots per inch."""
    dpi = image.info.get("dpi")
    return from_resolution(float(dpi[1]), float(dpi[0]), "inch") if dpi else None
