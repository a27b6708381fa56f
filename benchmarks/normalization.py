"""Which rule of normalisation learns best from three images, on kinds of images far apart."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.document import Column, Section, number, update, value
from benchmarks.harness import Run, open_run
from benchmarks.models import SMOKE, dice_of, result_of
from benchmarks.sets import foreground_masks, made_set, open_set
from napari_segloop.core.lesson import TrainingImage
from napari_segloop.core.settings import RULES, TrainSettings
from napari_segloop.core.train import fit

NAME = "normalization"
SETS = ("ads_sem_myelin", "uhcs_spheroidite", "isbi2012_em", "dsb2018_fluo")
OF_OBJECTS = ("dsb2018_fluo",)  # taught and scored as nuclei against background
SEEDS = (0, 1, 2)
IMAGES, TESTS = 3, 20
SECONDS, PREDICTING = 120.0, 40.0


def main() -> None:
    """Measure every set, rule and seed that has no row, then write the table."""
    with open_run(NAME, "Compare rules of normalisation on real sets.") as run:
        keys = _keys(SETS, SEEDS)[: 1 if run.smoke else None]
        wanted = [key for key in keys if key["seed"] == 0] if run.quick else keys
        for key in run.missing(wanted):
            if run.has_time(0 if run.smoke else SECONDS + PREDICTING):
                _measure(run, key)
        update(run, section(keys))


def section(keys: list[dict[str, object]]) -> Section:
    """Describe this program's part of the document."""
    return Section(
        NAME,
        "Rules of normalisation",
        f"{IMAGES} training images drawn with the seed, {SECONDS:.0f} s of training, scored on up "
        f"to {TESTS} test images: Dice pooled over all pixels per class, mean without background. "
        "What each rule means: `core/normalize.py`.",
        (
            Column("set", value("set")),
            Column("seed", value("seed")),
            Column("rule", value("rule")),
            Column("mean Dice", number("dice", 3)),
            Column("own test regions", number("own_score", 3)),
            Column("steps", value("steps")),
        ),
        tuple(keys),
    )


def _keys(sets: tuple[str, ...], seeds: tuple[int, ...]) -> list[dict[str, object]]:
    return [
        {"set": name, "seed": seed, "rule": rule}
        for seed in seeds
        for name in sets
        for rule in RULES
    ]


def _measure(run: Run, key: dict[str, object]) -> None:
    name, seed, rule = str(key["set"]), int(str(key["seed"])), str(key["rule"])
    real = made_set(run.scratch / name, 6, 128) if run.smoke else open_set(name)
    if real is None:
        run.say(f"{name} is not there, see SEGLOOP_DATA; its rows stay missing")
        return
    if name in OF_OBJECTS:
        real = foreground_masks(real, run.scratch / name)
    asked = SMOKE if run.smoke else TrainSettings(seconds=SECONDS)
    device = str(run.stamp["device"])
    settings = replace(asked, seed=seed, normalization=rule, device=device)
    images = [TrainingImage(n, real.image(n), real.mask(n)) for n in real.draw(IMAGES, seed)]
    result = result_of(fit(images, settings))
    run.add(
        **key,
        dice=dice_of(result.model, real, TESTS, device),
        own_score=result.score,
        steps=result.steps,
        precision=result.model.info.precision,
        encoder=f"{settings.encoder}, depth {settings.depth}",
        tile=f"{settings.batch} patches of {settings.patch} px",
    )


if __name__ == "__main__":
    main()
