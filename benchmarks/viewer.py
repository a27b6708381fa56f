"""How napari feels while the loop runs: gaps in its event loop, Stop, the view, the dock's opening.

A real window with the real dock and real child processes. Each kind of measurement is made in a
process of its own, which never imports torch; so this module does not either.
"""

from __future__ import annotations

import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.bare import Bare
from benchmarks.document import Column, Section, number, update, value
from benchmarks.harness import Row, Run, open_run
from benchmarks.loop import Loop, add_plain_layers, busy_processors, made_layer
from benchmarks.window import Hand, Heart, Paint, load, on_a_screen, open_viewer, wait

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari import Viewer

NAME = "viewer"
SIDE, SMOKE_SIDE = 2048, 160
SECONDS, QUICK_SECONDS, SMOKE_SECONDS = 60.0, 20.0, 0.5
OPENINGS, SMOKE_OPENINGS = 6, 2
TURNS, SMOKE_TURNS = 7, 1
GAPS = (
    "napari alone, nothing happens",
    "napari alone, strokes",
    "napari alone, strokes, processors busy",
    "dock open, nothing happens",
    "dock open, strokes",
    "dock opens, engine starts",
    "first masks",
    "walk along places",
    "trains and saves the version",
    "predicts with the new version",
    "trains, strokes",
    "predicts the plane",
    "predicts the plane, strokes",
)
FIGURES = {
    "opening the dock, seconds to its first paint": 1.0,
    "training: Stop to its end, in steps": 1.5,
    "predicting: Stop to its end, in tiles": 1.5,
    "view predicted anew / bare network on its tiles": 1.25,
    "plane being predicted: seconds until places of the view are offered": 2.0,
}
LARGEST_SHARE, LONGEST = 1.0, 250.0  # per cent, milliseconds


@dataclass(frozen=True, slots=True)
class Scale:
    """How large and how long: side of the image in pixels, seconds, and number of turns."""

    side: int
    seconds: float
    turns: int
    smoke: bool


def main() -> None:
    """Measure what has no row, then write the table."""
    on_a_screen(f"benchmarks.{NAME}")
    with open_run(NAME, "Feel the gaps in napari's event loop while the loop runs.") as run:
        left = {str(key["what"]) for key in run.missing(_keys())}
        scale = _scale(run)
        if left & set(GAPS[:3]):
            _add(run, _apart(measure_alone, scale))
        if left & {*GAPS[3:], *list(FIGURES)[1:]}:
            _add(run, _apart(measure_loop, scale))
        if left & set(list(FIGURES)[:1]):
            _add(run, _openings(SMOKE_OPENINGS if run.smoke else OPENINGS))
        update(run, section())


def section() -> Section:
    """Describe this program's part of the document."""
    return Section(
        NAME,
        "In the viewer",
        "A real napari window of 1366 x 768 pixels with the real dock, on an image of "
        f"{SIDE} x {SIDE} pixels. A timer in the window's thread beats every 5 ms: *in gaps* is "
        f"the share of wall time in gaps over 50 ms (target at most {LARGEST_SHARE:g} %), "
        f"*longest* the longest gap (at most {LONGEST:g} ms); I2 of the design. Strokes are "
        "drawn with mouse events on the canvas, one move every 15 ms. *napari alone* has the "
        "same layers and no dock; *processors busy*: one process for each processor counts, with "
        "the priority of our engine. Without a graphics card napari draws on the same "
        "processors. Then I3, I1, the opening of the dock with a warm file cache, and the first "
        "places of a prediction; torch must "
        "not be in the viewer's process. *Load* is the machine's over five minutes; above "
        "its number of processors, others were at work.",
        (
            Column("what", value("what")),
            Column("in gaps, %", number("share", 2)),
            Column("longest, ms", number("longest", 0)),
            Column("viewer's CPU, %", number("cpu", 0)),
            Column("figure", number("figure", 2)),
            Column("target", _target),
            Column("measured for, s", number("seconds", 0)),
            Column("load", number("load", 1)),
        ),
        tuple(_keys()),
    )


def _target(row: Row) -> str:
    what = str(row["what"])
    if what.startswith("napari alone"):
        return ""
    if what in FIGURES:
        return f"<= {FIGURES[what]:g}"
    return f"<= {LARGEST_SHARE:g} %, {LONGEST:g} ms"


def _keys() -> list[Row]:
    return [{"what": what} for what in (*GAPS, *FIGURES)]


def _scale(run: Run) -> Scale:
    if run.smoke:
        return Scale(SMOKE_SIDE, SMOKE_SECONDS, SMOKE_TURNS, smoke=True)
    return Scale(SIDE, QUICK_SECONDS if run.quick else SECONDS, TURNS, smoke=False)


def _add(run: Run, rows: list[Row]) -> None:
    for row in rows:
        run.add(**row, load=load())


