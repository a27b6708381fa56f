"""What is left until the goal, in the user's own minutes; and what is kept of each version."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from napari_segloop.core.estimate import Estimate, Finding, histogram
from napari_segloop.core.regions import Region
from napari_segloop.engine.requests import ModelBlob
from napari_segloop.session.ahead import (
    FLAT,
    goal_in_words,
    image_in_words,
    images_in_words,
    pace_of,
)
from napari_segloop.session.facts import Facts
from napari_segloop.session.offers import written
from napari_segloop.session.progress import Progress, Round
from napari_segloop.session.spotkeeping import notes_of, take_up
from napari_segloop.session.spotnotes import Found, Stated
from napari_segloop.session.spots import Spots
from napari_segloop.session.state import Version
from napari_segloop.store.records import ImageRecord, VersionRecord
from tests.store.test_records import FULL, VERSION

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.conftest import Loop

SPOT = Region(0, 0, 20, 30, 0.0, 0.0, "random spot check", (2,))
KEY, SHAPE = (1, (2,)), (40, 50)
PLACE = KEY, SPOT
GOOD = Estimate(0.95, 0.92, 0.97, 12)


def rounds(*scores: float, half: float = 0.04) -> tuple[Round, ...]:
    told = [Estimate(score, score - half, min(1, score + half), 12) for score in scores]
    return tuple(Round(n, each, 3, 8 * n, 60.0 * n) for n, each in enumerate(told, 1))


def said_of(scores: tuple[float, ...], pace: float | None = 15.0, goal: float = 0.9) -> str:
    known = rounds(*scores)
    progress = Progress(known, places=8 * len(known), pace=pace)
    return goal_in_words(progress, len(known), known[-1].estimate, goal)


def test_minutes_are_said_as_a_range() -> None:
    assert said_of((0.6, 0.8)) == "About 4 to 8 min of checking to the goal, at your pace."
    assert said_of((0.6, 0.8), pace=1.5) == "About 50 s of checking to the goal, at your pace."
    assert said_of((0.84, 0.92)) == "Up to about 1 min of checking to the goal, at your pace."
    assert said_of((0.6, 0.8), pace=300) == (
        "About 1 h 20 min to 2 h 40 min of checking to the goal, at your pace."
    )


@pytest.mark.parametrize(
    ("scores", "pace"), [((0.6,), 15.0), ((0.8, 0.8), 15.0), ((0.6, 0.8), None), ((0.96, 0.97), 9)]
)
def test_nothing_is_said_that_nobody_knows(scores: tuple[float, ...], pace: float | None) -> None:
    assert not said_of(scores, pace)


def test_what_has_no_upper_end_is_said_so_unless_the_goal_is_near() -> None:
    wide = rounds(0.6, 0.66, 0.7, half=0.3)
    far = goal_in_words(Progress(wide, places=24, pace=15.0), 3, wide[-1].estimate, 0.75)
    assert re.fullmatch(r"More than \d+ min of checking to the goal, at your pace\.", far)
    flat = rounds(0.7, 0.7, 0.7, half=0.3)
    assert not goal_in_words(Progress(flat, places=24, pace=15.0), 3, flat[-1].estimate, 0.7)


def test_a_goal_out_of_reach_is_called_so() -> None:
    assert said_of((0.7, 0.71, 0.7)) == FLAT


def test_an_older_version_that_is_used_again_goes_by_its_own_estimate() -> None:
    known = rounds(0.6, 0.8, 0.78)
    progress = Progress(known, places=24, pace=15.0)
    assert goal_in_words(progress, 2, known[1].estimate, 0.9).startswith("About")
    assert not goal_in_words(progress, 7, known[1].estimate, 0.9)


def test_the_pace_is_the_median_of_what_was_answered() -> None:
    def answers(*seconds: float) -> list[Any]:
        return [replace(written(SPOT, state="accepted"), seconds=each) for each in seconds]

    assert pace_of(answers(9, 9, 9, 9)) is None
    assert pace_of(answers(9, 8, 0, 500, 7, 6)) == 8
    assert pace_of([*answers(*[100] * 60), *answers(*[10] * 40)]) == 10


def test_images_below_the_goal_are_named_the_worst_first() -> None:
    told = [
        (n, Estimate(score, score - 0.1, score + 0.05, 9)) for n, score in enumerate((0.8, 0.6))
    ]
    names = {0: "a.tif", 1: "b.tif"}
    assert images_in_words(told, names, 0.9) == (
        "Below the goal: b.tif (about 60 %), a.tif (about 80 %). 0 of 2 images reach it."
    )
    assert images_in_words(told, names, 0.5) == "2 of 2 images reach the goal."
    few = [(n, replace(each, checks=7)) for n, each in told]
    vague = (2, Estimate(0.1, 0.0, 1.0, 9))
    assert (
        images_in_words([*told[:1], vague], {**names, 2: "c.tif"}, 0.9).startswith("Below: a")
        is False
    )
    assert "c.tif" not in images_in_words([*told, vague], {**names, 2: "c.tif"}, 0.9)
    assert not images_in_words(few, names, 0.9)
    assert not image_in_words(None)
    assert not image_in_words(vague[1])


@pytest.fixture
def spots() -> Spots:
    found = Spots()
    found.keep(KEY, SPOT, 0.1)
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, SHAPE).astype(np.uint8)
    unsure = rng.integers(0, 256, SHAPE).astype(np.uint8)
    found.state(KEY, 3, histogram(labels, unsure, (0, 1)))
    found.see(KEY, (slice(0, 40), slice(0, 50)), labels, 3)
    at = SPOT.slices
    counts = np.diag(np.bincount(labels[at].ravel()))
    finding = Finding(histogram(labels[at], unsure[at], (0, 1)), counts)
    found.found[PLACE] = Found(3, (0, 1), finding)
    return found


def read(spots: dict[str, Any]) -> Spots:
    """Write into a record, read it, and go on with that."""
    record = ImageRecord.from_bytes(replace(FULL, spots=spots).to_bytes())
    again = Spots()
    again.keep(KEY, SPOT, 0.1)
    take_up(again, 1, record.spots, {(2,)}, SHAPE)
    return again


def test_what_was_said_and_found_is_kept(spots: Spots) -> None:
    again = read(notes_of(spots)[1])
    about = [KEY[0]], 3, {PLACE}
    assert again.agreements(*about) == spots.agreements(*about)
    assert again.agreements(*about).whole.checks == 1
    assert again.said[PLACE].version == 3
    np.testing.assert_array_equal(again.said[PLACE].labels, spots.said[PLACE].labels)
    assert notes_of(again) == notes_of(spots)


def test_ids_of_objects_are_kept(spots: Spots) -> None:
    spots.see(KEY, (slice(0, 40), slice(0, 50)), np.full(SHAPE, 70_000), 4)
    again = read(notes_of(spots)[1])
    assert (again.said[PLACE].labels == 70_000).all()


def _set(name: str, place: int, value: object) -> Callable[[dict[str, Any]], object]:
    return lambda notes: notes[name][0].__setitem__(place, value)


def _counts(value: int) -> object:
    return Stated(1, (0, 1), np.full((2, 256), value)).note[2]


_LOPSIDED = Finding(np.zeros((2, 256), np.int64), np.ones((2, 2), np.int64))
DAMAGE: dict[str, Callable[[dict[str, Any]], object]] = {
    "no list": lambda notes: notes.update(stated="all", said=7, found={"a": 1}),
    "no notes": lambda notes: notes.update(stated=[1, None, []], said=[[]], found=[[[2]]]),
    "no text": _set("stated", 3, 12),
    "no base64": _set("stated", 3, "%%%"),
    "not packed": _set("stated", 3, "AAAA"),
    "another size": lambda notes: _set("stated", 3, notes["found"][0][5])(notes),
    "another plane": _set("stated", 0, [9]),
    "a word as a plane": _set("stated", 0, ["2"]),
    "no version": _set("stated", 1, -1),
    "falling values": _set("stated", 2, [0, 3, 1]),
    "many values": _set("stated", 2, list(range(100_000))),
    "negative": _set("stated", 3, _counts(-1)),
    "too many": _set("stated", 3, _counts(1 << 54)),
    "no dtype": _set("said", 3, "object"),
    "another place": _set("said", 1, [1, 0, 20, 30]),
    "a place of words": _set("found", 1, ["a"]),
    "found, not stated": _set("found", 5, Found(3, (0, 1), _LOPSIDED).note[3]),
}


@pytest.mark.parametrize("way", sorted(DAMAGE))
def test_what_makes_no_sense_is_passed_over(spots: Spots, way: str) -> None:
    notes = notes_of(spots)[1]
    DAMAGE[way](notes)
    again = read(notes)
    told = again.agreements([KEY[0]], 3, {PLACE})
    assert told is None or told.whole.checks == 0 or PLACE not in again.said


def test_records_of_before_and_damaged_ones_are_read() -> None:
    image, version = FULL.to_dict(), VERSION.to_dict()
    deep: Any = {}
    for _ in range(20):
        deep = {"a": deep}
    for spots in (None, "x", deep):
        assert ImageRecord.from_dict(image | {"spots": spots}).spots == {}
    for agreed in (None, {"score": -1.0}, {"score": "a"}):
        assert VersionRecord.from_dict(version | {"agreed": agreed}).agreed == {}
    del image["spots"], version["agreed"]
    assert ImageRecord.from_dict(image) == FULL
    assert VersionRecord.from_dict(version) == VERSION


def test_a_round_is_kept_with_its_version_unless_it_makes_no_sense() -> None:
    told = Round(3, GOOD, 4, 20, 99.5)
    kept = VersionRecord.from_bytes(replace(VERSION, agreed=told.to_dict()).to_bytes()).agreed
    assert Round.from_dict(3, kept) == told
    for change in ({"low": 0.96}, {"high": 1.5}):
        assert Round.from_dict(3, kept | change) is None
    assert Round.from_dict(3, {"score": 0.9}) is None


def test_a_class_that_came_or_went_changes_what_is_counted(spots: Spots) -> None:
    about = [KEY[0]], 3, {PLACE}
    before = spots.agreements(*about)
    assert spots.agreements(*about, (0, 1, 5)) == before  # none of it is there
    spots.renumber({1: 5})
    assert spots.agreements(*about, (0, 5)).planes == 1
    assert set(np.unique(spots.said[PLACE].labels)) == {0, 5}
    assert spots.agreements(*about, (0, 1)) is None
    spots.forget(1)
    assert notes_of(spots) == {}


def test_each_version_keeps_what_was_known_when_the_next_took_over(loop: Loop) -> None:
    loop.add(2)
    session, desk = loop.session, loop.session.desk

    def use(number: int) -> None:
        if number > len(desk.versions.states):
            made = Version(0, "id", None, None, None, accepted=True, created="")
            desk.versions.add(ModelBlob("id", b"one"), Facts("classes", 1, (0, 1)), made)
        desk.versions.current = number

    def predict(image: int, number: int, unsure: int) -> None:
        labels = np.ones((10, 10), int)
        counts = histogram(labels, np.full((10, 10), unsure, np.uint8), (0, 1))
        desk.spots.state((image, ()), number, counts)
        session.note("images")
        session.publish()

    use(1)
    predict(1, 1, 50)
    (one,) = session.state.progress.rounds
    predict(2, 1, 90)
    (both,) = session.state.progress.rounds
    assert (one.planes, both.planes) == (1, 2)
    assert [image for image, _ in session.state.progress.images] == [1, 2]
    use(2)
    predict(1, 2, 10)
    first, second = session.state.progress.rounds
    assert first == both
    assert second.estimate.score > first.estimate.score
    use(1)  # the older one again: one plane says less than two did
    predict(1, 1, 50)
    assert session.state.progress.rounds == (first, second)
    session.remove(2)
    assert session.state.progress.rounds[0].planes == 1  # that is all there is now
    assert [image for image, _ in session.state.progress.images] == [1]
