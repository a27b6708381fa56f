"""Ids under new predictions: what the user corrected stays one object, and ids never collide."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


def test_a_first_prediction_keeps_its_numbers() -> None:
    new = plane_of(i4=(1, 4, 1, 4), i9=(6, 9, 6, 9))
    plane = PlaneTruth(np.zeros(SHAPE, np.uint16))
    assert np.array_equal(plane.write(new, WHOLE, objects=True), new)
    assert plane.is_untouched


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


def test_numbers_too_large_for_the_dtype_are_replaced_by_free_ones() -> None:
    plane = PlaneTruth(plane_of(i1=(0, 2, 0, 2)).astype(np.uint8))
    new = plane_of(i1=(4, 6, 4, 6)).astype(np.uint32) * 70_000
    plane.accept(WHOLE, 0)
    assert plane.needs(new) == np.uint32
    plane.restore(PlaneTruth(plane.labels).snapshot(WHOLE))
    assert set(plane.write(new, WHOLE, objects=True).ravel()) == {0, 1}


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
    fresh = after * ~kept
    for value in set(fresh[fresh > 0].tolist()):
        sources = set(new[fresh == value].tolist())
        assert len(sources) == 1
        if (before[kept] == value).any():
            source = new == sources.pop()
            assert (source & (before == value))[window].any()
    for source in set(new[window].ravel().tolist()) - {0}:
        assert len(set(fresh[window][new[window] == source].tolist()) - {0}) <= 1
