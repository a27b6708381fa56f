"""Which images are said to be unlike what was learnt: those of other kinds, not of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.document import Column, Section, number, update, value
from benchmarks.harness import Row, Run, open_run
from benchmarks.unlikedraw import draw
from benchmarks.unlikefit import fit
from benchmarks.unlikesets import CHANGES, KINDS, Picture, family, pictures, tiny
from napari_segloop.core.familiarity import familiar_with, unlikeness
from napari_segloop.core.images import ArrayPlane
from napari_segloop.core.lesson import TrainingImage, prepare_lesson
from napari_segloop.core.looks import RULE
from napari_segloop.core.normalize import for_file, measure
from napari_segloop.core.settings import TrainSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_segloop.core.images import Array
    from napari_segloop.core.looks import Rule

NAME = "unlike"
SEEDS = (0, 1, 2, 3)
TAUGHT = (1, 3)
IN_USE, LEFT_OUT = "in use", "left out"
"""The rule of the package, fitted on these kinds, too; and one fitted without the kind's family."""
SAME, CHANGED, OTHERS = 24, 5, 2  # images: of the kind, changed each way, of each other kind


def main() -> None:
    """Measure every kind, number of images and seed that has no row, then write the table."""
    with open_run(NAME, "Flag images that are unlike what a model learnt.") as run:
        keys = [
            {"rule": rule, "set": kind, "taught": taught}
            for rule in (IN_USE, LEFT_OUT)
            for taught in TAUGHT
            for kind in KINDS
        ]
        keys = keys[:2] if run.smoke else keys
        seeds = SEEDS[:1] if run.quick else SEEDS
        for key in run.missing([key | {"seed": seed} for key in keys for seed in seeds]):
            _measure(run, key)
        update(run, section(keys), means(run.rows()))


def section(keys: list[Row]) -> Section:
    """Describe this program's part of the document."""
    shares = ("same", "noise", "impulses", "inverted", "blurred", "larger", "smaller", "others")
    return Section(
        NAME,
        "Images unlike what was learnt",
        f"Share that is flagged, mean of {len(SEEDS)} draws of one or three images that teach. "
        f"*same*: up to {SAME} unseen images of the kind, from other animals, volumes and files. "
        f"Then {CHANGED} of them as noise of equal mean and deviation, as salt and pepper, "
        "inverted, blurred by 8 px, four times larger and four times smaller; *others*: "
        f"{OTHERS} of each other kind (nuclei are not asked to be told from nuclei). *worst* is "
        f"the largest *same* of a draw. Rule *{LEFT_OUT}* is fitted without any image of the "
        "kind's family (all nuclei are one), and so says what to expect of other data. Target: "
        "*same* at most .05, noise and inverted .9.",
        (
            Column("rule", value("rule")),
            Column("kind", value("set")),
            Column("taught", value("taught")),
            *(Column(name, number(name, 2)) for name in shares),
            Column("worst", number("worst", 2)),
        ),
        (*keys, *(key | {"set": "mean"} for key in keys if key["set"] == next(iter(KINDS)))),
    )


def means(rows: Sequence[Row]) -> list[Row]:
    """Average over seeds, and then over kinds.

    Parameters
    ----------
    rows : sequence of dict
        Of single draws, oldest first.

    Returns
    -------
    list of dict
        One for each kind and number of images, of the newest source, and "mean".
    """
    latest = [row for row in rows if row["source"] == rows[-1]["source"]]
    found = []
    for rule in (IN_USE, LEFT_OUT):
        for taught in TAUGHT:
            key = {"rule": rule, "taught": taught}
            of_kinds = [row for kind in KINDS if (row := _mean(latest, key | {"set": kind}))]
            found += of_kinds
            if of_kinds:
                found.append(_averaged(of_kinds) | {"set": "mean"})
    return found


def _mean(rows: Sequence[Row], key: Row) -> Row | None:
    mine = {row["seed"]: row for row in rows if key.items() <= row.items()}
    return _averaged([*mine.values()]) if mine else None


def _averaged(rows: Sequence[Row]) -> Row:
    names = [name for name in ("same", *CHANGES, "others") if rows[0][name] is not None]
    mean = {name: float(np.mean([row[name] for row in rows])) for name in names}
    worst = max(row.get("worst", row["same"]) for row in rows)
    return rows[-1] | mean | {"worst": worst, "quick": any(row["quick"] for row in rows)}


def _measure(run: Run, key: Row) -> None:
    kind, taught, seed = key["set"], key["taught"], key["seed"]
    of = tiny if run.smoke else pictures
    if not of(kind):
        run.say(f"the set of {kind} is not there, see SEGLOOP_DATA; its rows stay missing")
        return
    chance = np.random.default_rng([seed, taught])
    teach, unseen = draw(of(kind), taught, chance)
    judge = judge_of(teach, RULE if key["rule"] == IN_USE else fit(family(kind)))
    row = {"same": _share(judge, [picture.pixels for picture in unseen[:SAME]])}
    for name, change in CHANGES.items():
        row[name] = _share(judge, [change(one.pixels, chance) for one in unseen[:CHANGED]])
    row["others"] = _share(judge, _others(of, kind, chance))
    run.add(**key, files=len({picture.source for picture in teach}), **row)


def judge_of(teach: Sequence[Picture], rule: Rule) -> Callable[[Array], bool]:
    """Teach with images, and return what says whether another one is unlike them."""
    truth = np.zeros(teach[0].pixels.shape[1:], np.uint8)
    items = []
    for number_, picture in enumerate(teach):
        truth = np.zeros(picture.pixels.shape[1:], np.uint8)
        truth[:, : truth.shape[1] // 2] = 1  # which pixels are what does not matter here
        items.append(TrainingImage(str(number_), picture.pixels, truth))
    lesson = prepare_lesson(items, TrainSettings(steps=1))
    familiar = familiar_with(lesson, rule)

    def is_unlike(pixels: Array) -> bool:
        plane = ArrayPlane(pixels)
        numbers = for_file(lesson.normalization, measure([plane]))
        return unlikeness(familiar, plane, numbers, rule).score > 1

    return is_unlike


def _others(
    of: Callable[[str], list[Picture]], kind: str, chance: np.random.Generator
) -> list[Array]:
    channels = len(of(kind)[0].pixels)
    found = []
    for other in KINDS:
        known = of(other)
        if family(other) == family(kind) or not known:
            continue
        for place in chance.permutation(len(known))[:OTHERS]:
            pixels = known[place].pixels
            if len(pixels) in (1, channels):
                found.append(np.repeat(pixels, channels // len(pixels), axis=0))
    return found


def _share(judge: Callable[[Array], bool], images: Sequence[Array]) -> float | None:
    return float(np.mean([judge(image) for image in images])) if images else None


if __name__ == "__main__":
    main()
