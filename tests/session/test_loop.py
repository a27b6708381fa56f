"""The loop from the first image to a second version, with a real engine and no face."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.session.conftest import SIZE, WHOLE, discs

if TYPE_CHECKING:
    from tests.session.conftest import Loop


def test_the_button_leads_from_a_folder_to_places_to_check(loop: Loop) -> None:
    session = loop.session
    assert session.state.primary.action == "add_images"
    loop.add(task=None)
    assert session.state.primary.action == "choose_task"
    assert [s.status for s in session.state.images] == ["new", "new"]
    assert [s.is_open for s in session.state.images] == [True, False]
    session.answer_task("classes")
    assert session.state.primary.action == "first_masks"
    session.press_primary()
    loop.rest()
    found = session.plane(1, ()).labels > 0
    assert (found == (discs(0) > 0)).mean() > 0.98
    assert loop.state_of(1) == "predicted"
    assert session.state.queue.left
    assert session.state.primary.action == "next_place"
    session.press_primary()
    assert session.state.queue.at == 0
    session.press_primary()
    assert session.state.queue.done == (0,)


def test_walking_along_the_places(loop: Loop) -> None:
    session = loop.session
    loop.add()
    session.make_first_masks(scope="all")
    loop.rest()
    session.start_checking()
    assert (session.queue.at, len(session.queue.places) > 3) == (0, True)
    place, places = session.queue.here, len(session.queue.places)
    session.accept()
    assert session.queue.at == 1
    plane = session.plane(place.image, ())
    assert (plane.checked[place.region.slices] == 1).all()
    session.cant_tell()
    unsure = session.queue.places[1]
    assert 2 in session.plane(unsure.image, ()).checked[unsure.region.slices]
    session.later()
    assert (session.queue.at, session.queue.done) == (3, (0, 1))
    session.back()
    assert session.queue.at == 2
    assert session.take_back_last()
    assert (session.queue.at, session.queue.done) == (1, (0,))
    assert 2 not in session.plane(unsure.image, ()).checked[unsure.region.slices]
    assert session.take_back_last()
    assert not session.plane(place.image, ()).checked.any()
    assert not session.take_back_last()
    assert (session.accepted, session.checked) == (0, 0)
    for _ in range(places):
        session.accept()
    assert (session.queue.at, session.queue.left) == (None, 0)
    assert session.state.primary.action == "train"


def test_the_walk_opens_the_image_of_a_place(loop: Loop) -> None:
    opened = list[int]()
    loop.session.opening.connect(opened.append)
    loop.add()
    loop.session.make_first_masks(scope="all")
    loop.rest()
    loop.session.start_checking()
    while loop.session.queue.here is not None:
        assert loop.session.desk.images.opened == loop.session.queue.here.image
        loop.session.accept()
    assert set(opened) >= {1, 2}


@pytest.mark.parametrize(("label", "words"), [(1, "only area, no background"), (0, "only backg")])
def test_truth_of_one_kind_is_refused_with_words(loop: Loop, label: int, words: str) -> None:
    session = loop.session
    loop.add()
    session.train()
    loop.rest()
    assert "nothing yet" in session.state.told.text
    window = (slice(0, 20), slice(0, 20))
    loop.paint(1, np.full((SIZE, SIZE), label, np.uint8), window)
    loop.brush(1, window)
    session.train()
    loop.rest()
    assert words in session.state.told.text
    assert session.state.told.remedy
    assert not session.state.jobs
    assert session.state.version is None


def test_a_round_gives_a_version_that_predicts(loop: Loop) -> None:
    session = loop.session
    loop.add(3)
    loop.check_truth(1)
    loop.check_truth(2)
    assert session.state.primary.action == "train"
    session.press_primary()
    session.stop()
    loop.rest()
    session.train(seconds=6)
    loop.until(lambda: session.state.curve.losses)
    assert session.state.jobs[0].kind == "train"
    loop.paint(3, (discs(2) > 0).astype(np.uint8))  # painting goes on meanwhile
    loop.rest()
    state = session.state
    assert [v.number for v in state.versions] == [1]
    version = state.versions[0]
    assert (state.version, version.accepted, version.parent) == (1, True, None)
    assert version.teach
    assert version.test
    assert 0 < version.score <= 1
    assert version.steps == len(state.curve.losses) > 0
    assert state.curve.scores
    assert (state.curve.teach, state.curve.test) == (version.teach, version.test)
    assert any("of the test regions (never trained on)" in text for text in loop.told)
    assert session.desk.versions.path(1).exists()


def test_predicting_never_overwrites_what_is_checked(loop: Loop) -> None:
    session = loop.session
    loop.add(3)
    truth = (discs(0) > 0).astype(np.uint8)
    loop.check_truth(1)
    loop.train()
    wrong = (slice(40, 70), slice(50, 90))
    loop.paint(3, np.ones((SIZE, SIZE), np.uint8), wrong)
    loop.brush(3, (slice(100, 120), slice(0, 30)))
    brushed = session.plane(3, ()).labels[100:120, :30].copy()
    assert session.predict_cost("all").startswith("3 planes")
    session.predict("all")
    assert session.state.jobs[0].kind == "predict"
    loop.rest()
    assert all(image.by_version for image in session.state.images)
    assert [loop.state_of(image) for image in (1, 2, 3)] == ["checked", "predicted", "checked"]
    np.testing.assert_array_equal(session.plane(1, ()).labels, truth)
    assert (session.plane(3, ()).labels[wrong] == 1).all()
    np.testing.assert_array_equal(session.plane(3, ()).labels[100:120, :30], brushed)
    assert session.uncertainty(2, ()).shape == (SIZE, SIZE)
    assert any(w.image == 3 and w.uncertainty is not None for w in loop.writes)
    assert session.queue.left
    assert ", about" in session.predict_cost("all") or "a moment" in session.predict_cost("all")


def test_versions_can_be_used_again_saved_and_loaded(loop: Loop) -> None:
    session = loop.session
    loop.add(3)
    loop.check_truth(1)
    loop.train()
    loop.check_truth(2)
    loop.train(4)
    assert len(session.state.versions) == 2
    second = session.state.versions[1]
    assert second.parent == 1
    assert second.start_score is not None
    session.use_version(1)
    loop.until(lambda: session.state.version == 1)
    loop.rest()
    session.use_version(7)
    assert "version 7" in session.state.told.text
    assert session.state.version == 1
    path = loop.folder / "mine.segloop"
    session.save_model(1, path)
    cards = []
    session.card_read.connect(cards.append)
    session.card(path)
    loop.rest()
    assert cards[0].info.task == "classes"
    session.load_model(path)
    loop.rest()
    assert [v.number for v in session.state.versions] == [1, 2, 3]
    assert (session.state.version, session.state.versions[2].note) == (3, "mine.segloop")


def test_stop_keeps_the_best_weights(loop: Loop) -> None:
    session = loop.session
    loop.add()
    loop.check_truth(1)
    session.train(seconds=600)
    loop.until(lambda: len(session.state.curve.losses) > 2)
    session.stop()
    assert session.state.jobs[0].stopping
    loop.rest()
    assert session.state.version == 1
    assert session.state.curve.scores
    assert "Version 1" in loop.told[-1]


def test_single_objects_keep_their_ids_through_a_prediction(loop: Loop) -> None:
    session = loop.session
    loop.add(2, task="objects")
    session.import_labels(1, (), discs(0).astype(np.uint16))
    loop.train(6)
    session.make_first_masks(scope="all")
    loop.rest()
    assert len(np.unique(session.plane(2, ()).labels)) > 4
    whole = session.plane(1, ()).labels
    np.testing.assert_array_equal(whole > 0, discs(0) > 0)
    assert len(np.unique(whole)) == 9
    corner = (slice(0, 25), slice(0, 25))
    painted = session.plane(2, ()).labels.copy()
    painted[corner] = 900
    loop.paint(2, painted, corner)
    session.predict("all")
    loop.rest()
    assert (session.plane(2, ()).labels[corner] == 900).all()
    np.testing.assert_array_equal(session.plane(1, ()).labels, whole)
    assert session.plane(2, ()).labels[WHOLE].dtype == np.uint16


def test_a_place_that_is_not_seen_is_not_judged(loop: Loop) -> None:
    session = loop.session
    loop.add()
    session.make_first_masks(scope="all")
    loop.rest()
    session.start_checking()
    place = session.queue.here
    session.open(3 - place.image)
    assert session.queue.here is None
    session.accept()
    assert not session.plane(place.image, ()).checked.any()
    session.start_checking()
    assert session.desk.images.opened == session.queue.here.image
    session.left()
    assert session.queue.at is None


def test_a_place_that_was_judged_is_not_offered_again_unless_taken_back(loop: Loop) -> None:
    session = loop.session
    first, second = loop.add()
    session.make_first_masks(scope="all")
    loop.rest()
    session.start_checking()
    place = session.queue.here
    session.accept()
    session.look_for_places([(second if place.image == first else first, ())])
    loop.rest()
    assert place not in session.queue.places
    assert session.take_back_last()
    assert (session.accepted, session.checked) == (0, 0)
    session.look_for_places([(second if place.image == first else first, ())])
    loop.rest()
    assert place in session.queue.places
