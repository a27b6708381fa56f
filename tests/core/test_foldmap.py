"""Blocks of a plane dealt out to folds."""

from __future__ import annotations

import numpy as np
import pytest

from napari_segloop.core.foldmap import GUARD, LARGEST, SMALLEST, deal_out


@pytest.mark.parametrize("shape", [(64, 64), (40, 300), (513, 700), (1, 1)], ids=str)
def test_folds_are_of_equal_size_whatever_the_shape(shape: tuple[int, int]) -> None:
    dealt = deal_out(np.zeros(shape, np.uint8), 4, seed=3)
    assert SMALLEST <= dealt.side <= LARGEST
    counts = np.bincount(dealt.folds.ravel(), minlength=4)
    assert counts.max() - counts.min() <= 1
    assert dealt.read(slice(0, shape[0]), slice(0, shape[1])).shape == shape


def test_a_window_is_read_as_the_whole_plane_is_and_its_end_goes_on() -> None:
    dealt = deal_out(np.zeros((100, 130), np.uint8), 4, seed=0)
    whole = dealt.read(slice(0, 100), slice(0, 130))
    assert np.array_equal(dealt.read(slice(37, 100), slice(20, 90)), whole[37:, 20:90])
    beyond = dealt.read(slice(0, 160), slice(0, 160))
    assert (beyond[100:, :130] == whole[-1]).all()


def test_inner_pixels_have_no_other_block_near() -> None:
    dealt = deal_out(np.zeros((128, 128), np.uint8), 4, seed=0)
    window = slice(0, 128), slice(0, 128)
    inner, folds = dealt.inner(*window), dealt.read(*window)
    rows, columns = np.nonzero(inner)
    assert len(rows) > 0.2 * inner.size
    for y, x in zip(rows[::97], columns[::97], strict=True):
        near = folds[y - GUARD : y + GUARD, x - GUARD : x + GUARD]
        assert (near == folds[y, x]).all()


def test_blocks_are_two_objects_wide() -> None:
    rows, columns = np.mgrid[:800, :800] % 100 - 50
    discs = (rows**2 + columns**2 < 20**2).astype(np.uint8)
    assert 80 <= deal_out(discs, 4, seed=0).side <= 88
