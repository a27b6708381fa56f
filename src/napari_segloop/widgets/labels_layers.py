"""The layers that the loop makes for an image: masks, what is checked, how unsure the network is.

They are ordinary napari layers over plain arrays, placed like their image. The module does not
know the session, nor watches what becomes of the layers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Labels
from napari.utils.colormaps import CyclicLabelColormap, DirectLabelColormap, label_colormap

from napari_segloop.core.checkstate import CHECKED
from napari_segloop.core.workboxes import LARGEST_COPY
from napari_segloop.widgets.userlabels import check_fits, copy_labels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari.layers import Layer

    from napari_segloop.core.classes import ClassTable
    from napari_segloop.core.images import Array
    from napari_segloop.widgets.lazy import Lazy
    from napari_segloop.widgets.placement import Placement

__all__ = [
    "LoopLayers",
    "copy_labels",
    "layers_over",
    "make_layers",
    "masks_colours",
    "refresh_uncertainty",
    "show_uncertainty",
]

CHECKED_COLOURS = {1: "#2fb8ac", 2: "#e8618c", 3: "#9b6fc3"}
"""Checked by you, can't tell, excluded area: told apart by the colour-blind, on black and white."""
CHECKED_OPACITY = 0.35
FAINT = "66"
"""Opacity, of FF, of what is checked by you: the image under it must stay to be judged."""
MASKS_OPACITY = 0.5
RAMP = "inferno"
"""Of the uncertainty: even to the eye, also to the colour-blind's."""
SHOWN_WHEN_FILLED = "segloop_shown_when_filled"
STRANGE = "#808080"
"""A value that is no declared class, until it is taken back."""


@dataclass(frozen=True, slots=True, eq=False)
class LoopLayers:
    """The three layers of an open image."""

    masks: Labels
    checked: Labels
    uncertainty: Image

    def all(self) -> tuple[Layer, ...]:
        """Return them from bottom to top.

        Returns
        -------
        tuple of napari.layers.Layer
            Uncertainty, masks, checked.
        """
        return self.uncertainty, self.masks, self.checked


def make_layers(
    name: str,
    shape: tuple[int, ...],
    placement: Placement,
    *,
    classes: ClassTable | None,
    limit: int = LARGEST_COPY,
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
    limit : int
        Bytes that the masks may take.

    Returns
    -------
    LoopLayers
        Not yet in a viewer.

    Raises
    ------
    ResourceError
        When they would take more.
    """
    dtype = np.dtype(np.uint16 if classes is None else np.uint8)
    check_fits(shape, dtype, limit)
    arrays = np.zeros(shape, dtype), np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    return layers_over(name, arrays, placement, classes=classes)


def layers_over(
    name: str,
    arrays: Sequence[Array | Lazy],
    placement: Placement,
    *,
    classes: ClassTable | None,
) -> LoopLayers:
    """Make the three layers over arrays that are there.

    Parameters
    ----------
    name : str
        The image's.
    arrays : sequence of array-like
        Masks, what is checked, and how unsure the network is, all of one shape.
    placement : Placement
        Of the image, without channels.
    classes : ClassTable or None
        Colours of the masks; None for single objects.

    Returns
    -------
    LoopLayers
        Not yet in a viewer.
    """
    where = placement.arguments()
    masks = Labels(
        arrays[0],
        name=f"{name} masks",
        opacity=MASKS_OPACITY,
        colormap=masks_colours(classes),
        **where,
    )
    checked = make_checked(name, arrays[1], where)
    return LoopLayers(masks, checked, make_uncertainty(name, arrays[2], where))


def make_checked(name: str, values: Array | Lazy, where: Mapping[str, Any]) -> Labels:
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
    faint = {CHECKED: f"{CHECKED_COLOURS[CHECKED]}{FAINT}"}
    colours = _colours(CHECKED_COLOURS | faint)
    return Labels(
        values, name=f"{name} checked", opacity=CHECKED_OPACITY, colormap=colours, **where
    )


def make_uncertainty(name: str, values: Array | Lazy, where: Mapping[str, Any]) -> Image:
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
        colormap=RAMP,
        contrast_limits=(0, 255),
        blending="additive",
        visible=False,
        metadata={SHOWN_WHEN_FILLED: True},
        **where,
    )


def refresh_uncertainty(layer: Image) -> None:
    """Show what is new in the map; it appears when it holds something, unless it is not wanted.

    Parameters
    ----------
    layer : napari.layers.Image
        Of `make_uncertainty`.
    """
    if layer.metadata.pop(SHOWN_WHEN_FILLED, False):
        layer.visible = True
    else:
        layer.refresh(extent=False, highlight=False)


def show_uncertainty(layer: Image, is_shown: bool) -> None:  # two states
    """Show or hide the map; one that is still empty waits until it holds something.

    Parameters
    ----------
    layer : napari.layers.Image
        Of `make_uncertainty`.
    is_shown : bool
        Which of the two.
    """
    if SHOWN_WHEN_FILLED in layer.metadata:
        layer.metadata[SHOWN_WHEN_FILLED] = is_shown
    else:
        layer.visible = is_shown


def hint_of_marks(layers: LoopLayers) -> str:
    """Say what can be painted where.

    Parameters
    ----------
    layers : LoopLayers
        Of the open image.

    Returns
    -------
    str
        For somebody who painted a class or an id in the checked layer.
    """
    return (
        f"In {layers.checked.name!r} only 1 (checked), 2 (can't tell) and 3 (excluded area) can "
        f"be painted. Paint labels in {layers.masks.name!r}."
    )


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
