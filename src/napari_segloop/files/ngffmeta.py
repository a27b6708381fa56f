"""What OME-Zarr's metadata says about a result: axes, scales, resolutions.

Plain data for version 0.4 and 0.5; no file is touched here.

References
----------
https://ngff.openmicroscopy.org/0.5/ and https://ngff.openmicroscopy.org/0.4/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from napari_segloop.files.omexml import Layout

SMALLEST = 256
"""Pixels: halving stops when both sides are at most this long."""
TYPES = {"T": "time", "C": "channel", "Z": "space", "Y": "space", "X": "space"}
Version = Literal["0.4", "0.5"]


def levels(plane_shape: tuple[int, int]) -> int:
    """Return how many resolutions a plane has.

    Parameters
    ----------
    plane_shape : tuple of int
        Rows and columns.

    Returns
    -------
    int
        At least 1.

    Examples
    --------
    >>> levels((256, 100)), levels((257, 100)), levels((2048, 2048))
    (1, 2, 4)
    """
    return 1 + max(0, (max(plane_shape) - 1).bit_length() - (SMALLEST - 1).bit_length())


def level_shape(layout: Layout, level: int) -> tuple[int, ...]:
    """Return the shape of one resolution.

    Parameters
    ----------
    layout : Layout
        What is written.
    level : int
        0 for all pixels.

    Returns
    -------
    tuple of int
        In the order of `axis_letters`.
    """
    leading = list(layout.lengths)
    if layout.channels is not None:
        leading.insert(channel_place(layout), layout.channels)
    return *leading, *(-(-length // 2**level) for length in layout.plane_shape)


def channel_place(layout: Layout) -> int:
    """Return where channels stand: OME-Zarr wants them before the axes of space.

    Parameters
    ----------
    layout : Layout
        What is written.

    Returns
    -------
    int
        A place among the leading axes.
    """
    place = layout.axes.find("Z")
    return len(layout.axes) if place < 0 else place


def axis_names(layout: Layout) -> list[str]:
    """Return different names for all axes.

    Parameters
    ----------
    layout : Layout
        What is written.

    Returns
    -------
    list of str
        Small letters; a second axis of one letter gets a number.
    """
    letters = list(layout.axes)
    if layout.channels is not None:
        letters.insert(channel_place(layout), "C")
    names: list[str] = []
    for letter in [*letters, "Y", "X"]:
        earlier = sum(name[0] == letter.lower() for name in names)
        names.append(letter.lower() + (str(earlier + 1) if earlier else ""))
    return names


def multiscale(name: str, layout: Layout, version: Version) -> dict[str, Any]:
    """Return the entry of ``multiscales``.

    Parameters
    ----------
    name : str
        What the picture is called.
    layout : Layout
        Axes, lengths and pixel size.
    version : {"0.4", "0.5"}
        Of the metadata.

    Returns
    -------
    dict
        JSON-ready.
    """
    names = axis_names(layout)
    entry: dict[str, Any] = {
        "name": name,
        "axes": [_axis(axis, layout) for axis in names],
        "datasets": [_dataset(level, names, layout) for level in range(levels(layout.plane_shape))],
        "type": "nearest",
    }
    return entry | ({"version": version} if version == "0.4" else {})


def group_attributes(content: dict[str, Any], version: Version) -> dict[str, Any]:
    """Return a group's attributes, which version 0.5 keeps under ``ome``.

    Parameters
    ----------
    content : dict
        OME's metadata.
    version : {"0.4", "0.5"}
        Of the metadata.

    Returns
    -------
    dict
        JSON-ready.
    """
    return content if version == "0.4" else {"ome": {"version": version} | content}


def _axis(name: str, layout: Layout) -> dict[str, str]:
    """Return name, type and unit of an axis, as far as they are known."""
    axis = {"name": name}
    if name.upper() in TYPES:
        axis["type"] = TYPES[name.upper()]
    if _length(name, layout) is not None:
        axis["unit"] = "micrometer"
    return axis


def _length(name: str, layout: Layout) -> float | None:
    """Return the pixel size along an axis of space, in micrometres."""
    size = layout.pixel_size
    return {"z": size.z, "y": size.y, "x": size.x}.get(name) if size else None


def _dataset(level: int, names: list[str], layout: Layout) -> dict[str, Any]:
    """Return path and scale of one resolution.

    Every second pixel is kept, the first one always, so the coarse pixels' centres do not move.
    """
    steps = {"y": 2**level, "x": 2**level}
    scale = [float((_length(name, layout) or 1.0) * steps.get(name, 1)) for name in names]
    return {
        "path": str(level),
        "coordinateTransformations": [{"type": "scale", "scale": scale}],
    }
