"""Spot checks: a grid without gaps, lots that stay, and a sample without preference."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats

from napari_segloop.core.errors import InputError
from napari_segloop.core.spotchecks import (
    REASON,
    CellPlane,
    Draw,
    cells_of,
    draw,
    draw_plane,
    place_of,
    spot_check,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_segloop.core.spotchecks import SpotCheck

SHAPE, SIDE = (100, 150), 32
CELLS = 4 * 5


def planes(count: int, name: str = "stack.tif") -> list[CellPlane]:
    return [CellPlane(name, (number,), SHAPE, SIDE) for number in range(count)]


def drawn(some: Sequence[CellPlane], count: int, seed: int = 0) -> Draw:
    return draw((draw_plane(plane, count, seed=seed) for plane in some), count)


def where(checks: Sequence[SpotCheck]) -> list[tuple[str, tuple[int, ...], int, int]]:
    return [(c.identity, c.region.index, c.region.y, c.region.x) for c in checks]


@pytest.mark.parametrize(
    ("shape", "side"),
    [
        pytest.param((64, 64), 32, id="even"),
        pytest.param((65, 127), 32, id="smaller ones at the edges"),
        pytest.param((20, 30), 32, id="smaller than one cell"),
        pytest.param((3, 4), 1, id="single pixels"),
    ],
)
def test_every_pixel_is_in_one_cell(shape: tuple[int, int], side: int) -> None:
    covered = np.zeros(shape, int)
    for y, x, height, width in cells_of(shape, side):
        assert 1 <= height <= side
        assert 1 <= width <= side
        covered[y : y + height, x : x + width] += 1
        assert y + height <= shape[0]
        assert x + width <= shape[1]
    assert (covered == 1).all()


def test_a_lot_is_a_hash_of_where_the_cell_lies() -> None:
    digest = hashlib.sha256(b"7 32 64 1 2\nimages/a.tif").digest()
    expected = int.from_bytes(digest[:8], "big") / 2**64
    cell = (32, 64, 32, 32)
    assert place_of("images/a.tif", (1, 2), cell, 7) == pytest.approx(expected, abs=1e-15)
    numpy_cell = tuple(np.int64(number) for number in cell)
    assert place_of("images/a.tif", (np.int64(1), 2), numpy_cell, 7) == place_of(
        "images/a.tif", (1, 2), cell, 7
    )


def test_what_a_lot_depends_on() -> None:
    lots = [
        place_of(name, index, cell, seed)
        for name in ("a.tif", "b.tif")
        for index in ((), (0,), (1,), (0, 1), (1, 0))
        for cell in ((0, 0, 32, 32), (0, 32, 32, 32), (32, 0, 32, 32))
        for seed in (0, 1)
    ]
    assert len(set(lots)) == len(lots)
    assert place_of("a.tif", (), (0, 0, 32, 32)) == place_of("a.tif", (), (0, 0, 20, 8))


def test_a_name_that_is_no_unicode_has_a_lot() -> None:
    assert 0 <= place_of("caf\udce9.tif", (), (0, 0, 8, 8)) < 1


def test_lots_are_spread_evenly() -> None:
    lots = [place_of("a.tif", (z,), cell) for z in range(100) for cell in cells_of((320, 320), 32)]
    assert len(lots) == 10_000
    assert 0 <= min(lots) <= max(lots) < 1
    assert stats.kstest(lots, "uniform").pvalue > 0.01


def test_the_lowest_lots_of_all_planes_are_drawn() -> None:
    some = planes(6)
    lots = sorted(
        (place_of(plane.identity, plane.index, cell), plane.index, cell[:2])
        for plane in some
        for cell in cells_of(SHAPE, SIDE)
    )
    found = drawn(some, 7)
    assert [(c.lot, c.region.index, (c.region.y, c.region.x)) for c in found.first] == lots[:7]
    assert (found.cells, found.probability) == (6 * CELLS, 7 / (6 * CELLS))
    assert found.offered == found.first


def test_the_order_of_the_planes_does_not_matter() -> None:
    some = [*planes(5, "a.tif"), *planes(5, "b.tif")]
    assert drawn(some, 9) == drawn(some[::-1], 9)
    halves = drawn(some[:4], 9), drawn(some[4:], 9)
    assert draw(halves, 9) == drawn(some, 9)


def test_more_spot_checks_begin_with_the_same_ones() -> None:
    assert where(drawn(planes(5), 20).first)[:8] == where(drawn(planes(5), 8).first)


def test_new_images_come_between_and_the_others_keep_their_order() -> None:
    old = where(drawn(planes(3, "a.tif"), 3 * CELLS).first)
    both = where(drawn([*planes(3, "a.tif"), *planes(3, "b.tif")], 6 * CELLS).first)
    assert [place for place in both if place[0] == "a.tif"] == old


def test_every_cell_has_the_chance_that_is_said() -> None:
    counts = np.zeros((3, *SHAPE), int)
    draws = 2000
    for seed in range(draws):
        found = drawn(planes(3), 12, seed)
        assert found.probability == 12 / (3 * CELLS)
        for check in found.first:
            counts[(*check.region.index, check.region.y, check.region.x)] += 1
    corners = counts[:, ::SIDE, ::SIDE].ravel()
    assert corners.sum() == counts.sum() == 12 * draws
    expected, spread = draws * 0.2, np.sqrt(draws * 0.2 * 0.8)
    assert np.abs(corners - expected).max() < 4.5 * spread


def test_what_is_wrong_in_them_says_what_is_wrong_everywhere() -> None:
    rng = np.random.default_rng(0)
    wrong = rng.random(SHAPE) < np.linspace(0, 0.4, SHAPE[1])  # worse and worse to the right
    plane = CellPlane("a.tif", (), SHAPE, SIDE)
    estimates = []
    for seed in range(2000):
        found = draw_plane(plane, 5, seed=seed)
        errors = sum(int(wrong[check.region.slices].sum()) for check in found.first)
        estimates.append(errors / found.probability)
    error = np.std(estimates) / np.sqrt(len(estimates))
    assert np.mean(estimates) == pytest.approx(wrong.sum(), abs=4 * error)


def test_more_than_there_are() -> None:
    found = drawn(planes(1), 50)
    assert (len(found.first), found.cells, found.probability) == (CELLS, CELLS, 1)


def test_of_nothing() -> None:
    assert draw([], 5) == Draw()
    assert (Draw().probability, Draw().offered) == (1, ())


def test_what_was_checked() -> None:
    checked = np.zeros((32, 192), np.uint8)
    checked[:, :32] = 1  # done
    checked[:, 32:64] = 3  # no cell
    checked[:, 64:96] = 2  # no cell
    checked[:, 96:112], checked[:, 112:128] = 2, 3  # no cell
    checked[:, 128:144], checked[:, 144:160] = 1, 3  # done
    checked[1:, 160:192] = 1  # a row is left
    found = draw_plane(CellPlane("a.tif", (), checked.shape, 32, checked), 10)
    assert found.cells == 3
    assert {check.region.x: check.done for check in found.first} == {0: True, 128: True, 160: False}
    assert [check.region.x for check in found.offered] == [160]
    assert draw_plane(CellPlane("a.tif", (), checked.shape, 32, checked), 1).probability == 1 / 3


def test_checking_changes_neither_the_draw_nor_the_chance() -> None:
    before = drawn(planes(1), 6)
    checked = np.zeros(SHAPE, np.uint8)
    for check in before.first[:2]:
        checked[check.region.slices] = 1
    after = draw_plane(CellPlane("stack.tif", (0,), SHAPE, SIDE, checked), 6)
    assert where(after.first) == where(before.first)
    assert after.probability == before.probability
    assert where(after.offered) == where(before.first[2:])


def test_a_spot_check_is_a_region_with_its_weights() -> None:
    region = spot_check((8, 16, 32, 24), (3,), (1.5, 2.5))
    assert (region.y, region.x, region.height, region.width) == (8, 16, 32, 24)
    assert (region.score, region.expected_error, region.index) == (1.5, 2.5, (3,))
    assert region.reason == REASON
    found = draw_plane(planes(1)[0], 2, lambda cell: (float(cell[0]), float(cell[1])))
    assert all(c.region.score == c.region.y for c in found.first)
    assert all(c.region.expected_error == c.region.x for c in found.first)


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(InputError, match="at least 1 pixel"):
        cells_of((10, 10), 0)
    with pytest.raises(InputError, match="at least 1 spot check"):
        draw_plane(planes(1)[0], 0)
    with pytest.raises(InputError, match=r"shape \(100, 150\)"):
        CellPlane("a.tif", (), SHAPE, SIDE, np.zeros((4, 4), np.uint8))
