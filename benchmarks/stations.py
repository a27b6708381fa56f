"""The real dock through all stations on real images: what works with mouse and keys, what not.

Kinds of area on electron micrographs from files, single objects on a movie whose channels are
focal planes, from layers. A station that fails is a row with "no", and the round goes on.
"""

from __future__ import annotations

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING

from benchmarks.dockwork import Work
from benchmarks.document import Column, Section, number, update, value
from benchmarks.harness import Row, Run, open_run
from benchmarks.networkwork import STATIONS
from benchmarks.sets import made_set, open_set
from benchmarks.visitor import UnexpectedError, Visitor
from benchmarks.window import on_a_screen, open_viewer, wait
from napari_segloop.core.errors import SegLoopError

if TYPE_CHECKING:
    from benchmarks.networkwork import Act

NAME = "stations"
AREAS, OBJECTS, MADE = "ads_sem_myelin", "baby_yeast", "made"
MOVIES = "prime95b_testC_tp1-5", "evolve_testG_tp1-5"  # axes T, focal plane, Y, X
IMAGES, SEED = 3, 0
SECONDS, QUICK_SECONDS, SMOKE_SECONDS = 120.0, 30.0, 3.0
FAILURES = AssertionError, AttributeError, LookupError, SegLoopError, UnexpectedError, ValueError
NOTED = 160  # letters of a note


def main() -> None:
    """Go through the stations of every set that has not all rows, then write the table."""
    on_a_screen(f"benchmarks.{NAME}")
    with open_run(NAME, "Drive the dock through all stations on real images.") as run:
        sets = (MADE,) if run.smoke else (AREAS, OBJECTS)
        for name in dict.fromkeys(str(key["set"]) for key in run.missing(_keys(sets))):
            if (work := _work(run, name)) is None:
                run.say(f"{name} is not there, see SEGLOOP_DATA; its rows stay missing")
            else:
                _measure(run, name, work)
        update(run, section(sets))


def section(sets: tuple[str, ...]) -> Section:
    """Describe this program's part of the document."""
    return Section(
        NAME,
        "All stations on real images",
        "The real dock in a window of 1366 x 768 pixels, worked with mouse events, keys and "
        f"dialogs. {AREAS}: kinds of area, {IMAGES} images of the list from files. {OBJECTS}: "
        "single objects, two movies opened in napari and added as layers, their five focal planes "
        "as channels. *ok* says whether all came that the station expects: what each one expects "
        "is in `benchmarks/dockwork.py` and `benchmarks/networkwork.py`; *note* is what was seen. "
        "Seconds are those of the whole station, its checks and pauses included.",
        (
            Column("set", value("set")),
            Column("station", value("station")),
            Column("ok", value("ok")),
            Column("seconds", number("seconds", 1)),
            Column("note", lambda row: str(row["note"]).replace("|", "/")),
        ),
        tuple(_keys(sets)),
    )


def _keys(sets: tuple[str, ...]) -> list[Row]:
    return [{"set": name, "station": station} for name in sets for station in STATIONS]


def _work(run: Run, name: str) -> Work | None:
    """Say what one round is about; None where the set is not there."""
    seconds = SMOKE_SECONDS if run.smoke else QUICK_SECONDS if run.quick else SECONDS
    real = made_set(run.scratch / name, 3, 160) if name == MADE else open_set(name)
    if real is None:
        return None
    if name == OBJECTS:
        paths = tuple(real.folder / "images" / f"{movie}.tif" for movie in MOVIES)
        return Work(paths, "objects", 1, seconds)
    return Work(tuple(map(real.image_path, real.draw(IMAGES, SEED))), "classes", None, seconds)


def _measure(run: Run, name: str, work: Work) -> None:
    """Go through the stations in a process of their own; note those that it did not live to see."""
    context, before = multiprocessing.get_context("spawn"), len(run.rows())
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        try:
            pool.submit(go, run, name, work).result()
        except BrokenProcessPool:
            seen = {row["station"] for row in run.rows()[before:] if row["set"] == name}
            for station in STATIONS.keys() - seen:
                run.add(set=name, station=station, ok="no", note="the window's process ended")


def go(run: Run, name: str, work: Work) -> None:
    """Go through all stations.

    Parameters
    ----------
    run : Run
        Gets a row for each.
    name : str
        Of the set.
    work : Work
        What the round is about.
    """
    viewer = open_viewer()
    visitor = Visitor(viewer, tiny=run.smoke)
    for station, act in STATIONS.items():
        if not run.has_time(0):
            break
        began = time.perf_counter()
        row = _visit(visitor, work, act)
        run.add(set=name, station=station, **row, seconds=time.perf_counter() - began)
    viewer.close()


def _visit(visitor: Visitor, work: Work, act: Act) -> Row:
    """Return whether a station did what it says, and what was seen."""
    visitor.faults.clear()
    try:
        seen, is_well = act(visitor, work), True
    except FAILURES as error:
        seen, is_well = f"{type(error).__name__}: {error}", False
    wait(0.3)
    if visitor.faults:
        seen, is_well = "; ".join([*visitor.faults, seen]), False
    return {"ok": "yes" if is_well else "no", "note": " ".join(seen.split())[:NOTED]}


if __name__ == "__main__":
    main()
