"""Results as OME-TIFF, written plane by plane and complete or not at all.

Knows layout and compression; not where results go (`outputs`), nor OME-Zarr (`ngff`).
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Self

import numpy as np
import tifffile

from napari_segloop.files.atomic import commit, discard, temporary_name, writing
from napari_segloop.files.ngff import group_provenance
from napari_segloop.files.omexml import Layout, ome_xml, read_provenance_note
from napari_segloop.files.stored import reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from types import TracebackType

    from napari_segloop.core.images import Array

TILE = (512, 512)
CLASSIC = 2**32 - 2**25
"""Bytes: larger results may need offsets of 64 bits, so they are written as BigTIFF."""


class TiffOutput:
    """An OME-TIFF that is written plane by plane.

    Use it as a context manager: the file gets its name when the block ends and every plane was
    written; after an error nothing is left and an old file is untouched.

    Parameters
    ----------
    path : Path
        The final name; missing folders are made.
    layout : Layout
        Axes, lengths, channels and pixel size.
    dtype : numpy dtype
        uint8, uint16 or uint32. A file of uint16 becomes uint32 at the first larger value.
    provenance : str
        JSON, kept in the file (`read_provenance`).

    Raises
    ------
    OutputError
        No space or no rights.

    Notes
    -----
    Equal planes give equal bytes: no time, no random identifier.
    """

    def __init__(
        self, path: Path, layout: Layout, dtype: np.dtype[np.generic], provenance: str = ""
    ) -> None:
        self.path = path
        self.layout = layout
        self.dtype = np.dtype(dtype)
        self._provenance = provenance
        self._temporary = temporary_name(path)
        self._written = 0
        self._file: tifffile.TiffWriter | None = None

    def __enter__(self) -> Self:
        with writing(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._open(self._temporary)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            with writing(self.path):
                self._close()
                if error is None:
                    self._check_complete()
                    commit(self._temporary, self.path)
        finally:
            discard(self._temporary)

    def write(self, plane: Array) -> None:
        """Write the next plane, the last leading axis fastest.

        Parameters
        ----------
        plane : (Y, X) or (C, Y, X) ndarray
            Whole numbers that fit the dtype.

        Raises
        ------
        OutputError
            No space.
        """
        with writing(self.path):
            if self.dtype == np.uint16 and plane.dtype.itemsize > 2 and plane.max() > 0xFFFF:
                self._widen()
            self._write(plane)
        self._written += 1

    def write_tiles(self, tiles: Iterable[Array | None]) -> None:
        """Write the next plane, one without channels, without ever having the whole of it.

        Parameters
        ----------
        tiles : iterable of (h, w) ndarray or None
            Of `TILE` pixels, less at the lower and right edge; row by row. None is one of zeros,
            which costs next to nothing.

        Raises
        ------
        OutputError
            No space.
        """
        if self._file is None:
            msg = "tiles are written inside the with block"
            raise ValueError(msg)
        with writing(self.path):
            self._write_page(self._file, tiles, self._written == 0)
        self._written += 1

    def _write(self, plane: Array) -> None:
        """Write the pages of one plane; the first page of the file carries the description."""
        pages = plane[None] if self.layout.channels is None else plane
        expected = (self.layout.channels or 1, *self.layout.plane_shape)
        if pages.shape != expected or self._file is None:
            msg = f"planes of shape {expected} inside the with block, got {pages.shape}"
            raise ValueError(msg)
        for number, page in enumerate(pages):
            first = self._written == 0 and number == 0
            self._write_page(self._file, page, first)

    def _write_page(
        self, file: tifffile.TiffWriter, page: Array | Iterable[Array | None], first: bool
    ) -> None:
        description = ome_xml(self.layout, self.dtype, self._provenance) if first else None
        size = self.layout.pixel_size
        is_whole = isinstance(page, np.ndarray)
        file.write(
            np.asarray(page, self.dtype) if is_whole else self._encoded(page),
            shape=self.layout.plane_shape,
            dtype=self.dtype,
            photometric="minisblack",
            tile=TILE,
            compression="zlib",
            description=description,
            metadata=None,
            software="napari-segloop" if first else False,
            resolution=(1e4 / size.x, 1e4 / size.y) if size else None,
            resolutionunit="CENTIMETER" if size else None,
        )

    def _encoded(self, tiles: Iterable[Array | None]) -> Iterator[bytes]:
        empty = zlib.compress(bytes(TILE[0] * TILE[1] * self.dtype.itemsize))
        for tile in tiles:
            if tile is None:
                yield empty
            else:
                beyond = [(0, side - n) for side, n in zip(TILE, tile.shape, strict=True)]
                yield zlib.compress(np.pad(tile.astype(self.dtype, copy=False), beyond).tobytes())

    def _open(self, path: Path) -> tifffile.TiffWriter:
        size = int(np.prod(self.layout.shape, dtype=object)) * self.dtype.itemsize
        return tifffile.TiffWriter(path, bigtiff=size > CLASSIC, ome=False, shaped=False)

    def _widen(self) -> None:
        """Copy what was written to a file of uint32 and go on there."""
        self._close()
        self.dtype = np.dtype(np.uint32)
        wide = temporary_name(self.path)
        try:
            self._file = self._open(wide)
            self._copy_pages()
        except BaseException:
            self._close()
            discard(wide)
            raise
        discard(self._temporary)
        self._temporary = wide

    def _copy_pages(self) -> None:
        if self._written == 0 or self._file is None:
            return
        with tifffile.TiffFile(self._temporary) as narrow:
            for number, page in enumerate(narrow.pages):
                self._write_page(self._file, page.asarray(), number == 0)

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _check_complete(self) -> None:
        if self._written != self.layout.planes:
            msg = f"{self.layout.planes} planes were announced, {self._written} written"
            raise ValueError(msg)


def read_provenance(path: Path) -> str | None:
    """Return how a result came about.

    Parameters
    ----------
    path : Path
        An OME-TIFF of ours, or a group of an OME-Zarr such as ``x.ome.zarr/labels/segloop``.

    Returns
    -------
    str or None
        JSON; None when the file does not say.

    Raises
    ------
    InputError
        A missing or damaged file.
    """
    if path.is_dir():
        return group_provenance(path)
    with reading(path), tifffile.TiffFile(path) as file:
        return read_provenance_note(file.ome_metadata) if file.ome_metadata else None
