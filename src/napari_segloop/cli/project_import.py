"""``segloop project import``: takes an export back, all of it or nothing.

The folder may come from anywhere: its list is compared first, and sizes are looked at before
anything is read.
"""

from __future__ import annotations

import os
import shutil
from math import prod
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import numpy as np
import tifffile

from napari_segloop.cli.exchange import (
    ALWAYS,
    DOCUMENT,
    LAYERS,
    PIXELS,
    Exported,
    ExportedImage,
    places_of,
    planes_of,
    tile_name,
)
from napari_segloop.core.durable import flush_folder
from napari_segloop.core.errors import SegLoopError
from napari_segloop.files.images import open_labels
from napari_segloop.files.stored import reading
from napari_segloop.files.tiff import WHOLE_PAGE
from napari_segloop.session.words import counted
from napari_segloop.store.annotations import PlaneChunk, Save
from napari_segloop.store.errors import StoreError
from napari_segloop.store.halving import identify
from napari_segloop.store.layout import CHUNK
from napari_segloop.store.manifest import faults_of
from napari_segloop.store.project import Project
from napari_segloop.store.record import LARGEST_RECORD

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from napari_segloop.cli.project import ImportRequest
    from napari_segloop.cli.report import Reporter
    from napari_segloop.core.images import Array
    from napari_segloop.files.stacks import LabelFile

AT_ONCE: Final = 64
"""Chunks of one save."""
AGAIN: Final = (
    "Export the project again, or use another copy. Masks that you edited are taken in by napari, "
    "beside their images: First masks, from files."
)
_LARGEST_VALUES: Final = {"checked": 3, "kind": 3}


