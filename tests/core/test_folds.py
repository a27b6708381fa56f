"""Which test regions choose, calibrate and judge: never the same ones for one number."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from napari_segloop.core.comparing import Counts, mean_dice
from napari_segloop.core.folds import folds_of
from napari_segloop.core.holdout import split


def looks(number: int) -> list[str]:
    return [hashlib.sha256(bytes([i])).hexdigest()[:16] for i in range(number)]


def counts(dice: np.ndarray) -> Counts:
    right = (1000 * dice).astype(int)
    whole = np.full_like(right, 1000)
    return np.stack([np.full((len(dice), 3), 9), np.stack([right, whole, whole], -1)], 1)


def test_many_regions_are_in_three_folds_which_they_do_not_leave() -> None:
    few, many = folds_of(looks(40)), folds_of(looks(60))
    parts = [few.choosing, few.calibrating, few.judging]
    assert not few.is_crossed
    assert sorted(sum(parts, ())) == list(range(40))
    assert min(map(len, parts)) > 2
    later = [many.choosing, many.calibrating, many.judging]
    for part, whole in zip(parts, later, strict=True):
        assert set(part) == {i for i in whole if i < 40}


def test_test_regions_of_plain_images_are_in_three_folds() -> None:
    rng = np.random.default_rng(0)
    images = [rng.random((1, 1600, 1600), np.float32) for _ in range(3)]
    truths = [rng.integers(0, 2, (1600, 1600)) for _ in images]
    tests = split(images, truths).test
    folds = folds_of([block.look for block in tests])
    assert not folds.is_crossed
    assert len(tests) / 4 < len(folds.judging) < 3 * len(tests) / 4
    assert folds.choosing
    assert folds.calibrating


@pytest.mark.parametrize("regions", [1, 2, 5, 14])
def test_few_regions_do_everything(regions: int) -> None:
    folds = folds_of(looks(regions))
    every = tuple(range(regions))
    assert folds.is_crossed
    assert folds.choosing == folds.calibrating == folds.judging == every


@pytest.mark.parametrize("regions", [4, 40])
def test_what_the_start_was_taught_does_not_judge(regions: int) -> None:
    names = looks(regions)
    folds = folds_of(names, names[:3])
    assert folds.judging
    assert not set(folds.judging) & {0, 1, 2}
    assert folds.is_honest
    every = folds_of(names, names)
    assert every.judging
    assert not every.is_honest


@pytest.mark.parametrize("regions", [6, 12, 60])
def test_the_score_of_a_choice_is_not_what_chance_chose(regions: int) -> None:
    """Steps that differ by chance alone: the best of them looks better than any of them is."""
    chosen, honest = [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        steps = [counts(rng.normal(0.7, 0.1, regions).clip(0, 1)) for _ in range(6)]
        chosen.append(max(map(mean_dice, steps)))
        honest.append(mean_dice(folds_of(looks(regions)).judged(steps)))
    bias = 0.1 / np.sqrt(regions)
    assert np.mean(chosen) > 0.7 + 0.8 * bias
    assert abs(np.mean(honest) - 0.7) < 0.5 * bias


def test_a_single_region_is_judged_at_the_last_step() -> None:
    steps = [counts(np.array([share])) for share in (0.9, 0.5)]
    assert mean_dice(folds_of(looks(1)).judged(steps)) == 0.5
