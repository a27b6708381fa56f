"""What an Image layer holds, by axes: its full resolution, its shape, whether it is one.

Asks layers only; nothing is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Image

from napari_segloop.core.errors import InputError
from napari_segloop.core.images import check_dtype

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Layer

    from napari_segloop.core.images import Array

CHANNEL_NAMES = frozenset({"c", "ch", "channel", "channels"})
COLOURS = 3
"""Of an RGB(A) layer: red, green, blue; opacity is never a channel."""


def full_resolution(layer: Layer) -> Array:
    """Return a layer's data, of a multiscale layer its largest level.

    Parameters
    ----------
    layer : napari.layers.Layer
        An Image or Labels layer.

    Returns
    -------
    array-like
        With ``shape``, ``dtype`` and indexing by integers and slices.
    """
    data: Array = layer.data[0] if getattr(layer, "multiscale", False) else layer.data
    return data


def stored_shape(layer: Layer) -> tuple[int, ...]:
    """Return a layer's shape, without colours.

    Parameters
    ----------
    layer : napari.layers.Layer
        An Image or Labels layer.

    Returns
    -------
    tuple of int
        In pixels of the largest level.
    """
    shape = tuple(int(length) for length in full_resolution(layer).shape)
    return shape[:-1] if getattr(layer, "rgb", False) else shape


def find_channel_axis(layer: Layer) -> int | None:
    """Return the axis whose label says that it holds channels.

    Parameters
    ----------
    layer : napari.layers.Layer
        An Image layer.

    Returns
    -------
    int or None
        None when no label says so, or when that axis is Y or X.
    """
    names = [str(label).lower() for label in layer.axis_labels][:-2]
    return next((axis for axis, name in enumerate(names) if name in CHANNEL_NAMES), None)


def check_image(layers: Sequence[Layer], channel_axis: int | None) -> int | None:
    """Return the channel axis, or say why these layers are no image.

    Parameters
    ----------
    layers : sequence of napari.layers.Layer
        Chosen together.
    channel_axis : int or None
        None: found by its label.

    Returns
    -------
    int or None
        None when no axis holds channels.

    Raises
    ------
    InputError
        No layer, other kinds of layer, shapes that differ, or an axis that cannot hold channels.
    """
    if not layers:
        raise InputError("an Image layer", "none", "Select one in the layer list.")
    for layer in layers:
        _check_layer(layer)
    shapes = {stored_shape(layer): layer.name for layer in layers}
    if len(shapes) > 1:
        found = ", ".join(f"{name!r} {shape}" for shape, name in shapes.items())
        raise InputError(
            "channels of the same shape", found, "Choose layers that show the same pixels."
        )
    return _check_axis(layers[0], channel_axis)


def _check_layer(layer: Layer) -> None:
    if not isinstance(layer, Image):
        kind = type(layer).__name__
        raise InputError(
            "an Image layer", f"the {kind} layer {layer.name!r}", "Choose an Image layer."
        )
    shape = stored_shape(layer)
    if len(shape) < 2 or 0 in shape:
        raise InputError(
            "an image with rows and columns",
            f"shape {shape} in the layer {layer.name!r}",
            "Choose another layer.",
        )
    check_dtype(np.dtype(full_resolution(layer).dtype))


def _check_axis(layer: Image, channel_axis: int | None) -> int | None:
    leading = len(stored_shape(layer)) - 2
    if channel_axis is None:
        return find_channel_axis(layer)
    if layer.rgb or not 0 <= channel_axis < leading:
        raise InputError(
            "a channel axis before rows and columns",
            f"axis {channel_axis} of shape {tuple(full_resolution(layer).shape)}",
            "Choose another axis, or none.",
        )
    return channel_axis


def count_channels(layer: Image, channel_axis: int | None) -> int:
    """Return how many channels a layer has.

    Parameters
    ----------
    layer : napari.layers.Image
        The layer.
    channel_axis : int or None
        Of `check_image`.

    Returns
    -------
    int
        3 for colours.
    """
    if layer.rgb:
        return COLOURS
    return 1 if channel_axis is None else stored_shape(layer)[channel_axis]
