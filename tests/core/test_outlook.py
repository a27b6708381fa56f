"""How many places are left, against curves of which the answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from napari_segloop.core.estimate import Estimate
from napari_segloop.core.outlook import Left, places_left

Curve = list[tuple[int, Estimate]]


def falling(power: float, *places: int, half: float = 0.01, checks: int = 12) -> Curve:
    """Errors of 0.4 at 8 places, that fall as a power."""
    scores = [(n, 1 - 0.4 * (n / 8) ** -power) for n in places]
    return [(n, Estimate(s, s - half, s + half, checks)) for n, s in scores]


@pytest.mark.parametrize("power", [0.5, 1.0, 1.4])
@pytest.mark.parametrize("places", [(8, 16), (8, 16, 24)], ids=["two rounds", "three rounds"])
def test_a_curve_that_is_a_power_is_carried_on_exactly(
    power: float, places: tuple[int, ...]
) -> None:
    goal, now = 0.85, places[-1]
    left = places_left(falling(power, *places), now, goal)
    assert left is not None
    needed = 8 * (0.4 / 0.15) ** (1 / power)
    assert left.fewest == max(0, np.ceil(needed - now))
    assert left.most is not None
    assert left.most >= left.fewest


def test_where_only_the_interval_is_too_wide_spot_checks_narrow_it() -> None:
    told = Estimate(0.95, 0.88, 1.0, 8)
    left = places_left([(16, told)], 20, 0.9)
    assert left is not None
    assert left.fewest == 0
    assert left.most is not None
    half = 0.07 * np.sqrt(11 / (11 + left.most // 4))
    assert half <= 0.05
    assert 0.07 * np.sqrt(11 / (11 + left.most // 4 - 1)) > 0.05


def test_enough_spot_checks_are_waited_for() -> None:
    told = Estimate(0.97, 0.95, 0.99, 3)
    assert places_left([(16, told)], 20, 0.9, enough=8) == Left(0, 20)


@pytest.mark.parametrize(
    "curve",
    [
        [],
        falling(1.0, 8),
        falling(1.0, 8, 16, checks=0),
        falling(0.0, 8, 16),
        [(0, Estimate(0.8, 0.7, 0.9, 9))],
        falling(0.0, 16, 16, 16),
    ],
    ids=[
        "nothing",
        "one round",
        "no spot checks",
        "two that are equal",
        "no places",
        "no progress",
    ],
)
def test_nothing_is_said_where_it_cannot_be_told(curve: Curve) -> None:
    assert places_left(curve, 24, 0.9) is None


@pytest.mark.parametrize("power", [0.0, -0.3, 0.05])
def test_a_flat_curve_of_three_rounds_is_called_so(power: float) -> None:
    assert places_left(falling(power, 8, 16, 24), 24, 0.9) == Left(None, None)


def test_a_perfect_round_breaks_nothing() -> None:
    perfect = [(8, Estimate(0.9, 0.8, 1.0, 4)), (16, Estimate(1.0, 1.0, 1.0, 9))]
    assert places_left(perfect, 16, 0.99) == Left(0, 0)
