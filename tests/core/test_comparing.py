"""A difference of two scores, and how sure it is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_segloop.core.comparing import Counts, gain, mean_dice


def counts(*shares: float, pixels: int = 1000) -> Counts:
    """Regions of one class, half of which is right by the given share."""
    return np.array([[[2 * pixels, 2 * pixels], [int(s * pixels), pixels]] for s in shares])


def test_a_network_is_not_better_than_itself() -> None:
    same = counts(0.5, 0.9, 0.7)
    assert gain(same, same) == (0.0, 0.0)


def test_better_everywhere_is_sure() -> None:
    better, error = gain(counts(0.8, 0.9, 0.7, 0.85), counts(0.6, 0.7, 0.5, 0.65))
    assert better == pytest.approx(0.2)
    assert error < 0.01


def test_better_here_and_worse_there_is_not_sure() -> None:
    better, error = gain(counts(0.9, 0.5, 0.9, 0.5, 0.9), counts(0.5, 0.9, 0.5, 0.9, 0.5))
    assert 0 < better < error


def test_a_single_region_has_no_error() -> None:
    assert gain(counts(0.9), counts(0.5))[1] == 0


def test_classes_that_do_not_occur_do_not_count() -> None:
    only_background = np.array([[[10, 10], [0, 0]]])
    assert mean_dice(only_background) == 1
    missed = np.array([[[10, 10], [0, 0], [0, 4]]])
    assert mean_dice(missed) == 0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9), st.floats(0, 1))
def test_the_gain_changes_its_sign_with_the_order(shares: list[float], other: float) -> None:
    new, old = counts(*shares), counts(*[other] * len(shares))
    there, back = gain(new, old), gain(old, new)
    assert there[0] == pytest.approx(-back[0])
    assert there[1] == pytest.approx(back[1])
