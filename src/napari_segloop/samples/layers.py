"""The samples as napari's sample data: plain tuples, so that napari is not imported here.

Named in the manifest, ``napari.yaml``. Labels are handed over as copies, because they are painted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from napari_segloop.samples.crystals import crystal_movie, crystal_stack, crystals
from napari_segloop.samples.real import floating_cell
from napari_segloop.samples.sample import columns

if TYPE_CHECKING:
    from napari_segloop.core.images import Array
    from napari_segloop.samples.sample import Sample

LayerData = tuple["Array", dict[str, Any], Literal["image", "labels"]]


def crystals_layers() -> list[LayerData]:
    """Return an image of crystals in suspension, its classes and its objects.

    Returns
    -------
    list of LayerData
        ``crystals``, ``crystals truth`` (1 crystal, 2 bubble) and, hidden, ``crystals objects``.
    """
    return _layers(crystals(seed=0), "crystals")


def crystal_stack_layers() -> list[LayerData]:
    """Return a focal stack of crystals in suspension.

    Returns
    -------
    list of LayerData
        As ``crystals_layers``, with axes ``ZYX``.
    """
    return _layers(crystal_stack(seed=0), "crystals")


def crystal_movie_layers() -> list[LayerData]:
    """Return a movie of drifting crystals in two channels.

    Returns
    -------
    list of LayerData
        ``crystals brightfield``, ``crystals fluorescence``, and the truth with axes ``TYX``.
    """
    return _layers(crystal_movie(seed=0), "crystals")


def cell_layers() -> list[LayerData]:
    """Return a real image: a cell floating in saline (CC0, from scikit-image).

    Returns
    -------
    list of LayerData
        ``cell``.
    """
    real = floating_cell()
    place = {"scale": (real.pixel_size_um,) * 2, "units": ("um", "um")}
    about = {"metadata": {"licence": real.licence, "source": real.source}}
    return [(real.image, {"name": "cell", **place, **about}, "image")]


def _layers(sample: Sample, name: str) -> list[LayerData]:
    place = _place(sample)
    table = {"metadata": {"objects": columns(sample.table)}}
    truth: LayerData = (sample.classes.copy(), {"name": f"{name} truth", **place}, "labels")
    hidden = {"name": f"{name} objects", "visible": False, **table, **place}
    objects: LayerData = (sample.ids.copy(), hidden, "labels")
    return [*_images(sample, name, place), truth, objects]


def _images(sample: Sample, name: str, place: dict[str, Any]) -> list[LayerData]:
    if "C" not in sample.axes:
        return [(sample.image, {"name": name, **place}, "image")]
    planes = np.moveaxis(sample.image, sample.axes.index("C"), 0)
    looks = ({"colormap": "gray"}, {"colormap": "green", "blending": "additive"})
    layers: list[LayerData] = []
    for pixels, channel, look in zip(planes, sample.channels, looks, strict=True):
        layers.append((pixels, {"name": f"{name} {channel}", **look, **place}, "image"))
    return layers


def _place(sample: Sample) -> dict[str, Any]:
    """Scale and units of every axis but the channels; frames have no known interval."""
    steps = {"Y": sample.pixel_size_um, "X": sample.pixel_size_um, "Z": sample.z_step_um, "T": 1.0}
    axes = sample.axes.replace("C", "")
    units = tuple("pixel" if axis == "T" else "um" for axis in axes)
    return {"scale": tuple(steps[axis] for axis in axes), "units": units}
