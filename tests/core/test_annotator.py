"""The simulated user on planes small enough to reckon by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_segloop.core.annotator import AnnotatorSettings, correct
from napari_segloop.core.errors import InputError
from napari_segloop.core.regions import Region

if TYPE_CHECKING:
    from napari_segloop.core.images import Array

OBJECTS = AnnotatorSettings(objects=True)


def region(y: int, x: int, height: int, width: int) -> Region:
    return Region(y, x, height, width, 1.0, 1.0, "")


WHOLE = region(0, 0, 40, 40)


def square(start: int, stop: int, value: int = 1, dtype: str = "uint8") -> Array:
    plane = np.zeros((40, 40), dtype)
    plane[start:stop, start:stop] = value
    return plane


@pytest.mark.parametrize(
    ("prediction", "left_wrong"),
    [
        pytest.param(square(10, 30), 0, id="right"),
        pytest.param(square(8, 32), 24**2 - 20**2, id="two pixels too large stays"),
        pytest.param(square(12, 28), 20**2 - 16**2, id="two pixels too small stays"),
        pytest.param(square(6, 34), 24**2 - 20**2, id="four too large: two are fixed"),
        pytest.param(square(0, 0), 0, id="missed altogether"),
    ],
)
def test_displaced_borders_stay_and_the_rest_is_fixed(prediction: Array, left_wrong: int) -> None:
    truth = square(10, 30)
    done = correct(prediction, truth, None, WHOLE)
    wrong = (done.labels != truth).sum()
    assert wrong <= left_wrong
    assert done.changed_pixels == (done.labels != prediction).sum()
    assert wrong + done.changed_pixels == (prediction != truth).sum()
    if (prediction != truth).sum() == left_wrong:
        assert wrong == left_wrong


def test_a_thin_structure_that_was_missed_is_painted() -> None:
    truth = np.zeros((40, 40), np.uint8)
    truth[20:23] = 1
    done = correct(np.zeros_like(truth), truth, None, WHOLE)
    np.testing.assert_array_equal(done.labels, truth)


def test_a_false_object_is_removed() -> None:
    done = correct(square(10, 13), np.zeros((40, 40), np.uint8), None, WHOLE)
    assert not done.labels.any()
    assert done.changed_pixels == 9


def test_without_margin_everything_is_fixed() -> None:
    done = correct(square(8, 32), square(10, 30), None, WHOLE, AnnotatorSettings(margin=0))
    np.testing.assert_array_equal(done.labels, square(10, 30))


def test_only_the_region_changes_and_becomes_checked() -> None:
    truth, place = square(5, 35), region(0, 20, 30, 20)
    prediction = np.zeros_like(truth)
    checked = np.zeros((40, 40), np.uint8)
    checked[:3], checked[3:8] = 2, 3
    done = correct(prediction, truth, checked, place)
    outside = np.ones((40, 40), bool)
    outside[place.slices] = False
    assert not done.labels[outside].any()
    np.testing.assert_array_equal(done.checked[outside], checked[outside])
    np.testing.assert_array_equal(done.labels[8:30, 20:], truth[8:30, 20:])
    assert not done.labels[:8].any()
    assert (done.checked[:3] == 2).all()
    assert (done.checked[3:8] == 3).all()
    assert (done.checked[8:30, 20:] == 1).all()


def test_the_given_arrays_are_not_changed() -> None:
    planes = square(0, 0), square(10, 30), np.zeros((40, 40), np.uint8)
    before = [plane.copy() for plane in planes]
    correct(*planes, WHOLE)
    for plane, copy in zip(planes, before, strict=True):
        np.testing.assert_array_equal(plane, copy)


def test_objects_keep_their_predicted_ids_and_new_ones_are_free() -> None:
    truth = square(5, 15, 1, "uint16") + square(25, 35, 2, "uint16")
    prediction = square(5, 15, 2, "uint16")
    done = correct(prediction, truth, None, WHOLE, OBJECTS)
    np.testing.assert_array_equal(done.labels == 2, truth == 1)
    np.testing.assert_array_equal(done.labels == 3, truth == 2)


def test_merged_objects_are_separated_even_across_the_regions_edge() -> None:
    truth = np.zeros((40, 40), int)
    truth[:, 5:15], truth[:, 15:30] = 1, 2
    prediction = np.where(truth > 0, 7, 0)
    done = correct(prediction, truth, None, region(0, 0, 20, 40), OBJECTS)
    assert (done.labels[20:] == prediction[20:]).all()
    assert (done.labels[:20, 17:28] == 7).all()
    assert (done.labels[:20, 5:13] == 8).all()


def test_split_objects_are_joined() -> None:
    truth = square(5, 35)
    prediction = truth.copy()
    prediction[:, 25:] *= 9
    done = correct(prediction, truth, None, WHOLE, OBJECTS)
    np.testing.assert_array_equal(done.labels, truth)


def test_ids_that_do_not_fit_widen_the_labels() -> None:
    prediction = square(5, 15, 255)
    done = correct(prediction, square(25, 35, 1), None, WHOLE, OBJECTS)
    assert done.labels.dtype == np.uint16
    assert done.labels.max() == 256


@pytest.mark.parametrize("dtype", ["bool", ">u2", "int32", "int64"])
def test_dtypes(dtype: str) -> None:
    truth = square(10, 30)
    done = correct(np.zeros_like(truth).astype(dtype), truth.astype(dtype), None, WHOLE)
    np.testing.assert_array_equal(done.labels, truth)


def test_seconds_by_hand() -> None:
    truth = np.zeros((40, 40), np.uint8)
    truth[19:22, 2:32] = 1  # a line 30 long, 3 wide, centre (20, 16.5): brush 4 wide
    settings = AnnotatorSettings(look=0.5, stroke=10, travel=100)
    done = correct(np.zeros_like(truth), truth, None, WHOLE, settings)
    assert done.seconds == pytest.approx(0.5 + 0.5 + 3.5 / 100 + 90 / 4 / 10)


def test_a_right_region_costs_one_look() -> None:
    assert correct(square(0, 9), square(0, 9), None, WHOLE).seconds == pytest.approx(0.2)


def test_more_errors_cost_more() -> None:
    few, many = np.zeros((40, 40), np.uint8), np.zeros((40, 40), np.uint8)
    few[4:8, 4:8] = 1
    many[4::10, 4::10] = 1
    costs = [correct(np.zeros_like(few), truth, None, WHOLE).seconds for truth in (few, many)]
    assert costs[0] < costs[1]


@pytest.mark.parametrize("place", [(0, 0, 5, 5), (35, 30, 5, 10), (0, 0, 40, 40)])
def test_regions_at_the_edge_of_the_plane(place: tuple[int, int, int, int]) -> None:
    truth = np.ones((40, 40), np.uint8)
    done = correct(np.zeros_like(truth), truth, None, region(*place))
    assert done.changed_pixels == done.checked.sum() == place[2] * place[3]


@pytest.mark.parametrize(
    ("truth", "checked"),
    [
        pytest.param(np.zeros((4, 5), int), None, id="truth"),
        pytest.param(np.zeros((40, 40), int), np.zeros((4, 5), int), id="checked"),
        pytest.param(np.zeros((40, 40)), None, id="float"),
    ],
)
def test_bad_input_is_explained(truth: Array, checked: Array | None) -> None:
    with pytest.raises(InputError, match="Expected"):
        correct(square(0, 9), truth, checked, WHOLE)


def test_settings_check_themselves() -> None:
    with pytest.raises(InputError, match="speeds"):
        AnnotatorSettings(stroke=0)
