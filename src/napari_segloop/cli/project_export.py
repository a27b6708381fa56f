"""``segloop project export``: a project as plain files, read window by window."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import tifffile

from napari_segloop.cli.exchange import (
    ALWAYS,
    DOCUMENT,
    LAYERS,
    PIXELS,
    Exported,
    ExportedImage,
    file_names,
    layout_of,
    planes_of,
    tile_name,
)
from napari_segloop.cli.outputs import make_folder
from napari_segloop.core.durable import flush, replacing
from napari_segloop.core.errors import OutputError
from napari_segloop.files.writing import TILE, TiffOutput
from napari_segloop.session.words import counted
from napari_segloop.store.layout import CHUNK, CONTENT
from napari_segloop.store.manifest import write_manifest
from napari_segloop.store.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_segloop.cli.project import ExportRequest
    from napari_segloop.cli.report import Reporter
    from napari_segloop.core.images import Array
    from napari_segloop.store.annotations import Annotations
    from napari_segloop.store.imagerecords import ImageShape
    from napari_segloop.store.looking import Held

WIDEST: Final = 1 << 13
"""Columns that are read at once, a multiple of the tiles'."""
REGIONS: Final = (
    "image", "index", "y", "x", "height", "width", "score", "expected_error", "kind",
    "probability", "reason", "state", "model", "offered", "seconds",
)  # fmt: skip
README: Final = """This folder holds the segmentation project "{name}", exported by napari-segloop.

masks/       one TIFF for each image: {meaning}; 0 is background
checked/     where a human stands behind the masks: 0 not checked, 1 checked, 2 can't tell,
             3 excluded area
classes.json the names and colours of the classes
regions.csv  every place that was offered for checking, and what became of it
models/      the versions of the model, in half precision (for segloop predict)
pixels/      the image's own pixels under and around what was checked, in squares of 256 pixels
manifest.csv every file with its size and SHA-256

prediction/, kind/, epoch/, uncertainty/ and export.json hold the rest, so that the project can be
made again from this folder without loss:

    segloop project verify FOLDER
    segloop project import FOLDER NEW.segloop

segloop train --images IMAGES --labels masks --checked checked teaches a model from it, where IMAGES
is the folder of the images themselves, which are not copied.
"""


def run(request: ExportRequest, reporter: Reporter) -> int:
    """Export a project."""
    with Project.open(request.project, read_only=True) as project:
        _check_empty(request.output)
        make_folder(request.output)
        reporter.started = True
        export = Export(project, request.output, request.snapshot)
        for image in export.document.images:
            export.write_image(image)
            reporter.record(event="image_done", image=image.file)
            reporter.progress(f"{image.file} exported")
        export.finish()
    files = write_manifest(request.output)
    total = sum(each.bytes for each in files)
    images = len(export.document.images)
    reporter.result(
        output=request.output,
        snapshot=export.document.snapshot,
        images=images,
        files=len(files),
        bytes=total,
    )
    reporter.say(
        f"{counted(images, 'image')}, {len(files)} files, {total / 1e6:.1f} MB: {request.output}"
    )
    return 0


def _check_empty(folder: Path) -> None:
    if folder.is_dir() and any(folder.iterdir()):
        remedy = "Choose a new folder."
        raise OutputError("an empty folder, or none", "one with files", remedy, str(folder))