def _apart(measure: Callable[[Scale], list[Row]], scale: Scale) -> list[Row]:
    """Measure in a new process."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(measure, scale).result()


def _openings(count: int) -> list[Row]:
    """Open the dock in new processes; the first one fills the file cache."""
    context = multiprocessing.get_context("spawn")
    seconds = []
    for _ in range(count):
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            seconds.append(pool.submit(measure_opening).result())
    return [{"what": next(iter(FIGURES)), "figure": median(seconds[1:]), "all": seconds}]


def measure_opening() -> float:
    """Open the dock.

    Returns
    -------
    float
        Seconds until it was painted.
    """
    viewer = open_viewer()
    paint = Paint(viewer)
    seconds = paint.wait()
    wait(0.5)
    _check_no_torch()
    viewer.close()
    return seconds


def measure_alone(scale: Scale) -> list[Row]:
    """Feel napari with the loop's layers and nothing of the loop.

    Parameters
    ----------
    scale : Scale
        How large and how long.

    Returns
    -------
    list of dict
        Rows.
    """
    viewer = open_viewer()
    add_plain_layers(viewer, scale.side)
    wait(1)
    rows = [
        _felt(GAPS[0], lambda: wait(scale.seconds)),
        _felt(GAPS[1], lambda: _draw(viewer, scale.seconds)),
    ]
    with busy_processors():
        rows.append(_felt(GAPS[2], lambda: _draw(viewer, scale.seconds)))
    viewer.close()
    return rows


def measure_loop(scale: Scale) -> list[Row]:
    """Go through the loop.

    Parameters
    ----------
    scale : Scale
        How large and how long.

    Returns
    -------
    list of dict
        Rows.
    """
    viewer = open_viewer()
    heart = Heart()
    loop = Loop(viewer)
    loop.wait_for_engine()
    rows = [{"what": "dock opens, engine starts", **heart.stop()}]
    rows += _stations(loop, viewer, scale)
    rows += _stops(loop, scale)
    rows.append(_view(loop, scale))
    places = [loop.wait_for_places() for _ in range(scale.turns)]
    rows.append({"what": list(FIGURES)[4], "figure": _middle(places), "all": places})
    _check_no_torch()
    viewer.close()
    return rows


def _stations(loop: Loop, viewer: Viewer, scale: Scale) -> list[Row]:
    seconds, turns = scale.seconds, max(1, scale.turns // 2)
    loop.add(made_layer(viewer, scale.side))
    loop.small = scale.smoke
    wait(1)
    return [
        _felt("dock open, nothing happens", lambda: wait(seconds)),
        _felt("first masks", loop.make_first_masks),
        _felt("walk along places", loop.walk),
        _felt("dock open, strokes", lambda: _draw(viewer, seconds)),
        _felt("trains and saves the version", lambda: loop.train(seconds)),
        _felt("predicts with the new version", loop.settle),
        _felt("trains, strokes", lambda: _drawing(viewer, lambda: loop.train(seconds))),
        _felt("predicts the plane", lambda: loop.settle_and_predict(turns)),
        _felt(
            "predicts the plane, strokes",
            lambda: _drawing(viewer, lambda: loop.settle_and_predict(turns)),
        ),
    ]


def _felt(what: str, act: Callable[[], object]) -> Row:
    heart = Heart()
    act()
    row = {"what": what, **heart.stop()}
    print(row, file=sys.stderr, flush=True)  # the others take minutes
    return row


def _draw(viewer: Viewer, seconds: float) -> None:
    _drawing(viewer, lambda: wait(seconds))


def _drawing(viewer: Viewer, act: Callable[[], object]) -> None:
    hand = Hand(viewer)
    act()
    hand.stop()


def _stops(loop: Loop, scale: Scale) -> list[Row]:
    training = [loop.stop_training() for _ in range(max(1, scale.turns // 2))]
    predicting = [loop.stop_predicting() for _ in range(scale.turns)]
    names = list(FIGURES)[1:3]
    return [
        {"what": what, "figure": _middle(values), "all": values}
        for what, values in zip(names, (training, predicting), strict=True)
    ]


def _middle(values: Sequence[float | None]) -> float | None:
    known = [each for each in values if each is not None]
    return median(known) if known else None


def _view(loop: Loop, scale: Scale) -> Row:
    """Predict the view and the same tiles with the bare network, in turns."""
    view = loop.look_closely()
    path, image = loop.model(), loop.pixels()
    with Bare(path, image, view) as bare:
        loop.predict_view()
        bare.seconds()
        times = [(loop.predict_view(), bare.seconds()) for _ in range(scale.turns)]
    return {
        "what": list(FIGURES)[3],
        "figure": median(ours / theirs for ours, theirs in times),
        "ours": median(ours for ours, _ in times),
        "theirs": median(theirs for _, theirs in times),
        "tiles": bare.tiles,
        "tile": bare.tile,
    }


def _check_no_torch() -> None:
    if "torch" in sys.modules:
        msg = "torch is in the viewer's process"
        raise RuntimeError(msg)


if __name__ == "__main__":
    main()
