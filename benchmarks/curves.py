"""Learning curves with a simulated annotator: our loop beside what one could do instead.

Every round is scored on images that nobody corrected. Rows are added round by round; a second table
sets the curves against the targets L1 to L3 of the design.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks.arms import (
    FASTAI,
    FASTAI_AT,
    FOREST,
    FULL,
    FULL_TIMES,
    LOOPS,
    Course,
    Scale,
)
from benchmarks.curvetargets import derived, targets
from benchmarks.document import Column, Section, number, update, value
from benchmarks.fastai_arm import fastai_python
from benchmarks.harness import Row, open_run
from benchmarks.models import SMOKE
from benchmarks.sets import SETS, few_shot_set
from napari_segloop.core.settings import TrainSettings

if TYPE_CHECKING:
    from benchmarks.harness import Run

NAME = "curves"
SEEDS = (0, 1, 2)
WHOLE = Scale(3, 8, 128, TrainSettings(steps=100))
QUICK = Scale(2, 8, 128, TrainSettings(steps=40))
TINY = Scale(2, 3, 32, replace(SMOKE, threads=1), smoke=True)
LONGEST_ARM = 120.0  # seconds that a quick run leaves for the next arm


def main() -> None:
    """Measure every arm that has not all rows, then write both tables."""
    with open_run(NAME, "Rehearse the loop with a simulated annotator, beside other ways.") as run:
        scale = TINY if run.smoke else QUICK if run.quick else WHOLE
        sets, seeds = (SETS[-1:], SEEDS[:1]) if run.quick else (SETS, SEEDS)
        if fastai_python() is None:
            run.say(f"fastai is not there, see SEGLOOP_FASTAI; the rows of {FASTAI} stay missing")
        left = run.missing(_keys(sets, seeds, scale.rounds))
        for name, seed, arm in dict.fromkeys(_unit(key) for key in left):
            if (arm != FASTAI or fastai_python()) and run.has_time(LONGEST_ARM):
                _measure(run, scale, (name, seed, arm))
        shown = _keys(sets, seeds, scale.rounds) if run.smoke else _keys(SETS, SEEDS, WHOLE.rounds)
        shown = [key for key in shown if key["arm"] != FASTAI or not run.smoke or fastai_python()]
        update(run, section(tuple(shown)))
        pairs = tuple(dict.fromkeys((str(key["set"]), int(key["seed"])) for key in shown))
        update(run, targets(pairs), derived(run.rows(), pairs))


def section(keys: tuple[Row, ...]) -> Section:
    """Describe the table of all rounds."""
    return Section(
        NAME,
        "Learning curves",
        "Three images drawn from the training split with the seed are corrected by a simulated "
        f"annotator, {WHOLE.places} places of {WHOLE.window} px a round, and a network is taught "
        f"for {WHOLE.training.steps} steps ({QUICK.training.steps} in a --quick run), about what "
        "*Improve* does by default on two processors, and two and a half times that in round 3, "
        "where it learns again from all. The annotator fixes "
        "every error but borders that lie within 2 px, and pays 0.2 s a look, a second for 400 px "
        "of stroke and for 800 px of way; *painted anew* is what the same places would have cost "
        "without masks to correct. Dice is pooled over all pixels of the test split per class, "
        "mean without background; round 0 is first masks by threshold. Where what was learnt is "
        "not taken over, *else its Dice* is what it would have reached. *Foreground-aware random* "
        "sees where the classes truly are. Forest and fastai learn from the pixels that our loop "
        "checked: 100 trees on multiscale features; `unet_learner(resnet34)` with `fit_one_cycle` "
        "from random weights for as long as our loop was taught by then. *Everything labelled* "
        f"is one training of {FULL_TIMES} times those steps on all pixels of the three images.",
        (
            Column("set", value("set")),
            Column("seed", value("seed")),
            Column("arm", value("arm")),
            Column("round", value("round")),
            Column("mean Dice", number("dice", 3)),
            Column("annotator, s", number("seconds", 1)),
            Column("painted anew, s", number("dense_seconds", 1)),
            Column("pixels checked", value("checked_pixels")),
            Column("strokes", value("strokes")),
            Column("taken over", value("accepted")),
            Column("else its Dice", number("refused_dice", 3)),
            Column("steps", value("steps")),
            Column("training, s", number("train_seconds", 0)),
        ),
        keys,
    )


def _keys(sets: tuple[str, ...], seeds: tuple[int, ...], rounds: int) -> list[Row]:
    at = {arm: tuple(range(rounds + 1)) for arm in LOOPS}
    at |= {FOREST: tuple(range(1, rounds + 1)), FULL: (1,)}
    at[FASTAI] = tuple(number for number in FASTAI_AT if number <= rounds)
    return [
        {"arm": arm, "set": name, "seed": seed, "round": number}
        for seed in seeds
        for name in sets
        for arm, numbers in at.items()
        for number in numbers
    ]


def _unit(key: Row) -> tuple[str, int, str]:
    return str(key["set"]), int(key["seed"]), str(key["arm"])


def _measure(run: Run, scale: Scale, unit: tuple[str, int, str]) -> None:
    """Measure all rounds of an arm; one of them cannot be had without those before."""
    name, seed, arm = unit
    real = few_shot_set(name, run.scratch, smoke=run.smoke)
    if real is None:
        run.say(f"{name} is not there, see SEGLOOP_DATA; its rows stay missing")
        return
    device = str(run.stamp["device"])
    length = f"{scale.rounds}x{scale.training.steps}-{device.replace(':', '')}"
    kept = run.scratch / "curves" / str(run.stamp["source"]) / f"{name}-{seed}-{length}"
    course = Course(real, seed, scale, kept, device)
    for row in course.rows(arm):
        run.add(arm=arm, set=name, seed=seed, **row)


if __name__ == "__main__":
    main()
