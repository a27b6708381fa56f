"""Whether a training ends when it says it will: the time left after ten seconds, and minutes."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.command import listen
from benchmarks.document import Column, Section, number, update, value
from benchmarks.harness import Row, Run, open_run
from benchmarks.sets import MADE, any_set, made_set

if TYPE_CHECKING:
    from benchmarks.sets import RealSet

NAME = "budget"
SETS = (MADE, "ads_sem_myelin")
GIVEN = (("--steps", 60), ("--steps", 240), ("--steps", 600), ("--minutes", 1), ("--minutes", 2))
SMOKE = (("--steps", 3),)
QUICK = 2  # of the above
IMAGES = 3
ASKED_AFTER, SMOKE_ASKED_AFTER = 10.0, 0.0  # seconds since the process was started


def main() -> None:
    """Measure every row that is missing, then write the table."""
    with open_run(NAME, "Compare the time that a training says is left with what it takes.") as run:
        keys = _keys(run)
        for key in run.missing([key for key in keys if not run.quick or key["number"] <= QUICK]):
            _measure(run, key)
        update(run, section(keys))


def section(keys: list[Row]) -> Section:
    """Describe this program's part of the document."""
    return Section(
        NAME,
        "Time left",
        f"`segloop train` on {IMAGES} images, a process of its own. *Left* is what its first event "
        f"says that comes {ASKED_AFTER:.0f} s or more after the process was started, *true* what "
        "it then took until the process had ended. Target: within 20 %, judged on --steps; "
        "--minutes may be passed by 10 s.",
        (
            Column("set", value("set")),
            Column("asked for", value("asked")),
            Column("steps", value("steps")),
            Column("left, s", number("left", 1)),
            Column("true, s", number("true", 1)),
            Column("error, %", number("error", 1)),
            Column("whole process, s", number("wall", 1)),
        ),
        tuple(keys),
    )


def _keys(run: Run) -> list[Row]:
    given = SMOKE if run.smoke else GIVEN
    return [
        {"set": name, "asked": f"{option} {amount}", "number": place + 1}
        for name in (SETS[:1] if run.smoke else SETS)
        for place, (option, amount) in enumerate(given)
    ]


def _measure(run: Run, key: Row) -> None:
    name = str(key["set"])
    real = made_set(run.scratch / name, 6, 128) if run.smoke else any_set(name, run.scratch)
    if real is None:
        run.say(f"{name} is not there, see SEGLOOP_DATA; its rows stay missing")
        return
    run.add(**key, **_time(real, str(key["asked"]).split(), smoke=run.smoke))


def _time(real: RealSet, asked: list[str], *, smoke: bool) -> Row:
    names, after = real.draw(IMAGES, 0), SMOKE_ASKED_AFTER if smoke else ASKED_AFTER
    left, at, steps, seconds = None, 0.0, 0, 0.0
    with tempfile.TemporaryDirectory() as folder:
        for seconds, event in listen(
            "train", "--images", *map(real.image_path, names), "--labels",
            *map(real.mask_path, names), "--model", Path(folder) / "model.segloop", *asked,
            "--seed", 0, "--device", "cpu", *(("--threads", 1) if smoke else ()),
        ):  # fmt: skip
            steps = event.get("step", steps)
            if left is None and seconds >= after and event.get("seconds_left") is not None:
                left, at = float(event["seconds_left"]), seconds
    true = seconds - at
    wrong = None if left is None else 100 * (left - true) / true
    return {"steps": steps, "left": left, "true": true, "error": wrong, "wall": seconds}


if __name__ == "__main__":
    main()
