"""Children that die, files that vanish, jobs that meet: one message each, and all goes on."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.session.conftest import WHOLE, discs

if TYPE_CHECKING:
    from tests.session.conftest import Loop


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9")
def test_a_killed_training_gives_one_message_and_the_next_one_works(loop: Loop) -> None:
    session = loop.session
    loop.add()
    loop.check_truth(1)
    session.train(seconds=600)
    loop.until(lambda: session.state.curve.losses)
    loop.told.clear()
    os.kill(session.desk.engine._lanes["heavy"].child._process.pid, signal.SIGKILL)
    loop.rest()
    assert len(set(loop.told)) == 1
    assert session.state.told.level == "error"
    assert not session.state.jobs
    assert session.state.version is None
    assert session.state.primary.action == "train"
    loop.train()
    assert session.state.version == 1


def test_a_file_that_vanishes_is_missing_and_comes_back(loop: Loop) -> None:
    session = loop.session
    loop.add()
    loop.check_truth(1)
    path = loop.folder / "images" / "disc0.tif"
    path.rename(path.with_suffix(".away"))
    loop.until(lambda: loop.state_of(1) == "missing")
    assert "gone" in session.state.images[0].note
    session.train()
    loop.rest()
    assert "nothing yet" in session.state.told.text
    path.with_suffix(".away").rename(path)
    loop.until(lambda: loop.state_of(1) == "checked")
    assert session.state.images[0].note == ""


def test_a_file_that_is_no_image_is_told(loop: Loop) -> None:
    path = loop.folder / "broken.tif"
    path.write_bytes(b"no image")
    loop.session.add_files([path])
    loop.until(lambda: loop.session.state.images and loop.state_of(1) == "missing")
    assert loop.session.state.told.level == "error"
    loop.session.add_files([loop.folder / "nowhere"])
    loop.until(lambda: "nowhere" in str(loop.session.state.told))


def test_a_file_is_added_once(loop: Loop) -> None:
    loop.add(2, task=None)
    loop.session.add_files([loop.folder / "images"])
    loop.until(lambda: "2 images in the list already" in "".join(loop.told))
    assert len(loop.session.state.images) == 2


def test_excluded_and_removed_images_take_no_part(loop: Loop) -> None:
    session = loop.session
    loop.add(3)
    session.make_first_masks(scope="all")
    loop.rest()
    assert {place.image for place in session.queue.places} == {1, 2, 3}
    session.exclude(2, True)
    assert {place.image for place in session.queue.places} == {1, 3}
    assert session.predict_cost("all") == "2 planes"
    session.remove(3)
    assert {place.image for place in session.queue.places} == {1}
    assert len(session.state.images) == 2
    session.exclude(2, False)
    assert loop.state_of(2) == "predicted"
    session.open(3)
    assert "number 3" in session.state.told.text
    session.remove(1)
    assert session.desk.images.opened is None
    assert not session.queue.places
    session.predict("view")
    assert session.state.told.level == "warning"


def test_an_image_removed_or_left_in_a_job_does_no_harm(loop: Loop) -> None:
    session = loop.session
    loop.add(3)
    session.make_first_masks(scope="all")
    session.remove(2)
    loop.rest()
    assert {key[0] for key in session.desk.truths.keys()} == {1, 3}  # noqa: SIM118  # no mapping
    session.start_checking()
    session.accept()
    session.remove(1)
    session.take_back_last()
    loop.check_truth(3)
    session.train(seconds=3)
    session.remove(3)
    loop.rest()
    assert session.desk.images.states == ()


def test_what_is_painted_in_a_training_is_for_the_next_one(loop: Loop) -> None:
    session = loop.session
    loop.add()
    loop.check_truth(1)
    session.train(seconds=3)
    session.start_checking()
    loop.paint(2, (discs(1) > 0).astype(np.uint8), WHOLE)
    loop.rest()
    assert session.accepted == 1
    assert session.state.primary.action in {"train", "next_place"}


def test_a_session_without_anything_refuses_everything_with_words(loop: Loop) -> None:
    session = loop.session
    for act in (session.predict, session.train, session.make_first_masks, session.press_primary):
        act()
    for act in (session.accept, session.cant_tell, session.later, session.back, session.stop):
        act()
    session.start_checking()
    loop.rest()
    assert session.state.told.text
    assert not session.take_back_last()
    assert session.predict_cost("view") == "nothing is open"
    session.save_model(1, loop.folder / "x")
    loop.rest()
    assert session.state.told.level == "error"
    session.load_model(loop.folder / "nothing.segloop")
    loop.rest()
    assert session.state.told.level == "error"


def test_a_preview_is_shown_and_kept_nowhere(loop: Loop) -> None:
    answers = []
    loop.session.preview.connect(answers.append)
    loop.add()
    plane = np.where(discs(0) > 0, 150, 60).astype(np.uint8)
    for _ in range(4):
        loop.session.preview_first_mask(plane)
    loop.rest()
    assert 1 <= len(answers) <= 4
    assert ((answers[-1].labels > 0) == (discs(0) > 0)).mean() > 0.99
    assert not loop.session.desk.truths.keys()
