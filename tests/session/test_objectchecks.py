"""What became of objects in random spot checks: said of the version in use, whichever that is."""

from __future__ import annotations

import json
from shutil import copytree
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from napari_segloop.core.estimate import histogram
from napari_segloop.core.objectcounts import ObjectCounts
from napari_segloop.core.regions import Region
from napari_segloop.engine.requests import ModelBlob
from napari_segloop.session import objectchecks, objectnotes, weigh
from napari_segloop.session.agreed import objects_in_words
from napari_segloop.session.objectchecks import ObjectChecks, with_margin
from napari_segloop.session.state import Place, QueueState, Version
from napari_segloop.session.versions import Facts
from tests.session.conftest import SIZE, WHOLE, discs
from tests.session.projects import begin_in, folder_of, save

if TYPE_CHECKING:
    from napari_segloop.core.images import Labels
    from tests.session.conftest import Loop

KEY, MODEL = (1, ()), "a" * 64
PLACE = Place(1, Region(0, 0, 128, 128, 0.0, 0.0, "random spot check"), 0.5)
TRUTH = discs(0)


def predict(loop: Loop, labels: Labels) -> None:
    """Do what the errand does with what a new version says of the first image."""
    desk = loop.session.desk
    made = Version(0, MODEL, None, None, None, True, "")
    version = desk.versions.add(ModelBlob(MODEL, b"-"), Facts("objects", 1, (0, 1)), made).number
    for rows in (slice(0, 50), slice(50, SIZE)):  # as tiles come
        part = rows, slice(0, SIZE)
        desk.spots.see(KEY, part, labels[part], version)
        objectchecks.see(desk, KEY, part, labels[part], version)
        desk.put_labels(KEY, part, labels[part], whole=True)
    desk.put_uncertainty(KEY, WHOLE, np.full((SIZE, SIZE), 20, np.uint8))
    desk.predicted[KEY] = version
    stated = histogram(labels, np.full((SIZE, SIZE), 20, np.uint8), (0, 1))
    weigh.take_over(desk, KEY, version, stated)
    desk.changed |= {"versions", "queue"}


def test_objects_are_told_apart_from_pixels_and_for_each_version(loop: Loop) -> None:
    loop.add(1, task="objects")
    session = loop.session
    ids = [number for number in np.unique(TRUTH[:128, :128]) if number]
    poor = np.where(np.isin(TRUTH, ids[:2]), 0, TRUTH)
    predict(loop, poor)
    session.queue = QueueState((PLACE,))
    assert session.state.objects is None
    session.start_checking()
    loop.rest()
    loop.paint(1, TRUTH, PLACE.region.slices)
    session.accept()
    told = session.state.objects
    assert told is not None
    assert told.missed is not None
    assert told.missed.share == pytest.approx(2 / told.objects)
    assert told.missed.low < told.missed.share < told.missed.high
    assert told.checks == 1
    assert session.state.agreement is not None
    assert session.state.agreement.checks == 1
    assert f"{told.objects} objects in 1 random spot check" in objects_in_words(told)
    predict(loop, TRUTH + (TRUTH > 0) * np.uint8(20))  # other ids, and all of them right
    better = session.state.objects
    assert better is not None
    assert better.missed is not None
    assert (better.missed.share, better.objects) == (0.0, told.objects)
    session.take_back_last()
    assert session.state.objects is None


def test_a_place_of_classes_counts_no_objects(loop: Loop) -> None:
    loop.add(1)
    predict(loop, (TRUTH > 0).astype(np.uint8))
    loop.session.queue = QueueState((PLACE,))
    loop.session.start_checking()
    loop.rest()
    loop.session.accept()
    assert loop.session.state.objects is None
    assert not loop.session.desk.object_checks.found


def test_it_is_there_again_when_the_project_is_opened(loop: Loop) -> None:
    begin_in(loop, loop.folder / "projects")
    loop.add(1, task="objects")
    session = loop.session
    predict(loop, np.where(TRUTH.max() == TRUTH, 0, TRUTH))
    session.queue = QueueState((PLACE,))
    session.start_checking()
    loop.rest()
    loop.paint(1, TRUTH, PLACE.region.slices)
    session.accept()
    told = session.state.objects
    assert told is not None
    save(loop)
    session.open_project(copytree(folder_of(loop), loop.folder / "copy"))
    loop.rest()
    assert session.desk.versions.current is None  # no model that could be used
    checks = session.desk.object_checks
    assert checks.rates(list(checks.found), 1) == told
    session.remove(1)
    assert not checks.found


def test_the_margin_ends_with_the_plane() -> None:
    region = Region(128, 256, 100, 128, 0.0, 0.0, "")
    assert with_margin(region, (228, 2000)) == (slice(0, 228), slice(128, 512))


def kept() -> tuple[ObjectChecks, dict[str, Any]]:
    """Some spot checks, and what a project keeps of them."""
    checks = ObjectChecks()
    for number in (0, 1):
        spot = (3, (0, number)), Region(0, 128 * number, 128, 128, 0.0, 0.0, "")
        checks.found[spot] = 2, ObjectCounts(9, 8, 1, 2, 1, number)
    return checks, json.loads(json.dumps(objectnotes.notes_of(checks, 3)))


def test_what_is_kept_comes_back() -> None:
    checks, notes = kept()
    again = ObjectChecks()
    objectnotes.take_up(again, 3, notes, checks.found)
    assert again.found == checks.found
    assert objectnotes.notes_of(checks, 4) == {}


@pytest.mark.parametrize(
    "place",
    [(0,), (1,), (1, 2), (2,), (3,), (3, 0), (3, 2)],
    ids=["index", "box", "side", "version", "counts", "true", "missed"],
)
@pytest.mark.parametrize("absurd", [None, -1, 1.5, "x", [], True, 10**9])
def test_what_makes_no_sense_is_passed_over(place: tuple[int, ...], absurd: object) -> None:
    checks, notes = kept()
    inner = notes["objects"][0]
    for at in place[:-1]:
        inner = inner[at]
    inner[place[-1]] = absurd
    again = ObjectChecks()
    objectnotes.take_up(again, 3, notes, checks.found)
    first, second = checks.found
    assert second in again.found
    assert first not in again.found or place == (2,)  # any version may be asked for
    objectnotes.take_up(again, 3, {"objects": absurd}, checks.found)
