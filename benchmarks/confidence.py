"""How far percentages of doubt can be trusted: targets U1 to U3, on images that nobody corrected.

The loop is rehearsed, and after some of its rounds every way of estimating how likely a label is
wrong is set against the errors there are, and every queue against what it lets an annotator fix.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks.arms import Scale, on_this_machine
from benchmarks.confidencecourse import Course, cast_of
from benchmarks.confidencemeans import means
from benchmarks.confidencequeue import QUEUES, rank
from benchmarks.confidencetables import NAME, estimators, sections
from benchmarks.confidenceusers import USERS, watch
from benchmarks.confidencework import judge
from benchmarks.document import update
from benchmarks.harness import Row, has, open_run
from benchmarks.models import SMOKE, plan_for
from benchmarks.sets import SETS, few_shot_set
from napari_segloop.core.settings import PredictSettings, TrainSettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.confidencecourse import Cast
    from benchmarks.harness import Run
    from napari_segloop.core.modelfile import Model

SEEDS = (0, 1, 2)
ROUNDS, QUICK_ROUNDS, SMOKE_ROUNDS = (1, 3, 6), (1, 3), (1, 2)
WHOLE = Scale(max(ROUNDS), 8, 128, TrainSettings(steps=100))
TINY = Scale(max(SMOKE_ROUNDS), 3, 32, replace(SMOKE, threads=1), smoke=True)
SECONDS = 400.0  # that the two rounds of a quick run take on one set
TEXT = (
    "Three images drawn from the training split with the seed are corrected by the simulated "
    f"annotator as in the learning curves: {WHOLE.places} places of {WHOLE.window} px a round, "
    f"{WHOLE.training.steps} steps, learning again from all in every third round; where nothing is "
    "left to be checked, the model stays."
)


def main() -> None:
    """Measure every set, seed and round that has not all rows, then write the tables."""
    with open_run(NAME, "Compare estimates of uncertainty on unseen images.") as run:
        sets, seeds = (SETS[-1:], SEEDS[:1]) if run.smoke else (SETS, SEEDS)
        rounds = SMOKE_ROUNDS if run.smoke else ROUNDS
        seeds_now = SEEDS[:1] if run.quick else seeds
        rounds_now = QUICK_ROUNDS if run.quick and not run.smoke else rounds
        left = run.missing(list(_keys(sets, seeds_now, rounds_now)))
        for name, seed in dict.fromkeys((str(key["set"]), int(key["seed"])) for key in left):
            if run.has_time(0 if run.smoke else SECONDS):
                _measure(run, [key for key in left if has(key, {"set": name, "seed": seed})])
        for section in sections(sets, rounds, TEXT):
            update(run, section, means(run.rows(), section.keys))


def _keys(sets: Sequence[str], seeds: Sequence[int], rounds: Sequence[int]) -> Iterator[Row]:
    for seed in seeds:
        for name in sets:
            for number in rounds:
                at = {"set": name, "seed": seed, "round": number}
                yield from (at | {"estimator": each} for each in estimators(number))
                yield from (at | {"queue": each} for each in QUEUES)
                yield from (at | {"user": each} for each in USERS)


def _measure(run: Run, keys: Sequence[Row]) -> None:
    """Play the rounds of a set and seed, and measure after some of them."""
    name, seed = str(keys[0]["set"]), int(keys[0]["seed"])
    real = few_shot_set(name, run.scratch, smoke=run.smoke)
    if real is None:
        run.say(f"{name} is not there, see SEGLOOP_DATA; its rows stay missing")
        return
    scale, device = TINY if run.smoke else WHOLE, str(run.stamp["device"])
    training = on_this_machine(scale.training, seed, device)
    length = f"{scale.places}x{scale.training.steps}-{device.replace(':', '')}-{training.threads}"
    folder = run.scratch / NAME / str(run.stamp["source"]) / f"{name}-{seed}-{length}"
    cast = cast_of(real, seed)
    course = Course(cast, scale, training, folder)
    for number in dict.fromkeys(int(key["round"]) for key in keys):
        course.play(number)
        models = course.models_after(number)
        if not models:
            run.say(f"{name}, seed {seed}: nothing could be taught by round {number}")
            continue
        at = {"set": name, "seed": seed, "round": number, "dice": course.dice_after(number)}
        for row in _rows(models, cast, scale, training):
            if any(has(at | row, key) for key in keys):
                run.add(**at, **row)


def _rows(
    models: Sequence[Model], cast: Cast, scale: Scale, training: TrainSettings
) -> Iterator[Row]:
    """Measure what the first of some models says."""
    device, threads = training.device, training.threads
    plan = plan_for(models[0], cast.unseen[0].image, PredictSettings(device, threads))
    where = PredictSettings(device, threads, precision=plan.precision)
    info = models[0].info
    told = {
        "images": len(cast.unseen),
        "regions": info.errors.regions if info.errors else None,
        "precision": plan.precision,
        "encoder": f"{info.encoder}, depth {info.depth}",
    }
    for row in judge(models, cast.unseen, where, training.seed):
        yield told | row
    places = scale.places, scale.window
    for row in rank(models[0], cast.untouched, where, places, training.seed):
        yield told | {"images": len(cast.untouched)} | row
    for row in watch(models[0], cast.unseen, where, training.seed):
        yield told | row


if __name__ == "__main__":
    main()
