"""A snapshot shown beside now: in place, read-only, and gone when it is no longer wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from napari.layers import Image

    from tests.widgets.real_window import Face

SCALE = (2.0, 0.5, 0.25)


@pytest.fixture
def stack(hidden: Face) -> Image:
    """Three planes with a pixel size, taken into the list and open."""
    planes = np.random.default_rng(0).integers(0, 255, (3, 48, 64), np.uint8)
    layer = hidden.viewer.add_image(planes, name="stack", scale=SCALE)
    hidden.viewer.layers.selection.active = layer
    hidden.take_selected()
    hidden.session.answer_task("classes")
    hidden.turn()
    return layer


def look(face: Face, index: tuple[int, ...], value: int = 1) -> None:
    """Let the session answer what the list has asked for."""
    labels = np.full((48, 64), value, np.uint8)
    face.panel.history.snapshots.asked = "then"
    face.session.looked.emit(face.stage.opened.image, index, labels, labels)


def test_it_lies_on_its_plane_and_cannot_be_painted(hidden: Face, stack: Image) -> None:
    active, present = hidden.viewer.layers.selection.active, hidden.masks.data.copy()
    look(hidden, (2,))
    checked, masks, differs = hidden.dock.looked.layers
    assert masks.data.shape == differs.data.shape == (1, 48, 64)
    assert differs.data.all()  # there was nothing yet
    assert tuple(masks.data_to_world((0, 0, 0))) == tuple(stack.data_to_world((2, 0, 0)))
    assert tuple(masks.scale) == SCALE
    assert masks.contour > 0  # the masks of now stay to be seen
    assert not masks.editable
    assert not checked.editable
    assert not differs.editable
    assert not checked.visible
    assert hidden.viewer.layers.selection.active is active
    hidden.turn()
    assert np.array_equal(hidden.masks.data, present)
    assert hidden.checked_pixels() == 0


def test_the_button_leads_back_to_now(hidden: Face, stack: Image) -> None:
    before, snapshots = list(hidden.viewer.layers), hidden.panel.history.snapshots
    look(hidden, (0,))
    assert snapshots.look.text() == "Back to now"
    assert snapshots.look.isEnabled()
    snapshots.look.click()
    assert list(hidden.viewer.layers) == before
    assert snapshots.look.text() == "Look at"
    assert stack in before


@pytest.mark.usefixtures("stack")
def test_another_look_takes_the_place_of_the_first(hidden: Face) -> None:
    look(hidden, (0,))
    number = len(hidden.viewer.layers)
    look(hidden, (1,), value=2)
    assert len(hidden.viewer.layers) == number
    assert hidden.dock.looked.layers[1].data.max() == 2


@pytest.mark.usefixtures("stack")
def test_it_goes_with_the_image(hidden: Face) -> None:
    look(hidden, (0,))
    hidden.session.remove(hidden.stage.opened.image)
    hidden.turn()
    assert not hidden.dock.looked.layers
    assert not [layer for layer in hidden.viewer.layers if " of " in layer.name]


@pytest.mark.usefixtures("stack")
def test_what_another_dock_asked_for_is_shown_once(hidden: Face) -> None:
    hidden.session.looked.emit(hidden.stage.opened.image, (0,), *2 * (np.ones((48, 64), "u1"),))
    assert not hidden.dock.looked.layers  # this one asked for nothing


@pytest.mark.usefixtures("stack")
def test_it_follows_the_plane_in_view(hidden: Face) -> None:
    asked = list[str]()
    hidden.session.look_at = asked.append
    hidden.viewer.dims.set_current_step(0, 0)
    hidden.turn()
    look(hidden, (0,))
    hidden.viewer.dims.set_current_step(0, 2)
    hidden.turn()
    hidden.until(lambda: asked)
    assert asked == ["then"]
