"""Labels that the user brings along: copied, never edited where they are.

A stroke on a zarr or memory-mapped layer would go straight into the user's file. What is done with
the copies is not known here.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.errors import InputError, ResourceError
from napari_segloop.core.workboxes import LARGEST_COPY
from napari_segloop.widgets.imagelayers import full_resolution, stored_shape
from napari_segloop.widgets.sources import unwrapped

if TYPE_CHECKING:
    from napari.layers import Labels

    from napari_segloop.core.images import Labels as LabelArray


def why_not_in_place(layer: Labels) -> str:
    """Say why the pixels of the user's own Labels layer must not be edited where they are.

    Parameters
    ----------
    layer : napari.layers.Labels
        Any.

    Returns
    -------
    str
        A sentence; empty when the layer holds a plain writable array in memory.
    """
    data = full_resolution(layer)
    if layer.multiscale:
        return "It has several resolutions, which napari cannot edit."
    if isinstance(data, np.memmap) or not isinstance(data, np.ndarray):
        return "Each stroke would go straight into its file, or be lost."
    return "" if data.flags.writeable else "It is read-only."


def copy_labels(layer: Labels, shape: tuple[int, ...], *, objects: bool) -> LabelArray:
    """Return a copy of the user's own labels that the loop may edit.

    The user's layer and its file stay as they are.

    Parameters
    ----------
    layer : napari.layers.Labels
        Plain, dask, zarr, memory-mapped, read-only or multiscale.
    shape : tuple of int
        Leading axes, rows and columns of the image.
    objects : bool
        Whether values are ids.

    Returns
    -------
    ndarray of uint8, uint16 or uint32
        Values as they are.

    Raises
    ------
    InputError
        Another shape, negative values, or values that are too large.
    ResourceError
        When they would take more than 2 GiB.
    """
    bare = unwrapped(layer)
    if stored_shape(bare) != shape:
        raise InputError(
            f"labels of shape {shape}, like the image",
            f"{stored_shape(bare)} in {bare.name!r}",
            "Choose the labels of this image.",
        )
    check_fits(shape, np.dtype(np.uint16 if objects else np.uint8))
    return narrowed(np.asarray(full_resolution(bare)), objects=objects)


def narrowed(values: LabelArray, *, objects: bool) -> LabelArray:
    """Copy labels into the dtype that napari shows fastest.

    Parameters
    ----------
    values : ndarray of integer or bool
        Labels.
    objects : bool
        Ids get at least uint16.

    Returns
    -------
    ndarray of uint8, uint16 or uint32
        A copy in C order.

    Raises
    ------
    InputError
        Negative values, classes above 255, or ids above 4,294,967,295.
    """
    largest = int(values.max(initial=0))
    most = 2**32 - 1 if objects else 255
    if int(values.min(initial=0)) < 0 or largest > most:
        raise InputError(
            f"labels from 0 to {most}",
            f"values from {values.min()} to {largest}",
            "Number the labels anew, or choose single objects." if not objects else "Renumber.",
        )
    least = np.dtype(np.uint16 if objects else np.uint8)
    dtype = np.promote_types(least, np.min_scalar_type(largest))
    copy: LabelArray = np.array(values, dtype=dtype, order="C")
    return copy


def check_fits(
    shape: tuple[int, ...], dtype: np.dtype[np.generic], limit: int = LARGEST_COPY
) -> None:
    """Refuse an editable copy of a whole that is too large.

    Parameters
    ----------
    shape : tuple of int
        Of the labels.
    dtype : numpy dtype
        Of the labels.
    limit : int
        Bytes that they may take.

    Raises
    ------
    ResourceError
        Above that, with the offer of a work area.
    """
    size = prod(shape) * dtype.itemsize
    if size > limit:
        raise ResourceError(
            f"an image whose masks take at most {limit / 2**30:.3g} GiB",
            f"masks of {size / 2**30:.3g} GiB, shape {shape}",
            "Predict it and look through it; to correct it, make a work area of the part in view.",
        )
