"""What each part of the recipe for training is worth: it is taken away once, the others stay.

Two rounds each, as users work: a first model of two images, improved when the third one came.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from statistics import mean, stdev
from typing import TYPE_CHECKING
from unittest.mock import patch

import torch

from benchmarks.classwork import cross_entropy
from benchmarks.document import Column, Section, newest, number, update, value
from benchmarks.harness import MACHINE, Row, Run, has, open_run
from benchmarks.models import SMOKE, dice_of, result_of
from benchmarks.sets import MADE, RealSet, any_set, foreground_masks, made_set
from napari_segloop.core import augment, contenders, learner, losses, patches, places
from napari_segloop.core.lesson import TrainingImage
from napari_segloop.core.settings import TrainSettings
from napari_segloop.core.train import fit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from types import ModuleType

    from torch import Tensor
    from torch.nn import Parameter

    from napari_segloop.core.modelfile import Model

NAME = "ablation"
SETS = ("ads_sem_myelin", "dsb2018_fluo", "isbi2012_em", "uhcs_spheroidite", MADE)
OF_OBJECTS = ("dsb2018_fluo",)  # taught and scored as nuclei against background
SEEDS = (0, 1, 2)
IMAGES, FIRST, TESTS = 3, 2, 8
STEPS, QUICK_STEPS, SMOKE_STEPS = (110, 50), (20, 10), (2, 2)  # of first and second round
QUICK_ARM_SECONDS = 60.0
WHOLE, ALL = "nothing", "all sets"


def dice_alone(logits: Tensor, truth: Tensor) -> Tensor:
    """Return the loss without its cross-entropy."""
    known = truth != losses.UNKNOWN
    return (1 - losses.soft_dice(logits.float(), truth, known)) * known.any()


def adamw(weights: Iterable[Parameter], rate: float, dtype: torch.dtype) -> torch.optim.Optimizer:
    """Return the optimiser that stands in for Muon; its products are in no other format."""
    del dtype
    return torch.optim.AdamW(list(weights), lr=rate, weight_decay=0.01, fused=True)


@dataclass(frozen=True, slots=True)
class Part:
    """How to do without a part of the recipe: by settings, and by names of the core's modules."""

    names: tuple[tuple[ModuleType, str, object], ...] = ()
    settings: Row = field(default_factory=dict)

    @contextmanager
    def away(self) -> Iterator[None]:
        """Do without it for a while.

        Raises
        ------
        AttributeError
            When a module has no such name.
        """
        with ExitStack() as stack:
            for module, name, instead in self.names:
                stack.enter_context(patch.object(module, name, instead))
            yield


PARTS = {
    WHOLE: Part(),
    "starter weights": Part(settings={"start": "none"}),
    "half on the newest": Part(((places, "NEWEST_SHARE", 0.0),)),
    "a third on foreground": Part(((places, "FOREGROUND_SHARE", 0.0),)),
    "classes in turn": Part(((places, "CLASS_POWER", 1.0),)),
    "response curve": Part(((augment, "CURVE", 0.0),)),
    "contrast": Part(((augment, "CONTRAST", 0.0),)),
    "uneven light": Part(((augment, "SHADING", 0.0),)),
    "focus": Part(((augment, "BLUR_SHARE", 0.0),)),
    "noise": Part(((augment, "NOISE", 0.0),)),
    "magnification": Part(((patches, "MAGNIFICATION", (1.0, 1.0)),)),
    "any angle": Part(((patches, "ANGLE", 0.0),)),
    "normalisation between two rules": Part(settings={"normalization": "training"}),
    "Muon (AdamW, a third of the rate)": Part(
        ((learner, "Muon", adamw),), {"learning_rate": TrainSettings(steps=1).learning_rate / 3}
    ),
    "Dice in the loss": Part(((learner, "segmentation_loss", cross_entropy),)),
    "means of the weights before and after": Part(((contenders, "SHARES", ()),)),
    "cross-entropy in the loss": Part(((learner, "segmentation_loss", dice_alone),)),
}
SMOKE_PARTS = (WHOLE, "half on the newest")


