"""The tie between layers and session: whatever edits a layer counts, and what is written shows.

Layers live in a viewer model without a window: what is tested here needs no pixels on a screen.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
import pytest
from napari.components import ViewerModel

from napari_segloop.session.desk import Write
from napari_segloop.widgets.labels_layers import LoopLayers, make_layers
from napari_segloop.widgets.links import ImageLink
from napari_segloop.widgets.placement import Placement

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.widgets.conftest import Planes

IMAGE = 7
WHOLE = (slice(0, 40), slice(0, 50))


class Desk:
    """An open image in a viewer model."""

    def __init__(self, planes: type[Planes], leading: tuple[int, ...] = ()) -> None:
        self.viewer = ViewerModel()
        self.session = planes((40, 50))
        shape = (*leading, 40, 50)
        image = self.viewer.add_image(np.zeros(shape), name="cells", scale=(2.0,) * len(shape))
        self.layers = make_layers("cells", shape, Placement.of(image), classes=self.session.table)
        for layer in self.layers.all():
            self.viewer.add_layer(layer)
        self.ends: list[str] = []
        self.hints: list[str] = []
        self.link = self.tie()

    def tie(self) -> ImageLink:
        return ImageLink(
            self.viewer,
            self.session,
            IMAGE,
            self.layers,
            on_end=self.ends.append,
            on_hint=self.hints.append,
        )

    def truth(self, index: tuple[int, ...] = ()) -> np.ndarray:
        return self.session.plane(IMAGE, index).checked

    def tick(self, turns: int = 1) -> None:
        for _ in range(turns):
            self.link.tick()


@pytest.fixture
def desk(planes: type[Planes]) -> Desk:
    return Desk(planes)


@pytest.fixture
def stack(planes: type[Planes]) -> Desk:
    return Desk(planes, leading=(2, 3))


def paint(layers: LoopLayers) -> None:
    layers.masks.brush_size = 5
    layers.masks.paint((20, 25), 1)


def polygon(layers: LoopLayers) -> None:
    layers.masks.paint_polygon([(5, 5), (5, 20), (20, 20), (20, 5)], 1)


def set_data(layers: LoopLayers) -> None:
    data = layers.masks.data.copy()
    data[3:9, 4:30] = 1
    layers.masks.data = data


def script(layers: LoopLayers) -> None:
    layers.masks.data[30:, 40:] = 1


def hidden(layers: LoopLayers) -> None:
    layers.masks.visible = False
    paint(layers)


EDITS: dict[str, Callable[[LoopLayers], Any]] = {
    "paint": paint,
    "fill": lambda layers: layers.masks.fill((3, 3), 1),
    "polygon": polygon,
    "data": set_data,
    "data[...]": script,
    "hidden": hidden,
    "setitem": lambda layers: layers.masks.data_setitem((np.array([2]), np.array([3])), 1),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_whatever_changes_a_label_checks_the_pixel(
    desk: Desk, edit: Callable[[LoopLayers], Any]
) -> None:
    edit(desk.layers)
    desk.tick()
    expected = desk.layers.masks.data == 1
    assert expected.any()
    np.testing.assert_array_equal(desk.truth() == 1, expected)
    np.testing.assert_array_equal(desk.layers.checked.data, desk.truth())


def test_undo_and_redo_of_a_stroke_count(desk: Desk) -> None:
    paint(desk.layers)
    desk.tick()
    desk.layers.masks.undo()
    desk.tick()
    assert not desk.truth().any()
    assert not desk.layers.checked.data.any()
    desk.layers.masks.redo()
    desk.tick()
    assert desk.truth().any()


def test_brushing_the_checked_layer_counts_where_no_label_changes(desk: Desk) -> None:
    desk.layers.checked.brush_size = 7
    desk.layers.checked.paint((10, 10), 1)
    desk.layers.checked.paint((30, 30), 3)
    desk.tick()
    assert set(np.unique(desk.truth())) == {0, 1, 3}
    np.testing.assert_array_equal(desk.layers.checked.data, desk.truth())


def test_a_script_that_edits_another_plane_is_found_by_the_scan(stack: Desk) -> None:
    stack.layers.masks.data[1, 2, 5:9, 5:9] = 1
    stack.tick(2)
    assert (stack.truth((1, 2)) == 1).sum() == 16
    assert set(stack.session.truths[IMAGE]) == {(1, 2)}, "untouched planes cost nothing"


def test_a_stroke_through_planes_is_seen_in_each(stack: Desk) -> None:
    stack.layers.masks.n_edit_dimensions = 3
    stack.layers.masks.brush_size = 5
    stack.layers.masks.paint((1, 1, 20, 20), 1)
    stack.tick()
    assert set(stack.session.truths[IMAGE]) >= {(1, 0), (1, 1), (1, 2)}


def test_an_undeclared_class_is_taken_back_and_undo_stays_harmless(desk: Desk) -> None:
    paint(desk.layers)
    desk.layers.masks.paint((20, 40), 9)
    desk.tick()
    assert desk.session.undeclared == [(9,)]
    assert set(np.unique(desk.layers.masks.data)) == {0, 1}
    desk.layers.masks.undo()
    desk.tick()
    assert set(np.unique(desk.layers.masks.data)) == {0, 1}


def test_a_class_painted_in_the_checked_layer_is_taken_back_with_a_hint(desk: Desk) -> None:
    desk.layers.checked.paint((20, 20), 8)
    desk.tick()
    assert not desk.layers.checked.data.any()
    assert "'cells checked' only 1 (checked)" in desk.hints[0]


def test_what_the_session_writes_shows_and_is_no_edit(desk: Desk) -> None:
    labels = np.zeros((40, 50), np.uint8)
    labels[4:20, 4:20] = 1
    merged = desk.session.plane(IMAGE, ()).write(labels, WHOLE, objects=False)
    unsure = np.full((40, 50), 90, np.uint8)
    desk.link.apply(Write(IMAGE, (), WHOLE, merged, unsure, is_whole=True))
    desk.link.apply(Write(IMAGE + 1, (), WHOLE, np.ones_like(labels)))
    observed = len(desk.session.observed)
    desk.tick(3)
    np.testing.assert_array_equal(desk.layers.masks.data, labels)
    assert not desk.truth().any()
    assert len(desk.session.observed) == observed, "our own writes are known"
    assert desk.layers.uncertainty.visible


def test_one_refresh_a_turn_however_many_tiles_come(desk: Desk) -> None:
    refreshed: list[object] = []
    desk.layers.masks.events.set_data.connect(refreshed.append)
    for row in range(0, 40, 4):
        window = (slice(row, row + 4), slice(0, 50))
        tile = desk.session.plane(IMAGE, ()).write(
            np.ones((4, 50), np.uint8), window, objects=False
        )
        desk.link.apply(Write(IMAGE, (), window, tile))
    assert not refreshed
    desk.tick()
    assert len(refreshed) == 1


def test_a_prediction_under_a_stroke_clears_the_stale_undo_and_keeps_the_tool(desk: Desk) -> None:
    masks = desk.layers.masks
    masks.mode, masks.selected_label = "paint", 1
    paint(desk.layers)
    desk.tick()
    elsewhere = (slice(0, 4), slice(0, 4))
    for window in (elsewhere, WHOLE):
        new = np.ones((window[0].stop, window[1].stop), np.uint8)
        tile = desk.session.plane(IMAGE, ()).write(new, window, objects=False)
        desk.link.apply(Write(IMAGE, (), window, tile))
        desk.tick()
        masks.undo()
        masks.redo()
        desk.tick()
        assert bool(desk.link.acts.last()) is (window is elsewhere)
    before = masks.data.copy()
    masks.undo()
    np.testing.assert_array_equal(masks.data, before)
    assert (str(masks.mode), masks.selected_label) == ("paint", 1)


def test_ids_too_large_for_the_layer_widen_it(planes: type[Planes]) -> None:
    desk = Desk(planes)
    window = (slice(0, 2), slice(0, 2))
    desk.link.apply(Write(IMAGE, (), window, np.full((2, 2), 70_000, np.uint32)))
    assert desk.layers.masks.data.dtype == np.uint32
    assert desk.layers.masks.data[0, 0] == 70_000
    assert not desk.ends


def test_a_layer_set_to_a_lazy_or_read_only_array_becomes_ours(desk: Desk) -> None:
    frozen = np.zeros((40, 50), np.uint8)
    frozen[5:10, 5:10] = 1
    frozen.flags.writeable = False
    for data in (frozen, da.from_array(frozen), frozen.astype(np.int64)):
        desk.layers.masks.data = data
        assert desk.layers.masks.data.dtype == np.uint8
        desk.layers.masks.data[0, 0] = 1
        desk.tick()
        assert desk.truth()[0, 0] == 1
    assert frozen.sum() == 25


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        pytest.param(
            lambda desk: setattr(desk.layers.masks, "data", np.zeros((4, 4), np.uint8)),
            r"'cells masks' has another shape now: \(4, 4\)",
            id="reshaped",
        ),
        pytest.param(
            lambda desk: desk.viewer.layers.remove(desk.layers.checked),
            "'cells checked' was removed",
            id="removed",
        ),
        pytest.param(lambda desk: desk.viewer.layers.clear(), "was removed", id="cleared"),
    ],
)
def test_a_tie_that_cannot_be_kept_ends_once_and_quietly(
    desk: Desk, break_it: Callable[[Desk], Any], message: str
) -> None:
    paint(desk.layers)
    desk.tick()
    break_it(desk)
    desk.tick(2)
    desk.link.scan_all()
    desk.link.settle(())
    desk.link.apply(Write(IMAGE, (), WHOLE, np.zeros((40, 50), np.uint8)))
    assert len(desk.ends) == 1
    assert re.search(message, desk.ends[0])
    assert desk.truth().any(), "what was checked is not lost"


def test_renamed_and_hidden_layers_stay_tied(desk: Desk) -> None:
    desk.layers.masks.name, desk.layers.checked.visible = "other", False
    desk.viewer.layers.remove(desk.layers.uncertainty)
    paint(desk.layers)
    desk.tick()
    assert desk.truth().any()
    assert not desk.ends


def test_an_image_opened_again_shows_what_is_known(desk: Desk) -> None:
    paint(desk.layers)
    desk.tick()
    desk.link.close()
    for layer in desk.layers.all():
        layer.data = np.zeros((40, 50), np.uint8)
    again = desk.tie()
    np.testing.assert_array_equal(again.checked, desk.truth())
    np.testing.assert_array_equal(again.labels, desk.session.plane(IMAGE, ()).labels)
    assert again.checked.any()


def test_a_stroke_right_before_the_image_closes_is_not_lost(stack: Desk) -> None:
    stack.layers.masks.data[1, 1, 3:6, 3:6] = 1
    stack.layers.masks.paint((0, 0, 20, 20), 1)
    stack.link.close()
    assert stack.truth((1, 1)).sum() == 9
    assert stack.truth((0, 0)).any()


def test_callbacks_fire_once_however_often_an_image_was_opened(desk: Desk) -> None:
    for _ in range(10):
        desk.link.close()
        desk.link = desk.tie()
    desk.session.observed.clear()
    paint(desk.layers)
    desk.link.look()
    assert len(desk.session.observed) == 1
    desk.link.close()
    desk.session.observed.clear()
    desk.layers.masks.paint((3, 3), 1)
    desk.link.tick()
    assert desk.session.observed == []
    assert desk.layers.masks.mouse_drag_callbacks == []


def test_drawing_is_told_and_the_scan_rests_meanwhile(desk: Desk) -> None:
    masks = desk.layers.masks
    masks.mode = "paint"
    event = type("Drag", (), {"type": "mouse_press"})()
    drag = desk.link._strokes._drag(masks, event)
    next(drag)
    script(desk.layers)
    desk.tick()
    assert not desk.truth().any()
    event.type = "mouse_release"
    assert next(drag, "over") == "over"
    desk.tick()
    assert desk.truth().any()
    assert desk.session.painting == [True, False]
