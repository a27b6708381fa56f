"""Pixel sizes that agree, and a model used on others."""

from __future__ import annotations

import pytest

from napari_segloop.core.magnification import PixelSize, agreed, factor, mismatch


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        pytest.param([], None, id="none"),
        pytest.param([None], None, id="unknown"),
        pytest.param([(0.1, 0.2)], (0.1, 0.2), id="one"),
        pytest.param([(0.1, 0.2), (0.1004, 0.2)], (0.1, 0.2), id="rounded otherwise"),
        pytest.param([(0.1, 0.2), (0.1, 0.21)], None, id="different in x"),
        pytest.param([(0.1, 0.2), None], None, id="one unknown"),
    ],
)
def test_the_size_that_all_have(sizes: list[PixelSize | None], expected: PixelSize | None) -> None:
    assert agreed(sizes) == expected


@pytest.mark.parametrize(
    ("taught", "seen", "is_unlike"),
    [
        pytest.param((0.2, 0.2), (0.2, 0.2), False, id="equal"),
        pytest.param((0.2, 0.2), (0.28, 0.28), False, id="a little larger"),
        pytest.param((0.2, 0.2), (0.31, 0.31), True, id="larger"),
        pytest.param((0.31, 0.31), (0.2, 0.2), True, id="smaller"),
        pytest.param((0.2, 0.2), (0.2, 0.4), True, id="longer"),
        pytest.param(None, (0.2, 0.2), False, id="model unknown"),
        pytest.param((0.2, 0.2), None, False, id="image unknown"),
    ],
)
def test_a_model_for_other_pixels(
    taught: PixelSize | None, seen: PixelSize | None, is_unlike: bool
) -> None:
    sentence = mismatch(taught, seen)
    assert bool(sentence) == is_unlike
    if taught and seen and is_unlike:
        assert factor(taught, seen) == factor(seen, taught) > 1.5
        assert "0.2 um" in sentence