def main() -> None:
    """Measure every set, seed and part that has no row, sum up, and write the table."""
    for part in PARTS.values():
        with part.away():
            pass  # so that a name that is gone is found before hours of measuring
    with open_run(NAME, "Take each part of the recipe for training away once.") as run:
        parts = SMOKE_PARTS if run.smoke else tuple(PARTS)
        seeds = SEEDS[:1] if run.quick else SEEDS
        keys = _keys(SETS[-1:] if run.smoke else SETS, seeds, parts)
        for key in run.missing(keys):
            if run.has_time(0 if run.smoke else QUICK_ARM_SECONDS):
                _measure(run, key)
        if not run.table:
            _sum_up(run, keys, parts)
        update(run, section(parts))


def section(parts: Sequence[str]) -> Section:
    """Describe this program's part of the document."""
    first, second = STEPS
    return Section(
        NAME,
        "Parts of the recipe",
        f"{IMAGES} training images drawn with the seed: {first} steps on {FIRST} of them, then "
        f"{second} on all, improving that model ({'/'.join(map(str, QUICK_STEPS))} where the "
        f"commit is in brackets). Scored on up to {TESTS} test images: Dice pooled over all pixels "
        "per class, mean without background. *Change* is against the whole recipe on the same "
        "sets and seeds, with the standard error of its mean; a part pays where it is below zero.",
        (
            Column("without", value("arm")),
            Column("change", number("change", 3)),
            Column("error", number("error", 3)),
            *(Column(name, number(name, 3)) for name in SETS),
            Column("trainings", value("trainings")),
        ),
        tuple({"arm": part, "set": ALL} for part in parts),
    )


def _keys(sets: Sequence[str], seeds: Sequence[int], parts: Sequence[str]) -> list[Row]:
    return [
        {"set": name, "seed": seed, "arm": part}
        for seed in seeds
        for name in sets
        for part in parts
    ]


def _open(run: Run, name: str) -> RealSet | None:
    if run.smoke:
        return made_set(run.scratch / name, 6, 128)
    real = any_set(name, run.scratch)
    return foreground_masks(real, run.scratch / name) if real and name in OF_OBJECTS else real


def _measure(run: Run, key: Row) -> None:
    real, part = _open(run, key["set"]), PARTS[key["arm"]]
    if real is None:
        run.say(f"{key['set']} is not there, see SEGLOOP_DATA; its rows stay missing")
        return
    asked = SMOKE if run.smoke else TrainSettings(steps=1)
    device = str(run.stamp["device"])
    settings = replace(asked, seed=key["seed"], device=device, **part.settings)
    steps = SMOKE_STEPS if run.smoke else QUICK_STEPS if run.quick else STEPS
    with part.away():
        model = _taught(real, settings, steps)
    run.add(
        **key,
        dice=dice_of(model, real, TESTS, device),
        steps=sum(steps),
        precision=model.info.precision,
        encoder=f"{model.info.encoder}, depth {model.info.depth}",
        tile=f"{settings.batch} patches of {settings.patch} px",
    )


def _taught(real: RealSet, settings: TrainSettings, steps: tuple[int, int]) -> Model:
    """Teach in two rounds; what the second one led to, whether it would be used or not."""
    drawn = real.draw(IMAGES, settings.seed)
    images = [TrainingImage(name, real.image(name), real.mask(name)) for name in drawn]
    first = result_of(fit(images[:FIRST], replace(settings, steps=steps[0]))).model
    second = result_of(fit(images, replace(settings, steps=steps[1]), first))
    return second.candidate or second.model


def _sum_up(run: Run, keys: Sequence[Row], parts: Sequence[str]) -> None:
    """Add a row for each part: means, and its change against the whole recipe, pair by pair."""
    here = {name: run.stamp[name] for name in ("source", *MACHINE)} | {"quick": run.quick}
    rows = newest([row for row in run.rows() if has(row, here)], keys)
    found = {
        (row["set"], row["seed"], row["arm"]): row["dice"]
        for row in rows
        if row["dice"] is not None
    }
    for part in parts:
        mine = {(name, seed): dice for (name, seed, arm), dice in found.items() if arm == part}
        changes = [d - found[*k, WHOLE] for k, d in mine.items() if (*k, WHOLE) in found]
        if changes:
            run.add(
                arm=part,
                set=ALL,
                change=mean(changes),
                error=stdev(changes) / len(changes) ** 0.5 if len(changes) > 1 else None,
                trainings=len(mine),
                **{name: _mean(d for (s, _), d in mine.items() if s == name) for name in SETS},
            )


def _mean(numbers: Iterator[float]) -> float | None:
    known = list(numbers)
    return mean(known) if known else None


if __name__ == "__main__":
    main()
