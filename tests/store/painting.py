"""Small projects and strokes, for tests of the store; and what a project shows, as one number."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.classes import ClassTable
from napari_segloop.store.annotations import CHUNK, PlaneChunk
from napari_segloop.store.records import Identity, ImageRecord, ImageShape, ProjectRecord

if TYPE_CHECKING:
    from napari_segloop.store.annotations import Annotations

SMALL = ImageShape((2,), 300, 520, 2, "uint16")
ARRAYS = ("labels", "prediction", "checked", "kind", "epoch", "uncertainty")


def project(**changes: object) -> ProjectRecord:
    task = str(changes.pop("task", "classes"))
    known = {"images": (1,), "next_image": 2}
    return ProjectRecord(task, ClassTable.first(task).to_dict(), **known | changes)


def image(number: int = 1, shape: ImageShape = SMALL, **changes: object) -> ImageRecord:
    identity = Identity(f"/data/image{number}.tif", f"image{number}", shape, "ZCYX")
    return ImageRecord(number, identity, **changes)


def piece(
    rng: np.random.Generator,
    y: int = 0,
    x: int = 0,
    *,
    index: tuple[int, ...] = (0,),
    names: tuple[str, ...] = (*ARRAYS, "content"),
    shape: ImageShape = SMALL,
    number: int = 1,
) -> PlaneChunk:
    """A chunk of noise, cut off at the image's edge."""
    size = min(CHUNK, shape.rows - y), min(CHUNK, shape.columns - x)
    found = {name: rng.integers(0, 4, size).astype(np.uint8) for name in names if name in ARRAYS}
    if "content" in names:
        found["content"] = rng.integers(0, 60_000, (shape.channels, *size)).astype(shape.dtype)
    return PlaneChunk(number, index, y, x, **found)


def same(store: Annotations, chunk: PlaneChunk, snapshot: str | None = None) -> bool:
    """Whether a chunk is there as it was given."""
    given = {name: pixels for name in ARRAYS if (pixels := getattr(chunk, name)) is not None}
    height, width = next(iter(given.values())).shape
    window = slice(chunk.y, chunk.y + height), slice(chunk.x, chunk.x + width)
    found = store.window(chunk.image, chunk.index, *window, tuple(given), snapshot)
    if chunk.content is not None:
        pixels, known = store.content(chunk.image, chunk.index, *window, snapshot)
        if not known.all() or not np.array_equal(pixels, chunk.content):
            return False
    return all(np.array_equal(found[name], given[name]) for name in given)


def digest(store: Annotations, snapshot: str | None = None) -> str:
    """Everything that a snapshot shows, as one number."""
    total = hashlib.sha256(store.project(snapshot).to_bytes())
    for number, record in store.images(snapshot).items():
        total.update(record.to_bytes())
        shape = record.identity.shape
        everything = slice(0, shape.rows), slice(0, shape.columns)
        for index in np.ndindex(shape.leading):
            for pixels in store.plane(number, index, snapshot).values():
                total.update(np.ascontiguousarray(pixels, "<u4"))
            for pixels in store.content(number, index, *everything, snapshot):
                total.update(np.ascontiguousarray(pixels))
    return total.hexdigest()
