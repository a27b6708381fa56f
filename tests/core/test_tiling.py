"""The tile grid by brute force: each pixel has one owner, far enough from the tile's edge."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_segloop.core.tiling import (
    STRIDE,
    Tile,
    fit_tile,
    from_middle,
    grid,
    spans,
    surroundings,
    tile_length,
    up_to_grid,
)

SIDES = [1, 2, 31, 32, 33, 64, 95, 97, 130, 200, 255, 300, 511]
RNG = np.random.default_rng(0)
SHAPES = [(int(a), int(b)) for a, b in RNG.integers(1, 700, (40, 2))] + [
    (1, 1), (5, 7), (33, 31), (32, 32), (1, 700), (700, 1), (64, 640),
]  # fmt: skip


def owners(shape: tuple[int, int], tiles: list[Tile]) -> np.ndarray:
    """How many tiles own each pixel."""
    count = np.zeros(shape, int)
    for tile in tiles:
        r, c = tile.rows, tile.columns
        count[r.own_start : r.own_stop, c.own_start : c.own_stop] += 1
    return count


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(("largest", "halo"), [(160, 32), (256, 64), (512, 96)], ids=str)
def test_every_pixel_has_one_owner_with_a_whole_halo(
    shape: tuple[int, int], largest: int, halo: int
) -> None:
    tile = fit_tile(shape, largest, halo)
    tiles = list(grid(shape, tile, halo))
    assert (owners(shape, tiles) == 1).all()
    padded = tuple(up_to_grid(n) for n in shape)
    for item in tiles:
        for span, side, end in zip((item.rows, item.columns), tile, padded, strict=True):
            assert span.start % STRIDE == span.stop % STRIDE == 0
            assert span.stop - span.start == side
            assert 0 <= span.start < span.stop <= end
            assert span.own_start < span.own_stop
            assert span.start == 0 or span.own_start - span.start >= halo
            assert span.stop == end or span.stop - span.own_stop >= halo


@pytest.mark.parametrize("halo", [32, 64, 512])
@pytest.mark.parametrize("length", [*SIDES, 1025, 2048, 4999])
def test_any_sensible_tile_covers_an_axis(length: int, halo: int) -> None:
    for tile in range(2 * halo + STRIDE, 2 * halo + 40 * STRIDE, 3 * STRIDE):
        found = spans(length, tile, halo)
        owned = [pixel for span in found for pixel in range(span.own_start, span.own_stop)]
        assert owned == list(range(length))
        inner = found[1:]
        assert all(span.own_start - span.start >= halo for span in inner)
        assert all(span.stop - span.own_stop >= halo for span in found[:-1])


@pytest.mark.parametrize("count", [1, 2, 3, 7])
@pytest.mark.parametrize("length", [*SIDES, 2048, 5000])
def test_the_shortest_tile_covers_with_that_many(length: int, count: int) -> None:
    tile = tile_length(length, count, 32)
    assert len(spans(length, tile, 32)) <= count
    shorter = tile - STRIDE
    if shorter > 64:
        assert len(spans(length, shorter, 32)) > count or tile > up_to_grid(length)


@pytest.mark.parametrize("halo", [32, 512])
@pytest.mark.parametrize("shape", [(2048, 2048), (300, 1500), (1234, 777), (4096, 4096)], ids=str)
def test_the_chosen_tile_computes_no_more_than_any_square_one(
    shape: tuple[int, int], halo: int
) -> None:
    largest = 2048 if halo == 512 else 1088

    def computed(tile: tuple[int, int]) -> int:
        return len(list(grid(shape, tile, halo))) * tile[0] * tile[1]

    padded = tuple(up_to_grid(n) for n in shape)
    squares = range(max(4 * halo, up_to_grid(largest // 4)), largest + 1, STRIDE)
    best = min(computed((min(s, padded[0]), min(s, padded[1]))) for s in squares)
    assert computed(fit_tile(shape, largest, halo)) <= best


@pytest.mark.parametrize("largest", [160, 1088, 2048])
@pytest.mark.parametrize("shape", [(10**6, 10**6), (10**5, 65_000), (300, 500_000)], ids=str)
def test_tiles_of_gigapixel_planes_keep_the_limit(shape: tuple[int, int], largest: int) -> None:
    tile = fit_tile(shape, largest, 32)
    assert tile[0] * tile[1] <= largest**2


def test_a_strip_pays_the_halo_on_one_side_only() -> None:
    rows, _ = fit_tile((300, 5000), 1088, 32)
    assert rows == up_to_grid(300)


@given(
    st.tuples(st.integers(0, 900), st.integers(0, 900)),
    st.tuples(st.integers(1, 300), st.integers(1, 300)),
    st.sampled_from([32, 112, 512]),
)
def test_a_box_is_read_with_a_halo_and_from_the_grid_on(
    corner: tuple[int, int], size: tuple[int, int], halo: int
) -> None:
    shape = 1000, 1100
    box = (*corner, *(min(c + s, n) for c, s, n in zip(corner, size, shape, strict=True)))
    top, left, bottom, right = surroundings(box, shape, halo)
    assert top % STRIDE == left % STRIDE == 0
    for start, begin in ((top, box[0]), (left, box[1])):
        assert start == 0 or halo <= begin - start < halo + STRIDE
    assert (bottom, right) == (min(box[2] + halo, 1000), min(box[3] + halo, 1100))


def test_the_tile_under_the_middle_of_a_box_comes_first() -> None:
    tiles = list(grid((400, 700), (256, 320), 96))
    for tile in tiles:
        rows, columns = tile.owned
        box = rows.start + 1, columns.start + 1, rows.stop - 1, columns.stop - 1
        found = from_middle(tiles, box)
        assert found[0] == tile
        assert sorted(map(repr, found)) == sorted(map(repr, tiles))
