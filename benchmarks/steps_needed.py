"""How many steps a training needs: Dice on unseen images after 75 to 3,000 steps.

Each number of steps is a training of its own, since the learning rate falls to its end.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks.arms import images_of, on_this_machine, train_on_all
from benchmarks.document import Column, Section, number, update, value
from benchmarks.harness import MACHINE, Row, open_run
from benchmarks.models import SMOKE
from benchmarks.sets import SETS, few_shot_set
from napari_segloop.core.settings import TrainSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.harness import Run

NAME = "steps_needed"
SEED = 0
STEPS, QUICK_STEPS, SMOKE_STEPS = (75, 150, 300, 600, 3000), (75, 150), (1, 2)
ENOUGH = 0.95  # of the score after the most steps
SECONDS_A_STEP = 1.0  # with 192-px patches on two processors, generously


def main() -> None:
    """Measure every number of steps that has no row, then write the table."""
    with open_run(NAME, "Train for more and more steps, and score on unseen images.") as run:
        sets = SETS[-1:] if run.quick else SETS
        steps = SMOKE_STEPS if run.smoke else QUICK_STEPS if run.quick else STEPS
        for key in run.missing(_keys(sets, steps)):
            if run.has_time(SECONDS_A_STEP * int(str(key["steps"]))):
                _measure(run, key)
        shown = (sets, steps) if run.smoke else (SETS, STEPS)
        update(run, section(_keys(*shown), run.rows()))


def section(keys: list[Row], rows: list[Row]) -> Section:
    """Describe this program's part of the document."""
    return Section(
        NAME,
        "Steps that a training needs",
        f"Three images drawn from the training split with seed {SEED}, every pixel taught, scored "
        "on the test split as in *Two minutes on three images*; each number of steps is a training "
        f"of its own. Target (R3 of the design): {ENOUGH:.0%} of the score after {STEPS[-1]:,} "
        "steps within 300.",
        (
            Column("set", value("set")),
            Column("steps", value("steps")),
            Column("mean Dice", number("dice", 3)),
            Column(f"share of {STEPS[-1]:,} steps", _share(rows)),
            Column("starts from", value("start")),
            Column("training, s", number("train_seconds", 0)),
        ),
        tuple(keys),
    )


def _share(rows: list[Row]) -> Callable[[Row], str]:
    most = {_whose(row): row["dice"] for row in rows if row["steps"] == STEPS[-1]}

    def show(row: Row) -> str:
        return f"{row['dice'] / most[_whose(row)]:.1%}" if most.get(_whose(row)) else ""

    return show


def _whose(row: Row) -> tuple[object, ...]:
    return tuple(row[name] for name in ("set", *MACHINE))


def _keys(sets: tuple[str, ...], steps: tuple[int, ...]) -> list[Row]:
    return [{"set": name, "steps": count} for count in steps for name in sets]


def _measure(run: Run, key: Row) -> None:
    name = str(key["set"])
    real = few_shot_set(name, run.scratch, smoke=run.smoke)
    if real is None:
        run.say(f"{name} is not there, see SEGLOOP_DATA; its rows stay missing")
        return
    steps = int(str(key["steps"]))
    tiny = replace(SMOKE, steps=steps, threads=1)
    training = tiny if run.smoke else TrainSettings(steps=steps)
    ready = on_this_machine(training, SEED, str(run.stamp["device"]))
    found = train_on_all(*images_of(real, SEED), ready)
    run.add(**found | key, taken=found["steps"])


if __name__ == "__main__":
    main()
