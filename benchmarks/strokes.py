"""The same strokes saved three ways: into a project, into plain zarr arrays, as a copy of all.

Two kinds of projects are made here as well: one large stack, and many images. `benchmarks.store`
says what is measured.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
import zarr

from napari_segloop.core.classes import ClassTable
from napari_segloop.store.annotations import CHUNK, PlaneChunk, Save
from napari_segloop.store.records import (
    Identity,
    ImageRecord,
    ImageShape,
    OfferedRegion,
    ProjectRecord,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from benchmarks.harness import Run
    from napari_segloop.store.annotations import Annotations

NAMES = ("labels", "checked", "kind", "epoch")
ARMS = ("segloop", "plain zarr", "copy of all")
BRUSH = 25
SIDE, OFFERED = 2048, 20


def discs(shape: tuple[int, int, int]) -> np.ndarray:
    """Discs of different sizes, no plane like the other."""
    rows, columns = np.mgrid[: shape[1], : shape[2]]
    return np.stack(
        [
            (np.hypot(rows % (83 + z) - 40, columns % (97 + z) - 45) < 20 + z % 15).astype(np.uint8)
            for z in range(shape[0])
        ]
    )


def _project() -> ProjectRecord:
    return ProjectRecord(
        "classes",
        ClassTable.first("classes").to_dict(),
        images=(1,),
        next_image=2,
        seconds=time.time(),
    )


def save_all(store: Annotations, labels: np.ndarray) -> None:
    """Save one stack, plane by plane."""
    shape = ImageShape(labels.shape[:1], *labels.shape[1:], 1, "uint16")
    image = ImageRecord(1, Identity("", "benchmark", shape, "ZYX"))
    store.save(Save(_project(), (image,)))
    corners = [(y, x) for y in range(0, shape.rows, CHUNK) for x in range(0, shape.columns, CHUNK)]
    for z, plane in enumerate(labels):
        pieces = ((y, x, plane[y : y + CHUNK, x : x + CHUNK]) for y, x in corners)
        chunks = (PlaneChunk(1, (z,), y, x, each, each) for y, x, each in pieces)
        store.save(Save(chunks=tuple(chunks)), kind="round")


def save_many(store: Annotations, count: int, strokes: int) -> None:
    """Save many images, a quarter of them with labels and places, in as many saves as strokes."""
    rng = np.random.default_rng(0)
    shape = ImageShape((), SIDE, SIDE, 1, "uint16")
    place = OfferedRegion(0, 0, 128, 128, (), 1.0, 2.0, "unsure")
    images = [
        ImageRecord(
            n,
            Identity(f"/data/{n}.tif", f"{n}.tif", shape, "YX"),
            offered=(place,) * OFFERED if n <= count // 4 else (),
        )
        for n in range(1, count + 1)
    ]
    numbers = tuple(range(1, count + 1))
    project = replace(_project(), images=numbers, next_image=count + 1)
    store.save(Save(project, tuple(images)))
    for _ in range(strokes):
        image = images[rng.integers(max(1, count // 4))]
        y, x = (int(at) * CHUNK for at in rng.integers(0, SIDE // CHUNK, 2))
        pixels = (rng.random((CHUNK, CHUNK)) < 0.01).astype(np.uint8)
        chunk = PlaneChunk(image.number, (), y, x, **dict.fromkeys(NAMES, pixels))
        store.save(Save(project, (image,), (chunk,)), kind="round")


def _stroke(planes: dict[str, np.ndarray], rng: np.random.Generator) -> tuple[PlaneChunk, ...]:
    """Paint a disc; the chunks that it touched."""
    z, y, x = (int(rng.integers(0, side)) for side in planes["labels"].shape)
    rows, columns = np.ogrid[: planes["labels"].shape[1], : planes["labels"].shape[2]]
    disc = (rows - y) ** 2 + (columns - x) ** 2 <= BRUSH**2
    for name, painted in zip(NAMES, (2, 1, 2, 0), strict=True):
        planes[name][z][disc] = painted
    corners = {
        (row // CHUNK * CHUNK, column // CHUNK * CHUNK)
        for row in np.clip((y - BRUSH, y + BRUSH), 0, disc.shape[0] - 1)
        for column in np.clip((x - BRUSH, x + BRUSH), 0, disc.shape[1] - 1)
    }
    return tuple(
        PlaneChunk(
            1,
            (z,),
            int(row),
            int(column),
            **{n: planes[n][z, row : row + CHUNK, column : column + CHUNK] for n in NAMES},
        )
        for row, column in sorted(corners)
    )


def _plain(path: Path, planes: dict[str, np.ndarray]) -> dict[str, zarr.Array]:
    group = zarr.open_group(path, mode="w")
    chunks = (1, CHUNK, CHUNK)
    return {
        name: group.create_array(
            name,
            data=pixels,
            chunks=chunks,
            compressors=zarr.codecs.ZstdCodec(level=1),
            config={"write_empty_chunks": False},
        )
        for name, pixels in planes.items()
    }


def _write_plain(arrays: dict[str, zarr.Array], chunks: tuple[PlaneChunk, ...]) -> None:
    for chunk in chunks:
        window = slice(chunk.y, chunk.y + CHUNK), slice(chunk.x, chunk.x + CHUNK)
        for name in NAMES:
            arrays[name][(*chunk.index, *window)] = getattr(chunk, name)


def _copy(path: Path, planes: dict[str, np.ndarray]) -> None:
    np.savez_compressed(path, labels=planes["labels"], checked=planes["checked"])


@contextmanager
def _written(path: Path, sizes: list[int]) -> Iterator[None]:
    """Add up the files that were written meanwhile."""
    before = _files(path)
    yield
    after = _files(path)
    sizes.append(sum(size for file, (size, _) in after.items() if before.get(file) != after[file]))


def _files(path: Path) -> dict[str, tuple[int, int]]:
    places = [path] if path.is_file() else path.rglob("*")
    stats = ((str(file), os.stat(file)) for file in places if file.is_file())
    return {file: (stat.st_size, stat.st_mtime_ns) for file, stat in stats}


def measure_strokes(run: Run, store: Annotations, labels: np.ndarray, count: int) -> None:
    """Save the same strokes three ways; the copy takes so long that a few must do."""
    folder = store.folder.parent
    planes = {name: np.zeros_like(labels) for name in NAMES[1:]} | {"labels": labels}
    arrays = _plain(folder / "plain.zarr", planes)
    arms: dict[str, tuple[int, Path, Callable[[tuple[PlaneChunk, ...]], object]]] = {
        "segloop": (count, store.folder, lambda chunks: store.save(Save(_project(), (), chunks))),
        "plain zarr": (count, folder / "plain.zarr", lambda chunks: _write_plain(arrays, chunks)),
        "copy of all": (2, folder / "copy.npz", lambda _: _copy(folder / "copy.npz", planes)),
    }
    for arm, (times, path, save) in arms.items():
        rng = np.random.default_rng(0)
        seconds, sizes = [], []
        for _ in range(times):
            chunks = _stroke(planes, rng)
            with _written(path, sizes):
                began = time.perf_counter()
                save(chunks)
                seconds.append(time.perf_counter() - began)
        run.add(
            what="stroke",
            arm=arm,
            planes=labels.shape[0],
            milliseconds=1e3 * median(seconds),
            worst=1e3 * max(seconds),
            kilobytes=median(sizes) / 1e3,
        )
