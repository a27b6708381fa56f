"""What wrong labels do to a good model: survived or rolled back, and which of them are named."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.document import Column, Section, number, update, value
from benchmarks.harness import Row, Run, open_run
from benchmarks.models import SMOKE, dice_of, result_of
from benchmarks.sets import SETS, few_shot_set
from napari_segloop.core.events import Event, Suspicion, Suspicious
from napari_segloop.core.holdout import Block, split
from napari_segloop.core.lesson import TrainingImage
from napari_segloop.core.modelfile import Model, load_model, save_model
from napari_segloop.core.settings import TrainSettings
from napari_segloop.core.train import fit

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from benchmarks.sets import RealSet
    from napari_segloop.core.images import Labels
    from napari_segloop.core.train import TrainResult

NAME = "wrong_labels"
ARMS = ("clean", "inverted", "shifted", "contradictory")
SEEDS = (0, 1, 2)
IMAGES, TESTS = 3, 20
STEPS = 120
SHARE = 1 / 3  # of the regions
FAR = 4  # pixels, downwards
SECONDS = 150.0  # that a row takes


def main() -> None:
    """Measure every set, arm and seed that has no row, then write the table."""
    with open_run(NAME, "Improve a good model with partly wrong labels.") as run:
        sets, seeds = (SETS[-1:], SEEDS[:1]) if run.smoke else (SETS, SEEDS)
        arms = ARMS[1::2] if run.smoke else ARMS
        keys = [{"set": s, "arm": a, "seed": n} for n in seeds for s in sets for a in arms]
        wanted = [key for key in keys if key["seed"] == 0] if run.quick else keys
        for key in run.missing(wanted):
            if run.has_time(0 if run.smoke else SECONDS):
                _measure(run, key)
        update(run, section(keys))


def section(keys: list[Row]) -> Section:
    """Describe this program's part of the document."""
    return Section(
        NAME,
        "Wrong labels",
        f"A model taught in {STEPS} steps on {IMAGES} clean images drawn with the seed is improved "
        f"in {STEPS} steps on the same images: with clean labels again, with the order of the "
        f"classes turned round in a third of the regions, with outlines {FAR} px too low in a "
        "third, and with every image there twice, the copy inverted in a third. Mean Dice on up to "
        f"{TESTS} unseen images of the model before, of the one that was kept, and of what was "
        "learnt, kept or not. *Named* are suspicious regions, ten at most in one look; *right* are "
        "those of them that are wrong (or have a contradictory copy).",
        (
            Column("set", value("set")),
            Column("seed", value("seed")),
            Column("labels", value("arm")),
            Column("before", number("before", 3)),
            Column("kept", number("kept", 3)),
            Column("learnt", number("learnt", 3)),
            Column("accepted", value("accepted")),
            Column("regions", value("regions")),
            Column("wrong", value("wrong")),
            Column("named", value("named")),
            Column("right", value("right")),
        ),
        tuple(keys),
    )


def _measure(run: Run, key: Row) -> None:
    real = few_shot_set(str(key["set"]), run.scratch, smoke=run.smoke)
    if real is None:
        run.say(f"{key['set']} is not there, see SEGLOOP_DATA; its rows stay missing")
        return
    seed, device = int(str(key["seed"])), str(run.stamp["device"])
    settings = replace(SMOKE if run.smoke else TrainSettings(steps=STEPS), seed=seed, device=device)
    clean = [TrainingImage(n, real.image(n), real.mask(n)) for n in real.draw(IMAGES, seed)]
    start = _start(run, real, clean, settings)
    images, wrong = spoilt(clean, str(key["arm"]), seed)
    named = list[Suspicion]()
    result = result_of(_noting(fit(images, settings, start), named))
    learnt, regions = result.candidate or result.model, len(_blocks(images))
    found = {(each.number, each.y, each.x) for each in named}
    scores = {
        name: dice_of(model, real, TESTS, device)
        for name, model in (("before", start), ("kept", result.model), ("learnt", learnt))
    }
    run.add(
        **key,
        **scores,
        accepted=result.accepted,
        regions=regions,
        wrong=len(wrong),
        named=len(found),
        right=len(found & wrong),
        steps=result.steps,
        precision=learnt.info.precision,
        encoder=f"{learnt.info.encoder}, depth {learnt.info.depth}",
        tile=f"{settings.batch} patches of {settings.patch} px",
    )


def _start(
    run: Run, real: RealSet, clean: Sequence[TrainingImage], settings: TrainSettings
) -> Model:
    """Return a model that learnt from clean labels, taught once for each source and seed."""
    name = f"{real.name}.{settings.seed}.{run.stamp['source']}.clean.safetensors"
    path = run.scratch / name
    if not path.exists():
        save_model(result_of(fit(clean, settings)).model, path)
    return load_model(path)


def _noting(
    job: Generator[Event, None, TrainResult], named: list[Suspicion]
) -> Generator[Event, None, TrainResult]:
    """Run a training and note the suspicious regions."""
    while True:
        try:
            event = next(job)
        except StopIteration as end:
            result: TrainResult = end.value
            return result
        if isinstance(event, Suspicious):
            named += event.regions
        yield event


def spoilt(
    clean: Sequence[TrainingImage], arm: str, seed: int
) -> tuple[list[TrainingImage], set[tuple[int, int, int]]]:
    """Make some labels wrong.

    Parameters
    ----------
    clean : sequence of TrainingImage
        With right labels.
    arm : str
        One of `ARMS`.
    seed : int
        Chooses a third of the regions.

    Returns
    -------
    images : list of TrainingImage
        The clean ones are not changed.
    wrong : set of (int, int, int)
        Image, row and column of each wrong region, or of each that has a contradictory copy.
    """
    random, blocks = np.random.default_rng(seed), _blocks(clean)
    chosen = [] if arm == "clean" else [b for b in blocks if random.random() < SHARE]
    labels = [item.labels.copy() for item in clean]
    for block in chosen:
        bad = _shifted if arm == "shifted" else _inverted
        labels[block.image][block.window] = bad(clean[block.image].labels)[block.window]
    changed = [b for b in chosen if (labels[b.image] != clean[b.image].labels)[b.window].any()]
    places = {(block.image, block.rows[0], block.columns[0]) for block in changed}
    made = [replace(item, labels=new) for item, new in zip(clean, labels, strict=True)]
    if arm != "contradictory":
        return made, places
    copies = [replace(item, name=f"{item.name} again") for item in made]
    return [*clean, *copies], places | {(len(clean) + image, y, x) for image, y, x in places}


def _blocks(images: Sequence[TrainingImage]) -> list[Block]:
    parts = split([item.image for item in images], [item.labels for item in images])
    blocks = (*parts.teach, *parts.test)
    return sorted(blocks, key=lambda block: (block.image, block.rows, block.columns))


def _inverted(labels: Labels) -> Labels:
    values = np.unique(labels)
    turned: Labels = values[::-1][np.searchsorted(values, labels)]
    return turned


def _shifted(labels: Labels) -> Labels:
    return np.pad(labels, ((FAR, 0), (0, 0)), "edge")[:-FAR]


if __name__ == "__main__":
    main()
