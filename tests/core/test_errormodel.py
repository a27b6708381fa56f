"""Numbers that turn doubt into error probability: fitted, held near what the network says, kept."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest

from napari_segloop.core.errormodel import (
    AS_IT_SAYS,
    ErrorModel,
    Sample,
    fit_errors,
    stated_by,
    trust_of,
)

PIXELS = 2000


def region(seed: int, offset: float = 0.0, slope: float = 1.0, probability: float = 1.0) -> Sample:
    """Pixels that are wrong as often as ``slope`` times their doubt and ``offset`` say."""
    rng = np.random.default_rng(seed)
    log_odds = rng.normal(-2, 1.5, PIXELS)
    chance = 1 / (1 + np.exp(-(offset + slope * log_odds)))
    doubts = np.column_stack([log_odds, np.full((PIXELS, 2), -2.0)]).astype(np.float32)
    return Sample(doubts, rng.random(PIXELS) < chance, probability)


def test_without_a_region_it_says_what_the_network_says() -> None:
    assert fit_errors([]) == AS_IT_SAYS
    empty = Sample(np.zeros((0, 3), np.float32), np.zeros(0, bool))
    assert fit_errors([empty]) == AS_IT_SAYS
    assert trust_of([region(0)]) == ()


def test_one_region_moves_it_less_than_many() -> None:
    one, many = (fit_errors([region(k, offset=1.5) for k in range(n)]) for n in (1, 40))
    at = np.full((1, 3), -2, np.float32)
    target = 1 / (1 + np.exp(0.5))
    before, after_one, after_many = (float(stated_by(n, at)[0]) for n in (AS_IT_SAYS, one, many))
    assert before < after_one < after_many
    assert after_many == pytest.approx(target, abs=0.02)


def test_an_overconfident_network_is_believed_less() -> None:
    numbers = fit_errors([region(k, slope=0.5) for k in range(40)])
    doubts = region(99).doubts
    stated, true = stated_by(numbers, doubts), 1 / (1 + np.exp(-0.5 * doubts[:, 0]))
    assert np.abs(stated - true).mean() < 0.02 < np.abs(stated_by(AS_IT_SAYS, doubts) - true).mean()


def test_regions_that_were_likely_to_be_offered_count_less() -> None:
    """A queue that is worst first must not make the rest look worse than it is."""
    likely = [region(k, offset=1.0, probability=1.0) for k in range(20)]
    rare = [region(k, offset=-1.0, probability=0.05) for k in range(20, 24)]
    even = [Sample(each.doubts, each.wrong) for each in (*likely, *rare)]
    assert fit_errors([*likely, *rare])[0] < fit_errors(even)[0] - 0.2


def test_only_wrong_pixels_are_no_certainty() -> None:
    doubts = np.full((PIXELS, 3), -3, np.float32)
    numbers = fit_errors([Sample(doubts, np.ones(PIXELS, bool))])
    assert 0.3 < stated_by(numbers, doubts)[0] < 0.999


def test_trust_sets_the_found_share_beside_the_stated_one() -> None:
    bins = trust_of([region(k) for k in range(12)])
    assert sum(each.share for each in bins) == pytest.approx(1)
    assert [each.stated for each in bins] == sorted(each.stated for each in bins)
    assert all(abs(each.stated - each.found) < 0.05 for each in bins)


def test_it_survives_a_file() -> None:
    made = ErrorModel(
        (0.1, 1.0, 0.2, 0.3), (0.0, 0.9, 0.1, 0.1), 0.02, 7, trust_of([region(1)] * 3)
    )
    assert ErrorModel.from_data(json.loads(json.dumps(asdict(made)))) == made
    assert ErrorModel.from_data(None) is None


@pytest.mark.parametrize(
    "change",
    [{"fast": [1.0]}, {"fast": "abcd"}, {"careful_above": 2}, {"regions": -1}, {"trust": [{}]},
     {"careful": [float("nan"), 1, 1, 1]}, {"fast": None}, {"fast": [1e308, 1, 1, 1]}],
)  # fmt: skip
def test_an_absurd_one_is_refused(change: dict[str, object]) -> None:
    with pytest.raises((TypeError, ValueError, KeyError)):
        ErrorModel.from_data(asdict(ErrorModel()) | change)
