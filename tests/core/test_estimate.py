"""An interval that holds whatever the network says of itself, from few places drawn at random."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_segloop.core.estimate import Finding, confuse, estimate, histogram

if TYPE_CHECKING:
    from napari_segloop.core.estimate import Counts

SIDE, PLACES, VALUES = 32, 300, (0, 1)


def made(seed: int, honest: float = 1.0) -> tuple[list[Counts], list[Finding], float]:
    """Places whose share of errors differs; what they state is ``honest`` times what is true."""
    rng = np.random.default_rng(seed)
    stated, found = list["Counts"](), list[Finding]()
    for _ in range(PLACES):
        labels = (rng.random((SIDE, SIDE)) < 0.3).astype(np.uint8)
        chance = rng.gamma(1.0, 0.05) * rng.random((SIDE, SIDE)) * 2
        wrong = rng.random((SIDE, SIDE)) < chance
        uncertainty = np.rint(255 * (honest * chance).clip(0, 1)).astype(np.uint8)
        truth = np.where(wrong, 1 - labels, labels)
        stated.append(histogram(labels, uncertainty, VALUES))
        counts = confuse(labels, truth, np.ones_like(wrong), VALUES)
        found.append(Finding(stated[-1], counts))
    images = [np.sum(stated[n::3], axis=0) for n in range(3)]
    total = sum(each.found for each in found)
    true = 2 * total[1, 1] / (total[1].sum() + total[:, 1].sum())
    return images, found, float(true)


@pytest.mark.parametrize("honest", [0.3, 1.0, 2.5])
def test_the_truth_lies_in_the_interval(honest: float) -> None:
    hits, widths = 0, []
    images, every, true = made(0, honest)
    for seed in range(200):
        drawn = np.random.default_rng(seed).choice(PLACES, 24, replace=False)
        told = estimate(images, [every[n] for n in drawn])
        assert told is not None
        hits += told[0].low <= true <= told[0].high
        widths.append(told[0].high - told[0].low)
    assert hits >= 0.84 * 200
    assert np.median(widths) < 0.2


def test_spot_checks_narrow_it_and_each_image_is_wider_than_all() -> None:
    images, every, _ = made(1)
    few, many = (estimate(images, every[:n]) for n in (4, 60))
    assert few is not None
    assert many is not None
    assert many[0].high - many[0].low < few[0].high - few[0].low
    assert many[0].checks == 60
    assert all(e.high - e.low > many[0].high - many[0].low for e in many[1])


def test_without_a_spot_check_it_says_what_the_network_says_and_not_how_sure() -> None:
    images, _, true = made(2)
    told = estimate(images, [])
    assert told is not None
    assert told[0].checks == 0
    assert abs(told[0].score - true) < 0.03
    assert told[0].high - told[0].low > 0.1


def test_what_is_not_there_has_no_score() -> None:
    assert estimate([], []) is None
    assert estimate([np.zeros((2, 256), np.int64)], []) is None


def test_nobody_can_tell_from_background_alone() -> None:
    empty = np.zeros((9, 9), int)
    blank = histogram(empty, np.zeros((9, 9), np.uint8), VALUES)
    for checks in ([], [Finding(blank, confuse(empty, empty, empty == 0, VALUES))]):
        told = estimate([blank, blank], checks)
        assert told is not None
        for each in (told[0], *told[1]):
            assert (each.low, each.score, each.high, each.checks) == (0, 0.5, 1, len(checks))
    found = confuse(empty, np.ones_like(empty), empty == 0, VALUES)
    told = estimate([blank], [Finding(blank, found)])
    assert told is not None
    assert told[0].score < 0.1, "everything was missed"


def test_three_classes_are_averaged() -> None:
    labels = np.repeat([0, 1, 5], 100).reshape(3, 100)
    stated = histogram(labels, np.zeros((3, 100), np.uint8), (0, 1, 5))
    truth = labels.copy()
    truth[2, :50] = 1
    found = confuse(labels, truth, np.ones((3, 100), bool), (0, 1, 5))
    told = estimate([stated], [Finding(stated, found)])
    assert told is not None
    expected = np.mean([200 / 250, 100 / 150])
    assert told[0].score == pytest.approx(expected, abs=1e-6)


def test_a_pixel_of_the_wrong_object_is_wrong() -> None:
    ids, truth = np.array([[1, 1, 1, 2, 0]]), np.array([[4, 4, 4, 4, 4]])
    found = confuse(ids, truth, np.ones((1, 5), bool), VALUES, objects=True)
    assert found.tolist() == [[0, 1], [1, 3]]
    unknown = confuse(ids, truth, np.zeros((1, 5), bool), VALUES, objects=True)
    assert not unknown.any()


def test_a_class_that_is_nowhere_changes_nothing() -> None:
    images, every, _ = made(2)
    wide = [np.vstack([counts, np.zeros((1, 256), np.int64)]) for counts in images]
    found = [
        Finding(np.vstack([f.stated, np.zeros((1, 256), np.int64)]), np.pad(f.found, (0, 1)))
        for f in every[:12]
    ]
    assert estimate(wide, found) == estimate(images, every[:12])


def test_an_image_is_judged_by_the_classes_in_it() -> None:
    rng = np.random.default_rng(0)
    unsure = np.full((64, 64), 13, np.uint8)  # five in a hundred
    shown = [np.array(each) for each in ((0, 1, 2), (0, 1), (0,))]
    labels = [rng.choice(each, (64, 64)) for each in shown]
    stated = [histogram(each, unsure, (0, 1, 2)) for each in labels]
    told = estimate(stated, [])
    assert told is not None
    both, one, none = told[1]
    assert both.score == pytest.approx(0.95, abs=0.02)
    assert one.score == pytest.approx(0.95, abs=0.02)
    assert (none.low, none.high) == (0, 1)
