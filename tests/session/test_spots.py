"""Every fourth place is a random spot check: it never teaches, and says how good the rest is."""

from __future__ import annotations

from shutil import copytree
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_segloop.core.errors import InputError
from napari_segloop.core.estimate import histogram
from napari_segloop.core.regions import Region
from napari_segloop.session import walking, weigh
from napari_segloop.session.spots import Spots
from napari_segloop.session.state import Place, QueueState
from tests.session.conftest import SIZE, discs
from tests.session.projects import begin_in, folder_of, save

if TYPE_CHECKING:
    from pathlib import Path

    from tests.session.conftest import Loop

KEY = (1, ())
SPOT = Region(0, 0, 40, 40, 0.0, 0.0, "random spot check")


def ranked(number: int) -> Place:
    return Place(1, Region(0, 10 * number, 8, 8, 1.0, 1.0, "inside 1"))


def test_every_fourth_place_is_one() -> None:
    queue = QueueState(tuple(ranked(n) for n in range(8)))
    spots = [Place(1, SPOT, 0.1), Place(2, SPOT, 0.2), Place(3, SPOT, 0.3)]
    mixed = walking.mix(queue, spots).places
    assert [n for n, place in enumerate(mixed) if place.probability] == [3, 7]
    assert [place for place in mixed if not place.probability] == list(queue.places)


def test_where_nothing_is_unclear_there_is_still_one() -> None:
    assert walking.mix(QueueState(), [Place(1, SPOT, 0.1)]).places == (Place(1, SPOT),)


def test_the_same_ones_come_first_whatever_was_answered() -> None:
    spots, planes = Spots(), [((n, ()), f"image{n}", (300, 300)) for n in range(1, 4)]
    first = spots.draw(planes, 6, [])
    assert len({(key, region) for key, region, _ in first}) == 6
    assert Spots().draw(planes[::-1], 6, []) == first
    answered = [(key, region) for key, region, _ in first[:2]]
    assert spots.draw(planes, 4, answered) == first[2:]
    assert [chance for *_, chance in first] == pytest.approx(np.arange(1, 7) / 27)


def test_what_is_seen_in_tiles_is_put_together() -> None:
    spots = Spots()
    spots.keep(KEY, Region(10, 10, 20, 20, 0.0, 0.0, ""), 0.1)
    whole = np.arange(64 * 64).reshape(64, 64)
    for rows in (slice(0, 16), slice(16, 64)):
        spots.see(KEY, (rows, slice(0, 64)), whole[rows], 3)
    (said,) = spots.said.values()
    np.testing.assert_array_equal(said.labels, whole[10:30, 10:30])
    assert said.version == 3


def test_a_version_that_stated_nothing_is_not_estimated() -> None:
    spots = Spots()
    blank = histogram(np.zeros((9, 9), int), np.zeros((9, 9), np.uint8), (0, 1))
    spots.state(KEY, 1, blank)
    assert spots.agreements([KEY[0]], 2, []) is None
    assert spots.agreements([], 1, []) is None
    told = spots.agreements([KEY[0]], 1, [])
    assert told is not None
    assert (told.whole.low, told.whole.high) == (0, 1), "it said nothing but background"
    spots.clear()
    assert spots.agreements([KEY[0]], 1, []) is None


def test_a_loop_checks_them_keeps_them_from_teaching_and_says_how_good_all_is(
    loop: Loop, second: Loop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_segloop.store.recent.data_folder", lambda: tmp_path / "data")
    monkeypatch.setattr("napari_segloop.session.job_actions.USEFUL", 0.0)  # however slow it is here
    begin_in(loop, tmp_path / "projects")
    first, last = loop.add(2)
    loop.check_truth(first)
    loop.train(2)
    session = loop.session
    assert session.desk.versions.current is not None
    session.predict("all")
    loop.rest()
    assert session.state.agreement is not None
    assert session.state.agreement.checks == 0
    drawn = {place for place in session.queue.places if place.probability}
    assert drawn
    assert all("random spot check" in place.region.reason for place in drawn)
    answered = set[Place]()
    session.start_checking()
    while answered != drawn:
        here = session.queue.here
        assert here is not None
        if here not in drawn:
            session.later()
            continue
        truth = (discs(here.image - 1) > 0).astype(np.uint8)
        loop.paint(here.image, truth, here.region.slices)
        session.accept()
        answered.add(here)
    told = session.state.agreement
    assert told.checks > 0
    assert told.low <= told.score <= told.high
    session.take_back_last()
    assert session.state.agreement.checks == told.checks - 1
    session.accept_again()
    assert session.state.agreement == told
    never = [*session.desk.spots.never_teach((first, ()))]
    never += session.desk.spots.never_teach((last, ()))
    assert len(never) == len(drawn)
    assert all(0 <= each.rows[0] < each.rows[1] <= SIZE for each in never)
    (told_first,) = session.state.progress.rounds
    assert (told_first.estimate, told_first.planes) == (told, 2)
    assert_said_again_after_opening(loop, second)
    loop.train(1)
    assert session.desk.versions.states[-1].test >= len(drawn)
    assert session.state.progress.rounds[0] == told_first
    assert_survives_changes(loop)


def assert_said_again_after_opening(loop: Loop, second: Loop) -> None:
    """The same estimates without predicting again, and spot checks that wait still are some."""
    save(loop)
    before, spots = loop.session.state, loop.session.desk.spots
    session = second.session
    session.open_project(copytree(folder_of(loop), loop.folder / "copy"))
    second.until(lambda: session.project is not None)
    after, again = session.state, session.desk.spots
    assert after.agreement == before.agreement
    assert after.progress == before.progress
    chances = [[place.probability for place in each.queue.places] for each in (before, after)]
    assert chances[0] == chances[1]
    assert again.said.keys() == spots.said.keys()
    for place, said in spots.said.items():
        np.testing.assert_array_equal(again.said[place].labels, said.labels)


def assert_survives_changes(loop: Loop) -> None:
    """A class that comes, or an image that goes, takes no estimate away and asks again."""
    session = loop.session
    told, places = session.state.agreement, set(session.desk.spots.found)
    session.add_class("other")
    assert session.state.agreement == told  # nobody has found any of it
    for key in session.desk.all_keys():
        weigh.compare(session.desk, key, session.desk.spots.places(key))
    assert session.desk.spots.reopened >= places  # their background may be the other class
    assert session.state.agreement is not None
    offered = {(p.image, p.region) for p in weigh.next_spots(session.desk, session.offers, 9)}
    assert offered >= {(key[0], region) for key, region in places}


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, float("nan")])
def test_a_goal_is_a_share(share: float, loop: Loop) -> None:
    with pytest.raises(InputError):
        loop.session.set_goal(share)
    loop.session.set_goal(0.75)
    assert loop.session.state.goal == 0.75
