"""Where places, spot checks, versions and projects meet: nothing is lost, shown twice or stale."""

from __future__ import annotations

from dataclasses import replace
from shutil import copytree
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_segloop.core.estimate import Estimate
from napari_segloop.core.reasons import NOVEL, disagreeing
from napari_segloop.core.regions import Region
from napari_segloop.engine.requests import ModelBlob, RankAnswer
from napari_segloop.session import walking
from napari_segloop.session.facts import Facts
from napari_segloop.session.limits import is_above
from napari_segloop.session.offers import written
from napari_segloop.session.progress import Round
from napari_segloop.session.ranking import Ranking
from napari_segloop.session.state import Place, QueueState, Version
from napari_segloop.session.taking_up import _put_places
from napari_segloop.store.records import ImageRecord
from tests.session.conftest import SIZE
from tests.session.projects import begin_in, folder_of, save

if TYPE_CHECKING:
    from pathlib import Path

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


def test_pictures_of_another_project_are_not_shown(loop: Loop) -> None:
    session = taught(loop)
    spot = spot_of(session)  # of the same place in any first image
    pictures = session.thumbnails
    pictures.want([spot])
    loop.until(lambda: pictures.picture(spot) is not None)
    session.clear("classes")
    assert pictures.picture(spot) is None
    loop.add(1)
    pictures.want([spot])
    session.clear("classes")  # while one is being made
    session.desk.reader.ask(lambda: None, lambda _: loop.changes.append("read"), session.desk.tell)
    loop.until(lambda: "read" in loop.changes)
    loop.rest()
    assert pictures.picture(spot) is None


def test_a_picture_is_made_again_when_labels_change(loop: Loop) -> None:
    session = taught(loop, LIKELY, HARDLY)
    here, other = Place(1, LIKELY), Place(1, HARDLY)
    pictures = session.thumbnails
    pictures.want([here, other])
    loop.until(lambda: pictures.picture(here) is not None and pictures.picture(other) is not None)
    before = pictures.picture(here), pictures.picture(other)
    session.desk.put_labels(
        KEY, (slice(8, 16), slice(8, 16)), np.ones((8, 8), np.uint8), whole=False
    )
    session.publish()
    assert pictures.picture(here) is before[0]  # until the new one is there
    loop.until(lambda: pictures.picture(here) is not before[0])
    assert pictures.picture(other) is before[1]


def test_what_is_hidden_is_counted_anew_when_images_go(loop: Loop) -> None:
    session = taught(loop, LIKELY, HARDLY)
    session.desk.truths.places[KEY] = [HARDLY]
    session.set_limit(0.2)
    assert session.state.below == 1
    session.exclude(1, True)
    assert session.state.below == 0
    session.exclude(1, False)
    assert session.state.below == 1
    session.remove(1)
    assert session.state.below == 0


def test_nothing_is_kept_of_an_image_that_went(loop: Loop) -> None:
    session = taught(loop, LIKELY)
    desk = session.desk
    desk.note_unlike(KEY, "blurred")
    desk.given.add(KEY)
    desk.set_checked(KEY, 9)
    ranking = Ranking(desk, [])
    ranking.jobs, ranking._keys[7] = {7}, KEY
    session.remove(1)
    ranking.on_done(7, RankAnswer(((1, LIKELY),)))  # it was asked before
    assert KEY not in desk.given
    kept = desk.predicted, desk.unlike, desk.checked_by_plane(), desk.truths.places
    assert all(KEY not in each for each in kept)


def test_other_masks_begin_another_way_to_the_goal(loop: Loop) -> None:
    session = taught(loop)
    told = Estimate(0.8, 0.7, 0.9, 9)
    session.desk.versions.rounds[1] = Round(1, told, 1, 30, 300.0)
    session.answer_task("objects")
    assert session.state.progress.rounds == ()


def test_a_view_of_all_is_predicted_as_a_plane(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    session, asked = taught(loop), list[bool]()
    predict = lambda keys, *, view_only=False: asked.append(view_only)  # noqa: E731
    monkeypatch.setattr(session, "_predict", predict)
    for box in ((0, 0, SIZE, SIZE), (0, 0, SIZE, SIZE - 1)):
        session.set_view(1, (), box)
        session.predict("view")
    assert asked == [False, True]


def test_what_is_unlike_is_still_so_after_opening(
    loop: Loop, second: Loop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_segloop.store.recent.data_folder", lambda: tmp_path / "data")
    begin_in(loop, tmp_path / "projects")
    loop.add(1)
    session = loop.session
    loop.check_truth(1)
    session.desk.predicted[KEY] = 1
    session.desk.truths.places[KEY] = [replace(HARDLY, reason=NOVEL), HARDLY]
    session.desk.note_unlike(KEY, "blurred")
    session.note("images", "queue")
    save(loop)
    again = second.session
    again.open_project(copytree(folder_of(loop), tmp_path / "copy"))
    second.until(lambda: again.project is not None)
    assert again.desk.unlike == {KEY: "blurred"}
    assert again.state.images[0].unlike == "blurred"
    assert again.state.below == 1  # those that the limit hides are counted, too


def test_places_beside_the_view_stay_when_only_that_is_predicted(loop: Loop) -> None:
    desk = taught(loop, LIKELY, HARDLY).desk
    ranking = Ranking(desk, [], within=(0, 0, 40, 60))
    ranking.jobs, ranking._keys[7] = {7}, KEY
    again = replace(LIKELY, y=8, worst=0.3)
    ranking.on_done(7, RankAnswer(((1, again),)))
    assert desk.truths.places[KEY] == [again, HARDLY]


def test_a_place_of_a_former_round_does_not_come_back_with_the_project(loop: Loop) -> None:
    session = taught(loop)
    loop.until(lambda: 1 in session.desk.images.identities)
    at = "2026-11-22T12:00:00+01:00"
    former, now = replace(LIKELY, y=8, worst=0.9), (LIKELY, HARDLY)
    offered = (written(former, at), written(HARDLY, at), written(LIKELY))
    record = ImageRecord(1, session.desk.images.identities[1], offered=offered)
    session.desk.truths.places.clear()
    _put_places(session, record)
    assert set(session.desk.truths.places[KEY]) == set(now)
    assert session.offers.of(1) == offered[:2]  # what became of it is known
