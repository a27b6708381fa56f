"""Matched objects against a brute-force IoU matrix and hand-made cases."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_segloop.core.evaluate_objects import ObjectTally, wrong_pixels

if TYPE_CHECKING:
    from napari_segloop.core.evaluate_objects import ObjectResult
    from napari_segloop.core.images import Array


def tally(*planes: tuple[Array, ...]) -> ObjectResult:
    total = ObjectTally()
    for plane in planes:
        total.add(*plane)
    return total.finish()


def counts(result: ObjectResult, row: int = 0) -> tuple[int, int, int]:
    score = result.scores[row]
    return score.matched, score.false, score.missed


def random_ids(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Blocks with shifted copies, so that IoU of all sizes occur."""
    ids = np.zeros(shape, np.int64)
    for number in range(1, 30):
        y, x = rng.integers(0, shape[0]), rng.integers(0, shape[1])
        ids[y : y + rng.integers(2, 12), x : x + rng.integers(2, 12)] = number * 1000
    return ids


def brute_force(
    prediction: Array, truth: Array, threshold: float
) -> tuple[tuple[int, int, int], float]:
    masks = [[a == v for v in np.unique(a[a > 0])] for a in (prediction, truth)]
    matrix = np.array([[(p & t).sum() / (p | t).sum() for t in masks[1]] for p in masks[0]])
    hits = matrix > threshold
    assert hits.sum(axis=0).max() <= 1
    assert hits.sum(axis=1).max() <= 1
    found = int(hits.sum())
    return (found, len(masks[0]) - found, len(masks[1]) - found), matrix[hits].sum()


@pytest.mark.parametrize("seed", range(4))
def test_against_all_pairs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = random_ids(rng, (70, 90))
    prediction = np.roll(truth, (1, 1), axis=(0, 1)) * 3
    result = tally((prediction, truth))
    for row, threshold in enumerate((0.5, 0.75)):
        (hit, false, missed), iou = brute_force(prediction, truth, threshold)
        assert counts(result, row) == (hit, false, missed)
        score = result.scores[row]
        assert score.average_precision == pytest.approx(hit / (hit + false + missed))
        assert score.panoptic_quality == pytest.approx(iou / (hit + false / 2 + missed / 2))


@pytest.mark.parametrize(
    ("prediction", "truth", "expected"),
    [
        pytest.param([5, 5, 0], [9, 9, 0], (1, 0, 0), id="equal"),
        pytest.param([0, 0, 0], [0, 0, 0], (0, 0, 0), id="nothing"),
        pytest.param([1, 1, 0], [0, 0, 0], (0, 1, 0), id="false"),
        pytest.param([0, 0, 0], [1, 1, 0], (0, 0, 1), id="missed"),
        pytest.param([1, 1, 2, 2], [3, 3, 3, 3], (0, 2, 1), id="split in halves, .5 is not above"),
        pytest.param([1, 1, 1, 1], [3, 3, 3, 0], (1, 0, 0), id="three quarters at .5"),
        pytest.param([2**40, 0, 7], [2**50, 0, 8], (2, 0, 0), id="huge ids"),
        pytest.param([4, 4, 4], [1, 1, 1], (1, 0, 0), id="no background"),
        pytest.param([], [], (0, 0, 0), id="no pixels"),
    ],
)
def test_by_hand(prediction: list[int], truth: list[int], expected: tuple[int, int, int]) -> None:
    assert counts(tally((np.array(prediction, int), np.array(truth, int)))) == expected


@pytest.mark.parametrize(
    ("checked", "expected"),
    [
        pytest.param([1, 1, 1, 1, 1, 1], (1, 0, 1), id="all"),
        pytest.param([1, 1, 0, 0, 1, 1], (1, 0, 1), id="half of it counts, IoU on that half"),
        pytest.param([1, 0, 0, 0, 1, 1], (0, 0, 1), id="a quarter does not count, nor is it false"),
        pytest.param([1, 1, 1, 1, 0, 3], (1, 0, 0), id="missed one unchecked"),
        pytest.param([2, 2, 2, 2, 2, 2], (0, 0, 0), id="can't tell"),
    ],
)
def test_objects_on_unchecked_pixels(checked: list[int], expected: tuple[int, int, int]) -> None:
    prediction, truth = np.array([5, 5, 5, 5, 0, 0]), np.array([1, 1, 1, 1, 2, 2])
    assert counts(tally((prediction, truth, np.array(checked)))) == expected


def test_planes_are_pooled_and_their_ids_are_separate() -> None:
    plane = np.array([[1, 1, 0]]), np.array([[1, 1, 0]])
    result = tally(plane, plane, (np.array([[1, 1, 0]]), np.array([[0, 0, 0]])))
    assert counts(result) == (2, 1, 0)
    assert result.to_dict()["ap50"] == pytest.approx(2 / 3)


def test_nothing_at_all_is_none() -> None:
    data = tally().to_dict()
    assert data["ap50"] is None
    assert data["pq"] is None
    assert "NaN" not in json.dumps(data)


def wrong_one_by_one(prediction: Array, truth: Array, checked: Array) -> Array:
    """The definition, pixel after pixel, on sets of positions."""
    places = [place for place in np.ndindex(truth.shape) if checked[place] == 1]
    wrong = np.zeros(truth.shape, bool)
    for place in places:
        found, true = prediction[place], truth[place]
        if found == 0 or true == 0:
            wrong[place] = found != true
            continue
        first = {other for other in places if prediction[other] == found}
        second = {other for other in places if truth[other] == true}
        wrong[place] = not len(first & second) / len(first | second) > 0.5
    return wrong


@pytest.mark.parametrize("seed", range(4))
def test_wrong_pixels_against_the_definition(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = random_ids(rng, (24, 30))
    prediction = np.roll(truth, (1, 1), axis=(0, 1)) * 3
    prediction[prediction == rng.choice(prediction[prediction > 0])] = 0
    checked = rng.integers(0, 3, (4, 5)).repeat(6, axis=0).repeat(6, axis=1)
    for mask in (checked, np.ones_like(checked)):
        expected = wrong_one_by_one(prediction, truth, mask)
        assert expected.any()
        assert not expected[mask == 1].all()
        np.testing.assert_array_equal(wrong_pixels(prediction, truth, mask), expected)
    np.testing.assert_array_equal(wrong_pixels(prediction, truth), expected)


@pytest.mark.parametrize(
    ("prediction", "truth", "expected"),
    [
        pytest.param([5, 5, 0], [9, 9, 0], [0, 0, 0], id="equal but for the id"),
        pytest.param([5, 5, 5, 0], [0, 9, 9, 9], [1, 1, 1, 1], id="one half is no match"),
        pytest.param([5, 5, 5, 5, 0], [0, 9, 9, 9, 9], [1, 0, 0, 0, 1], id="shifted"),
        pytest.param([5, 5, 5, 5], [1, 1, 1, 2], [0, 0, 0, 1], id="merged: the smaller is wrong"),
        pytest.param([1, 1, 1, 2], [5, 5, 5, 5], [0, 0, 0, 1], id="split: the smaller is wrong"),
        pytest.param([0, 0, 3], [4, 4, 0], [1, 1, 1], id="missed and false"),
        pytest.param([2**50, 2**50], [1, 1], [0, 0], id="huge ids, no background"),
        pytest.param([], [], [], id="no pixels"),
    ],
)
def test_wrong_pixels_by_hand(prediction: list[int], truth: list[int], expected: list[int]) -> None:
    wrong = wrong_pixels(np.array(prediction, int), np.array(truth, int))
    assert wrong.dtype == bool
    assert wrong.astype(int).tolist() == expected