def run(request: ImportRequest, reporter: Reporter) -> int:
    """Make a project of an export."""
    if os.path.lexists(request.project):
        remedy = "Choose another name, or merge it into that project."
        raise StoreError("a new project", "one that exists", remedy, str(request.project))
    document = read_export(request.export)
    if faults := faults_of(request.export):
        raise StoreError("an export that is whole", faults[0], AGAIN, str(request.export))
    reporter.started = True
    temporary = request.project.with_name(f".{uuid4().hex[:8]}.importing")
    try:
        with Project.create(temporary, document.name, document.project.task) as project:
            Import(project, request.export, document).take(reporter)
        temporary.rename(request.project)
        flush_folder(request.project.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    reporter.result(project=request.project, images=len(document.images))
    reporter.say(f"{counted(len(document.images), 'image')}: {request.project}")
    return 0


def read_export(folder: Path) -> Exported:
    """Read what an export says of itself.

    Parameters
    ----------
    folder : Path
        The export.

    Returns
    -------
    Exported
        Checked.

    Raises
    ------
    StoreError
        When it is no export, or a damaged or newer one.
    """
    path = folder / DOCUMENT
    if not path.is_file():
        got = f"a folder without {DOCUMENT}" if folder.is_dir() else "none"
        remedy = "Give the folder that segloop project export wrote; archives are unpacked first."
        raise StoreError("an export of a project", got, remedy, str(folder))
    if path.stat().st_size > LARGEST_RECORD:
        raise StoreError("an export of a project", "one of absurd size", AGAIN, str(path))
    try:
        return Exported.from_bytes(path.read_bytes())
    except StoreError as error:
        raise StoreError(error.expected, error.got, AGAIN, str(path)) from error


def export_faults(folder: Path) -> list[str]:
    """Say what is wrong with an export.

    Parameters
    ----------
    folder : Path
        The export.

    Returns
    -------
    list of str
        In words; empty when nothing is.
    """
    faults = faults_of(folder)
    try:
        document = read_export(folder)
        for image in document.images:
            with _Layers(folder, image):
                pass
    except SegLoopError as error:
        faults.append(str(error))
    return faults


class Import:
    """Takes an export into a project.

    Parameters
    ----------
    project : Project
        New and open.
    folder : Path
        The export.
    document : Exported
        What it says of itself.
    """

    def __init__(self, project: Project, folder: Path, document: Exported) -> None:
        self._project, self._folder, self._document = project, folder, document

    def take(self, reporter: Reporter) -> None:
        """Take everything; the records come last."""
        for image in self._document.images:
            self._take_image(image)
            reporter.record(event="image_done", image=image.file)
            reporter.progress(f"{image.file} taken back")
        for version in {each.model: each for each in self._document.project.versions}.values():
            self._take_model(version.model)
        images = tuple(image.record for image in self._document.images)
        save = Save(self._document.project, images)
        self._project.annotations.save(save, f"Imported from {self._folder.name}", "manual")

    def _take_image(self, image: ExportedImage) -> None:
        self._project.annotations.save(Save(images=(image.record,)))
        waiting = list[PlaneChunk]()
        for chunk in self._chunks(image):
            waiting.append(chunk)
            if len(waiting) == AT_ONCE:
                self._project.annotations.save(Save(chunks=tuple(waiting)))
                waiting.clear()
        self._project.annotations.save(Save(chunks=tuple(waiting)))

    def _chunks(self, image: ExportedImage) -> Iterator[PlaneChunk]:
        planes = {index: n for n, index in enumerate(planes_of(image.record.identity.shape))}
        known = set(image.record.planes)
        with _Layers(self._folder, image) as layers:
            for *plane, y, x in places_of(image):
                index = tuple(plane)
                if index in known:
                    yield from self._chunk(
                        image, layers, planes[index], index, y * CHUNK, x * CHUNK
                    )

    def _chunk(
        self,
        image: ExportedImage,
        layers: _Layers,
        flat: int,
        index: tuple[int, ...],
        y: int,
        x: int,
    ) -> Iterator[PlaneChunk]:
        """Yield a chunk, if anything is in it."""
        found = layers.read(flat, y, x)
        pixels = self._pixels(image, index, y, x)
        if pixels is not None or any(array.any() for array in found.values()):
            yield PlaneChunk(image.record.number, index, y, x, **found, content=pixels)

    def _pixels(self, image: ExportedImage, index: tuple[int, ...], y: int, x: int) -> Array | None:
        """Read a piece of the image's own pixels, if it was exported."""
        path = self._folder / PIXELS / image.file / tile_name(index, y, x)
        if not path.is_file():
            return None
        shape = image.record.identity.shape
        wanted = (shape.channels, *_size(image, y, x))
        with reading(path), tifffile.TiffFile(path) as file:
            series = file.series[0]
            if prod(series.shape) != prod(wanted) or series.dtype != np.dtype(shape.dtype):
                got = f"{series.dtype} {series.shape}"
                raise StoreError(f"{shape.dtype} {wanted}", got, AGAIN, str(path))
            pixels: Array = series.asarray().reshape(wanted)
        return pixels

    def _take_model(self, model: str) -> None:
        path = self._folder / "models" / f"{model}.safetensors"
        if path.is_file():
            content = path.read_bytes()
            if identify(content) != model:
                raise StoreError(f"the model {model[:12]}", "another one", AGAIN, str(path))
            self._project.models.put(model, content)


class _Layers:
    """The TIFFs of an image, open and of the right size.

    Parameters
    ----------
    folder : Path
        The export.
    image : ExportedImage
        Which.
    """

    def __init__(self, folder: Path, image: ExportedImage) -> None:
        self._image = image
        paths = {layer: folder / name / f"{image.file}.tif" for layer, name in LAYERS.items()}
        self._paths = {k: path for k, path in paths.items() if k in ALWAYS or path.is_file()}
        self._files = dict[str, "LabelFile"]()
        self._planes = dict[str, tuple[int, "Array"]]()

    def __enter__(self) -> _Layers:
        try:
            for layer, path in self._paths.items():
                self._files[layer] = open_labels(path)
                self._check(self._files[layer])
        except SegLoopError:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        for file in self._files.values():
            file.close()

    def read(self, flat: int, y: int, x: int) -> Mapping[str, Array]:
        """Return one chunk of every layer that there is."""
        height, width = _size(self._image, y, x)
        window = slice(y, y + height), slice(x, x + width)
        return {k: self._read(k, file, flat, window) for k, file in self._files.items()}

    def _read(self, layer: str, file: LabelFile, flat: int, window: tuple[slice, slice]) -> Array:
        index = tuple(int(n) for n in np.unravel_index(flat, file.leading_shape or (1,)))
        index = index[: len(file.leading_shape)]
        if prod(file.plane_shape) * file.dtype.itemsize <= WHOLE_PAGE:
            if self._planes.get(layer, (-1,))[0] != flat:  # it would be decoded for each window
                self._planes[layer] = flat, file.read(index)
            values = self._planes[layer][1][window]
        else:
            values = file.read(index, *window)
        most = _LARGEST_VALUES.get(layer, 0xFFFFFFFF if layer in ("labels", "prediction") else 255)
        if values.size and values.max() > most:
            got = f"the value {values.max()}"
            raise StoreError(f"{layer} from 0 to {most}", got, AGAIN, str(file.path))
        return values

    def _check(self, file: LabelFile) -> None:
        shape = self._image.record.identity.shape
        wanted, planes = (shape.rows, shape.columns), prod(shape.leading)
        if file.plane_shape != wanted or prod(file.leading_shape) != planes:
            got = f"{prod(file.leading_shape)} of {file.plane_shape}"
            raise StoreError(f"{planes} planes of {wanted}", got, AGAIN, str(file.path))


def _size(image: ExportedImage, y: int, x: int) -> tuple[int, int]:
    shape = image.record.identity.shape
    return min(CHUNK, shape.rows - y), min(CHUNK, shape.columns - x)
