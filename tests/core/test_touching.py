"""Objects cut apart at their necks, and only there."""

from __future__ import annotations

import numpy as np
import pytest

from napari_segloop.core.touching import separate_touching

Mask = np.ndarray


def disc(centre: tuple[float, float], radius: float) -> Mask:
    y, x = np.ogrid[:96, :128]
    return np.hypot(y - centre[0], x - centre[1]) <= radius


@pytest.mark.parametrize(
    "mask",
    [
        pytest.param(disc((48, 64), 30), id="disc"),
        pytest.param((disc((48, 64), 60) & (np.abs(np.arange(96) - 48) < 5)[:, None]), id="bar"),
        pytest.param(disc((0, 0), 30), id="cut by the edge"),
        pytest.param(np.ones((96, 128), bool), id="everything"),
        pytest.param(disc((5, 5), 0), id="one pixel"),
    ],
)
def test_one_object_stays_one(mask: Mask) -> None:
    ids = separate_touching(mask)
    assert ids.max() == 1
    assert np.array_equal(ids > 0, mask)


def test_every_object_keeps_a_marker_and_every_pixel_an_id() -> None:
    mask = np.random.default_rng(1).uniform(size=(80, 80)) < 0.4
    ids = separate_touching(mask)
    assert np.array_equal(ids > 0, mask)
    for number in range(1, ids.max() + 1):
        assert (ids == number).any()


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_the_same_neck_counts_for_small_and_large_objects(scale: int) -> None:
    for distance, objects in [(8, 1), (17, 2)]:
        centre = 64 - distance * scale / 2, 64 + distance * scale / 2
        pair = disc((48, centre[0]), 10 * scale) | disc((48, centre[1]), 10 * scale)
        assert separate_touching(pair).max() == objects


def test_a_chain_of_three_becomes_three() -> None:
    chain = disc((48, 25), 18) | disc((48, 58), 18) | disc((48, 91), 18)
    ids = separate_touching(chain)
    assert [ids[48, x] > 0 for x in (25, 58, 91)] == [True] * 3
    assert len({int(ids[48, x]) for x in (25, 58, 91)}) == ids.max() == 3
