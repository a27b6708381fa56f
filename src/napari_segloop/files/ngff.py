"""Results as OME-Zarr: label groups with several resolutions, complete or not at all.

Writes metadata of the version that the input has, 0.4 with Zarr 2 or 0.5 with Zarr 3. Knows
layout and metadata; not where results go (`outputs`).
"""

from __future__ import annotations

from contextlib import ExitStack
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
import zarr

from napari_segloop.files.atomic import commit, discard, temporary_name, writing
from napari_segloop.files.ngffmeta import (
    Version,
    axis_names,
    channel_place,
    group_attributes,
    level_shape,
    levels,
    multiscale,
)
from napari_segloop.files.stored import reading

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

    from napari_segloop.core.images import Array
    from napari_segloop.files.omexml import Layout

CHUNK = 512
"""Pixels: the side of a chunk."""
LABELS = "labels/"
FORMATS: dict[Version, Literal[2, 3]] = {"0.4": 2, "0.5": 3}


class ZarrOutput:
    """One OME-Zarr with groups of labels, written plane by plane.

    Use it as a context manager: the folder gets its name when the block ends and every plane was
    written; after an error nothing is left and an old folder is untouched.

    Parameters
    ----------
    path : Path
        The final name, ending in .ome.zarr; missing folders are made.
    layouts : mapping
        For each group, such as ``"labels/segloop"`` or ``"probabilities"``, its `Layout`.
    dtypes : mapping
        For each group uint8, uint16 or uint32. A group of uint16 becomes uint32 at the first
        larger value.
    provenance : str
        JSON, kept in the attributes of every group.
    version : {"0.5", "0.4"}
        Of the metadata.

    Raises
    ------
    OutputError
        No space or no rights.

    References
    ----------
    https://ngff.openmicroscopy.org/0.5/ and https://ngff.openmicroscopy.org/0.4/
    """

    def __init__(
        self,
        path: Path,
        layouts: Mapping[str, Layout],
        dtypes: Mapping[str, np.dtype[np.generic]],
        provenance: str = "",
        version: Version = "0.5",
    ) -> None:
        self.path = path
        self.layouts = dict(layouts)
        self.dtypes = {name: np.dtype(dtype) for name, dtype in dtypes.items()}
        self._provenance = provenance
        self._version: Version = version
        self._temporary = temporary_name(path)
        self._written = dict.fromkeys(self.layouts, 0)
        self._levels: dict[str, list[zarr.Array[Any]]] = {}

    def __enter__(self) -> Self:
        with ExitStack() as undo, writing(self.path):
            undo.callback(discard, self._temporary)
            self._temporary.mkdir(parents=True)
            self._create()
            undo.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            with writing(self.path):
                if error is None:
                    self._check_complete()
                    commit(self._temporary, self.path)
        finally:
            discard(self._temporary)

    def write(self, name: str, plane: Array) -> None:
        """Write the next plane of a group, the last leading axis fastest.

        Parameters
        ----------
        name : str
            The group.
        plane : (Y, X) or (C, Y, X) ndarray
            Whole numbers that fit the dtype.

        Raises
        ------
        OutputError
            No space.
        """
        layout = self.layouts[name]
        expected = layout.shape[len(layout.lengths) :]
        if plane.shape != expected:
            msg = f"planes of shape {expected}, got {plane.shape}"
            raise ValueError(msg)
        with writing(self.path):
            if self.dtypes[name] == np.uint16 and plane.dtype.itemsize > 2 and plane.max() > 0xFFFF:
                self._widen(name)
            index = np.unravel_index(self._written[name], (*layout.lengths, 1))[:-1]
            self._write_levels(name, tuple(int(i) for i in index), plane)
        self._written[name] += 1

    def _write_levels(self, name: str, index: tuple[int, ...], plane: Array) -> None:
        """Write one plane in every resolution; nearest, so that labels stay labels."""
        layout = self.layouts[name]
        key: list[int | slice] = list(index)
        if layout.channels is not None:
            key.insert(channel_place(layout), slice(None))
        for level, array in enumerate(self._levels[name]):
            step = 2**level
            coarse = plane[..., ::step, ::step].astype(self.dtypes[name], copy=False)
            array[(*key, slice(None), slice(None))] = coarse

    def _create(self) -> None:
        """Make the groups with their metadata and empty arrays."""
        root = zarr.create_group(self._temporary, zarr_format=FORMATS[self._version])
        self._describe(root, {})
        names = [name.removeprefix(LABELS) for name in self.layouts if name.startswith(LABELS)]
        if names:
            self._describe(root.create_group("labels"), {"labels": names})
        for name, layout in self.layouts.items():
            self._create_group(root.create_group(name), name, layout)

    def _create_group(self, group: zarr.Group, name: str, layout: Layout) -> None:
        """Make one multiscale picture."""
        short = name.removeprefix(LABELS)
        content: dict[str, Any] = {"multiscales": [multiscale(short, layout, self._version)]}
        if short != name:
            content["image-label"] = {"version": "0.4"} if self._version == "0.4" else {}
        self._describe(group, content)
        group.attrs["napari-segloop"] = {"provenance": self._provenance}
        self._levels[name] = self._arrays(group, name)

    def _describe(self, group: zarr.Group, content: dict[str, Any]) -> None:
        group.attrs.update(group_attributes(content, self._version))

    def _arrays(self, group: zarr.Group, name: str) -> list[zarr.Array[Any]]:
        """Make the empty arrays of all resolutions."""
        layout = self.layouts[name]
        shapes = [level_shape(layout, n) for n in range(levels(layout.plane_shape))]
        return [self._array(group, str(n), shape, name) for n, shape in enumerate(shapes)]

    def _array(
        self, group: zarr.Group, level: str, shape: tuple[int, ...], name: str
    ) -> zarr.Array[Any]:
        """Make one empty array, one plane in a chunk."""
        old = self._version == "0.4"
        return group.create_array(
            level,
            shape=shape,
            chunks=(1,) * (len(shape) - 2) + tuple(min(n, CHUNK) for n in shape[-2:]),
            dtype=self.dtypes[name],
            fill_value=0,
            chunk_key_encoding={"name": "v2", "separator": "/"} if old else None,
            dimension_names=None if old else axis_names(self.layouts[name]),
        )

    def _widen(self, name: str) -> None:
        """Copy a group of uint16 into one of uint32, plane by plane."""
        folder = self._temporary / name
        narrow = folder / "narrow"
        (folder / "0").rename(narrow)
        for level in range(1, len(self._levels[name])):
            discard(folder / str(level))
        self.dtypes[name] = np.dtype(np.uint32)
        source = zarr.open_array(narrow, mode="r")
        self._levels[name] = self._arrays(zarr.open_group(folder, mode="r+"), name)
        indices = islice(np.ndindex(self.layouts[name].lengths), self._written[name])
        for index in indices:
            self._write_levels(name, index, np.asarray(source[index]))
        discard(narrow)

    def _check_complete(self) -> None:
        for name, layout in self.layouts.items():
            if self._written[name] != layout.planes:
                msg = f"{name}: {layout.planes} planes announced, {self._written[name]} written"
                raise ValueError(msg)


def group_provenance(path: Path) -> str | None:
    """Return how a group of ours came about.

    Parameters
    ----------
    path : Path
        A group, or the OME-Zarr whose predicted labels are meant.

    Returns
    -------
    str or None
        JSON; None when the group does not say.

    Raises
    ------
    InputError
        No Zarr.
    """
    inner = path / LABELS / "segloop"
    with reading(path):
        group = zarr.open_group(inner if inner.is_dir() else path, mode="r")
    note = group.attrs.get("napari-segloop")
    text = note.get("provenance") if isinstance(note, dict) else None
    return text if isinstance(text, str) else None


def zarr_version(path: Path) -> Version:
    """Return the version of metadata that suits an input.

    Parameters
    ----------
    path : Path
        A Zarr.

    Returns
    -------
    {"0.4", "0.5"}
        0.4 for Zarr 2.
    """
    node = zarr.open(path, mode="r")
    return "0.4" if node.metadata.zarr_format == 2 else "0.5"
