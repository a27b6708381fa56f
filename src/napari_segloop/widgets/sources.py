"""Open Image layers as a source of planes: what the session reads pixels from.

A source holds layer objects (never names) and only weakly, so that it neither keeps a removed
layer's memory nor follows another layer of the same name. Reading happens on a background thread
and touches no Qt. It does not know labels.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from napari_segloop.core.errors import InputError
from napari_segloop.widgets.imagelayers import (
    COLOURS,
    check_image,
    count_channels,
    find_channel_axis,
    full_resolution,
    stored_shape,
)
from napari_segloop.widgets.placement import Placement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari import Viewer
    from napari.layers import Image, Layer
    from numpy.typing import NDArray

    from napari_segloop.core.images import Array

__all__ = ["LayerSource", "find_channel_axis", "in_remembered_order", "unwrapped"]

T = TypeVar("T")
Index = tuple[int, ...]


def unwrapped(thing: T) -> T:
    """Return what napari's proxy for plugins wraps.

    Parameters
    ----------
    thing : object
        A viewer, a layer or a list of layers, wrapped or not.

    Returns
    -------
    object
        The thing itself: proxies are new at each access and fit no comparison by identity.
    """
    found: T = getattr(thing, "__wrapped__", thing)
    return found


class LayerSource:
    """Planes of open Image layers; see `session.sources.ImageSource`.

    Parameters
    ----------
    layers : sequence of napari.layers.Image
        One image, or several of one shape that are its channels, in this order.
    viewer : napari.Viewer
        Where they are open.
    channel_axis : int, optional
        Which axis of the data holds channels; found by its label (``c``, ``channel``) when None.

    Raises
    ------
    InputError
        Layers that are no image, or whose shapes or places in the world differ.
    """

    def __init__(
        self, layers: Sequence[Layer], viewer: Viewer, channel_axis: int | None = None
    ) -> None:
        bare = [unwrapped(layer) for layer in layers]
        self.channel_axis = check_image(bare, channel_axis)
        _check_places(bare)
        self._layers = [weakref.ref(layer) for layer in bare]
        self._open = weakref.ref(unwrapped(unwrapped(viewer).layers))
        self._shape = stored_shape(bare[0])
        self._counts = [count_channels(layer, self.channel_axis) for layer in bare]
        self.channel_names = tuple(layer.name for layer in bare)
        self._name = str(bare[0].name)

    @property
    def name(self) -> str:
        """The first layer's name; its last one when it is gone."""
        layer = self._layers[0]()
        if layer is not None:
            self._name = str(layer.name)
        return self._name

    @property
    def where(self) -> str:
        """Always ``open layer``: several layers may come from one file."""
        return "open layer"

    @property
    def path(self) -> str | None:
        """The file that the first layer came from, if any."""
        layer = self._layers[0]()
        found = None if layer is None else layer.source.path
        return None if found is None else str(found)

    @property
    def layers(self) -> tuple[Image, ...]:
        """The layers that still exist."""
        found = (layer() for layer in self._layers)
        return tuple(layer for layer in found if layer is not None)

    @property
    def placement(self) -> Placement:
        """Where the image lies in the world, without channels.

        Raises
        ------
        InputError
            When the layer was removed.
        """
        if not self.layers:
            raise self._gone()
        return Placement.of(self.layers[0], self.channel_axis)

    @property
    def axes(self) -> str:
        """T or Z for a leading axis that is labelled so, else Q."""
        if not self.layers:
            return "Q" * len(self.leading)
        return self.placement.letters[:-2]

    @property
    def leading(self) -> tuple[int, ...]:
        """Lengths of the axes before Y and X, without channels."""
        axes = range(len(self._shape) - 2)
        return tuple(self._shape[axis] for axis in axes if axis != self.channel_axis)

    @property
    def plane_shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self._shape[-2:]
        return rows, columns

    @property
    def channels(self) -> int:
        """Channels of all layers together."""
        return sum(self._counts)

    @property
    def pixel_size(self) -> tuple[float, float] | None:
        """Height and width in micrometres, where the first layer's units are lengths."""
        return self.placement.pixel_size if self.layers else None

    @property
    def gone(self) -> str:
        """That a layer has another shape now, or was removed."""
        other = next((each for each in self.layers if stored_shape(each) != self._shape), None)
        if other is None:
            return "its layer was removed; open it and add it to the list again"
        return (
            f"the data of {other.name!r} have shape {stored_shape(other)} now, not {self._shape}; "
            "what you checked is kept: set data of the old shape to go on, or add the layer again "
            "as a new image"
        )

    def is_alive(self) -> bool:
        """Say whether the layers are still open and have their shape.

        Returns
        -------
        bool
            Nothing is read for it.
        """
        layers, viewer_layers = self.layers, self._open()
        if viewer_layers is None or len(layers) < len(self._layers):
            return False
        shown = {id(layer) for layer in tuple(viewer_layers)}
        return all(id(each) in shown and stored_shape(each) == self._shape for each in layers)

    def read(self, index: Index, rows: slice, columns: slice) -> Array:
        """Return a window of a plane; called from a background thread.

        Parameters
        ----------
        index : tuple of int
            One number for each leading axis.
        rows, columns : slice
            The window, in pixels.

        Returns
        -------
        (C, rows, columns) ndarray
            A copy in the stored dtype; channels of several dtypes in one that holds them all.

        Raises
        ------
        InputError
            When a layer was removed or has another shape now.
        """
        layers = self.layers
        if not self.is_alive():
            raise self._gone()
        parts = [self._window(layer, index, rows, columns) for layer in layers]
        return np.concatenate(parts) if len(parts) > 1 else np.array(parts[0])

    def _gone(self) -> InputError:
        layers = self.layers
        return InputError(
            f"the layer {self.name!r} with shape {self._shape}",
            f"shape {stored_shape(layers[0])}" if self._is_shown(layers) else "no such layer",
            "Set data of the old shape, or add the layer to the image list again.",
        )

    def _is_shown(self, layers: Sequence[Image]) -> bool:
        shown = self._open()
        return bool(layers) and shown is not None and any(each is layers[0] for each in shown)

    def _window(self, layer: Image, index: Index, rows: slice, columns: slice) -> Array:
        """Return ``(C, rows, columns)`` of one layer, perhaps a view of its data."""
        key: list[int | slice] = [*index, rows, columns]
        if self.channel_axis is not None:
            key.insert(self.channel_axis, slice(None))
        window = np.asarray(full_resolution(layer)[tuple(key)])
        if layer.rgb:
            window = window[..., :COLOURS]
            return np.moveaxis(window, -1, 0)
        return window if self.channel_axis is not None else window[np.newaxis]


