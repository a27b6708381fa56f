"""One image of 20 gigapixels with a few checked places: each step of a project, and its memory.

It runs in a process of its own, whose largest memory is what is told; `benchmarks.store` calls it.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.cli.main import run
from napari_segloop.cli.report import Reporter
from napari_segloop.core.classes import ClassTable
from napari_segloop.store.annotations import CHUNK, PlaneChunk, Save
from napari_segloop.store.merging import merge
from napari_segloop.store.project import Project
from napari_segloop.store.records import Identity, ImageRecord, ImageShape, ProjectRecord

if TYPE_CHECKING:
    from collections.abc import Iterator

REGIONS, SIDE = 30, 2 * CHUNK


def measure(folder: Path, side: int) -> dict[str, float | None]:
    """Make a project, open it, export it, take it back, merge it with itself.

    Parameters
    ----------
    folder : Path
        For all that is written.
    side : int
        Of the image, in pixels.

    Returns
    -------
    dict of str to float or None
        Seconds of each step, ``megabytes`` of the export, and ``mebibytes``, the largest memory, on
        systems that tell it.
    """
    seconds: dict[str, float] = {}
    made, out, again = (folder / name for name in ("a.segloop", "out", "b.segloop"))
    with _timed(seconds, "save"):
        _make(made, side)
    with _timed(seconds, "open"), Project.open(made, read_only=True) as project:
        project.annotations.images()
        project.history()
        far = slice(side - 1024, side)
        project.annotations.window(1, (), far, far)
    with _timed(seconds, "export"):
        _call("export", made, "--output", out)
    with _timed(seconds, "import"):
        _call("import", out, again)
    with _timed(seconds, "merge"), Project.open(made) as one, Project.open(again) as other:
        if merge(one, other).agreement != 1.0:
            msg = "what came back differs from what was exported"
            raise ValueError(msg)
    written = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    return seconds | {"megabytes": written / 1e6, "mebibytes": _largest_memory()}


def _largest_memory() -> float | None:
    """Return the largest memory of this process in MiB; `getrusage` would count the parent's."""
    told = Path("/proc/self/status")
    if not told.exists():
        return None
    line = next(line for line in told.read_text("ascii").splitlines() if "VmHWM" in line)
    return int(line.split()[1]) / 1024


def _make(folder: Path, side: int) -> None:
    rng = np.random.default_rng(0)
    shape = ImageShape((), side, side, 1, "uint8")
    image = ImageRecord(1, Identity("", "slide", shape, "YX"), "checked", planes=((),))
    classes = ClassTable.first("classes").to_dict()
    corners = rng.integers(0, side // CHUNK - 2, (REGIONS, 2)) * CHUNK
    places = {(y + a, x + b) for y, x in corners.tolist() for a in (0, CHUNK) for b in (0, CHUNK)}
    with Project.create(folder) as project:
        chunks = tuple(_chunk(y, x, rng) for y, x in sorted(places))
        record = ProjectRecord("classes", classes, images=(1,), next_image=2)
        project.annotations.save(Save(record, (image,), chunks), "painted", "manual")


def _chunk(y: int, x: int, rng: np.random.Generator) -> PlaneChunk:
    labels = (rng.random((CHUNK, CHUNK)) < 0.3).astype(np.uint8)
    ones, pixels = np.ones_like(labels), rng.integers(0, 255, (1, CHUNK, CHUNK), np.uint8)
    return PlaneChunk(1, (), y, x, labels, labels, ones, ones, content=pixels)


def _call(*words: object) -> None:
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        code = run(["project", *map(str, words)], Reporter(json=True))
    if code:
        msg = f"segloop project {words[0]} ended with {code}"
        raise ValueError(msg)


@contextlib.contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - began
    print(f"{name}: {seconds[name]:.1f} s", file=sys.stderr)
