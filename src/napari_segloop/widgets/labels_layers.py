"""The layers that the loop makes for an image: masks, what is checked, how unsure the network is.

They are ordinary napari layers over plain arrays, placed like their image. The module does not
know the session, nor watches what becomes of the layers.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Labels
from napari.utils.colormaps import CyclicLabelColormap, DirectLabelColormap, label_colormap

from napari_segloop.core.errors import InputError, ResourceError
from napari_segloop.core.workboxes import LARGEST_COPY
from napari_segloop.widgets.sources import full_resolution, stored_shape, unwrapped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari.layers import Layer

    from napari_segloop.core.classes import ClassTable
    from napari_segloop.core.images import Labels as LabelArray
    from napari_segloop.widgets.placement import Placement

CHECKED_COLOURS = {1: "#2fb8ac", 2: "#f0a830", 3: "#9b6fc3"}
"""Checked by you, can't tell, excluded area: told apart by the colour-blind, on black and white."""
CHECKED_OPACITY = 0.3
MASKS_OPACITY = 0.5
STILL_EMPTY = "segloop_still_empty"
STRANGE = "#808080"
"""A value that is no declared class, until it is taken back."""


@dataclass(frozen=True, slots=True, eq=False)
class LoopLayers:
    """The three layers of an open image."""

    masks: Labels
    checked: Labels
    uncertainty: Image

    def all(self) -> tuple[Layer, ...]:
        """Return them from bottom to top."""
        return self.uncertainty, self.masks, self.checked


def make_layers(
    name: str, shape: tuple[int, ...], placement: Placement, *, classes: ClassTable | None
) -> LoopLayers:
    """Make the three layers, empty.

    Parameters
    ----------
    name : str
        The image's.
    shape : tuple of int
        Leading axes, rows and columns.
    placement : Placement
        Of the image, without channels.
    classes : ClassTable or None
        Colours of the masks; None for single objects.

    Returns
    -------
    LoopLayers
        Not yet in a viewer.

    Raises
    ------
    ResourceError
        When the masks would take more than 2 GiB.
    """
    dtype = np.dtype(np.uint16 if classes is None else np.uint8)
    check_fits(shape, dtype)
    where = placement.arguments()
    masks = Labels(
        np.zeros(shape, dtype),
        name=f"{name} masks",
        opacity=MASKS_OPACITY,
        colormap=masks_colours(classes),
        **where,
    )
    checked = make_checked(name, np.zeros(shape, np.uint8), where)
    return LoopLayers(masks, checked, make_uncertainty(name, np.zeros(shape, np.uint8), where))


def make_checked(name: str, values: LabelArray, where: Mapping[str, Any]) -> Labels:
    """Make the layer that shows what a human stands behind.

    Parameters
    ----------
    name : str
        The image's.
    values : ndarray of uint8
        0 not checked, 1 checked, 2 can't tell, 3 excluded area.
    where : mapping
        `Placement.arguments`.

    Returns
    -------
    napari.layers.Labels
        With low opacity; 0 is transparent.
    """
    colours = _colours(CHECKED_COLOURS)
    return Labels(
        values, name=f"{name} checked", opacity=CHECKED_OPACITY, colormap=colours, **where
    )


def make_uncertainty(name: str, values: LabelArray, where: Mapping[str, Any]) -> Image:
    """Make the map of how unsure the network is, hidden until there is something to see.

    Parameters
    ----------
    name : str
        The image's.
    values : ndarray of uint8
        Probability of being wrong, times 255.
    where : mapping
        `Placement.arguments`.

    Returns
    -------
    napari.layers.Image
        Black where the network is sure, and black adds nothing to the image below.
    """
    return Image(
        values,
        name=f"{name} uncertainty",
        colormap="inferno",
        contrast_limits=(0, 255),
        blending="additive",
        visible=False,
        metadata={STILL_EMPTY: True},
        **where,
    )


def show_uncertainty(layer: Image) -> None:
    """Refresh the map, and show it when it holds something for the first time.

    Parameters
    ----------
    layer : napari.layers.Image
        Of `make_uncertainty`.
    """
    if layer.metadata.pop(STILL_EMPTY, False):
        layer.visible = True
    else:
        layer.refresh(extent=False, highlight=False)


def masks_colours(classes: ClassTable | None) -> DirectLabelColormap | CyclicLabelColormap:
    """Return the colours of a masks layer.

    Parameters
    ----------
    classes : ClassTable or None
        None for single objects: napari's own cycle.

    Returns
    -------
    napari.utils.colormaps.LabelColormapBase
        The classes' colours; other values are grey.
    """
    if classes is None:
        return label_colormap(49)
    return _colours({each.value: each.colour for each in classes.classes})


def _colours(by_value: Mapping[int, str]) -> DirectLabelColormap:
    colours: dict[int | None, str] = {None: STRANGE, 0: "transparent"}
    return DirectLabelColormap(color_dict=colours | dict(by_value))


def check_fits(shape: tuple[int, ...], dtype: np.dtype[np.generic]) -> None:
    """Refuse an editable copy of a whole that is too large.

    Parameters
    ----------
    shape : tuple of int
        Of the labels.
    dtype : numpy dtype
        Of the labels.

    Raises
    ------
    ResourceError
        Above 2 GiB, with the offer of a work area.
    """
    size = prod(shape) * dtype.itemsize
    if size > LARGEST_COPY:
        raise ResourceError(
            "an image whose masks take at most 2 GiB",
            f"masks of {size / 2**30:.1f} GiB, shape {shape}",
            "Choose a work area: a part of it that you correct in place.",
        )


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
