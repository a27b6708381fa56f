"""Histogram scores against scikit-learn and sorting every pixel."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score

from napari_segloop.core.errors import InputError
from napari_segloop.core.evaluate_uncertainty import UncertaintyTally

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_segloop.core.evaluate_uncertainty import UncertaintyResult

    Pixels = tuple[NDArray[np.uint8], NDArray[np.bool_]]


@pytest.fixture(scope="module")
def pixels() -> Pixels:
    rng = np.random.default_rng(3)
    uncertainty = (rng.beta(0.5, 4, 20_000) * 255).astype(np.uint8)
    return uncertainty, rng.random(20_000) < 0.7 * uncertainty / 255 + 0.02


@pytest.fixture(scope="module")
def result(pixels: Pixels) -> UncertaintyResult:
    tally = UncertaintyTally()
    for start in range(0, 20_000, 3_000):
        tally.add(*(part[start : start + 3_000] for part in pixels))
    return tally.finish()


def test_auroc(pixels: Pixels, result: UncertaintyResult) -> None:
    assert result.auroc == pytest.approx(roc_auc_score(pixels[1], pixels[0]))


@pytest.mark.parametrize("percent", [12, 25])
def test_captured_errors_are_the_mean_over_random_orders_of_ties(
    pixels: Pixels, result: UncertaintyResult, percent: int
) -> None:
    uncertainty, wrong = pixels
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(40):
        order = np.lexsort((rng.random(wrong.size), -uncertainty.astype(int)))
        shares.append(wrong[order[: wrong.size * percent // 100]].sum() / wrong.sum())
    assert getattr(result, f"captured_{percent}") == pytest.approx(np.mean(shares), abs=2e-3)


def test_calibration_error_in_bins_of_equal_width(
    pixels: Pixels, result: UncertaintyResult
) -> None:
    stated, wrong = pixels[0] / 255, pixels[1]
    bins = np.minimum((stated * 20).astype(int), 19)
    error = sum(
        abs(wrong[bins == b].mean() - stated[bins == b].mean()) * (bins == b).mean()
        for b in np.unique(bins)
    )
    assert result.calibration_error_width == pytest.approx(error)


def test_calibration_error_in_bins_of_equal_mass(pixels: Pixels, result: UncertaintyResult) -> None:
    stated, wrong = pixels[0] / 255, pixels[1].astype(float)
    rate = np.bincount(pixels[0], wrong) / np.maximum(np.bincount(pixels[0]), 1)
    order = np.argsort(pixels[0], kind="stable")
    parts = np.array_split(order, 20)  # 20,000 pixels: equal parts
    shared = rate[pixels[0]]  # pixels of one value share their errors out evenly
    error = np.mean([abs(shared[part].mean() - stated[part].mean()) for part in parts])
    assert result.calibration_error_mass == pytest.approx(error)


def test_brier_skill(pixels: Pixels, result: UncertaintyResult) -> None:
    stated, wrong = pixels[0] / 255, pixels[1]
    base = brier_score_loss(wrong, np.full(wrong.size, wrong.mean()))
    assert result.brier_skill == pytest.approx(1 - brier_score_loss(wrong, stated) / base)


@pytest.mark.parametrize(
    ("wrong", "defined"),
    [
        pytest.param([False, False], set(), id="no errors"),
        pytest.param([True, True], {"captured_12", "captured_25"}, id="only errors"),
    ],
)
def test_what_is_not_defined_is_none(wrong: list[bool], defined: set[str]) -> None:
    tally = UncertaintyTally()
    tally.add(np.array([3, 200], np.uint8), np.array(wrong))
    data = tally.finish().to_dict()
    found = {
        key
        for key in ("auroc", "captured_12", "captured_25", "brier_skill")
        if data[key] is not None
    }
    assert found == defined
    assert "NaN" not in json.dumps(data)


def test_nothing_added() -> None:
    assert set(UncertaintyTally().finish().to_dict().values()) == {0, None}


def test_only_checked_pixels_count() -> None:
    tally = UncertaintyTally()
    tally.add(np.array([1, 2, 3], np.uint8), np.array([True, True, False]), np.array([1, 0, 2]))
    assert (tally.finish().pixels, tally.finish().errors) == (1, 1)


def test_float_uncertainty_is_refused() -> None:
    with pytest.raises(InputError, match="uint8"):
        UncertaintyTally().add(np.zeros(3), np.zeros(3, bool))


def test_trust_is_what_was_stated_and_found_in_bins_of_equal_mass() -> None:
    rng = np.random.default_rng(5)
    uncertainty = rng.integers(0, 256, 50_000).astype(np.uint8)
    wrong = rng.random(50_000) < uncertainty / 255 / 2
    tally = UncertaintyTally()
    tally.add(uncertainty, wrong)
    trust = tally.trust()
    assert len(trust) == 10
    assert sum(part.share for part in trust) == pytest.approx(1)
    order = np.argsort(uncertainty, kind="stable")
    for part, pixels in zip(trust, np.array_split(order, 10), strict=True):
        assert part.share == pytest.approx(0.1, abs=0.005)
        assert part.stated == pytest.approx((uncertainty[pixels] / 255).mean(), abs=0.005)
        assert part.found == pytest.approx(wrong[pixels].mean(), abs=0.01)


def test_pixels_of_one_value_stay_together() -> None:
    uncertainty = np.repeat(np.array([0, 51, 255], np.uint8), [75, 20, 5])
    wrong = np.zeros(100, bool)
    wrong[75:81], wrong[95:] = True, True  # 6 of 20, and 5 of 5
    tally = UncertaintyTally()
    tally.add(uncertainty, wrong)
    assert [(part.stated, part.found, part.share) for part in tally.trust()] == [
        (0, 0, 0.75),
        (0.2, 0.3, 0.2),
        (1, 1, 0.05),
    ]


def test_trust_in_nothing_is_empty() -> None:
    assert UncertaintyTally().trust() == ()