class Export:
    """Writes the files of one project.

    Parameters
    ----------
    project : Project
        Open.
    folder : Path
        Exists and is empty.
    snapshot : str, optional
        Which state; the newest when not given.
    """

    def __init__(self, project: Project, folder: Path, snapshot: str | None = None) -> None:
        self._project, self._folder = project, folder
        self._kept: Annotations = project.annotations
        self._snapshot = snapshot or project.history()[0].id
        record = self._kept.project(self._snapshot)
        images = file_names(self._kept.images(self._snapshot).values())
        placed = tuple(replace(image, places=self._places(image)) for image in images)
        self.document = Exported(project.name, project.id, self._snapshot, record, placed)

    def write_image(self, image: ExportedImage) -> None:
        """Write the layers and the pixels of an image.

        Parameters
        ----------
        image : ExportedImage
            One of the document's.
        """
        for layer, folder in LAYERS.items():
            held = self._kept.held(image.record.number, [layer], self._snapshot)
            if layer in ALWAYS or self._holds(image, layer, held):
                path = self._folder / folder / f"{image.file}.tif"
                self._write_layer(image, layer, path, held)
        self._write_pixels(image)

    def finish(self) -> None:
        """Write models, tables and what the folder is."""
        record = self.document.project
        for model in self._project.models.ids():
            self._write(f"models/{model}.safetensors", self._project.models.get(model))
        self._write(DOCUMENT, self.document.to_bytes())
        self._write("classes.json", json.dumps(record.classes, indent=2).encode())
        self._write_regions()
        meaning = "each object has a number of its own" if record.task == "objects" else "classes"
        self._write("README.txt", README.format(name=self._project.name, meaning=meaning).encode())

    def _places(self, image: ExportedImage) -> tuple[tuple[int, ...], ...]:
        """Return plane, row and column of each chunk that is held."""
        held = self._kept.held(image.record.number, snapshot=self._snapshot)
        places = ((*index, y // CHUNK, x // CHUNK) for index in held for y, x in held[index])
        return tuple(sorted(places))

    def _holds(self, image: ExportedImage, layer: str, held: Held) -> bool:
        planes = image.record.planes
        tiles = (tile for index in planes for tile in self._tiles(image, layer, index, held))
        return any(tile is not None and tile.any() for tile in tiles)

    def _write_layer(self, image: ExportedImage, layer: str, path: Path, held: Held) -> None:
        layout, planes = layout_of(image.record), set(image.record.planes)
        origin = json.dumps({"project": self.document.id, "snapshot": self._snapshot})
        with TiffOutput(path, layout, self._dtype(image, layer), origin) as file:
            for index in planes_of(image.record.identity.shape):
                known = held if index in planes else {}
                file.write_tiles(self._tiles(image, layer, index, known))

    def _dtype(self, image: ExportedImage, layer: str) -> np.dtype[np.generic]:
        if not image.record.planes:
            return np.dtype(np.uint8)
        first, one = image.record.planes[0], slice(0, 1)
        number = image.record.number
        found = self._kept.window(number, first, one, one, [layer], self._snapshot)
        return found[layer].dtype.newbyteorder("=")

    def _tiles(
        self, image: ExportedImage, layer: str, index: tuple[int, ...], held: Held
    ) -> Iterator[Array | None]:
        """Yield the tiles of a plane, row by row; None where nothing was saved."""
        shape, number = image.record.identity.shape, image.record.number
        tiles = {(y // TILE[0], x // TILE[1]) for y, x in held.get(index, ())}
        for rows, columns in _windows(shape, TILE[0], WIDEST):
            starts = range(columns.start, columns.stop, TILE[1])
            here = [(rows.start // TILE[0], x // TILE[1]) in tiles for x in starts]
            if not any(here):
                yield from [None] * len(here)
                continue
            found = self._kept.window(number, index, rows, columns, [layer], self._snapshot)
            for x, is_held in zip(starts, here, strict=True):
                left = x - columns.start
                yield found[layer][:, left : left + TILE[1]] if is_held else None

    def _write_pixels(self, image: ExportedImage) -> None:
        folder = self._folder / PIXELS / image.file
        held = self._kept.held(image.record.number, [CONTENT], self._snapshot)
        for index in image.record.planes:
            for y, x in sorted(held.get(index, ())):
                folder.mkdir(parents=True, exist_ok=True)
                path, tile = folder / tile_name(index, y, x), self._content(image, index, y, x)
                tifffile.imwrite(path, tile, photometric="minisblack", compression="zlib")
                flush(path)

    def _content(self, image: ExportedImage, index: tuple[int, ...], y: int, x: int) -> Array:
        shape, number = image.record.identity.shape, image.record.number
        rows, columns = (
            slice(y, min(y + CHUNK, shape.rows)),
            slice(x, min(x + CHUNK, shape.columns)),
        )
        return self._kept.content(number, index, rows, columns, self._snapshot)[0]

    def _write_regions(self) -> None:
        path = self._folder / "regions.csv"
        with replacing(path) as temporary, temporary.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(REGIONS)
            for image in self.document.images:
                for region in image.record.offered:
                    index = ";".join(map(str, region.index))
                    rest = (getattr(region, name) for name in REGIONS[2:])
                    writer.writerow([image.file, index, *rest])

    def _write(self, name: str, content: bytes) -> None:
        path = self._folder / name
        path.parent.mkdir(exist_ok=True)
        with replacing(path) as temporary:
            temporary.write_bytes(content)


def _windows(shape: ImageShape, height: int, width: int) -> Iterator[tuple[slice, slice]]:
    for y in range(0, shape.rows, height):
        for x in range(0, shape.columns, width):
            yield slice(y, min(y + height, shape.rows)), slice(x, min(x + width, shape.columns))
