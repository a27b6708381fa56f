"""Whether a network may take over: an interval, and what it says in simulated rounds."""

from __future__ import annotations

import numpy as np
import pytest

from napari_segloop.core.comparing import (
    MAY_BE_WORSE,
    NOT_WORSE,
    TOO_FEW,
    Counts,
    interval,
    judge,
    mean_dice,
)


def counts(*shares: float, pixels: int = 1000) -> Counts:
    """Regions of one class, half of which is right by the given share."""
    return np.array([[[2 * pixels, 2 * pixels], [int(s * pixels), pixels]] for s in shares])


def rounds(regions: int, worse: float, noise: float, seed: int) -> tuple[Counts, Counts]:
    """Regions of unlike size and difficulty, seen by a new and an old network."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(1_000, 10_000, regions)
    ease = np.clip(rng.normal(0.85, 0.08, regions), 0.3, 0.97)
    made = []
    for shift in (worse, 0.0):
        dice = np.clip(ease - shift + rng.normal(0, noise, regions), 0, 1)
        right = (dice * pixels).astype(int)
        made.append(np.stack([np.full((regions, 2), 9), np.stack([right, pixels], -1)], 1))
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


def test_classes_that_do_not_occur_do_not_count() -> None:
    only_background = np.array([[[10, 10], [0, 0]]])
    assert mean_dice(only_background) == 1
    missed = np.array([[[10, 10], [0, 0], [0, 4]]])
    assert mean_dice(missed) == 0
