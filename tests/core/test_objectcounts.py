"""What became of objects in a place that cuts them: each is counted once, in words of its own."""

from __future__ import annotations

import numpy as np
import pytest

from napari_segloop.core.errors import InputError
from napari_segloop.core.evaluate_objects import ObjectTally
from napari_segloop.core.objectcounts import ObjectCounts, count_objects
from napari_segloop.core.spotchecks import cells_of

ALL = np.s_[:, :]
SIZE, SIDE, AROUND = 256, 64, 64


def discs(seed: int, number: int) -> np.ndarray:
    """Discs, numbered; none touches another."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:SIZE, :SIZE]
    ids = np.zeros((SIZE, SIZE), np.uint8)
    while ids.max() < number:
        y, x, radius = rng.uniform((14, 14, 6), (SIZE - 14, SIZE - 14, 12))
        distance = np.hypot(rows - y, columns - x)
        if not ids[distance < radius + 4].any():
            ids[distance < radius] = ids.max() + 1
    return ids


def row(text: str) -> np.ndarray:
    """One row of ids; a dot is background."""
    return np.array([[0 if letter == "." else int(letter) for letter in text]])


@pytest.mark.parametrize(
    ("prediction", "truth", "counts"),
    [
        pytest.param("7777", "1111", ObjectCounts(1, 1), id="found"),
        pytest.param("77..", "1111", ObjectCounts(1, 1, missed=1, false=1), id="half-of-it"),
        pytest.param("....", "1111", ObjectCounts(1, 0, missed=1), id="missed"),
        pytest.param("7777", "....", ObjectCounts(0, 1, false=1), id="false"),
        pytest.param("77777", "11.22", ObjectCounts(2, 1, merged=2), id="two-in-one"),
        pytest.param("777777", "111112", ObjectCounts(2, 1, merged=2), id="a-small-one-swallowed"),
        pytest.param("777733", "111122", ObjectCounts(2, 2), id="side-by-side"),
        pytest.param("77.88", "11111", ObjectCounts(1, 2, split=1), id="one-in-two"),
        pytest.param("777778", "111111", ObjectCounts(1, 2, split=1), id="a-crumb-of-it"),
        pytest.param("7777788", "11112.2", ObjectCounts(2, 2, missed=1, false=1), id="grazed"),
        pytest.param("....", "....", ObjectCounts(), id="nothing"),
    ],
)
def test_each_object_is_one_thing(prediction: str, truth: str, counts: ObjectCounts) -> None:
    known = np.ones((1, len(truth)), bool)
    assert count_objects(row(prediction), row(truth), known, ALL) == counts


def test_it_belongs_to_the_cell_with_its_centroid() -> None:
    truth = np.zeros((8, 24), int)
    truth[2:6, 6:14] = 5  # over the border at 8, mostly in the second cell
    truth[2:6, 17] = 6
    known = np.ones(truth.shape, bool)
    first, second, third = (np.s_[:, start : start + 8] for start in (0, 8, 16))
    nothing = np.zeros_like(truth)
    assert count_objects(nothing, truth, known, first) == ObjectCounts()
    assert count_objects(nothing, truth, known, second) == ObjectCounts(1, 0, missed=1)
    assert count_objects(truth, truth, known, third) == ObjectCounts(1, 1)


def test_it_is_judged_by_what_is_known_in_the_cell() -> None:
    truth, prediction = np.zeros((2, 8, 16), int)
    truth[2:6, 2:10] = 1
    prediction[2:6, 2:8] = 9  # right in the cell; what lies beyond nobody looked at
    known = np.ones(truth.shape, bool)
    cell = np.s_[:, :8]
    assert count_objects(prediction, truth, known, cell) == ObjectCounts(1, 1)
    known[:, 4:8] = False  # more than half of it nobody can tell
    assert count_objects(prediction, truth, known, cell) == ObjectCounts()


def test_a_sliver_of_a_neighbour_is_no_merge() -> None:
    truth, prediction = np.zeros((2, 8, 16), int)
    truth[2:6, 2:7], truth[2:6, 7:14] = 1, 2  # the second one belongs to the next cell
    prediction[2:6, 2:8], prediction[2:6, 8:14] = 8, 9  # a border off by one pixel
    known = np.ones(truth.shape, bool)
    assert count_objects(prediction, truth, known, np.s_[:, :8]) == ObjectCounts(1, 1)


@pytest.mark.parametrize("seed", range(3))
def test_over_all_cells_every_object_is_counted_once(seed: int) -> None:
    truth = discs(seed, 40)
    prediction = np.roll(np.where(truth % 5 == 0, 0, truth), (1, 1), (0, 1))
    known = np.ones(truth.shape, bool)
    counts = [
        count_objects(*windows, cell)
        for windows, cell in (around(each, prediction, truth, known) for each in cells())
    ]
    assert sum(each.true for each in counts) == len(np.unique(truth)) - 1
    assert sum(each.predicted for each in counts) == len(np.unique(prediction)) - 1
    whole = count_objects(prediction, truth, known, ALL)
    assert whole.missed == 8
    assert abs(sum(each.missed for each in counts) - whole.missed) <= 2  # parts, not wholes


def cells() -> list[tuple[int, int, int, int]]:
    return cells_of((SIZE, SIZE), SIDE)


def around(
    cell: tuple[int, int, int, int], *planes: np.ndarray
) -> tuple[list[np.ndarray], tuple[slice, slice]]:
    """Cut a cell out of planes, with what lies around it."""
    y, x, height, width = cell
    top, left = max(0, y - AROUND), max(0, x - AROUND)
    window = np.s_[top : y + height + AROUND, left : x + width + AROUND]
    inner = np.s_[y - top : y - top + height, x - left : x - left + width]
    return [plane[window] for plane in planes], inner


@pytest.mark.parametrize("shift", [0, 3, 7])
def test_where_nothing_touches_it_says_what_evaluation_says(shift: int) -> None:
    truth = discs(4, 30)
    prediction = np.roll(truth, shift, 0)
    tally = ObjectTally()
    tally.add(prediction, truth)
    expected = tally.finish().to_dict()
    found = count_objects(prediction, truth, np.ones(truth.shape, bool), ALL)
    assert (found.missed, found.false) == (expected["missed50"], expected["false50"])
    assert found.merged == found.split == 0


def test_other_shapes_are_refused() -> None:
    plane = np.zeros((4, 4), int)
    with pytest.raises(InputError):
        count_objects(plane, plane[:3], plane > 0, ALL)
