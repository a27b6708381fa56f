"""Varying the normalisation of a normalised image equals normalising the raw one anew."""

from __future__ import annotations

import numpy as np
import pytest

from napari_segloop.core.normalize import (
    Normalization,
    Statistics,
    between,
    for_file,
    own_numbers,
)
from napari_segloop.core.ranges import range_for

FILE = Statistics((120.0, 8.0), (30.0, 2.0), (50.0, 4.0), (190.0, 12.0))


def model(rule: str) -> Normalization:
    return Normalization(rule, (100.0, 10.0), (20.0, 3.0))


@pytest.mark.parametrize("place", [0.0, 0.3, 1.0])
def test_a_change_equals_normalising_anew(place: float) -> None:
    raw = np.random.default_rng(0).normal((110, 9), 1, (6, 7, 2)).transpose(2, 0, 1)
    raw = raw.astype(np.float32)
    numbers = range_for(model("between"), FILE)
    change = numbers.change(place)
    assert change is not None
    changed = numbers.used.apply(raw.copy()) * change[0] + change[1]
    wanted = between(numbers.first, numbers.second, place)
    centre, scale = (np.array(x)[:, None, None] for x in (wanted.centre, wanted.scale))
    np.testing.assert_allclose(changed, (raw - centre) / scale, atol=1e-3)


def test_the_range_goes_from_the_training_images_to_the_file() -> None:
    numbers = range_for(model("between"), FILE)
    assert numbers.used == for_file(model("between"), FILE)
    assert numbers.first == model("between")
    assert numbers.second == own_numbers(model("between"), FILE)


@pytest.mark.parametrize("rule", ["training", "file", "percentile"])
def test_other_rules_vary_nothing(rule: str) -> None:
    assert range_for(model(rule), FILE).change(0.5) is None


def test_an_image_of_another_scale_is_not_varied() -> None:
    sixteen_bits = Statistics((25600.0, 2560.0), (5120.0, 512.0), (0.0, 0.0), (1.0, 1.0))
    assert range_for(model("between"), sixteen_bits).change(0.5) is None
