"""Places whose labels disagree with the rest come first, until the user stands by them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.events import Suspicion
from napari_segloop.session.suspecting import places_of
from tests.session.conftest import discs

if TYPE_CHECKING:
    from napari_segloop.session.state import Place
    from tests.session.conftest import Loop

REASON = "your correction disagrees with 9 similar ones"


def suspicion(y: int, kind: str = "different") -> Suspicion:
    return Suspicion(0, "disc0.tif", (), y, 0, 40, 40, kind, REASON, 32 * "0")


def offer(loop: Loop, *rows: int) -> tuple[Place, ...]:
    """What a training does that named places."""
    places = places_of([((1, ()), suspicion(y)) for y in rows])
    loop.session.offer_suspicious(places, "a model")
    return loop.session.queue.places


def test_they_are_first_in_the_order_given_and_walked_with_one_key(loop: Loop) -> None:
    loop.add(1)
    session = loop.session
    loop.check_truth(1)
    first, second = offer(loop, 80, 0)[:2]
    assert [place.region.y for place in (first, second)] == [80, 0]
    assert first.region.reason == REASON
    session.start_checking()
    assert session.queue.here == first
    session.accept()
    assert session.queue.here == second


def test_what_the_user_stands_by_is_named_again_only_when_it_changes(loop: Loop) -> None:
    loop.add(1)
    session = loop.session
    loop.check_truth(1)
    (place,) = offer(loop, 80)
    session.start_checking()
    session.accept()
    assert session.offer_suspicious([place], "the next model") == 0
    labels = (discs(0) > 0).astype(np.uint8)
    labels[90:100, 10:20] ^= 1
    loop.paint(1, labels)
    assert session.offer_suspicious([place], "the next model") == 1


def test_those_of_the_training_before_are_not_offered_twice(loop: Loop) -> None:
    loop.add(1)
    loop.check_truth(1)
    offer(loop, 80, 0)
    offer(loop, 0)
    assert [place.region.y for place in loop.session.offers.disputed()] == [0]
    assert len(loop.session.queue.places) == 2  # the other one stays where the user sees it
    loop.session.start_checking()
    loop.session.accept()
    loop.session.accept()
    assert loop.session.offers.disputed() == ()


def test_a_place_taken_back_may_be_named_again(loop: Loop) -> None:
    loop.add(1)
    session = loop.session
    loop.paint(1, (discs(0) > 0).astype(np.uint8), np.s_[80:100, 0:40])
    (place,) = offer(loop, 80)
    session.start_checking()
    session.accept()
    session.take_back_last()
    assert session.offer_suspicious([place], "the next model") == 1
