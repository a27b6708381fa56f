"""Where patches are cut for: half around what is new, a third on any class, however rare."""

from __future__ import annotations

import numpy as np
import pytest

from napari_segloop.core.holdout import UNKNOWN, Block
from napari_segloop.core.places import CELL, Places

DRAWS = 2000
SPREAD = 0.035  # three standard deviations of a share among so many
BATCH = 4


def block(image: int, rows: tuple[int, int], columns: tuple[int, int]) -> Block:
    return Block(image, rows, columns, "")


def drawn(places: Places, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Which image each of many places is in, and at which point."""
    rng = np.random.default_rng(seed)
    images, points = zip(*(places.draw(rng) for _ in range(DRAWS)), strict=True)
    return np.array(images), np.array(points)


def lesson() -> tuple[np.ndarray, Block]:
    """Background, a class over a tenth of it and one of 0.3 %; and what is new: a corner."""
    truth = np.zeros((320, 320), np.int16)
    truth[:, :32] = 1
    truth[300:317, 300:318] = 2
    assert (truth == 2).mean() == pytest.approx(0.003, rel=0.01)
    return truth, block(0, (0, 64), (256, 320))


def shares_of(places: Places) -> dict[str, float]:
    rows, columns = drawn(places)[1].T
    return {
        "new": float(((rows <= 64) & (columns >= 256)).mean()),
        "common": float((columns <= 32).mean()),
        "rare": float(((rows > 280) & (columns > 280)).mean()),
    }


def test_half_are_new_a_third_foreground_and_the_rest_anywhere() -> None:
    truth, new = lesson()
    found = shares_of(Places([truth], [new]))
    assert found["new"] == pytest.approx(1 / 2 + 1 / 6 * 64**2 / 320**2, abs=SPREAD)
    assert found["common"] == pytest.approx(1 / 6 + 1 / 6 * 32 / 320, abs=SPREAD)
    assert found["rare"] == pytest.approx(1 / 6 + 1 / 6 * 40**2 / 320**2, abs=SPREAD)


@pytest.mark.parametrize("new", ["nothing", "all", "what is not taught"])
def test_without_both_new_and_old_the_half_goes_to_the_rest(new: str) -> None:
    truth, _ = lesson()
    truth[64:128, 64:128] = UNKNOWN
    blocks = {
        "nothing": [],
        "all": [block(0, (0, 160), (0, 320)), block(0, (160, 320), (0, 320))],
        "what is not taught": [block(0, (64, 128), (64, 128))],
    }
    found = shares_of(Places([truth], blocks[new]))
    assert found["new"] == pytest.approx(2 / 3 * 64**2 / (320**2 - 64**2), abs=SPREAD)
    assert found["rare"] == pytest.approx(1 / 6 + 2 / 3 * 40**2 / 320**2, abs=SPREAD)


def test_a_class_of_three_in_a_thousand_is_in_a_third_of_the_batches() -> None:
    truth, new = lesson()
    rows, columns = drawn(Places([truth], [new]))[1].T
    on_it = (rows >= 288) & (columns >= 288)
    assert on_it.reshape(-1, BATCH).any(1).mean() > 1 / 3


@pytest.mark.parametrize(
    ("truths", "reached"),
    [
        pytest.param([np.ones((1, 1))], {0}, id="one pixel"),
        pytest.param([np.zeros((CELL, CELL))], {0}, id="one cell of background"),
        pytest.param([np.eye(32)], {0}, id="one small image"),
        pytest.param([np.full((9, 9), UNKNOWN), np.ones((7, 40))], {1}, id="one image untaught"),
    ],
)
def test_little_truth_is_enough(truths: list[np.ndarray], reached: set[int]) -> None:
    everywhere = [block(i, (0, n.shape[0]), (0, n.shape[1])) for i, n in enumerate(truths)]
    for newest in ([], everywhere):
        images, points = drawn(Places(truths, newest))
        assert set(images.tolist()) == reached
        assert (points >= 0).all()
        assert (points <= truths[images[0]].shape).all()


def test_images_count_by_the_root_of_what_is_checked_in_them() -> None:
    large, small = np.zeros((320, 320)), np.zeros((80, 80))
    images, _ = drawn(Places([large, small]))
    assert images.mean() == pytest.approx(1 / 5, abs=SPREAD)


def test_the_same_chance_draws_the_same_places() -> None:
    truth, new = lesson()
    places = Places([truth], [new])
    first, again, other = (drawn(places, seed)[1] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
