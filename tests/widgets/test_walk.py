"""The view goes where a place is, whatever the layer's transform; camera and corners are compared
with napari's own transforms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_segloop.core.regions import Region
from napari_segloop.widgets.brush import CheckedBrush
from napari_segloop.widgets.labels_layers import make_layers
from napari_segloop.widgets.peek import Peek
from napari_segloop.widgets.placement import Placement
from napari_segloop.widgets.stray import StrayStrokes
from napari_segloop.widgets.view import box_in_view, plane_in_view, show_window
from napari_segloop.widgets.walk import Walk

if TYPE_CHECKING:
    from napari_segloop.widgets.labels_layers import LoopLayers

PLACES: list[dict[str, Any]] = [
    {},
    {"scale": (2, 7, 0.5, 0.25), "translate": (10, -20, 300, 5)},
    {"rotate": 0, "affine": 0},
    {"shear": [0, 0, 0, 0, 0, 0.3], "scale": (1, 1, 2, 2)},
]


def turned() -> dict[str, Any]:
    """A quarter turn and a bit, of rows and columns only."""
    turn = np.eye(4)
    turn[2:, 2:] = [[0.8, -0.6], [0.6, 0.8]]
    affine = np.eye(5)
    affine[2, 4], affine[3, 3] = 40, 3
    return {"rotate": turn, "affine": affine}


def opened(place: dict[str, Any]) -> tuple[ViewerModel, LoopLayers]:
    viewer = ViewerModel()
    viewer.canvas.size = (400, 600)
    where = turned() if "affine" in place else place
    image = viewer.add_image(np.zeros((4, 5, 100, 120)), name="cells", **where)
    layers = make_layers("cells", (4, 5, 100, 120), Placement.of(image), classes=None)
    for layer in layers.all():
        viewer.add_layer(layer)
    return viewer, layers


def region(index: tuple[int, ...], y: int, x: int) -> Region:
    return Region(y, x, 20, 10, 1.0, 1.0, "", index)


@pytest.mark.parametrize("place", PLACES, ids=["plain", "scaled", "turned", "sheared"])
def test_the_view_goes_to_a_place_in_all_dimensions(place: dict[str, Any]) -> None:
    viewer, layers = opened(place)
    Walk(viewer, layers).go(region((3, 1), 60, 80))
    assert plane_in_view(viewer, layers.masks) == (3, 1)
    middle = layers.masks.data_to_world((3, 1, 69.5, 84.5))
    np.testing.assert_allclose(viewer.scene.camera.center[1:], middle[2:], atol=1e-6)
    corners = np.array(
        [layers.masks.data_to_world((3, 1, y, x)) for y in (59.5, 79.5) for x in (79.5, 89.5)]
    )[:, 2:]
    filled = np.ptp(corners, axis=0) * viewer.scene.camera.zoom / viewer.canvas.size
    assert filled.max() == pytest.approx(0.5)
    top, left, bottom, right = box_in_view(viewer, layers.masks)
    assert top <= 60
    assert left <= 80
    assert bottom >= 80
    assert right >= 90


def test_the_view_in_pixels_is_what_the_canvas_shows() -> None:
    viewer, layers = opened({})
    show_window(viewer, layers.masks, (0, 0), (slice(40, 60), slice(50, 70)))
    assert box_in_view(viewer, layers.masks) == (30, 30, 70, 90)
    viewer.scene.camera.center = (0, 1000, 1000)
    top, _, bottom, _ = box_in_view(viewer, layers.masks)
    assert top == bottom


def test_volumes_and_other_orders_of_axes_become_planes() -> None:
    viewer, layers = opened({})
    viewer.dims.ndisplay, viewer.dims.order = 3, (2, 0, 1, 3)
    assert box_in_view(viewer, layers.masks) == (0, 0, 100, 120)
    Walk(viewer, layers).go(region((2, 4), 10, 10))
    assert (viewer.dims.ndisplay, viewer.dims.order) == (2, (0, 1, 2, 3))
    assert plane_in_view(viewer, layers.masks) == (2, 4)


def test_more_axes_in_the_viewer_than_in_the_image() -> None:
    viewer, layers = opened({})
    viewer.add_image(np.zeros((2, 4, 5, 10, 10)))
    Walk(viewer, layers).go(region((3, 2), 10, 10))
    assert plane_in_view(viewer, layers.masks) == (3, 2)


def test_one_outline_is_reused_and_the_masks_keep_their_tool() -> None:
    viewer, layers = opened(PLACES[1])
    viewer.layers.selection.active = layers.masks
    layers.masks.mode = "paint"
    walk = Walk(viewer, layers)
    for step in range(3):
        walk.go(region((step, 0), 10 * step, 20))
        outline = walk.outline.layer
        assert outline is not None
        assert outline.name == "place to check"
        assert len(outline.data) == 1
        corners = {tuple(corner) for corner in np.asarray(outline.data[0])}
        assert (step, 0, 10 * step - 0.5, 19.5) in corners
        assert viewer.layers.selection.active is layers.masks
        assert str(layers.masks.mode) == "paint"
        world = outline.data_to_world(outline.data[0][0])
        np.testing.assert_allclose(world, layers.masks.data_to_world(outline.data[0][0]))
    assert len(viewer.layers) == 5
    viewer.layers.remove(walk.outline.layer)
    walk.go(region((0, 0), 0, 0))
    assert walk.outline.layer is not None
    walk.leave()
    assert len(viewer.layers) == 4


def test_peeking_hides_and_restores_exactly() -> None:
    viewer, layers = opened({})
    layers.masks.mode, layers.masks.selected_label = "fill", 3
    layers.checked.visible = False
    viewer.layers.selection.active = layers.masks
    peek = Peek()
    peek.start(layers.all())
    peek.start(layers.all())
    assert not any(layer.visible for layer in layers.all())
    peek.end()
    peek.end()
    assert [layer.visible for layer in layers.all()] == [False, True, False]
    assert (str(layers.masks.mode), layers.masks.selected_label) == ("fill", 3)
    assert viewer.layers.selection.active is layers.masks


def test_one_key_brushes_checked_and_goes_back() -> None:
    viewer, layers = opened({})
    viewer.layers.selection.active = layers.masks
    layers.masks.mode, layers.masks.brush_size, layers.masks.selected_label = "erase", 23, 2
    brush = CheckedBrush(viewer, layers)
    brush.toggle()
    assert viewer.layers.selection.active is layers.checked
    checked = layers.checked
    assert (str(checked.mode), checked.selected_label, checked.brush_size) == ("paint", 1, 23)
    brush.toggle()
    assert viewer.layers.selection.active is layers.masks
    assert (str(layers.masks.mode), layers.masks.selected_label) == ("erase", 2)


@pytest.mark.parametrize(
    ("value", "mode"), [(1, "paint"), (2, "paint"), (3, "paint"), (0, "erase")]
)
def test_any_brush_is_taken_and_put_away(value: int, mode: str) -> None:
    viewer, layers = opened({})
    viewer.layers.selection.active = layers.masks
    brush = CheckedBrush(viewer, layers)
    assert brush.value is None
    brush.take(value)
    assert (brush.value, str(layers.checked.mode)) == (value, mode)
    layers.checked.paint((0, 0, 20, 20), value)
    layers.checked.mode = "pan_zoom"
    assert brush.value is None
    brush.take(value)
    brush.put_away()
    assert brush.value is None
    assert viewer.layers.selection.active is layers.masks


def test_a_stroke_on_another_labels_layer_is_taken_back_while_checking() -> None:
    viewer, layers = opened({})
    other = viewer.add_labels(np.zeros((4, 5, 100, 120), np.uint8), name="old masks")
    small = viewer.add_labels(np.zeros((9, 9), np.uint8))
    checking, hints = [True], list[str]()
    stray = StrayStrokes(viewer, layers, lambda: checking[0], hints.append)
    late = viewer.add_labels(np.zeros((4, 5, 100, 120), np.uint8), name="late")
    for layer in (other, late):
        layer.paint((0, 0, 20, 20), 1)
        stray.tick()
        assert not layer.data.any()
    assert "'old masks'" in hints[0]
    small.paint((4, 4), 1)
    checking[0] = False
    other.paint((0, 0, 20, 20), 1)
    stray.tick()
    assert small.data.any()
    assert other.data.any()
    stray.close()
    assert len(hints) == 2