def _check_places(layers: Sequence[Layer]) -> None:
    """Refuse channels that do not lie on each other; half a pixel is no difference."""
    first = Placement.of(layers[0])
    for layer in layers[1:]:
        other = Placement.of(layer)
        aspect = first.difference(other)
        if aspect:
            one, two = (_plain(getattr(each, aspect)) for each in (first, other))
            raise InputError(
                "channels of one image that lie on each other",
                f"{aspect} {one} of {layers[0].name!r}, {two} of {layer.name!r}",
                f"Give both layers the same {aspect}, or add them as two images.",
            )


def _plain(value: tuple[object, ...] | NDArray[np.float64]) -> object:
    """Return numbers as a user writes them."""
    values = np.asarray(value)
    return values.round(4).tolist() if values.dtype.kind == "f" else value


def in_remembered_order(layers: Sequence[T], remembered: Sequence[str]) -> list[T]:
    """Put layers into the order in which their names were channels before.

    Parameters
    ----------
    layers : sequence of napari.layers.Layer
        As they are in the viewer.
    remembered : sequence of str
        `LayerSource.channel_names` of an earlier choice.

    Returns
    -------
    list of napari.layers.Layer
        Known names first, in the remembered order; the others keep theirs.
    """
    places = {name: place for place, name in enumerate(remembered)}
    return sorted(layers, key=lambda layer: places.get(str(layer.name), len(places)))  # type: ignore[attr-defined]
