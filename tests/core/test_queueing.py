"""The order of places over planes and images."""

from __future__ import annotations

import numpy as np
import pytest

from napari_segloop.core import queueing
from napari_segloop.core.queueing import in_order, with_priority
from napari_segloop.core.ranking import RankSettings, rank_regions
from napari_segloop.core.reasons import MODEL, NOVEL, disagreeing
from napari_segloop.core.regions import Region
from napari_segloop.core.seldom import count, seldom_seen


def place(
    score: float, y: int = 0, index: tuple[int, ...] = (), reason: str = "inside 1", x: int = 0
) -> Region:
    return Region(y, x, 64, 64, score, score, reason, index)


def test_worst_first_without_anything_special() -> None:
    found = [("b", place(2)), ("a", place(3, 100)), ("a", place(1, 200))]
    assert in_order(found) == [found[1], found[0], found[2]]
    assert in_order(found, 1) == [found[1]]


def test_the_same_place_in_the_next_planes_is_asked_once() -> None:
    stack = [("a", place(10 - z, index=(z,))) for z in range(4)]
    other = ("a", place(2, 300, (1,)))
    elsewhere = ("b", place(7.5, index=(1,)))
    ordered = in_order([*stack, other, elsewhere])
    # planes 1 and 2 show what plane 0 does; plane 3 is far enough to show something else
    assert ordered[:4] == [stack[0], elsewhere, stack[3], other]
    assert set(ordered[4:]) == {stack[1], stack[2]}


def test_planes_apart_along_two_axes_are_not_near() -> None:
    found = [("a", place(9, index=(0, 0))), ("a", place(8, index=(1, 1)))]
    assert [score for *_, score in with_priority(found)] == [9, 8]


def test_windows_that_hardly_overlap_are_two_places() -> None:
    found = [("a", place(9, 0, (0,))), ("a", place(8, 40, (1,)))]
    assert [score for *_, score in with_priority(found)] == [9, 8]


def test_sizes_that_differ_between_planes_and_cells_are_compared_as_well() -> None:
    large, small = Region(0, 30, 96, 96, 9, 9, "", (0,)), Region(10, 50, 64, 70, 8, 8, "", (2,))
    beside = Region(64, 0, 64, 64, 7, 7, "", (1,))
    ordered = with_priority([("a", small), ("a", large), ("a", beside)])
    assert [score for *_, score in ordered] == [9, 7, 1]


def test_a_place_is_compared_only_with_those_near_it(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = list[Region]()
    is_same = queueing._is_same
    monkeypatch.setattr(queueing, "_is_same", lambda *two: compared.append(two[0]) or is_same(*two))
    stack = [place(9.0, y * 64, (z,), x=x * 64) for y in range(8) for x in range(8) for z in (0, 5)]
    assert len(in_order([("a", each) for each in stack])) == len(stack)
    assert not compared, "neither in its own plane nor in one far away"
    in_order([("a", each) for each in stack] + [("a", place(9.0, 128, (1,), x=128))])
    assert 1 <= len(compared) <= 9, "not with all places of the plane beside"


def test_an_unlike_image_is_looked_at_before_it_is_believed() -> None:
    sure = [("odd", place(0.5 - y / 1000, y, reason=NOVEL)) for y in (0, 100, 200)]
    known = [("a", place(9, y)) for y in (0, 100)]
    ordered = in_order([*known, *sure])
    assert ordered[0] == sure[0], "its worst place comes first, however sure the network is"
    assert ordered[1:3] == known, "and only that one"


def test_every_fourth_place_is_of_a_class_rarely_seen() -> None:
    common = [("a", place(90.0 - y, y * 100)) for y in range(9)]
    rare = [
        ("a", place(1.0 - y / 10, y * 100, x=500, reason="3: class rarely seen")) for y in (0, 1)
    ]
    ordered = in_order([*common, *rare])
    assert [ordered.index(each) for each in rare] == [3, 7]


def test_a_given_mask_of_a_class_rarely_seen_has_its_turn_too() -> None:
    common = [("a", place(90.0 - y, y * 100)) for y in range(9)]
    rare = "a", place(1.0, x=500, reason=disagreeing("3: class rarely seen", MODEL))
    assert in_order([*common, rare]).index(rare) == 3


def test_the_priority_never_rises() -> None:
    rng = np.random.default_rng(1)
    reasons = ["inside 1", NOVEL, "3: class rarely seen"]
    found = [
        (int(rng.integers(4)), place(rng.random(), int(rng.integers(900)), (z,), str(reason)))
        for z in range(40)
        for reason in rng.choice(reasons, 3, p=[0.8, 0.05, 0.15])
    ]
    ordered = with_priority(found)
    scores = [score for *_, score in ordered]
    assert scores == sorted(scores, reverse=True)
    assert sorted(map(str, found)) == sorted(str(each[:2]) for each in ordered)


def test_a_crowded_out_class_gets_windows_of_its_own() -> None:
    labels = np.ones((256, 256), np.uint8)
    labels[200:240, 200:240] = 5
    uncertainty = np.full((256, 256), 120, np.uint8)
    uncertainty[200:240, 200:240] = 40
    usual = rank_regions(uncertainty, labels, None, RankSettings(64, 2))
    assert not any("rarely" in region.reason for region in usual)
    found = rank_regions(uncertainty, labels, None, RankSettings(64, 2, seldom=(5,)))
    rare = [region for region in found if region.reason == "5: class rarely seen"]
    assert len(rare) == 1
    assert len(found) == 3
    y, x = rare[0].slices
    assert (labels[y, x] == 5).sum() > 1200


def test_what_is_rarely_seen() -> None:
    truths = [np.array([[-1, 0, 0, 1, 1, 1]]), np.array([[2, 1, -1]])]
    taught = count(truths, 3)
    assert taught == (2, 4, 1)
    assert seldom_seen((0, 1, 2), taught) == ()
    assert seldom_seen((0, 1, 7), (10, 4000, 10)) == (7,)
    assert seldom_seen((0, 1, 7), None) == ()
    assert seldom_seen((0, 4), (1000, 1)) == (), "the only class is no exception beside others"
    assert count([np.array([[0, 1, 2]])], 2) == (1, 2), "borders of objects are of objects"


@pytest.mark.parametrize("reasons", [("inside 1",), ("inside 1", NOVEL, "3: class rarely seen")])
def test_the_first_ones_are_the_same_however_many_are_asked_for(reasons: tuple[str, ...]) -> None:
    rng = np.random.default_rng(3)
    found = [
        (image, place(float(rng.gamma(0.5)), 64 * y, (z,), str(rng.choice(reasons))))
        for image in "abc"
        for z in range(90)
        for y in range(4)
    ]
    whole = in_order(found)
    for top in (1, 6, 24):
        assert in_order(found, top) == whole[:top]
