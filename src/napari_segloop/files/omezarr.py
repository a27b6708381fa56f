"""OME-Zarr 0.4 and 0.5 and plain Zarr arrays as stored arrays, read-only.

The highest resolution is read. A name inside the metadata never leads out of the Zarr.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import zarr

from napari_segloop.core.errors import InputError
from napari_segloop.files.axes import LETTERS, guess_axes
from napari_segloop.files.pixelsize import PixelSize, micrometres, pixel_size
from napari_segloop.files.stored import Key, Stored, check_chunk

if TYPE_CHECKING:
    from pathlib import Path

    from napari_segloop.core.images import Array

Attributes = Mapping[str, Any]
Group = zarr.Group


class ZarrPixels:
    """Pixels of a Zarr array.

    Parameters
    ----------
    array : zarr.Array
        The array, opened read-only.
    """

    def __init__(self, array: zarr.Array[Any]) -> None:
        self.shape: tuple[int, ...] = array.shape
        self.dtype: np.dtype[np.generic] = np.dtype(array.dtype)
        self.chunks: tuple[int, ...] = array.chunks
        self._array = array

    def __getitem__(self, key: Key) -> Array:
        return np.asarray(self._array[key])


def open_zarr(path: Path, labels: bool = False, label: str | None = None) -> Stored:
    """Return the highest resolution of an OME-Zarr, or a plain array.

    Parameters
    ----------
    path : Path
        A folder ending in .zarr.
    labels : bool
        Read labels of the group ``labels``, if there is one.
    label : str, optional
        Which; ``segloop`` or the only ones by default.

    Returns
    -------
    Stored
        Lazy pixels, axes and pixel size.

    Raises
    ------
    InputError
        Damaged or unsafe metadata, a plate, or several images.
    """
    try:
        node = zarr.open(path, mode="r")
    except FileNotFoundError as error:
        if path.exists():
            raise _unsuited(path, "no Zarr array or group") from error
        raise
    if isinstance(node, zarr.Array):
        return Stored(_pixels(path, node), _plain_axes(node))
    group = _image_group(path, node, labels, label)
    multiscale = ome_attributes(group.attrs)["multiscales"][0]
    array = _child(path, group, multiscale["datasets"][0]["path"])
    if not isinstance(array, zarr.Array):
        raise _unsuited(path, "a group where the pixels should be")
    axes = _axes(path, multiscale, array)
    return Stored(_pixels(path, array), axes, _pixel_size(multiscale, axes))


def ome_attributes(attributes: Attributes) -> dict[str, Any]:
    """Return OME's metadata of a group, of version 0.4 or 0.5.

    Parameters
    ----------
    attributes : mapping
        The attributes of a Zarr group.

    Returns
    -------
    dict
        With ``multiscales``, ``labels`` and so on at the top.
    """
    everything = dict(attributes)
    inner = everything.get("ome")
    return dict(inner) if isinstance(inner, Mapping) else everything


def _image_group(path: Path, root: Group, labels: bool, label: str | None) -> Group:
    """Find the group with pixels."""
    if labels and "labels" in root:
        return _label_group(path, _subgroup(path, root, "labels"), label)
    attributes = ome_attributes(root.attrs)
    if attributes.get("multiscales"):
        return root
    if "plate" in attributes or "well" in attributes:
        raise _unsuited(path, "a plate with many images")
    series = [name for name, _ in root.groups() if name.isdigit()]
    if series == ["0"]:
        return _image_group(path, _subgroup(path, root, "0"), labels, label)
    raise _unsuited(path, f"{len(series)} images" if series else "no image")


def _label_group(path: Path, group: Group, label: str | None) -> Group:
    """Choose one group of labels."""
    names = sorted(name for name, _ in group.groups())
    chosen = label or ("segloop" if "segloop" in names else None)
    if chosen is None and len(names) == 1:
        chosen = names[0]
    if chosen not in names:
        raise InputError(
            f"labels named {chosen or 'segloop'} in the group labels",
            ", ".join(names) or "none",
            "Keep one kind of labels in each file.",
            str(path),
        )
    return _subgroup(path, group, str(chosen))


def _subgroup(path: Path, group: Group, name: str) -> Group:
    """Open a group in a group."""
    child = group[name]
    if not isinstance(child, zarr.Group):
        raise _unsuited(path, f"an array named {name}")
    return child


def _child(path: Path, group: Group, name: object) -> object:
    """Open what the metadata names, if that lies inside."""
    parts = str(name).split("/")
    if not isinstance(name, str) or {"", ".", ".."} & set(parts) or "\\" in name or ":" in name:
        raise InputError(
            "a place inside the Zarr for the pixels", repr(name), "Export it again.", str(path)
        )
    return group[name]


def _pixels(path: Path, array: zarr.Array[Any]) -> ZarrPixels:
    """Refuse codecs that run code: reading must never unpickle."""
    codecs = str(array.metadata.to_dict()).lower()
    if "pickle" in codecs:
        raise _unsuited(path, "pickled Python objects")
    check_chunk(path, prod(array.chunks) * np.dtype(array.dtype).itemsize)
    return ZarrPixels(array)


def _plain_axes(array: zarr.Array[Any]) -> str:
    """Axes of an array without OME's metadata, from its dimension names if they fit."""
    names = getattr(array.metadata, "dimension_names", None)
    names = names or array.attrs.get("_ARRAY_DIMENSIONS")
    letters = "".join(_letter(str(n)) for n in names) if isinstance(names, tuple | list) else ""
    fits = len(letters) == array.ndim and {"Y", "X"} <= set(letters)
    return letters if fits else guess_axes(array.shape, str(array.dtype))


