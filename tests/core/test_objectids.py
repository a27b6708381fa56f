"""Ids under new predictions: what the user corrected stays one object, and ids never collide."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from napari_segloop.core.checkstate import EXCLUDED
from napari_segloop.core.corrections import PlaneTruth
from napari_segloop.core.errors import InputError

if TYPE_CHECKING:
    from napari_segloop.core.images import Labels

SHAPE = (12, 16)
WHOLE = np.s_[0:12, 0:16]
LEFT = np.s_[0:12, 0:8]


def plane_of(**boxes: tuple[int, int, int, int]) -> Labels:
    """Draw boxes ``i7=(top, bottom, left, right)`` with the id in their name."""
    labels = np.zeros(SHAPE, np.uint16)
    for name, (top, bottom, left, right) in boxes.items():
        labels[top:bottom, left:right] = int(name[1:])
    return labels


def corrected(first: Labels, now: Labels) -> PlaneTruth:
    plane = PlaneTruth(first)
    plane.observe(now, plane.checked.copy(), WHOLE, epoch=0, declared=None)
    return plane


def is_whole(labels: Labels, each: int) -> bool:
    return int(ndimage.label(labels == each, np.ones((3, 3)))[1]) <= 1


def test_a_first_prediction_keeps_its_numbers() -> None:
    new = plane_of(i4=(1, 4, 1, 4), i9=(6, 9, 6, 9))
    plane = PlaneTruth(np.zeros(SHAPE, np.uint16))
    assert np.array_equal(plane.write(new, WHOLE, objects=True), new)
    assert np.array_equal(plane.labels, plane.prediction)
    assert not plane.is_stated


def test_an_object_that_grew_by_hand_stays_whole_without_a_sliver_around_it() -> None:
    now = plane_of(i5=(2, 8, 2, 8))
    plane = corrected(plane_of(i5=(2, 6, 2, 8)), now)
    bigger = plane_of(i1=(1, 9, 1, 9), i2=(10, 12, 10, 14))
    written = plane.write(bigger, WHOLE, objects=True)
    assert np.array_equal(written == 5, now == 5)
    assert np.array_equal(written > 0, (now == 5) | (bigger == 2))


def test_an_object_that_shrank_by_hand_stays_whole_and_is_not_split() -> None:
    now = plane_of(i5=(2, 8, 2, 6))
    plane = corrected(plane_of(i5=(2, 8, 2, 8)), now)
    split = plane_of(i1=(2, 5, 2, 8), i2=(5, 8, 2, 8))
    assert np.array_equal(plane.write(split, WHOLE, objects=True), now)


def test_two_halves_that_the_user_parted_stay_two() -> None:
    now = plane_of(i5=(2, 8, 2, 8), i6=(2, 8, 8, 14))
    plane = corrected(plane_of(i5=(2, 8, 2, 14)), now)
    again = plane_of(i1=(2, 8, 2, 14))
    assert np.array_equal(plane.write(again, WHOLE, objects=True), now)


def test_a_deleted_object_leaves_no_ring() -> None:
    plane = corrected(plane_of(i5=(2, 8, 2, 8)), plane_of())
    assert not plane.write(plane_of(i1=(1, 9, 1, 9)), WHOLE, objects=True).any()


def test_a_corrected_object_is_kept_whole_across_the_windows_border() -> None:
    first, now = plane_of(i5=(2, 8, 4, 12)), plane_of(i5=(2, 8, 4, 14))
    plane = corrected(first, now)
    plane.write(plane_of(i1=(2, 5, 4, 8), i2=(5, 8, 4, 8))[LEFT], LEFT, objects=True)
    assert np.array_equal(plane.labels, now)


def test_an_object_accepted_in_part_passes_its_id_on_to_what_covers_it_most() -> None:
    plane = PlaneTruth(plane_of(i5=(2, 8, 2, 12)))
    plane.accept(np.s_[2:8, 2:6], 0)
    new = plane_of(i1=(2, 8, 3, 14), i2=(2, 8, 1, 3))
    written = plane.write(new, WHOLE, objects=True)
    assert np.array_equal(written == 5, (new == 1) | (plane_of(i1=(2, 8, 2, 6)) == 1))
    assert written[2, 1] not in (0, 5)


def test_an_object_that_continues_outside_keeps_its_id() -> None:
    plane = PlaneTruth(plane_of(i5=(2, 8, 4, 12), i1=(9, 11, 10, 14)))
    new = plane_of(i1=(2, 7, 3, 8), i5=(9, 11, 1, 4))
    written = plane.write(new[LEFT], LEFT, objects=True)
    assert set(written[2:7, 3:8].ravel()) == {5}
    fresh = set(written[9:11, 1:4].ravel())
    assert len(fresh) == 1
    assert not fresh & {0, 1, 5}


@pytest.mark.parametrize("value", [2, 3], ids=["can't tell", "excluded"])
def test_areas_out_of_play_keep_their_labels(value: int) -> None:
    first = plane_of(i5=(2, 8, 2, 8))
    plane = PlaneTruth(first, np.where(first > 0, value, 0))
    written = plane.write(plane_of(i1=(0, 12, 0, 16)), WHOLE, objects=True)
    assert np.array_equal(written[2:8, 2:8], first[2:8, 2:8])


def test_more_objects_than_the_dtype_holds() -> None:
    new = np.arange(1, 301, dtype=np.uint16).reshape(15, 20)
    plane = PlaneTruth(np.zeros((15, 20), np.uint8))
    with pytest.raises(InputError, match="uint32"):
        plane.write(new, np.s_[:, :], objects=True)
    assert plane.needs(new) == np.uint16
    plane.widen(plane.needs(new))
    assert np.array_equal(plane.write(new, np.s_[:, :], objects=True), new)


def test_numbers_too_large_are_replaced_by_free_ones_that_nothing_had() -> None:
    plane = PlaneTruth(plane_of(i1=(0, 2, 0, 2)).astype(np.uint8))
    new = plane_of(i1=(4, 6, 4, 6)).astype(np.uint32) * 70_000
    plane.accept(WHOLE, 0)
    assert plane.needs(new) == np.uint32
    plane.restore(PlaneTruth(plane.labels).snapshot(WHOLE))
    assert set(plane.write(new, WHOLE, objects=True).ravel()) == {0, 2}


ids = st.lists(st.integers(0, 5), min_size=24, max_size=24).map(
    lambda values: np.kron(np.array(values, np.uint16).reshape(4, 6), np.ones((2, 2), np.uint16))
)
states = st.lists(st.sampled_from([0, 0, 0, 1, 2, 3]), min_size=24, max_size=24).map(
    lambda values: np.kron(np.array(values, np.uint8).reshape(4, 6), np.ones((2, 2), np.uint8))
)


@settings(max_examples=80, deadline=None)
@given(ids, ids, states, ids, st.integers(0, 8), st.integers(4, 12), st.integers(0, 2))
def test_whatever_was_done(
    first: Labels, now: Labels, shown: Labels, new: Labels, left: int, width: int, keep: int
) -> None:
    now = np.where(np.arange(96).reshape(8, 12) % 3 <= keep, first, now)
    plane = PlaneTruth(first)
    plane.observe(now, shown, np.s_[:, :], epoch=0, declared=None)
    window = np.s_[0:8, left : min(12, left + width)]
    before, checked = plane.labels.copy(), plane.checked.copy()
    touched = {int(n) for n in first[(now != first) & (checked == 1)]}
    touched |= {int(n) for n in now[(now != first) & (checked == 1)]}
    written = plane.write(new[window], window, objects=True)
    after = plane.labels
    assert np.array_equal(written, after[window])
    outside = np.ones(after.shape, bool)
    outside[window] = False
    kept = outside | (checked != 0) | np.isin(before, sorted(touched - {0}))
    assert np.array_equal(after[kept], before[kept])
    assert np.array_equal(plane.checked, checked)
    for each in touched - {0}:
        assert np.array_equal(after == each, before == each)
    fresh = after * (~kept & (after != before))  # torn objects stay, too
    for value in set(fresh[fresh > 0].tolist()):
        sources = set(new[fresh == value].tolist())
        assert len(sources) == 1
        if (before[kept] == value).any():
            source = new == sources.pop()
            assert (source & (before == value))[window].any()


def test_what_a_checked_bar_parts_is_two_objects() -> None:
    plane = PlaneTruth(plane_of())
    plane.accept(np.s_[0:12, 7:8], 0)
    written = plane.write(plane_of(i3=(2, 8, 2, 14)), WHOLE, objects=True)
    assert sorted(len(set(written[:, half].ravel()) - {0}) for half in np.s_[:7, 8:]) == [1, 1]
    assert set(written[2:8, 2:7].ravel()).isdisjoint(written[2:8, 8:14].ravel())


def test_both_ends_of_an_object_that_is_checked_in_the_middle_keep_its_id() -> None:
    plane = PlaneTruth(plane_of(i5=(4, 7, 1, 15)))
    plane.accept(np.s_[0:12, 6:9], 0)
    written = plane.write(plane_of(i1=(3, 8, 1, 15)), WHOLE, objects=True)
    assert set(written[4:7, 1:15].ravel()) == {5}


def test_an_object_checked_at_both_ends_stays_whole_when_its_middle_would_go() -> None:
    first, other = plane_of(i5=(4, 7, 1, 15)), plane_of(i1=(9, 11, 4, 9))
    plane = PlaneTruth(first)
    plane.accept(np.s_[0:12, 0:3], 0)
    plane.accept(np.s_[0:12, 13:16], 0)
    assert np.array_equal(plane.write(other, WHOLE, objects=True), first + other)


def test_a_bow_whose_ends_lie_beyond_the_view_stays_whole() -> None:
    first = plane_of(i5=(2, 4, 4, 14)) | plane_of(i5=(2, 9, 4, 6)) | plane_of(i5=(7, 9, 4, 14))
    plane = PlaneTruth(first)
    plane.write(np.zeros((12, 8), np.uint16), LEFT, objects=True)
    assert np.array_equal(plane.labels, first)


def test_the_arms_of_an_object_cut_by_the_view_are_two_until_the_whole_is_predicted() -> None:
    bow = plane_of(i5=(2, 4, 4, 14)) | plane_of(i5=(2, 9, 12, 14)) | plane_of(i5=(7, 9, 4, 14))
    plane = PlaneTruth(plane_of())
    in_view = plane.write(bow[LEFT], LEFT, objects=True)
    assert in_view[3, 5] != in_view[8, 5] != 0 != in_view[3, 5]
    written = plane.write(bow, WHOLE, objects=True)
    assert len(set(written.ravel())) == 2
    assert np.array_equal(written > 0, bow > 0)


def test_an_old_id_across_the_views_border_is_not_given_to_what_does_not_touch_it() -> None:
    plane = PlaneTruth(plane_of(i5=(2, 8, 2, 12)))
    written = plane.write(plane_of(i1=(2, 8, 2, 6))[LEFT], LEFT, objects=True)
    assert set(written[2:8, 2:6].ravel()).isdisjoint({0, 5})
    assert set(plane.labels[2:8, 8:12].ravel()) == {5}


def test_specks_cut_off_are_left_out() -> None:
    plane = PlaneTruth(plane_of())
    plane.accept(np.s_[0:12, 12:13], 0)
    written = plane.write(plane_of(i3=(2, 8, 2, 14)), WHOLE, objects=True)
    assert set(written[2:8, 2:12].ravel()) == {3}
    assert not written[:, 12:].any()


def test_pieces_of_one_id_in_labels_of_another_tool_stay_under_it() -> None:
    labels = plane_of(i5=(2, 4, 2, 4)) | plane_of(i5=(8, 10, 8, 12))
    plane = PlaneTruth(plane_of())
    plane.accept(np.s_[0:2, 0:16], 0)
    assert np.array_equal(plane.write(labels, WHOLE, objects=True), labels)


ROUNDS = 4
GRID = (14, 18)


def blobs(noise: list[int]) -> Labels:
    """Objects as a network separates them: every id in one piece, some of them touching."""
    rough = np.kron(np.array(noise, np.uint8).reshape(7, 9), np.ones((2, 2), np.uint8))
    found = np.zeros(GRID, np.uint16)
    for value in (1, 2):
        pieces, _ = ndimage.label(rough == value, np.ones((3, 3)))
        found[pieces > 0] = pieces[pieces > 0] + found.max()
    return found


predictions = st.lists(st.sampled_from([0, 0, 1, 1, 2]), min_size=63, max_size=63).map(blobs)
boxes = st.tuples(
    st.integers(0, 13), st.integers(0, 17), st.integers(1, 14), st.integers(1, 18)
).map(lambda box: np.s_[box[0] : min(14, box[0] + box[2]), box[1] : min(18, box[1] + box[3])])
deeds = st.tuples(st.sampled_from(["accept", "can't tell", "exclude", "paint"]), boxes)


@settings(max_examples=50, deadline=None)
@given(predictions, st.lists(st.tuples(st.lists(deeds, max_size=3), predictions, boxes)))
def test_no_id_gets_into_pieces_and_what_the_user_corrected_stays(
    first: Labels, rounds: list[tuple[list[tuple[str, tuple[slice, slice]]], Labels, object]]
) -> None:
    plane, corrected = PlaneTruth(first), set[int]()
    for done, new, window in rounds[:ROUNDS]:
        for number, (deed, box) in enumerate(done):
            if deed == "paint":
                live = plane.labels.copy()
                live[box] = [0, int(live.max()), int(live.max()) + 1][number]
                corrected |= {*live[box].ravel().tolist(), *plane.labels[box].ravel().tolist()}
                shown = plane.checked.copy()
                plane.observe(live, shown, np.s_[:, :], epoch=0, declared=None)
            elif deed == "exclude":
                shown = plane.checked.copy()
                shown[box] = EXCLUDED
                plane.observe(plane.labels.copy(), shown, np.s_[:, :], epoch=0, declared=None)
            else:
                act = {"accept": plane.accept, "can't tell": plane.cant_tell}
                act[deed](box, 0)
        before, checked = plane.labels.copy(), plane.checked.copy()
        plane.write(new[window], window, objects=True)
        after = plane.labels
        stays = checked != 0
        assert np.array_equal(after[stays], before[stays])
        for each in set(after[after > 0].tolist()):
            assert is_whole(after, each) or not is_whole(before, each)
            if (before == each).any() and not ((before == each) & (after == each)).any():
                source = np.zeros(GRID, np.uint16)
                source[window] = new[window]
                grown = np.isin(source, source[after == each]) & (source > 0)
                assert (grown & (before == each)).any()  # its continuation, no other object
