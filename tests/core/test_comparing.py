"""Whether a network may take over: an interval, and what it says in simulated rounds."""

from __future__ import annotations

import numpy as np
import pytest

from napari_segloop.core.comparing import (
    MAY_BE_WORSE,
    NOT_WORSE,
    TOO_FEW,
    Counts,
    fitness,
    interval,
    judge,
    mean_dice,
)


def counts(*shares: float, pixels: int = 1000) -> Counts:
    """Regions of one class, half of which is right by the given share."""
    background = [2 * pixels, 2 * pixels, pixels]
    return np.array([[background, [int(s * pixels), pixels, pixels // 2]] for s in shares])


def rounds(regions: int, worse: float, noise: float, seed: int) -> tuple[Counts, Counts]:
    """Regions of unlike size and difficulty, seen by a new and an old network."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(1_000, 10_000, regions)
    ease = np.clip(rng.normal(0.85, 0.08, regions), 0.3, 0.97)
    made = []
    for shift in (worse, 0.0):
        dice = np.clip(ease - shift + rng.normal(0, noise, regions), 0, 1)
        right = (dice * pixels).astype(int)
        made.append(np.stack([np.full((regions, 3), 9), np.stack([right, pixels, pixels], -1)], 1))
    return made[0], made[1]


@pytest.mark.parametrize(
    ("regions", "worse", "noise", "least", "most"),
    [
        pytest.param(12, 0.0, 0.006, 0.95, 1.0, id="alike"),
        pytest.param(12, 0.05, 0.006, 0.0, 0.0, id="worse"),
        pytest.param(12, 0.05, 0.02, 0.0, 0.02, id="worse by chance"),
        pytest.param(12, -0.05, 0.02, 0.98, 1.0, id="better"),
        pytest.param(5, 0.05, 0.02, 0.0, 0.05, id="worse, few regions"),
    ],
)
def test_in_simulated_rounds(
    regions: int, worse: float, noise: float, least: float, most: float
) -> None:
    words = [judge(*rounds(regions, worse, noise, seed)).word for seed in range(100)]
    assert least <= words.count(NOT_WORSE) / len(words) <= most
    assert TOO_FEW not in words


def test_the_interval_holds_the_true_difference_as_often_as_it_says() -> None:
    found = [interval(*rounds(20, 0.02, 0.01, seed)) for seed in range(150)]
    share = np.mean([low <= -0.02 <= high for low, high in found])
    assert 0.8 <= share <= 0.97


def test_under_five_regions_nothing_is_said() -> None:
    verdict = judge(counts(*[0.1] * 4), counts(*[0.9] * 4))
    assert (verdict.word, verdict.regions, verdict.low) == (TOO_FEW, 4, None)
    assert verdict.takes_over
    verdict = judge(counts(*[0.1] * 5), counts(*[0.9] * 5))
    assert verdict.word == MAY_BE_WORSE
    assert not verdict.takes_over


def test_a_network_is_not_worse_than_itself() -> None:
    same = counts(0.5, 0.9, 0.7, 0.2, 0.6)
    verdict = judge(same, same)
    assert (verdict.word, verdict.low, verdict.high) == (NOT_WORSE, 0.0, 0.0)


def region(truth: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """Count a region of pixels, class by class."""
    each = [(truth == k, labels == k) for k in range(classes)]
    return np.array([[2 * (t & p).sum(), t.sum() + p.sum(), t.sum()] for t, p in each])


def seen(regions: int, with_objects: int, found: float, stray: int, seed: int = 0) -> Counts:
    """Some regions hold an object of which a share is found; the last has stray false pixels."""
    made, rng = [], np.random.default_rng(seed)
    for number in range(regions):
        truth = np.zeros(20_000, int)
        truth[: 1000 * (number < with_objects)] = 1
        labels = np.where(rng.random(20_000) < found, truth, 0)
        labels[20_000 - stray * (number == regions - 1) :] = 1
        made.append(region(truth, labels, 2))
    return np.stack(made)


@pytest.mark.parametrize(("regions", "with_objects"), [(6, 1), (12, 2), (20, 2)])
def test_a_false_pixel_where_nothing_is_does_not_decide(regions: int, with_objects: int) -> None:
    better = seen(regions, with_objects, 0.95, stray=1)
    verdict = judge(better, seen(regions, with_objects, 0.6, stray=0))
    assert verdict.word == NOT_WORSE
    assert verdict.low == pytest.approx(0, abs=0.001)


def test_many_false_pixels_where_nothing_is_do() -> None:
    new, old = (seen(20, 20, 0.9, stray, seed=1) for stray in (4000, 0))
    assert judge(new, old).word == MAY_BE_WORSE
    nowhere = [seen(8, 0, 1, stray) for stray in (12_000, 0)]
    nowhere[0][:] = nowhere[0][-1]
    assert judge(*nowhere).word == MAY_BE_WORSE


def test_a_class_that_no_region_holds_neither_makes_nor_spoils_a_score() -> None:
    truth = np.repeat([0, 1], 500)
    for labels, dice in ((truth, 1.0), (np.where(np.arange(1000) == 7, 2, truth), 1.0)):
        assert mean_dice(region(truth, labels, 3)[None]) == dice
    noisy = np.where(np.arange(1000) < 250, 2, truth)
    assert fitness(region(truth, noisy, 3)[None]) == pytest.approx((1 + 2 / 3) / 2)
    only_background = region(np.zeros(10, int), np.zeros(10, int), 2)
    assert mean_dice(only_background[None]) == fitness(only_background[None]) == 1
    missed = region(np.repeat([0, 2], 5), np.zeros(10, int), 3)
    assert mean_dice(missed[None]) == 0