def _axes(path: Path, multiscale: Attributes, array: zarr.Array[Any]) -> str:
    """Axes by the metadata; before 0.3 always TCZYX."""
    stated = multiscale.get("axes") or list("tczyx")
    letters = "".join(_axis_letter(a) for a in stated)
    if len(letters) != array.ndim or letters.count("Y") != 1 or letters.count("X") != 1:
        raise InputError(
            f"{array.ndim} axes with y and x", repr(stated), "Export it again.", str(path)
        )
    return letters


def _axis_letter(axis: object) -> str:
    """One letter for an axis: a name, or a mapping with name and type."""
    if isinstance(axis, Mapping):
        return "C" if axis.get("type") == "channel" else _letter(str(axis.get("name", "")))
    return _letter(str(axis))


def _letter(name: str) -> str:
    """Return the letter of an axis name; Q when it is none of ours."""
    upper = name.upper()
    words = {"TIME": "T", "CHANNEL": "C"}
    return upper if len(upper) == 1 and upper in LETTERS else words.get(upper, "Q")


def _pixel_size(multiscale: Attributes, axes: str) -> PixelSize | None:
    """Multiply the scales of the first level and of all levels, where units are given."""
    stated = multiscale.get("axes") or []
    scale = np.ones(len(axes))
    for holder in (multiscale["datasets"][0], multiscale):
        for step in holder.get("coordinateTransformations") or []:
            if step.get("type") == "scale" and len(step.get("scale", ())) == len(axes):
                scale = scale * np.asarray(step["scale"], float)
    units = [a.get("unit") if isinstance(a, Mapping) else None for a in stated]
    lengths = {
        axis: micrometres(float(value), unit)
        for axis, value, unit in zip(axes, scale, units, strict=False)
    }
    return pixel_size(lengths.get("Y"), lengths.get("X"), lengths.get("Z"))


def _unsuited(path: Path, got: str) -> InputError:
    """Say that this Zarr is not one image."""
    remedy = "Give the folder of one image inside it, or export the image again."
    return InputError("an OME-Zarr with one image", got, remedy, str(path))
