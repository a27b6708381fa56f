"""TIFF, BigTIFF, OME-TIFF and ImageJ files as stored arrays.

Uncompressed contiguous files are mapped, others decoded strip by strip or tile by tile. What the
axes are used for is decided elsewhere.
"""

from __future__ import annotations

import threading
import weakref
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import tifffile
import zarr

from napari_segloop.core.errors import InputError
from napari_segloop.core.images import Array, check_dtype
from napari_segloop.files.axes import COLOURS, guess_axes
from napari_segloop.files.stored import Key, Stored, check_chunk, check_size, reading
from napari_segloop.files.tiffsize import tiff_pixel_size

if TYPE_CHECKING:
    from pathlib import Path

OPACITY = {1, 2}
"""TIFF: ExtraSamples that are opacity."""
RGB = 2
"""TIFF: PhotometricInterpretation of colours."""
WHOLE_PAGE = 2**25
"""Bytes: smaller pages are decoded at once, which is faster than many small strips."""


class MappedPixels:
    """Pixels of an uncompressed file, mapped into memory from the first read on.

    Parameters
    ----------
    path : Path
        The file.
    offset : int
        Where the first pixel lies, in bytes.
    shape : tuple of int
        The stored shape.
    dtype : numpy dtype
        With the file's byte order.
    """

    def __init__(
        self, path: Path, offset: int, shape: tuple[int, ...], dtype: np.dtype[np.generic]
    ) -> None:
        self.shape = shape
        self.dtype = dtype.newbyteorder("=")
        self.chunks = (1,) * len(shape)
        self._path = path
        self._stored = dtype
        self._offset = offset
        self._array: Array | None = None

    def __getitem__(self, key: Key) -> Array:
        array = self._array
        if array is None:
            array = self._array = np.memmap(
                self._path, self._stored, mode="r", offset=self._offset, shape=self.shape
            )
        return np.asarray(array[key], dtype=self.dtype)

    def close(self) -> None:
        """Let go of the file, of which each mapping takes a handle; a later read maps it again."""
        self._array = None


class CodedPixels:
    """Pixels of a compressed or scattered file; the file is opened at the first read.

    Parameters
    ----------
    path : Path
        The file.
    shape : tuple of int
        The stored shape.
    dtype : numpy dtype
        In native byte order.
    chunks : tuple of int
        What is decoded at once.
    options : dict
        How tifffile is to open the file.
    """

    def __init__(
        self,
        path: Path,
        shape: tuple[int, ...],
        dtype: np.dtype[np.generic],
        chunks: tuple[int, ...],
        options: dict[str, Any],
    ) -> None:
        self.shape = shape
        self.dtype = dtype
        self.chunks = chunks
        self._path = path
        self._options = options
        self._lock = threading.Lock()
        self._array: zarr.Array[Any] | None = None
        self._close: weakref.finalize[..., Any] | None = None

    def __getitem__(self, key: Key) -> Array:
        with self._lock:
            window = np.asarray(self._open()[key])
        return window.astype(self.dtype, copy=False)

    def close(self) -> None:
        """Close the file; a later read opens it again."""
        with self._lock:
            if self._close is not None:
                self._close()
            self._array = None

    def _open(self) -> zarr.Array[Any]:
        if self._array is None:
            file = tifffile.TiffFile(self._path, **self._options)
            self._close = weakref.finalize(self, file.close)
            whole = self.chunks[-2:] == self.shape[-2:] or _page_bytes(file.series[0]) <= WHOLE_PAGE
            store = file.series[0].aszarr(level=0, chunkmode="page" if whole else None)
            self._array = zarr.open_array(store, mode="r")
        return self._array


def open_tiff(path: Path) -> Stored:
    """Return the first image of a TIFF file at full resolution.

    Parameters
    ----------
    path : Path
        A TIFF file.

    Returns
    -------
    Stored
        Lazy pixels, axes and pixel size.

    Raises
    ------
    InputError
        When it is damaged, no TIFF, or holds several images.
    """
    with reading(path):
        options = _options(path)
        with tifffile.TiffFile(path, **options) as file:
            _check_last_page(file)
            return _stored(path, file, options)


