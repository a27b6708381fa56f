"""Arithmetic of work areas against numpy's indexing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_segloop.core.errors import InputError
from napari_segloop.core.workboxes import WorkBox, check_memory, clip_box

if TYPE_CHECKING:
    from collections.abc import Callable

SHAPE = (4, 6, 7)
boxes = st.tuples(
    *(
        st.tuples(st.integers(0, n - 1), st.integers(1, n)).filter(lambda p: p[0] < p[1])
        for n in SHAPE
    )
).map(lambda spans: WorkBox(tuple(a for a, _ in spans), tuple(b for _, b in spans)))


@given(box=boxes, at=st.tuples(*(st.integers(0, n - 1) for n in SHAPE)))
def test_a_pixel_of_the_box_lies_where_the_image_has_it(box: WorkBox, at: tuple[int, ...]) -> None:
    scale, position = np.array([2.0, 0.5, 0.25]), np.array([0.0, -3.0, 10.0])
    shown = np.array(box.translate(scale, position)) + scale * (np.array(at) - box.start)
    np.testing.assert_allclose(shown, position + scale * at)


@pytest.mark.parametrize(
    ("start", "stop", "expected"),
    [
        pytest.param((1, 1, 1), (2, 3, 4), WorkBox((1, 1, 1), (2, 3, 4)), id="whole pixels"),
        pytest.param((0.9, 1.5, 1), (2.1, 3, 4), WorkBox((0, 1, 1), (3, 3, 4)), id="parts"),
        pytest.param((3, 3, 4), (1, 1, 1), WorkBox((1, 1, 1), (3, 3, 4)), id="backwards"),
        pytest.param((-9, 1, 1), (99, 3, 4), WorkBox((0, 1, 1), (4, 3, 4)), id="beyond"),
    ],
)
def test_clipping(start: tuple[float, ...], stop: tuple[float, ...], expected: WorkBox) -> None:
    assert clip_box(start, stop, SHAPE) == expected


@pytest.mark.parametrize(
    ("do", "word"),
    [
        pytest.param(lambda: clip_box((5, 0, 0), (9, 3, 3), SHAPE), "Draw it on", id="outside"),
        pytest.param(lambda: clip_box((1, 0, 0), (1, 3, 3), SHAPE), "Draw it on", id="empty"),
        pytest.param(lambda: clip_box((0, 0), (3, 3), SHAPE), "3 axes", id="axes"),
        pytest.param(lambda: clip_box((0, 0, float("nan")), (1, 1, 1), SHAPE), "finite", id="nan"),
        pytest.param(lambda: WorkBox((0,), (1,)), "Y and X", id="one axis"),
        pytest.param(lambda: WorkBox((0, 0), (1, 1, 1)), "each axis", id="lengths"),
    ],
)
def test_refused(do: Callable[[], object], word: str) -> None:
    with pytest.raises(InputError, match=word):
        do()


def test_memory_counts_labels_and_checked() -> None:
    box = WorkBox((0, 0, 0), (8, 1024, 1024))
    assert check_memory(box, 1, 2**24) is box
    with pytest.raises(InputError, match="8 x 1024 x 1024"):
        check_memory(box, 2, 2**24)
