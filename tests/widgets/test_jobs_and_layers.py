"""What users and machines do while a job runs: it ends, once, and everything goes on."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("napari")

from napari_segloop.engine.lane import Limits
from napari_segloop.samples.crystals import crystals

if TYPE_CHECKING:
    from napari.layers import Image

    from napari_segloop.engine.lane import Lane
    from tests.widgets.real_window import Face

SIDE = 192
TRUTH = crystals(seed=0, shape=(SIDE, SIDE))


def checked(face: Face) -> Image:
    """All of an image is checked."""
    layer = face.add_crystals(SIDE)
    face.session.answer_task("classes")
    face.turn()
    face.session.import_labels(1, (), (TRUTH.ids > 0).astype(np.uint8))
    return layer


def rest(face: Face) -> None:
    face.until(lambda: not face.session.errands)
    face.turn()


def train(face: Face, seconds: float = 2.0) -> None:
    face.session.train(seconds=seconds)
    rest(face)


def heavy(face: Face) -> Lane:
    return face.session.desk.engine._lanes["heavy"]


def start_predicting(face: Face) -> None:
    """Until a part of it has been said to be done."""
    face.session.predict("plane")
    face.until(lambda: face.session.running("predict").began)


@pytest.mark.slow
def test_layers_change_and_buttons_are_pressed_while_it_trains(hidden: Face) -> None:
    session, layers = hidden.session, hidden.viewer.layers
    layer = checked(hidden)
    stop_at_once(hidden)
    train(hidden)
    pixels, masks = layer.data, hidden.masks.data.copy()
    for _ in range(2):
        session.train(seconds=5)
    assert [errand.kind for errand in session.errands] == ["train"]
    hidden.until(lambda: session.running("train").began)  # its pixels are read
    session.predict("all")
    layer.name = "renamed"
    layers.move(layers.index(layer), len(layers))
    layer.data = pixels[:100, :90]
    rest(hidden)
    assert len(session.state.versions) == 2
    session.predict("plane")
    rest(hidden)
    assert "shape (100, 90)" in session.state.told.text
    layer.data = pixels
    session.predict("plane")
    layers.remove(layer)
    rest(hidden)
    hidden.until(lambda: session.state.images[0].status == "missing")
    np.testing.assert_array_equal(hidden.masks.data, masks)
    assert hidden.checked.data.all()


def stop_at_once(face: Face) -> None:
    session = face.session
    for turns in (0, 1, 3):
        session.train(seconds=600)
        face.turn(turns)
        session.stop()
        rest(face)
        assert not session.state.jobs
        assert session.state.primary.action == "train"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kill -9")
def test_a_child_killed_or_stopped_while_it_predicts(
    hidden: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = hidden.session
    checked(hidden)
    train(hidden)
    start_predicting(hidden)
    os.kill(heavy(hidden).child._process.pid, signal.SIGKILL)
    rest(hidden)
    assert "was killed" in session.state.told.text
    session.predict("plane")
    rest(hidden)
    monkeypatch.setattr(heavy(hidden), "_limits", Limits(silence=2))
    os.kill(heavy(hidden).child._process.pid, signal.SIGSTOP)
    session.predict("plane")
    hidden.until(lambda: not all(job.answering for job in session.state.jobs))
    (row,) = hidden.panel.jobs.rows.values()
    row.restart.click()
    rest(hidden)
    session.predict("plane")
    rest(hidden)
    assert not session.state.jobs
    assert session.state.queue.places  # it predicted, and found where to look


@pytest.mark.slow
def test_single_objects_keep_their_ids_through_the_loop(hidden: Face) -> None:
    """First masks, a correction, acceptances, a training, two predictions."""
    session = hidden.session
    session.answer_task("objects")
    hidden.add_crystals(256)
    hidden.until(lambda: session.view is not None)
    session.make_first_masks()
    rest(hidden)
    masks = hidden.masks
    assert masks.data.dtype == np.uint16
    session.start_checking()
    hidden.turn()
    window = session.queue.here.region.slices
    known = np.unique(masks.data[window])
    corrected = int(known[known > 0][0])
    rows, columns = np.nonzero(masks.data == corrected)
    masks.brush_size = 9
    masks.paint((rows.min(), columns[rows.argmin()]), corrected)
    hidden.turn()
    for _ in range(6):
        session.accept()
        hidden.turn()
    session.stop_checking()
    checked, before = hidden.checked.data == 1, masks.data.copy()
    train(hidden)
    for _ in range(2):
        session.predict("plane")
        rest(hidden)
        np.testing.assert_array_equal(masks.data[checked], before[checked])
        np.testing.assert_array_equal(hidden.checked.data == 1, checked)
        assert set(np.unique(masks.data[checked & (before == corrected)])) == {corrected}
