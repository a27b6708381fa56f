"""Image and label files, opened by suffix; nothing but headers is read here.

Knows which format reads which suffix; not which labels belong to which image.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_segloop.core.errors import InputError
from napari_segloop.core.images import check_dtype
from napari_segloop.files.axes import check_axes, fit_axes
from napari_segloop.files.names import SUFFIXES, is_zarr, suffix
from napari_segloop.files.omezarr import open_zarr
from napari_segloop.files.png import open_png
from napari_segloop.files.stacks import ImageFile, LabelFile, StackFile
from napari_segloop.files.stored import reading
from napari_segloop.files.tiff import open_tiff

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_segloop.files.stored import Stored

__all__ = ["ImageFile", "LabelFile", "StackFile", "open_image", "open_labels"]


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
    fitted = _label_axes(axes, len(shape)) if axes else None
    return LabelFile(path, stored, _without_channels(fitted or stored.axes, shape))


def _label_axes(axes: str, count: int) -> str | None:
    """Take the image's axes as the labels have them; a channel axis may have been kept.

    Labels with another number of axes keep their own: beside the image both shapes are named.
    """
    letters = check_axes(axes)
    bare = "".join(a for a in letters if a not in "CS")
    return next((names for names in (bare, letters) if len(names) == count), None)


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
