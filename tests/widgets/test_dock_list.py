"""Two hundred images in the dock's list: states, one open at a time, training and predicting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

from tests.session.conftest import discs, photo

if TYPE_CHECKING:
    from pathlib import Path

    from tests.widgets.real_window import Face

NUMBER, PREDICTED, SIDE = 200, 50, 64


@pytest.fixture
def crowd(face: Face, tmp_path: Path) -> Face:
    """All images are in the list; the first one is open, with masks."""
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(NUMBER):
        tifffile.imwrite(folder / f"image{number:03}.tif", photo(number % 5, SIDE, 3))
    face.session.add_files([folder])
    face.until(lambda: len(face.session.desk.images) == NUMBER)
    face.until(lambda: all(image.planes for image in face.session.state.images))
    face.session.answer_task("classes")
    face.turn()
    return face


def open_row(face: Face, row: int) -> None:
    """Click a row of the list."""
    face.click_row(face.panel.images.table, row)


def statuses(face: Face) -> list[str]:
    return [image.status for image in face.session.state.images]


def test_two_hundred_images(crowd: Face) -> None:
    """One scenario, since adding and teaching take long."""
    face, session = crowd, crowd.session
    assert face.panel.images.table.model().rowCount() == NUMBER
    assert statuses(face) == ["new"] * NUMBER
    one_is_open_at_a_time(face)
    session.import_labels(1, (), (discs(0, SIDE, 3) > 0).astype(np.uint8))
    session.exclude(200, True)
    assert statuses(face) == ["checked", *["new"] * (NUMBER - 2), "excluded"]
    for number in range(PREDICTED + 1, NUMBER):
        session.exclude(number, True)
    session.train(seconds=3)
    face.until(lambda: session.state.version is not None and not session.errands)
    predict_all(face)
    closed_images_are_small(face)


def one_is_open_at_a_time(face: Face) -> None:
    layers = len(face.viewer.layers)
    assert layers == 4
    for row in (7, 150, 3, 0):
        open_row(face, row)
        assert [i.id for i in face.session.state.images if i.is_open] == [row + 1]
        assert len(face.viewer.layers) == layers
        assert face.masks.name == f"image{row:03} masks"


def predict_all(face: Face) -> None:
    session = face.session
    assert session.predict_cost("all").startswith(f"{PREDICTED} planes")
    session.predict("all")
    face.until(lambda: not session.errands)
    left_out = ["excluded"] * (NUMBER - PREDICTED)
    assert statuses(face) == ["checked", *["predicted"] * (PREDICTED - 1), *left_out]
    open_row(face, 40)
    face.turn()
    np.testing.assert_array_equal(face.masks.data, session.plane(41, ()).labels)
    assert not session.desk.truths.keys(NUMBER)


def closed_images_are_small(face: Face) -> None:
    """Only what is open lies unpacked in memory."""
    truths = face.session.desk.truths
    face.until(lambda: {key[0] for key in truths._planes} == {41})
    assert {key[0] for key in truths._unsure} <= {41}
    resting = {name[1] for name in truths._resting.names() if name[0] == "truth"}
    assert len(resting) == PREDICTED - 1
