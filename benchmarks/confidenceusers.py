"""How often the stated interval of the agreement holds the true one, for simulated users.

Each user checks places drawn at random, on predictions that are made once. How rows become tables
is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import mean, median
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtrit

from benchmarks.confidencework import answer
from napari_segloop.core.estimate import LEVEL, Estimate, Finding, confuse, estimate, histogram
from napari_segloop.core.forecast import Forecast
from napari_segloop.core.spotchecks import cells_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from benchmarks.arms import Images
    from benchmarks.confidencework import Answer
    from benchmarks.harness import Row
    from napari_segloop.core.estimate import Counts
    from napari_segloop.core.lesson import TrainingImage
    from napari_segloop.core.modelfile import Model
    from napari_segloop.core.settings import PredictSettings

CAREFUL, ERRING, SKIPPING = "careful", "errs in 5 % of pixels", "skips a third"
USERS = (CAREFUL, ERRING, SKIPPING)
CHECKS, DRAWS, SIDE = 24, 200, 128
ERRING_SHARE, SKIPPED_SHARE = 0.05, 1 / 3
BLOT = 4  # pixels: who errs does so in blots of this side


@dataclass(frozen=True, slots=True)
class _Cell:
    """A place as a careful and as an erring user sees it."""

    right: Finding
    erring: Finding


def watch(model: Model, images: Images, where: PredictSettings, seed: int) -> list[Row]:
    """Have users check random places, and compare what is stated with what is true.

    Parameters
    ----------
    model : Model
        The one in use.
    images : list of TrainingImage
        Unseen, with their whole truth.
    where : PredictSettings
        Device, threads and number format.
    seed : int
        Of what is drawn.

    Returns
    -------
    list of dict
        One for each of `USERS`.
    """
    forecast = Forecast(model, where, probabilities=True)
    rng, values = np.random.default_rng(seed), model.info.values
    stated, cells = list["Counts"](), list[_Cell]()
    for item in images:
        found = answer(forecast, item)
        stated.append(histogram(found.labels, found.uncertainty, values))
        cells += _cells(found, item, values, rng)
    true = _dice(np.sum([cell.right.found for cell in cells], axis=0))
    return [_row(user, stated, cells, true, rng) for user in USERS]


def _cells(
    found: Answer,
    item: TrainingImage,
    values: tuple[int, ...],
    rng: np.random.Generator,
) -> list[_Cell]:
    made = list[_Cell]()
    for y, x, height, width in cells_of(found.labels.shape, SIDE):
        at = slice(y, y + height), slice(x, x + width)
        labels, truth = found.labels[at], item.labels[at]
        right = Finding(
            histogram(labels, found.uncertainty[at], values),
            _confused(labels, truth, values),
        )
        erring = np.where(_blots(labels.shape, rng), labels, truth)  # believes what it sees
        made.append(_Cell(right, replace(right, found=_confused(labels, erring, values))))
    return made


def _confused(
    labels: npt.NDArray[np.integer], truth: npt.NDArray[np.integer], values: tuple[int, ...]
) -> Counts:
    return confuse(labels, truth, np.ones(labels.shape, bool), values)


def _blots(shape: tuple[int, ...], rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    coarse = rng.random([-(-side // BLOT) for side in shape]) < ERRING_SHARE
    blots: npt.NDArray[np.bool_] = np.kron(coarse, np.ones((BLOT, BLOT), bool))[
        : shape[0], : shape[1]
    ]
    return blots


def _row(
    user: str,
    stated: Sequence[Counts],
    cells: Sequence[_Cell],
    true: float,
    rng: np.random.Generator,
) -> Row:
    told, alone = list[Estimate](), list[Estimate]()
    for _ in range(DRAWS):
        drawn = rng.choice(len(cells), min(CHECKS, len(cells)), replace=False)
        if user == SKIPPING:
            drawn = drawn[rng.random(len(drawn)) >= SKIPPED_SHARE]
        said = [cells[n].erring if user == ERRING else cells[n].right for n in drawn]
        found = estimate(stated, said)
        if found is not None and said:
            told.append(found[0])
            alone.append(_alone([each.found for each in said]))
    return {
        "user": user,
        "cells": len(cells),
        "covered": _share(told, true),
        "width": _width(told),
        "off": mean(each.score for each in told) - true,
        "covered_alone": _share(alone, true),
        "width_alone": _width(alone),
    }


def _share(told: Sequence[Estimate], true: float) -> float:
    return mean(float(each.low <= true <= each.high) for each in told)


def _width(told: Sequence[Estimate]) -> float:
    return median(each.high - each.low for each in told)


def _alone(found: Sequence[Counts]) -> Estimate:
    """Estimate from random places alone: the jackknife, and Student's t."""
    total, number = np.sum(found, axis=0), len(found)
    score = _dice(total)
    if number < 2:
        return Estimate(score, 0.0, 1.0, number)
    without = np.array([_dice(total - each) for each in found])
    spread = (number - 1) / number * float(np.square(without - without.mean()).sum())
    wide = float(stdtrit(number - 1, (1 + LEVEL) / 2)) * spread**0.5
    return Estimate(score, score - wide, score + wide, number)


def _dice(counts: Counts) -> float:
    sizes = counts.sum(0) + counts.sum(1)
    there = sizes[1:] > 0
    return (
        float((2 * counts.diagonal()[1:][there] / sizes[1:][there]).mean()) if there.any() else 1.0
    )
