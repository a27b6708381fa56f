"""The queue of places, walked with the keys."""

from __future__ import annotations

import pytest

from napari_segloop.core.regions import Region
from napari_segloop.session import walking
from napari_segloop.session.state import Place, QueueState


def region(score: float) -> Region:
    return Region(0, 0, 8, 8, score, score, "unsure")


@pytest.fixture
def queue() -> QueueState:
    return walking.new_queue({(1, ()): [region(3), region(1)], (2, ()): [region(2)]})


def test_places_of_all_images_are_joined_worst_first(queue: QueueState) -> None:
    assert [place.region.score for place in queue.places] == [3, 2, 1]
    assert [place.image for place in queue.places] == [1, 2, 1]
    assert queue.here is None


def test_no_more_than_the_worst_are_offered() -> None:
    many = {(1, ()): [region(score) for score in range(100)]}
    queue = walking.new_queue(many)
    assert [place.region.score for place in queue.places] == list(range(99, 75, -1))


def test_walking_ends_when_all_are_done(queue: QueueState) -> None:
    queue = walking.start(queue)
    visited = []
    while queue.here is not None:
        visited.append(queue.at)
        queue = walking.finish(queue)
    assert visited == [0, 1, 2]
    assert queue.left == 0


def test_what_is_left_for_later_comes_again(queue: QueueState) -> None:
    queue = walking.later(walking.start(queue))
    assert queue.at == 1
    queue = walking.finish(walking.finish(queue))
    assert (queue.at, queue.left) == (0, 1)


def test_the_last_one_left_is_its_own_next(queue: QueueState) -> None:
    queue = walking.finish(walking.finish(walking.start(queue)))
    assert walking.later(queue).at == queue.at == 2


@pytest.mark.parametrize(
    ("at", "expected"), [(None, 2), (0, 0), (2, 1)], ids=["after the end", "at the first", "inside"]
)
def test_back(queue: QueueState, at: int | None, expected: int) -> None:
    assert walking.back(QueueState(queue.places, at)).at == expected


def test_back_without_places() -> None:
    assert walking.back(QueueState()).at is None


def test_a_place_can_be_opened_again(queue: QueueState) -> None:
    queue = walking.reopen(walking.finish(walking.start(queue)), 0)
    assert (queue.at, queue.done) == (0, ())


def test_places_of_a_removed_image_go(queue: QueueState) -> None:
    queue = walking.without(QueueState(queue.places, 2, (1, 2)), 1)
    assert [place.image for place in queue.places] == [2]
    assert (queue.at, queue.done) == (None, (0,))


def test_other_images_stay(queue: QueueState) -> None:
    assert walking.without(queue, 7) is queue


def test_resting_keeps_the_places(queue: QueueState) -> None:
    assert walking.rest(walking.start(queue)) == queue


def test_new_places_do_not_move_who_is_at_one(queue: QueueState) -> None:
    here = Place(2, region(2))
    stayed = walking.stay(queue, here)
    assert stayed.here == here
    assert stayed.places == (here, Place(1, region(3)), Place(1, region(1)))
    assert walking.finish(stayed).here == Place(1, region(3))


def test_a_place_that_is_not_offered_any_more_can_still_be_judged(queue: QueueState) -> None:
    here = Place(3, region(9))
    assert walking.stay(queue, here).here == here
    assert walking.finish(walking.stay(queue, here)).left == 3


def test_other_places_keep_answers_and_where_the_user_is(queue: QueueState) -> None:
    queue = walking.finish(walking.start(queue))
    later = walking.new_queue({(1, ()): [region(7), region(1)]})
    went_on = walking.go_on(queue, later)
    assert [place.region.score for place in went_on.places] == [3, 2, 7, 1]
    assert (went_on.at, went_on.done) == (1, (0,))
    looking_back = walking.go_on(walking.back(queue), later)
    assert [place.region.score for place in looking_back.places] == [3, 7, 1]
    assert (looking_back.at, looking_back.done) == (0, (0,))
    assert walking.go_on(walking.rest(queue), QueueState()).at is None


def test_one_goes_to_any_place(queue: QueueState) -> None:
    queue = walking.go_to(walking.finish(walking.start(queue)), 2)
    assert (queue.at, queue.done) == (2, (0,))
    assert walking.finish(queue).at == 1