def _options(path: Path) -> dict[str, Any]:
    """Pages that were saved one by one are a stack, though tifffile calls each an image."""
    with tifffile.TiffFile(path) as file:
        if len(file.series) < 2:
            return {}
        kinds = {(s.kind, s.shape, str(s.dtype)) for s in file.series}
        if len(kinds) > 1:
            return {}
        if file.series[0].kind == "shaped":
            return {"is_shaped": False}
        raise InputError(
            "one image in a file",
            f"{len(file.series)} images of equal size",
            "Save each as a file of its own.",
            str(path),
        )


def _check_last_page(file: tifffile.TiffFile) -> None:
    """Refuse files that end before their last page, which tifffile shortens without an error."""
    pages = len(file.pages)
    place = file.pages.next_page_offset
    if place is None:
        return
    file.filehandle.seek(place)
    link = file.filehandle.read(file.tiff.offsetsize)
    following = int.from_bytes(link, "little" if file.byteorder == "<" else "big")
    if len(link) < file.tiff.offsetsize or following >= file.filehandle.size:
        msg = f"truncated after page {pages}"
        raise ValueError(msg)


def _check_length(file: tifffile.TiffFile, series: tifffile.TiffPageSeries) -> None:
    """Refuse files that end before their last pixel."""
    if (series.dataoffset or 0) + series.nbytes > file.filehandle.size:
        msg = "truncated pixels"
        raise ValueError(msg)


def _stored(path: Path, file: tifffile.TiffFile, options: dict[str, Any]) -> Stored:
    """Describe the first series and choose how it is read."""
    series = file.series[0]
    page = series.keyframe
    dtype = np.dtype(series.dtype)
    check_dtype(dtype)
    check_size(path, _page_bytes(series), path.stat().st_size)
    size = tiff_pixel_size(file)
    if series.dataoffset is not None and page.is_memmappable:
        stored = dtype.newbyteorder(file.byteorder)
        _check_length(file, series)
        mapped = MappedPixels(path, series.dataoffset, series.shape, stored)
        return Stored(mapped, _axes(file), size, _colours(page), mapped.close)
    chunks = _chunks(series)
    check_chunk(path, prod(chunks) * dtype.itemsize)
    coded = CodedPixels(path, series.shape, dtype, chunks, options)
    return Stored(coded, _axes(file), size, _colours(page), coded.close)


def _axes(file: tifffile.TiffFile) -> str:
    """Return the axes that the file states, or those that its shape suggests.

    tifffile itself saves three planes in a row as separate colours, without being asked.
    """
    series = file.series[0]
    stated = file.shaped_metadata[0].get("axes") if file.shaped_metadata else None
    if series.kind == "shaped" and not stated:
        return guess_axes(series.shape, str(series.dtype)) if _guessed(series) else series.axes
    return str(series.axes)


def _guessed(series: tifffile.TiffPageSeries) -> bool:
    """Whether the letter S stands before Y and X, or colours may hide behind them."""
    return series.axes[-1] != "S"


def _colours(page: tifffile.TiffPage) -> int | None:
    """How many samples are colours, when the rest is opacity."""
    samples = page.samplesperpixel
    opaque = any(int(e) in OPACITY for e in page.extrasamples)
    colour = int(page.photometric) == RGB and samples in COLOURS and page.dtype == np.uint8
    if opaque or colour:
        return samples - 1 if samples in {2, 4} else samples
    return None


def _chunks(series: tifffile.TiffPageSeries) -> tuple[int, ...]:
    """Return what is decoded at once, for each stored axis."""
    page = series.keyframe
    inner = page.shape if _page_bytes(series) <= WHOLE_PAGE else page.chunks
    return (1,) * (len(series.shape) - len(inner)) + tuple(inner)


def _page_bytes(series: tifffile.TiffPageSeries) -> int:
    return int(series.keyframe.nbytes)
