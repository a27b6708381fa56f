"""Shares of all objects from few places: the interval holds, also where errors come together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_segloop.core.objectcounts import ObjectCounts
from napari_segloop.core.objectrates import Rate, rates

USERS = 300


def missed_by(
    rng: np.random.Generator, share: float, alike: float, checks: int
) -> list[ObjectCounts]:
    """Spot checks of one user: more or fewer objects in each, more or fewer of them missed."""
    bad = rng.beta(share * (1 / alike - 1), (1 - share) * (1 / alike - 1), checks)
    objects = rng.poisson(rng.gamma(2, 3, checks))
    return [
        ObjectCounts(int(n), int(n), missed=int(rng.binomial(n, chance)))
        for n, chance in zip(objects, bad, strict=True)
    ]


@pytest.mark.parametrize("alike", [0.01, 0.2], ids=["by-chance", "together"])
@pytest.mark.parametrize("share", [0.03, 0.2])
@pytest.mark.parametrize("checks", [5, 12, 40])
def test_ninety_of_a_hundred_users_are_told_the_truth(
    share: float, alike: float, checks: int
) -> None:
    rng = np.random.default_rng(0)
    told = [rates(missed_by(rng, share, alike, checks)) for _ in range(USERS)]
    shown = [each.missed for each in told if each is not None and each.missed is not None]
    held = [rate.low <= share <= rate.high for rate in shown]
    assert np.mean(held) >= 0.85
    assert np.mean([rate.share for rate in shown]) == pytest.approx(share, abs=0.02)


def test_more_spot_checks_tell_more() -> None:
    few, many = (rates([ObjectCounts(10, 10, merged=2)] * number) for number in (5, 40))
    assert few is not None
    assert many is not None
    assert few.merged is not None
    assert many.merged is not None
    assert few.merged.share == many.merged.share == 0.2
    assert few.merged.low < many.merged.low < 0.2 < many.merged.high < few.merged.high


def test_no_error_among_few_is_not_none_among_all() -> None:
    told = rates([ObjectCounts(1, 1)] * 5)
    assert told is not None
    assert told.missed is not None
    assert (told.missed.share, told.missed.low) == (0.0, 0.0)
    assert 0.2 < told.missed.high < 0.5


def test_without_objects_nothing_is_said_of_them() -> None:
    assert rates([]) is None
    told = rates([ObjectCounts(), ObjectCounts(0, 2, false=2)])
    assert told is not None
    assert (told.missed, told.objects, told.checks) == (None, 0, 2)
    assert told.false is not None
    assert (told.false.share, told.false.high) == (1.0, 1.0)
    assert told.false.low < 0.7


@st.composite
def spot_checks(draw: st.DrawFn) -> ObjectCounts:
    true, predicted = draw(st.integers(0, 50)), draw(st.integers(0, 50))
    missed = draw(st.integers(0, true))
    merged = draw(st.integers(0, true - missed))
    false = draw(st.integers(0, predicted))
    return ObjectCounts(true, predicted, missed, merged, true - missed - merged, false)


@given(st.lists(spot_checks(), min_size=1, max_size=20))
def test_a_share_lies_in_its_interval_whatever_was_found(checks: list[ObjectCounts]) -> None:
    told = rates(checks)
    assert told is not None
    for rate in (told.missed, told.merged, told.split, told.false):
        if rate is not None:
            assert isinstance(rate, Rate)
            assert 0 <= rate.low <= rate.share <= rate.high <= 1
            assert rate.low < rate.high
