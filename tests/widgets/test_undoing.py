"""Undo follows the order of the user's acts over both layers, and takes the view along."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_segloop.widgets.labels_layers import make_layers
from napari_segloop.widgets.links import ImageLink
from napari_segloop.widgets.placement import Placement
from napari_segloop.widgets.undoing import REDO, UNDO, Undoing
from napari_segloop.widgets.view import plane_in_view

if TYPE_CHECKING:
    from tests.widgets.conftest import Planes

IMAGE = 1
PLACE = (slice(0, 20), slice(0, 30))


class Open:
    """An image with undo, and a session that accepts."""

    def __init__(self, planes: type[Planes]) -> None:
        self.viewer, self.session = ViewerModel(), planes((300, 300))
        image = self.viewer.add_image(np.zeros((3, 300, 300)), name="cells", scale=(5, 1, 1))
        self.layers = make_layers(
            "cells", (3, 300, 300), Placement.of(image), classes=self.session.table
        )
        for layer in self.layers.all():
            self.viewer.add_layer(layer)
        self.link = ImageLink(self.viewer, self.session, IMAGE, self.layers)
        self.session.written.connect(self.link.apply)
        self.session.looking.connect(lambda _, index: self.link.settle(index))
        self.undoing = Undoing(self.viewer, self.session, self.link)

    def stroke(self, z: int, y: int, x: int, layer: str = "masks") -> None:
        chosen = getattr(self.layers, layer)
        chosen.brush_size = 5
        chosen.paint((z, y, x), 1)
        self.link.tick()

    @property
    def checked(self) -> int:
        return int((self.layers.checked.data == 1).sum())


@pytest.fixture
def cells(planes: type[Planes]) -> Open:
    return Open(planes)


def test_undo_takes_back_the_acceptance_before_it_alters_the_region(cells: Open) -> None:
    cells.stroke(0, 10, 10)
    stroke = cells.checked
    cells.session.accept(IMAGE, (0,), PLACE)
    assert cells.checked == 600
    cells.stroke(0, 100, 100)
    painted = cells.layers.masks.data.copy()
    cells.undoing.undo()
    assert cells.checked == 600, "the last stroke is gone, the acceptance stays"
    cells.undoing.undo()
    assert cells.checked == stroke, "the acceptance is gone, its stroke stays"
    cells.undoing.undo()
    assert cells.checked == 0
    assert not cells.layers.masks.data.any()
    cells.undoing.redo()
    assert cells.checked == stroke
    cells.undoing.redo()
    assert cells.checked == 600, "the acceptance is there again, in its turn"
    cells.undoing.redo()
    np.testing.assert_array_equal(cells.layers.masks.data, painted)
    assert cells.checked == 600 + stroke
    cells.undoing.redo()
    for left in (600, stroke, 0):
        cells.undoing.undo()
        assert cells.checked == left


def test_an_answer_taken_back_with_the_button_keeps_its_turn(cells: Open) -> None:
    cells.stroke(0, 10, 10)
    stroke = cells.checked
    cells.session.accept(IMAGE, (0,), PLACE)
    cells.stroke(0, 100, 100)
    cells.session.take_back_last()
    assert cells.checked == 2 * stroke
    cells.undoing.redo()
    assert cells.checked == 600 + stroke, "the answer is there again"
    cells.session.take_back_last()
    cells.undoing.undo()
    assert cells.checked == stroke, "one press takes the stroke back"
    cells.undoing.undo()
    assert cells.checked == 0, "and one more the first"


@pytest.mark.parametrize("layer", ["masks", "checked", "acceptance"])
def test_after_a_new_act_nothing_comes_back(cells: Open, layer: str) -> None:
    cells.stroke(0, 10, 10)
    cells.session.accept(IMAGE, (0,), PLACE)
    cells.undoing.undo()
    cells.undoing.undo()
    if layer == "acceptance":
        cells.session.accept(IMAGE, (1,), PLACE)
    else:
        cells.stroke(1, 50, 50, layer)
    before = cells.checked
    cells.undoing.redo()
    assert cells.checked == before
    assert not cells.layers.masks.data[0].any()


def test_an_acceptance_of_an_image_that_was_open_before_comes_back(cells: Open) -> None:
    cells.session.accept(IMAGE + 1, (0,), PLACE)
    cells.undoing.undo()
    assert not cells.session.taken_back
    cells.undoing.redo()
    assert cells.session.taken_back
    cells.undoing.undo()
    cells.stroke(0, 20, 20)
    cells.undoing.redo()
    assert not cells.session.taken_back


def test_both_layers_share_one_order(cells: Open) -> None:
    cells.stroke(1, 10, 10)
    cells.stroke(1, 50, 50, "checked")
    cells.stroke(1, 90, 90)
    for left in (2, 1, 0):
        cells.undoing.undo()
        assert cells.checked == left * 21
    cells.undoing.undo()
    for there in (1, 2, 3):
        cells.undoing.redo()
        assert cells.checked == there * 21


def test_undo_goes_to_the_plane_and_place_that_it_changes(cells: Open) -> None:
    cells.stroke(0, 150, 20)
    cells.stroke(2, 150, 280)
    camera = cells.viewer.scene.camera
    cells.viewer.canvas.size = (100, 100)
    cells.viewer.dims.set_point(0, 5.0)
    camera.center, camera.zoom = (0, 150, 20), 2.0
    cells.undoing.undo()
    assert plane_in_view(cells.viewer, cells.layers.masks) == (2,)
    assert camera.center[1:] == pytest.approx((150, 275), abs=6)
    cells.undoing.undo()
    assert plane_in_view(cells.viewer, cells.layers.masks) == (0,)
    before = camera.center
    cells.stroke(0, 150, 22)
    cells.undoing.undo()
    assert camera.center == before, "what is in view needs no move"


def test_a_stroke_that_was_taken_back_costs_no_press(cells: Open) -> None:
    cells.stroke(0, 20, 20)
    cells.layers.masks.paint((0, 60, 60), 9)
    cells.link.tick()
    cells.undoing.undo()
    assert not cells.layers.masks.data.any()


def test_acceptances_of_an_image_that_was_open_before_come_last(cells: Open) -> None:
    cells.session.accept(IMAGE + 1, (0,), PLACE)
    cells.stroke(0, 20, 20)
    cells.undoing.undo()
    assert cells.session.taken_back
    cells.undoing.undo()
    assert not cells.session.taken_back
    cells.undoing.undo()


def test_the_keys_are_ours_until_the_image_closes(cells: Open) -> None:
    masks = cells.layers.masks
    cells.stroke(0, 20, 20)
    bound = {str(key): action for key, action in masks.keymap.items()}
    assert len(bound) == 2
    cells.undoing.close()
    assert not masks.keymap
    assert UNDO != REDO
