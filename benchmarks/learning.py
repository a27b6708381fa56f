"""What two minutes on three images lead to, through the command line, beside a random forest.

Five kinds of images far apart; three images drawn from the training split, scored on the others.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.command import call
from benchmarks.document import Column, Section, number, update, value
from benchmarks.forest import CORES, grow, teach_forest
from benchmarks.harness import Row, Run, open_run
from benchmarks.sets import SETS, few_shot_set
from napari_segloop.core.evaluate import DiceTally

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.sets import RealSet

NAME = "learning"
IMAGES = 3
SEEDS = (0, 1, 2)
MINUTES, SMOKE_MINUTES = "2", "0.05"
PIXELS, SMOKE_PIXELS = 20_000, 500  # of each image, for the forest


def main() -> None:
    """Measure every arm and seed that has no row, then write the table."""
    with open_run(NAME, "Teach on three images for two minutes and score.") as run:
        wanted = _keys(SETS[-1:], SEEDS[:1])[::2] if run.smoke else _keys(SETS, SEEDS)
        for key in run.missing([key for key in wanted if not run.quick or key["seed"] == 0]):
            _measure(run, key)
        update(run, section(wanted))


def section(keys: list[Row]) -> Section:
    """Describe this program's part of the document."""
    return Section(
        NAME,
        "Two minutes on three images",
        "Three images drawn from the training split with the seed (from the first half where a set "
        "has no split), scored on the rest: Dice pooled over all pixels per class, mean without "
        "background (L3 of the design). `segloop train --minutes 2 --threads 2`, `segloop predict` "
        "and `segloop evaluate`, each a process of its own; *training* is that of the whole "
        "process; *AVX2* has `ONEDNN_MAX_CPU_ISA=AVX2`. The forest has 100 trees on scikit-image's "
        f"multiscale features of {PIXELS:,} pixels of each image. Targets: never more than 0.02 "
        "below the forest; on average 0.05 above it, or a quarter of its error removed.",
        (
            Column("set", value("set")),
            Column("seed", value("seed")),
            Column("arm", value("arm")),
            Column("mean Dice", number("dice", 3)),
            Column("class 1", number("dice_1", 3)),
            Column("class 2", number("dice_2", 3)),
            Column("own test regions", number("own_score", 3)),
            Column("training, s", number("train_seconds", 0)),
            Column("steps", value("steps")),
            Column("prediction, s", number("predict_seconds", 0)),
            Column("training images", lambda row: ", ".join(row["images"])),
        ),
        tuple(keys),
    )


def _keys(sets: tuple[str, ...], seeds: tuple[int, ...]) -> list[Row]:
    return [
        {"set": name, "arm": arm, "seed": seed} for seed in seeds for name in sets for arm in ARMS
    ]


def _measure(run: Run, key: Row) -> None:
    real = few_shot_set(str(key["set"]), run.scratch, smoke=run.smoke)
    if real is None:
        run.say(f"{key['set']} is not there, see SEGLOOP_DATA; its rows stay missing")
        return
    names = real.draw(IMAGES, int(str(key["seed"])))
    run.say(f"{key['set']}, {key['arm']}, seed {key['seed']}: {', '.join(names)}")
    run.add(**key, images=names, **ARMS[str(key["arm"])](run, real, names, int(str(key["seed"]))))


def _command_line(
    run: Run, real: RealSet, names: tuple[str, ...], seed: int, **variables: str
) -> Row:
    """Train, predict and evaluate as a user does."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        model, out, truth = place / "model.segloop", place / "out", place / "truth"
        truth.mkdir()
        for name in real.test:
            shutil.copy(real.mask_path(name), truth)
        trained = call(
            "train", "--images", *map(real.image_path, names), "--labels",
            *map(real.mask_path, names), "--model", model, "--seed", seed,
            "--minutes", SMOKE_MINUTES if run.smoke else MINUTES, *_computing(run), **variables,
        )  # fmt: skip
        tests = map(real.image_path, real.test)
        predicted = call("predict", model, *tests, "--output", out, *_computing(run), **variables)
        scores = call("evaluate", out, truth)
    return {
        **_scores({int(k): v for k, v in scores["classes"].items()}, scores["dice"]),
        "train_seconds": trained["wall"],
        "steps": trained["steps"],
        "own_score": trained.get("score"),
        "predict_seconds": predicted["wall"],
    }


def _computing(run: Run) -> tuple[object, ...]:
    encoder = ("--threads", 1) if run.smoke else ("--threads", CORES)
    return (*encoder, "--device", run.stamp["device"])


def _forest(run: Run, real: RealSet, names: tuple[str, ...], seed: int) -> Row:
    """Teach a random forest on classical features of some pixels."""
    started = time.perf_counter()
    count = SMOKE_PIXELS if run.smoke else PIXELS
    images = [(real.image(name), real.mask(name), None) for name in names]
    forest = teach_forest(images, count, seed, smoke=run.smoke)
    taught = time.perf_counter()
    tally = DiceTally()
    for name in real.test:
        tally.add(grow(forest, real.image(name)), real.mask(name))
    found = tally.finish()
    return {
        **_scores(dict(found.classes), found.mean),
        "train_seconds": taught - started,
        "steps": None,
        "predict_seconds": time.perf_counter() - taught,
    }


def _scores(classes: dict[int, float | None], mean: float | None) -> Row:
    return {"dice": mean} | {f"dice_{k}": dice for k, dice in classes.items() if k}


ARMS: dict[str, Callable[[Run, RealSet, tuple[str, ...], int], Row]] = {
    "segloop": _command_line,
    "segloop, AVX2": partial(_command_line, ONEDNN_MAX_CPU_ISA="AVX2"),
    "random forest": _forest,
}


if __name__ == "__main__":
    main()
