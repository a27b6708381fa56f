"""Dice against scikit-learn and hand-made cases."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn.metrics import f1_score

from napari_segloop.core.errors import InputError
from napari_segloop.core.evaluate import DiceTally

if TYPE_CHECKING:
    from napari_segloop.core.evaluate import DiceResult
    from napari_segloop.core.images import Array


def dice(*planes: tuple[Array, ...], classes: tuple[int, ...] = ()) -> DiceResult:
    tally = DiceTally(classes)
    for plane in planes:
        tally.add(*plane)
    return tally.finish()


@pytest.mark.parametrize("dtype", ["uint8", ">u2", "int16", "uint64"])
def test_pooled_dice_is_the_f1_of_all_pixels(dtype: str) -> None:
    rng = np.random.default_rng(0)
    shapes = [(31, 17), (8, 64), (2, 9, 9)]
    pairs = [(rng.integers(0, 4, s).astype(dtype), rng.integers(0, 4, s)) for s in shapes]
    first, second = (np.concatenate([p[i].ravel() for p in pairs]) for i in (0, 1))
    expected = f1_score(second, first.astype(int), average=None, labels=[0, 1, 2, 3])
    result = dice(*pairs)
    np.testing.assert_allclose(list(result.classes.values()), expected)
    np.testing.assert_allclose(result.mean, expected[1:].mean())
    assert result.pixels == first.size


@pytest.mark.parametrize(
    ("prediction", "truth", "classes", "mean"),
    [
        pytest.param([1, 1], [1, 1], {1: 1.0}, 1.0, id="equal"),
        pytest.param([0, 0], [0, 0], {0: 1.0}, None, id="background only"),
        pytest.param([2, 2], [0, 0], {0: 0.0, 2: 0.0}, 0.0, id="false class"),
        pytest.param([-1, 70000], [-1, 0], {-1: 1.0, 0: 0.0, 70000: 0.0}, 0.5, id="any value"),
        pytest.param([], [], {}, None, id="no pixels"),
    ],
)
def test_by_hand(
    prediction: list[int], truth: list[int], classes: dict[int, float | None], mean: float | None
) -> None:
    result = dice((np.array(prediction, int), np.array(truth, int)))
    assert dict(result.classes) == classes
    assert result.mean == mean


def test_only_checked_pixels_count() -> None:
    prediction, truth = np.array([1, 0, 1, 1, 0]), np.array([1, 1, 0, 0, 1])
    result = dice((prediction, truth, np.array([1, 1, 0, 2, 3])))
    assert result.pixels == 2
    assert result.classes[1] == pytest.approx(2 / 3)


def test_declared_classes_that_never_occur_are_none_and_do_not_count() -> None:
    result = dice((np.array([1]), np.array([1])), classes=(0, 1, 2))
    assert result.to_dict() == {
        "dice": 1.0,
        "classes": {"0": None, "1": 1.0, "2": None},
        "pixels": 1,
    }
    assert "NaN" not in json.dumps(result.to_dict())


@pytest.mark.parametrize(
    "planes",
    [
        pytest.param((np.zeros((2, 2), int), np.zeros((2, 3), int)), id="shapes"),
        pytest.param((np.zeros(3, int), np.zeros(3)), id="float"),
        pytest.param((np.zeros(3, int), np.zeros(3, int), np.zeros(4, int)), id="checked"),
    ],
)
def test_bad_input_is_explained(planes: tuple[Array, ...]) -> None:
    with pytest.raises(InputError, match="Expected"):
        dice(planes)
