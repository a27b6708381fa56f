"""Work areas and the brushes of the dock, in a real window with the mouse.

Where a drag ends in the image is computed from the camera and the image layer's own transform.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_segloop.widgets.area_form import AreaForm, AreaWish
from napari_segloop.widgets.drawn_box import NAME
from napari_segloop.widgets.workarea import LeadingAxis

if TYPE_CHECKING:
    from napari.layers import Image
    from pytestqt.qtbot import QtBot

    from tests.widgets.real_window import Face

AXES = (LeadingAxis("t", 3, 1), LeadingAxis("z", 40, 20))
PLACES: dict[str, dict[str, Any]] = {
    "plain": {},
    "stack": {"scale": (4, 0.5, 0.25), "translate": (8, 30, -20), "axis_labels": ("z", "y", "x")},
    "rotated": {"rotate": 25, "scale": (2, 2)},
}
START, END = (-90, -60), (70, 110)


@pytest.fixture
def form(qtbot: QtBot) -> AreaForm:
    form = AreaForm()
    qtbot.addWidget(form)
    form.start(AXES)
    return form


def test_planes_follow_the_sliders_until_they_are_chosen(form: AreaForm) -> None:
    assert form.wish() == AreaWish(is_drawn=False, ranges=((1, 2), (20, 21)))
    form.ranges[1].last.setValue(25)
    form.follow((2, 7))
    assert form.wish().ranges == ((2, 3), (20, 26))
    form.ranges[1].first.setValue(30)
    assert form.wish().ranges[1] == (30, 31)  # the last plane is never before the first
    form.ranges[1].last.setValue(4)
    assert form.wish().ranges[1] == (4, 5)


def test_asked_anew_it_begins_at_the_planes_in_view(form: AreaForm, qtbot: QtBot) -> None:
    form.box.setChecked(True)
    form.ranges[0].first.setValue(0)
    with qtbot.waitSignal(form.drawing) as drawing:
        form.cancel.click()
    assert drawing.args == [False]
    assert form.isHidden()
    form.start(AXES[1:])
    assert form.wish() == AreaWish(is_drawn=False, ranges=((20, 21),))


def add(face: Face, where: dict[str, Any]) -> Image:
    leading = (6,) if "scale" in where and len(where["scale"]) == 3 else ()
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (*leading, 300, 400)).astype(np.uint8)
    layer = face.viewer.add_image(pixels, name="large", **where)
    face.viewer.layers.selection.active = layer
    face.take_selected()
    face.session.answer_task("classes")
    face.viewer.reset_view()
    face.turn(5)
    return layer


def under(face: Face, layer: Image, step: tuple[int, int]) -> np.ndarray:
    """Row and column of the layer at a step, x and y in pixels, from the canvas's centre."""
    camera = face.viewer.scene.camera
    point = np.array(face.viewer.dims.point, float)
    point[-2:] = np.array(camera.center[-2:]) + np.array(step)[::-1] / camera.zoom
    return np.asarray(layer.world_to_data(point)[-2:])


@pytest.mark.parametrize("where", PLACES.values(), ids=PLACES)
def test_a_box_that_is_drawn_becomes_an_image(face: Face, where: dict[str, Any]) -> None:
    layer, form = add(face, where), face.panel.images.area
    if layer.ndim == 3:
        face.viewer.dims.set_current_step(0, 2)
    face.click(face.panel.images.area_button)
    face.click(form.box)
    if layer.ndim == 3:
        face.viewer.dims.set_current_step(0, 3)
        face.turn()
        form.ranges[0].last.setValue(4)
    face.turn()
    face.drag(START, (0, 20), END)
    corners = np.array([under(face, layer, START), under(face, layer, END)])
    face.click(form.make)
    face.turn(5)
    area = face.session.source(face.stage.opened.image)
    assert area.base is not area
    assert area.box.start[:-2] == (3,) * (layer.ndim - 2)
    assert area.box.stop[:-2] == (5,) * (layer.ndim - 2)
    np.testing.assert_allclose(area.box.start[-2:], corners.min(axis=0), atol=1.6)
    np.testing.assert_allclose(area.box.stop[-2:], corners.max(axis=0), atol=1.6)
    origin = (0,) * layer.ndim
    world = face.masks.data_to_world(origin)
    np.testing.assert_allclose(layer.world_to_data(world), area.box.start, atol=1e-6)
    assert NAME not in face.viewer.layers
    assert form.isHidden()
    assert face.viewer.layers.selection.active is face.masks


def test_what_is_in_view_is_taken_by_one_button(face: Face) -> None:
    layer, form = add(face, {}), face.panel.images.area
    face.viewer.scene.camera.zoom *= 4
    face.turn()
    face.click(face.panel.images.area_button)
    face.click(form.make)
    face.turn(5)
    area = face.session.source(face.stage.opened.image)
    assert area.plane_shape < layer.data.shape


def test_nothing_drawn_is_said_and_cancel_takes_the_box_away(face: Face) -> None:
    layer, form = add(face, {}), face.panel.images.area
    before = face.viewer.layers.selection.active
    face.click(face.panel.images.area_button)
    face.click(form.box)
    assert NAME in face.viewer.layers
    face.click(form.make)
    assert "rectangle" in face.panel.message.text.text()
    assert form.isVisible()
    face.click(form.cancel)
    assert NAME not in face.viewer.layers
    assert face.viewer.layers.selection.active is before
    assert len(face.session.state.images) == 1
    assert layer in face.viewer.layers


def test_enter_takes_the_box(face: Face) -> None:
    add(face, {})
    face.click(face.panel.images.area_button)
    face.click(face.panel.images.area.box)
    face.drag(START, END)
    face.press(Qt.Key.Key_Return)
    face.turn(5)
    assert [image.is_open for image in face.session.state.images] == [False, True]


@pytest.mark.parametrize("value", [2, 3])
def test_an_area_is_brushed_with_the_mouse_and_erased(face: Face, value: int) -> None:
    add(face, {})
    face.unfold("Check")
    brushes = face.panel.check.brushes
    face.click(brushes.buttons[value])
    face.turn()
    assert brushes.buttons[value].isChecked()
    face.drag((-40, 0), (0, 0), (40, 10))
    row, column = (round(at) for at in under(face, face.masks, (0, 0)))
    plane = face.session.plane(face.stage.opened.image, ())
    assert plane.checked[row, column] == value
    assert not plane.checked_pixels
    face.click(brushes.buttons[0])
    face.turn()
    face.drag((-40, 0), (0, 0), (40, 10))
    assert plane.checked[row, column] == 0
    face.click(brushes.buttons[0])
    face.turn()
    assert face.viewer.layers.selection.active is face.masks
    assert not any(made.isChecked() for made in brushes.buttons.values())


def test_what_is_excluded_at_a_place_stays_so_when_the_rest_is_accepted(face: Face) -> None:
    face.add_crystals(256)
    face.session.answer_task("classes")
    face.turn()
    face.primary()
    face.until(lambda: face.session.state.queue.left and not face.session.state.jobs)
    face.primary()
    face.turn()
    place = face.session.queue.here
    face.unfold("Check")
    face.click(face.panel.check.brushes.buttons[3])
    face.turn()
    face.drag((-20, 0), (20, 0))
    row, column = face.pixel_at_centre()
    face.press(Qt.Key.Key_A)
    plane = face.session.plane(place.image, ())
    assert plane.checked[row, column] == 3
    assert set(np.unique(plane.checked[place.region.slices])) == {1, 3}
    assert face.panel.check.brushes.buttons[3].isChecked()  # the tool stays in hand, and is shown
