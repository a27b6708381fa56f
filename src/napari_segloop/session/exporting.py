"""Masks of the whole list as files, laid out as the command line wants to train on them.

``masks/NAME.tif`` holds labels, ``checked/NAME.tif`` what is checked in them; written on the
reader's thread, whole or not at all.
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.errors import InputError
from napari_segloop.files.omexml import Layout
from napari_segloop.session.errands import Errand
from napari_segloop.session.parcels import Masks
from napari_segloop.session.sources import indices
from napari_segloop.session.words import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from napari_segloop.session.desk import Desk
    from napari_segloop.session.sources import ImageSource

Index = tuple[int, ...]


class Exporting(Errand):
    """Write the masks of images into a folder.

    Parameters
    ----------
    desk : Desk
        What is worked on.
    images : sequence of int
        Numbers of images that have masks.
    folder : Path
        Where to.
    state : dict of str to object
        Of which project and snapshot the annotations are; kept in the files.
    """

    kind = "export"

    def __init__(
        self, desk: Desk, images: Sequence[int], folder: Path, state: dict[str, object]
    ) -> None:
        super().__init__(desk, f"Saving masks of {counted(len(images), 'image')}")
        self._state = state
        self._left, self._total, self._folder = list(images), max(1, len(images)), folder
        self._names = set[str]()

    def begin(self) -> None:
        """Write the first image."""
        self.on_started()
        self._next()

    def _next(self) -> None:
        if self.is_stopping or not self._left:
            if not self.is_stopping:
                self.desk.tell(f"{counted(self._total, 'image')} saved in {self._folder}.", "info")
            self._end(is_well=True)
            return
        image = self._left.pop(0)
        source, name = self.desk.images.source(image), self._name(image)
        truths = self.desk.truths
        planes = {
            key[1]: Masks.of(truths.parcel(key) or self.desk.plane(key))
            for key in truths.keys(image)
        }
        origin = {"image": source.where, "models": self._models(image), **self._state}
        write = partial(write_masks, source, planes, self._folder, name, origin)
        self.desk.reader.ask(write, self._took, self.fail)

    def _took(self, _: None) -> None:
        self.estimate(1 - len(self._left) / self._total)
        self._next()

    def _models(self, image: int) -> dict[int, str]:
        """Return the models that predicted planes of an image, by their version's number."""
        models = {each.number: each.model for each in self.desk.versions.states}
        used = {number for key, number in self.desk.predicted.items() if key[0] == image}
        return {number: models[number] for number in used if number in models}

    def _name(self, image: int) -> str:
        """Name a file after its image; a second image of that name gets its number."""
        name = self.desk.images.state(image).name.replace("/", "_").replace("\\", "_")
        name = name if name not in self._names else f"{name} {image}"
        self._names.add(name)
        return name


def write_masks(
    source: ImageSource,
    planes: Mapping[Index, Masks],
    folder: Path,
    name: str,
    origin: Mapping[str, object],
) -> None:
    """Write the two files of one image.

    Parameters
    ----------
    source : ImageSource
        The image.
    planes : mapping of tuple of int to Masks
        What is known of it, by index; other planes are written as background that is not checked.
    folder : Path
        Where to; its two folders are made.
    name : str
        Of the files.
    origin : mapping
        By which models and which annotations they were made; kept in the files.

    Raises
    ------
    InputError
        When a file would replace the image itself.
    OutputError
        No space or no rights.
    """
    layout = Layout(source.axes, source.leading, source.plane_shape)
    paths = folder / "masks" / f"{name}.tif", folder / "checked" / f"{name}.tif"
    if source.where in {str(path) for path in paths}:
        raise InputError("another folder than the images'", source.where, "Choose another one.")
    empty = np.zeros(source.plane_shape, np.uint8)
    kept = json.dumps(origin, sort_keys=True)
    byte = np.dtype(np.uint8)
    dtype = np.result_type(*(masks.dtype for masks in planes.values()))
    from napari_segloop.files.writing import TiffOutput  # noqa: PLC0415  # slow: zarr

    with (
        TiffOutput(paths[0], layout, dtype, kept) as labels,
        TiffOutput(paths[1], layout, byte, kept) as checked,
    ):
        for index in indices(source):
            plane = planes[index].read() if index in planes else (empty, empty)
            labels.write(plane[0].astype(dtype))
            checked.write(plane[1])
