"""What it costs that nothing painted is lost: time and bytes of a save, of a history, of opening.

The same strokes go to a project, to plain zarr arrays on the disk, which a kill can leave half
written, and to a compressed copy of everything. Damaged projects are opened in a process of
bounded memory. Each row stands for itself: what was measured is kept when a run is cut off.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.document import Column, Section, number, update, value
from benchmarks.harness import ROOT, Run, open_run
from benchmarks.strokes import ARMS, discs, measure_strokes, save_all, save_many
from napari_segloop.store.project import Project

if TYPE_CHECKING:
    from napari_segloop.store.annotations import Annotations

NAME = "store"
SHAPE, QUICK_SHAPE, SMOKE_SHAPE = (64, 4096, 4096), (8, 4096, 4096), (2, 512, 512)
STROKES, SMOKE_STROKES = 200, 5
IMAGES, SMOKE_IMAGES = 200, 6
WIDTH, SMOKE_WIDTH = 141_000, 3_000
DAMAGED, SMOKE_DAMAGED = 500, 3
STACK = ("stroke", "200 snapshots", "opening")
MANY, HUGE = "opening 200 images", "20 gigapixels"
DAMAGES = {f"damaged {n * DAMAGED + 1} to {(n + 1) * DAMAGED}": n * DAMAGED for n in range(4)}
OPENING = """
import sys, time, pathlib
from napari_segloop.store.project import Project
began, before = time.perf_counter(), time.process_time()
project = Project.open(pathlib.Path(sys.argv[1]))
project.annotations.project(), project.annotations.images(), project.history()
print(time.perf_counter() - began, time.process_time() - before)
"""
GIGAPIXEL = """
import json, sys, pathlib
from benchmarks.gigapixel import measure
print(json.dumps(measure(pathlib.Path(sys.argv[1]), int(sys.argv[2]))))
"""
KEYS = (
    *({"what": "stroke", "arm": arm} for arm in ARMS),
    *({"what": what, "arm": "segloop"} for what in (*STACK[1:], MANY, HUGE, *DAMAGES)),
)


def main() -> None:
    """Measure what has no row, then write the table."""
    with open_run(NAME, "Measure saves, histories and opening of projects.") as run:
        left = dict.fromkeys(key["what"] for key in run.missing(KEYS))
        with tempfile.TemporaryDirectory(dir=run.scratch) as folder:
            if left.keys() & set(STACK):
                _measure_stack(run, Path(folder))
            if MANY in left:
                _measure_many(run, Path(folder))
            if HUGE in left:
                _measure_huge(run, Path(folder))
            for what in (each for each in left if each in DAMAGES):
                _measure_damage(run, Path(folder), what)
        update(run, section())


def section() -> Section:
    """Describe this program's part of the document."""
    return Section(
        NAME,
        "Store",
        "A project with one image of so many planes of 4096 x 4096 px (64; 8 in a quick run), "
        "labelled everywhere. A stroke of 51 px is saved and on the disk (target: under 100 ms, "
        "bytes in proportion to the change); then 200 such snapshots against as many copies of the "
        "project as it was before (target: under 2 %), and opening it with all records and its "
        "history (target: under 2 s), also with the start of the process. Plain zarr is written in "
        "place and not waited for: a kill leaves it torn. A copy is a compressed .npz of labels "
        "and what is checked. Then a project of 200 images, 50 of them labelled, with 200 "
        "snapshots; and one image of 141,000 x 141,000 px with 30 checked places of 512 x 512 px, "
        "opened, exported as TIFFs of its full size, taken back and merged, and the largest memory "
        "of all that. Damaged projects are truncated, flipped, tampered with: each must give an "
        "error or the right content within 20 s and 1 GiB; a plausible one shows another value "
        "that an owner could have saved.",
        (
            Column("what", value("what")),
            Column("arm", value("arm")),
            Column("planes", value("planes")),
            Column("median, ms", number("milliseconds", 1)),
            Column("worst, ms", number("worst", 1)),
            Column("CPU, ms", number("cpu", 1)),
            Column("in a new process, s", number("process", 2)),
            Column("written, KB", number("kilobytes", 1)),
            Column("of copies, %", number("percent", 3)),
            Column("export, s", number("export", 1)),
            Column("import, s", number("import", 1)),
            Column("merge, s", number("merge", 1)),
            Column("memory, MiB", number("mebibytes", 0)),
            Column("errors", value("errors")),
            Column("right", value("right")),
            Column("plausible", value("plausible")),
            Column("wrong", value("wrong")),
        ),
        KEYS,
    )


def _measure_stack(run: Run, place: Path) -> None:
    shape = SMOKE_SHAPE if run.smoke else QUICK_SHAPE if run.quick else SHAPE
    count = SMOKE_STROKES if run.smoke else STROKES
    labels = discs(shape)
    with Project.create(place / "stack.segloop") as project:
        store: Annotations = project.annotations
        save_all(store, labels)
        before = store.size()
        run.say(f"a project of {before / 1e6:.1f} MB")
        measure_strokes(run, store, labels, count)
        percent = 100 * (store.size() - before) / (count * before)
    run.add(what="200 snapshots", arm="segloop", planes=shape[0], percent=percent)
    _measure_opening(run, project.folder, what="opening", planes=shape[0])


def _measure_many(run: Run, place: Path) -> None:
    with Project.create(place / "many.segloop") as project:
        images, strokes = (SMOKE_IMAGES, SMOKE_STROKES) if run.smoke else (IMAGES, STROKES)
        save_many(project.annotations, images, strokes)
    _measure_opening(run, project.folder, what=MANY, planes=images)


def _measure_opening(run: Run, folder: Path, **key: object) -> None:
    inside, cpu, whole = [], [], []
    for _ in range(3 if run.quick else 9):
        began = time.perf_counter()
        told = subprocess.check_output([sys.executable, "-c", OPENING, folder], text=True)
        whole.append(time.perf_counter() - began)
        for kept, word in zip((inside, cpu), told.split(), strict=True):
            kept.append(1e3 * float(word))
    run.add(
        **key,
        arm="segloop",
        milliseconds=median(inside),
        worst=max(inside),
        cpu=median(cpu),
        process=median(whole),
    )


def _measure_huge(run: Run, place: Path) -> None:
    width = SMOKE_WIDTH if run.smoke else WIDTH
    command = [sys.executable, "-c", GIGAPIXEL, place, str(width)]
    told = json.loads(subprocess.check_output(command, cwd=ROOT, text=True))
    shown = {name: told[name] for name in ("export", "import", "merge", "mebibytes")}
    run.add(what=HUGE, arm="segloop", planes=1, milliseconds=1e3 * told["open"], **shown)


def _measure_damage(run: Run, place: Path, what: str) -> None:
    trials = SMOKE_DAMAGED if run.smoke else DAMAGED
    if sys.platform != "linux":
        run.say("this system does not bound a child's memory; the row stays missing")
        return
    asked = ["--trials", str(trials), "--first", str(DAMAGES[what])]
    command = [sys.executable, "-m", "tests.store.damaging", place / what, *asked]
    told = subprocess.check_output(command, cwd=ROOT, text=True)
    rows = [json.loads(line) for line in told.splitlines()]
    found = Counter(row["found"] for row in rows)
    run.add(
        what=what,
        arm="segloop",
        errors=found["error"],
        right=found["right"],
        plausible=found["plausible"],
        wrong=found["other"] + trials - len(rows),
    )


if __name__ == "__main__":
    main()
