"""Image and label files, opened by suffix and read plane by plane.

Knows formats, axes and channels; not models, nor which labels belong to which image.
"""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from napari_segloop.core.errors import InputError
from napari_segloop.core.images import Labels, PlaneSource, check_dtype
from napari_segloop.files.axes import fit_axes, split_axes
from napari_segloop.files.names import SUFFIXES, image_name, is_zarr, label_name, suffix
from napari_segloop.files.omezarr import open_zarr
from napari_segloop.files.planes import FilePlane
from napari_segloop.files.png import open_png
from napari_segloop.files.stored import Stored, reading
from napari_segloop.files.tiff import open_tiff

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

    from napari_segloop.files.pixelsize import PixelSize


class StackFile:
    """What image and label files have in common: axes, shape and planes.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        NAME, by which images and labels are paired.
    stored : Stored
        The opened array.
    axes : str
        One letter for each stored axis.
    """

    def __init__(self, path: Path, name: str, stored: Stored, axes: str) -> None:
        self.path = path
        self.name = name
        self.axes = axes
        self.shape = stored.pixels.shape
        self.dtype = stored.pixels.dtype.newbyteorder("=")
        self.pixel_size: PixelSize | None = stored.pixel_size
        self._stored = stored

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; a later read opens it again."""
        self._stored.close()

    @property
    def leading_axes(self) -> str:
        """The axes that planes are counted along, for example ``"TZ"``."""
        return split_axes(self.axes)[0]

    @property
    def leading_shape(self) -> tuple[int, ...]:
        """How many planes there are along each leading axis."""
        pairs = zip(self.axes, self.shape, strict=True)
        return tuple(length for axis, length in pairs if axis not in "CSYX")

    @property
    def plane_shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = (self.shape[self.axes.index(a)] for a in "YX")
        return rows, columns

    def indices(self) -> Iterator[tuple[int, ...]]:
        """Yield the index of each plane, the last leading axis fastest.

        Yields
        ------
        tuple of int
            One number for each leading axis; ``()`` for a single plane.
        """
        yield from np.ndindex(self.leading_shape)


class ImageFile(StackFile):
    """An image in a file, read lazily.

    Parameters
    ----------
    path : Path
        The file.
    stored : Stored
        The opened array.
    axes : str
        One letter for each stored axis.
    channels : sequence of int, optional
        Which channels are read, in this order; all by default.

    Raises
    ------
    InputError
        Channels that the image does not have.
    """

    def __init__(
        self, path: Path, stored: Stored, axes: str, channels: Sequence[int] | None = None
    ) -> None:
        super().__init__(path, image_name(path), stored, axes)
        count = prod(n for a, n in zip(axes, self.shape, strict=True) if a in "CS")
        if stored.colours is not None and axes.endswith("S") and "C" not in axes:
            count = stored.colours
        self.channel_indices = _check_channels(path, count, channels)

    @property
    def channels(self) -> int:
        """How many channels are read."""
        return len(self.channel_indices)

    def plane(self, index: tuple[int, ...] = ()) -> PlaneSource:
        """Return one plane, to be read window by window.

        Parameters
        ----------
        index : tuple of int
            One number for each leading axis.

        Returns
        -------
        PlaneSource
            ``(C, Y, X)``.
        """
        pixels = self._stored.pixels
        return FilePlane(self.path, pixels, self.axes, index, self.channel_indices)


class LabelFile(StackFile):
    """Labels in a file: whole numbers, read plane by plane.

    Parameters
    ----------
    path : Path
        The file.
    stored : Stored
        The opened array.
    axes : str
        One letter for each stored axis, without channels.

    Raises
    ------
    InputError
        Colours or numbers that are not whole.
    """

    def __init__(self, path: Path, stored: Stored, axes: str) -> None:
        super().__init__(path, label_name(path), stored, axes)
        if self.dtype.kind == "b":
            self.dtype = np.dtype(np.uint8)
        if self.dtype.kind not in "ui":
            raise InputError(
                "labels of whole numbers",
                f"dtype {self.dtype}",
                "Save them as 8-bit or 16-bit integers.",
                str(path),
            )

    def read(
        self, index: tuple[int, ...] = (), rows: slice = slice(None), columns: slice = slice(None)
    ) -> Labels:
        """Return the labels of a plane, or of a window of it.

        Parameters
        ----------
        index : tuple of int
            One number for each leading axis.
        rows, columns : slice
            The window, in pixels; the whole plane by default.

        Returns
        -------
        (Y, X) ndarray of integers
            In native byte order; never negative.

        Raises
        ------
        InputError
            Negative labels, or a damaged file.
        """
        plane = FilePlane(self.path, self._stored.pixels, self.axes, index, (0,))
        labels: Labels = plane.read(rows, columns)[0].astype(self.dtype, copy=False)
        if self.dtype.kind == "i" and labels.size and labels.min() < 0:
            raise InputError(
                "labels from 0 upwards",
                f"the value {labels.min()}",
                "Give every object or class a positive number and background 0.",
                str(self.path),
            )
        return labels


def open_image(
    path: Path, axes: str | None = None, channels: Sequence[int] | None = None
) -> ImageFile:
    """Open an image.

    Parameters
    ----------
    path : Path
        A TIFF, PNG or OME-Zarr.
    axes : str, optional
        Names the stored axes, for example ``"CYX"``; from metadata by default.
    channels : sequence of int, optional
        Which channels to read, from 0; all by default. Opacity is never a channel.

    Returns
    -------
    ImageFile
        Nothing but the header has been read.

    Raises
    ------
    InputError
        A missing or damaged file, axes that do not fit, or channels that do not exist.
    """
    path = Path(path)
    stored = _open(path)
    fitted = fit_axes(axes, stored.axes, stored.pixels.shape, str(path)) if axes else stored.axes
    _check_pixels(path, stored)
    return ImageFile(path, stored, fitted, channels)


def open_labels(path: Path, axes: str | None = None, label: str | None = None) -> LabelFile:
    """Open labels.

    Parameters
    ----------
    path : Path
        A TIFF, PNG or OME-Zarr with integers. Of a palette PNG the numbers of the entries are
        read, not the colours; of an OME-Zarr with a group ``labels`` the labels in it.
    axes : str, optional
        The axes of the image or of the labels; C is left out.
    label : str, optional
        Which labels of an OME-Zarr; ``segloop`` or the only ones by default.

    Returns
    -------
    LabelFile
        Nothing but the header has been read.

    Raises
    ------
    InputError
        A missing or damaged file, colours, or numbers that are not whole.
    """
    path = Path(path)
    stored = _open(path, labels=True, label=label)
    shape = stored.pixels.shape
    _check_pixels(path, stored)
    if "S" in stored.axes and (stored.colours or shape[stored.axes.index("S")]) > 1:
        raise InputError(
            "labels of whole numbers, one for each pixel",
            f"colours, shape {shape}",
            "Save label numbers, not a coloured picture (a palette PNG is fine).",
            str(path),
        )
    wanted = _label_axes(axes, len(shape)) if axes else None
    fitted = fit_axes(wanted, stored.axes, shape, str(path)) if wanted else stored.axes
    return LabelFile(path, stored, _without_channels(fitted, shape))


def _label_axes(axes: str, count: int) -> str:
    """Take the image's axes as the labels have them; a channel axis may have been kept."""
    bare = "".join(a for a in axes.strip().upper() if a not in "CS")
    return bare if count <= len(bare) else axes


