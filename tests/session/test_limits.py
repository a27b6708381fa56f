"""A limit decides which places are offered; what is below it is kept, and the end is said."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_segloop.core.errors import InputError
from napari_segloop.core.reasons import NOVEL
from napari_segloop.core.regions import Region
from napari_segloop.core.spotchecks import spot_check
from napari_segloop.engine.requests import ModelBlob
from napari_segloop.session import books, weigh
from napari_segloop.session.advice import PLACES_A_ROUND
from napari_segloop.session.facts import Facts
from napari_segloop.session.limits import above, is_above, is_clear
from napari_segloop.session.offers import region_of, written
from napari_segloop.session.state import Place, QueueState, Version
from napari_segloop.store.records import OfferedRegion
from tests.session.conftest import SIZE, WHOLE

if TYPE_CHECKING:
    from napari_segloop.session.loop import LoopSession
    from tests.session.conftest import Loop

KEY = (1, ())
SPOT = spot_check((0, 128, 32, 32))


def region(worst: float, reason: str = "inside 1") -> Region:
    return Region(0, round(100 * worst), 32, 32, 10 * worst, 4.0, reason, (), worst)


LIKELY, MIDDLE, HARDLY = region(0.6), region(0.3), region(0.05)
FIRST = Region(64, 0, 32, 32, 1.0, 0.0, "objects of the first masks")


@pytest.mark.parametrize(
    ("place", "limit", "expected"),
    [
        pytest.param(HARDLY, 0.2, False, id="below"),
        pytest.param(MIDDLE, 0.2, True, id="above"),
        pytest.param(MIDDLE, 0.3, False, id="at"),
        pytest.param(HARDLY, 0.0, True, id="all"),
        pytest.param(FIRST, 0.5, True, id="first mask"),
        pytest.param(SPOT, 0.5, True, id="spot check"),
        pytest.param(region(0.05, NOVEL), 0.2, True, id="unlike what was learnt"),
    ],
)
def test_what_is_offered(place: Region, limit: float, expected: bool) -> None:
    assert is_above(place, limit) is expected
    assert above({KEY: [place]}, limit) == {KEY: [place] if expected else []}


def test_when_nothing_above_the_limit_is_left() -> None:
    spots, one = QueueState((Place(1, SPOT, 0.1),)), QueueState((Place(1, MIDDLE),))
    assert is_clear(spots, [[HARDLY], []], 0.2)
    assert not is_clear(spots, [[HARDLY], [MIDDLE]], 0.2)  # further down the list
    assert not is_clear(one, [], 0.2)
    assert is_clear(replace(one, done=(0,)), [], 0.2)
    assert not is_clear(QueueState(), [], 0.0)


def test_how_likely_is_kept_and_may_be_missing() -> None:
    kept = OfferedRegion.from_dict(written(MIDDLE).to_dict())
    assert region_of(kept) == MIDDLE
    before = {name: value for name, value in written(MIDDLE).to_dict().items() if name != "worst"}
    assert region_of(OfferedRegion.from_dict(before)) == replace(MIDDLE, worst=0.0)
    notes = {"places": [[1, before], [1, written(HARDLY).to_dict()]], "done": [1]}
    queue = books.queue_in(notes)[0]
    assert [place.region.worst for place in queue.places] == [0.0, 0.05]


def found(loop: Loop, *regions: Region) -> LoopSession:
    """A loop in whose first plane a taught version found places, without having been taught."""
    session = loop.session
    loop.add(1)
    loop.rest()
    version = Version(0, "a", None, 0.9, None, True, "", steps=9)
    session.desk.versions.add(ModelBlob("a", b"one"), Facts("classes", 1, (0, 1)), version)
    session.desk.predicted[KEY] = 1
    session.desk.truths.places[KEY] = list(regions)
    session.set_limit(0.2)
    return session


def ranked(session: LoopSession) -> list[Region]:
    return [place.region for place in session.queue.places if not place.is_spot_check]


def test_moving_the_limit_hides_places_and_brings_them_back(loop: Loop) -> None:
    session = found(loop, LIKELY, MIDDLE, HARDLY)
    assert ranked(session) == [LIKELY, MIDDLE]
    assert (session.state.limit, session.state.below) == (0.2, 1)
    session.start_checking()
    assert session.queue.here == Place(1, LIKELY)
    session.set_limit(0.5)
    assert ranked(session) == [LIKELY]
    session.set_limit(0.0)
    assert ranked(session) == [LIKELY, MIDDLE, HARDLY]
    assert session.queue.here == Place(1, LIKELY)
    session.cant_tell()
    session.set_limit(0.4)
    assert ranked(session) == [LIKELY, MIDDLE]  # who is at a place stays there
    session.stop_checking()
    session.set_limit(0.4)
    assert ranked(session) == [LIKELY]
    assert session.queue.done == (0,)
    assert session.state.answers[0] == "cant_tell"
    session.take_back_last()
    session.set_limit(0.2)
    assert (ranked(session), session.queue.left) == ([LIKELY, MIDDLE], len(session.queue.places))


def test_spot_checks_are_never_hidden(loop: Loop) -> None:
    session = found(loop, HARDLY)
    assert ranked(session) == []
    assert [place.is_spot_check for place in session.queue.places] == [True]
    session.set_limit(0.5)
    assert [place.is_spot_check for place in session.queue.places] == [True]


def test_nothing_above_the_limit_is_done(loop: Loop) -> None:
    session = found(loop, MIDDLE, HARDLY)
    assert not session.state.is_clear
    session.start_checking()
    session.accept()
    session.stop_checking()
    state = session.state
    assert state.is_clear
    assert state.primary.text == "Done. Check more places"
    assert "more than 20 % likely wrong" in state.primary.tooltip
    session.set_limit(0.04)
    assert not session.state.is_clear
    session.set_limit(0.2)
    session.desk.predicted.clear()  # as when another version is used
    session.note("versions")
    assert not session.state.is_clear


def test_without_a_taught_version_nothing_is_done(loop: Loop) -> None:
    session = found(loop, HARDLY)
    assert session.state.is_clear
    session.desk.versions.current = None
    session.note("versions")
    assert not session.state.is_clear


def test_places_are_gone_to_one_by_one(loop: Loop) -> None:
    session = found(loop, LIKELY, MIDDLE)
    session.go_to(Place(1, MIDDLE))
    assert session.queue.here == Place(1, MIDDLE)
    assert session.desk.images.opened == 1
    session.accept()
    session.go_to(Place(1, MIDDLE))  # also one that is done
    assert session.queue.here == Place(1, MIDDLE)
    with pytest.raises(InputError, match="gone"):
        session.go_to(Place(1, HARDLY))


def test_a_version_that_cannot_have_reached_the_goal_hides_nothing_and_is_never_done(
    loop: Loop,
) -> None:
    session = found(loop, MIDDLE, HARDLY)
    nothing = np.zeros((2, 256), np.int64)
    nothing[0, 1] = SIZE * SIZE  # all background, and sure of it
    weigh.take_over(session.desk, KEY, 1, nothing)
    assert session.state.agreement is not None
    assert (session.state.agreement.low, session.state.agreement.high) == (0, 1)
    session.set_limit(0.2)
    assert ranked(session) == [MIDDLE, HARDLY]
    session.set_limit(0.5)
    assert ranked(session) == [MIDDLE, HARDLY]
    session.desk.truths.places[KEY] = []
    session.set_limit(0.2)
    assert ranked(session) == []
    assert not session.state.is_clear, "nothing is left, but nothing was learnt either"


def test_where_a_version_that_learnt_nothing_doubts_nothing_places_are_drawn(loop: Loop) -> None:
    session = found(loop)
    nothing = np.zeros((2, 256), np.int64)
    nothing[0, 0] = SIZE * SIZE
    weigh.take_over(session.desk, KEY, 1, nothing)
    session.desk.put_labels(KEY, WHOLE, np.zeros((SIZE, SIZE), np.uint8), whole=True)
    unsure = np.zeros((SIZE, SIZE), np.uint8)
    unsure[8:40, 8:40] = 40
    session.desk.put_uncertainty(KEY, WHOLE, unsure)
    session.window = 32
    session.look_for_places()
    loop.rest()
    places = ranked(session)
    assert len(places) == PLACES_A_ROUND
    assert places[0].score > 0, "what it doubts comes first"
    drawn = [place for place in places if not place.score]
    assert drawn
    assert not any(one.overlaps(other) for one in places for other in places if one != other)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_limit_is_a_share(share: float, loop: Loop) -> None:
    with pytest.raises(InputError):
        loop.session.set_limit(share)
    assert loop.session.state.limit == 0.2


def test_the_places_that_the_engine_finds_say_how_likely(loop: Loop) -> None:
    session = loop.session
    loop.add(1)
    unsure = np.full((SIZE, SIZE), 25, np.uint8)
    unsure[8:48, 8:48] = 204
    session.desk.put_labels(KEY, WHOLE, np.zeros((SIZE, SIZE), np.uint8), whole=True)
    session.desk.put_uncertainty(KEY, WHOLE, unsure)
    session.desk.predicted[KEY] = 1
    session.window = 56
    session.look_for_places()
    loop.rest()
    assert len(ranked(session)) == 1
    assert ranked(session)[0].worst == pytest.approx(0.8)
    assert session.state.below > 0
    others = [each.worst for each in session.desk.truths.places[KEY] if each not in ranked(session)]
    assert others == pytest.approx([25 / 255] * session.state.below)
    session.go_to(session.queue.places[0])
    session.accept()
    session.look_for_places()
    loop.rest()
    assert "Nothing more than 20 % likely wrong is left." in loop.told
