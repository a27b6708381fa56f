"""Where places, spot checks, versions and projects meet: nothing is lost, shown twice or stale."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from napari_segloop.core.reasons import disagreeing
from napari_segloop.core.regions import Region
from napari_segloop.engine.requests import ModelBlob, RankAnswer
from napari_segloop.session import walking
from napari_segloop.session.facts import Facts
from napari_segloop.session.firstmasking import Ranking
from napari_segloop.session.limits import is_above
from napari_segloop.session.state import Place, QueueState, Version

if TYPE_CHECKING:
    from napari_segloop.session.loop import LoopSession
    from tests.session.conftest import Loop

KEY = (1, ())
LIKELY = Region(0, 0, 32, 32, 6.0, 4.0, "inside 1", (), 0.6)
HARDLY = Region(64, 0, 32, 32, 1.0, 4.0, "inside 1", (), 0.05)


def taught(loop: Loop, *regions: Region, images: int = 1) -> LoopSession:
    """A loop in whose first plane a version found places, without having been taught."""
    session = loop.session
    loop.add(images)
    loop.rest()
    add_version(session)
    session.desk.predicted[KEY] = 1
    session.desk.truths.places[KEY] = list(regions)
    session.set_limit(0.2)
    return session


def add_version(session: LoopSession) -> None:
    version = Version(0, "a", None, 0.9, None, True, "", steps=9)
    session.desk.versions.add(ModelBlob("a", b"one"), Facts("classes", 1, (0, 1)), version)


def spot_of(session: LoopSession) -> Place:
    (spot,) = (place for place in session.queue.places if place.is_spot_check)
    return spot


@pytest.mark.parametrize("after", ["offered", "answered of an older version"])
def test_a_spot_check_never_teaches_once_it_was_offered(loop: Loop, after: str) -> None:
    session = taught(loop)
    spot = spot_of(session)
    if after != "offered":
        add_version(session)  # it has not predicted the plane yet
    session.go_to(spot)
    if after != "offered":
        session.accept()
    (drawn,) = session.desk.spots.never_teach(KEY)
    assert (drawn.rows[0], drawn.columns[0]) == (spot.region.y, spot.region.x)


def test_a_spot_check_that_is_taken_back_stays_one(loop: Loop) -> None:
    session = taught(loop, HARDLY)
    spot = spot_of(session)
    session.go_to(spot)
    session.accept()
    session.take_back_last()
    session.stop_checking()
    assert session.desk.truths.places[KEY] == [HARDLY]
    session.set_limit(0.3)
    again = spot_of(session)
    assert (again, again.probability) == (spot, spot.probability)
    assert session.state.is_clear


def test_who_stays_is_not_asked_the_same_place_twice() -> None:
    here, other = Place(1, LIKELY), Place(1, HARDLY)
    again = Place(1, replace(LIKELY, score=3.0, worst=0.4))  # of the version that came meanwhile
    assert walking.stay(QueueState((again, other)), here).places == (here, other)
    assert walking.go_on(QueueState((here,), 0), QueueState((again, other))).places == (here, other)


def test_percentages_of_given_masks_hide_nothing(loop: Loop) -> None:
    loop.add(1)
    loop.rest()
    ranking = Ranking(loop.session.desk, [])
    ranking.jobs, ranking._keys[7] = {7}, KEY
    ranking.on_done(7, RankAnswer(((1, HARDLY),)))
    (found,) = loop.session.desk.truths.places[KEY]
    assert found.reason == disagreeing(HARDLY.reason)
    assert is_above(found, 0.5)