def _without_channels(axes: str, shape: tuple[int, ...]) -> str:
    """Several channels of labels are planes; whether they fit is seen beside the image."""
    single = {a for a, n in zip(axes, shape, strict=True) if n == 1}
    return axes if "C" in single else axes.replace("C", "Q")


def _open(path: Path, labels: bool = False, label: str | None = None) -> Stored:
    """Open a file by its suffix."""
    kind = suffix(path)
    if not kind:
        raise InputError(
            f"a file ending in {', '.join(SUFFIXES)}", repr(path.name), "Convert it.", str(path)
        )
    with reading(path):
        if is_zarr(path):
            return open_zarr(path, labels=labels, label=label)
        return open_png(path, palette_indices=labels) if kind == ".png" else open_tiff(path)


def _check_pixels(path: Path, stored: Stored) -> None:
    """Refuse arrays that are no image."""
    check_dtype(stored.pixels.dtype)
    shape = stored.pixels.shape
    if 0 in shape or len(shape) < 2:
        raise InputError(
            "an image with rows and columns", f"shape {shape}", "Leave this file out.", str(path)
        )


def _check_channels(path: Path, count: int, channels: Sequence[int] | None) -> tuple[int, ...]:
    """Return the channels to read."""
    chosen = tuple(range(count)) if channels is None else tuple(channels)
    if not chosen or any(not 0 <= c < count for c in chosen) or len(set(chosen)) < len(chosen):
        raise InputError(
            f"different channels from 0 to {count - 1}",
            ", ".join(map(str, chosen)) or "none",
            "Choose with --channels, for example --channels 0.",
            str(path),
        )
    return chosen
