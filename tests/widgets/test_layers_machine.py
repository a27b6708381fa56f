"""Any sequence of edits, acceptances and predictions: layers and session agree, checked stays.

The plain model: pixels that a human stated keep label and mark through every prediction, and what
the two layers show is what the session knows.
"""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("napari")
pytest.importorskip("qtpy")

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from napari.components import ViewerModel

from napari_segloop.session.desk import Write
from napari_segloop.widgets.labels_layers import make_layers
from napari_segloop.widgets.links import ImageLink
from napari_segloop.widgets.placement import Placement
from napari_segloop.widgets.undoing import Undoing
from tests.widgets.conftest import Planes

SHAPE = (2, 24, 30)
IMAGE = 3
planes_ = st.integers(0, 1)
ys, xs = st.integers(0, 23), st.integers(0, 29)
labels_ = st.sampled_from([0, 1, 1, 9])
windows = st.builds(
    lambda y, x, h, w: (slice(y, min(24, y + h)), slice(x, min(30, x + w))),
    ys, xs, st.integers(1, 12), st.integers(1, 12),
)  # fmt: skip


class Layers(RuleBasedStateMachine):
    """An open image in the hands of somebody impatient."""

    def __init__(self) -> None:
        super().__init__()
        self.viewer, self.session = ViewerModel(), Planes(SHAPE[1:])
        image = self.viewer.add_image(np.zeros(SHAPE), name="cells")
        self.layers = make_layers("cells", SHAPE, Placement.of(image), classes=self.session.table)
        for layer in self.layers.all():
            self.viewer.add_layer(layer)
        self.ends: list[str] = []
        self.link = ImageLink(
            self.viewer, self.session, IMAGE, self.layers, on_end=self.ends.append
        )
        self.session.written.connect(self.link.apply)
        self.session.looking.connect(lambda _, index: self.link.settle(index))
        self.undoing = Undoing(self.viewer, self.session, self.link)

    @rule(z=planes_, y=ys, x=xs, label=labels_, size=st.integers(1, 9))
    def paint(self, z: int, y: int, x: int, label: int, size: int) -> None:
        self.layers.masks.brush_size = size
        self.layers.masks.paint((z, y, x), label)

    @rule(z=planes_, y=ys, x=xs, label=labels_)
    def fill(self, z: int, y: int, x: int, label: int) -> None:
        self.layers.masks.fill((z, y, x), label)

    @rule(z=planes_, y=ys, x=xs, mark=st.integers(0, 5))
    def brush(self, z: int, y: int, x: int, mark: int) -> None:
        self.layers.checked.brush_size = 5
        self.layers.checked.paint((z, y, x), mark)

    @rule(z=planes_, window=windows, label=st.integers(0, 1), by_copy=st.booleans())
    def script(self, z: int, window: tuple[slice, slice], label: int, by_copy: bool) -> None:
        masks = self.layers.masks
        data = masks.data.copy() if by_copy else masks.data
        data[z][window] = label
        if by_copy:
            masks.data = data

    @rule(is_undo=st.booleans(), layer=st.sampled_from(["masks", "checked"]))
    def napari_undo(self, is_undo: bool, layer: str) -> None:
        chosen = getattr(self.layers, layer)
        chosen.undo() if is_undo else chosen.redo()

    @rule(is_undo=st.booleans())
    def our_undo(self, is_undo: bool) -> None:
        self.undoing.undo() if is_undo else self.undoing.redo()

    @rule(layer=st.sampled_from(["masks", "checked"]))
    def hide_or_rename(self, layer: str) -> None:
        chosen = getattr(self.layers, layer)
        chosen.visible, chosen.name = not chosen.visible, f"{chosen.name}'"

    @rule(z=planes_)
    def slide(self, z: int) -> None:
        self.viewer.dims.set_current_step(0, z)

    @rule()
    def remove_uncertainty(self) -> None:
        if self.layers.uncertainty in self.viewer.layers:
            self.viewer.layers.remove(self.layers.uncertainty)

    @rule(z=planes_, window=windows)
    def accept(self, z: int, window: tuple[slice, slice]) -> None:
        self.session.accept(IMAGE, (z,), window)
        assert (self.layers.checked.data[z][window] > 0).all()

    @rule(z=planes_, window=windows, label=st.integers(0, 1))
    def predict(self, z: int, window: tuple[slice, slice], label: int) -> None:
        self.link.scan_all()
        before = self.layers.masks.data[z].copy(), self.layers.checked.data[z].copy()
        size = [part.stop - part.start for part in window]
        new = np.full(size, label, np.uint8)
        merged = self.session.plane(IMAGE, (z,)).write(new, window, objects=False)
        self.link.apply(Write(IMAGE, (z,), window, merged, is_whole=True))
        stated = before[1] > 0
        np.testing.assert_array_equal(self.layers.masks.data[z][stated], before[0][stated])
        np.testing.assert_array_equal(self.layers.checked.data[z], before[1])

    @rule()
    def close_and_open_again(self) -> None:
        self.undoing.close()
        self.session.written.disconnect()
        self.link.close()
        self.link = ImageLink(
            self.viewer, self.session, IMAGE, self.layers, on_end=self.ends.append
        )
        self.session.written.connect(self.link.apply)
        self.undoing = Undoing(self.viewer, self.session, self.link)

    @invariant()
    def layers_show_what_is_known(self) -> None:
        self.link.tick()
        self.link.tick()
        assert not self.ends
        assert set(np.unique(self.layers.masks.data)) <= {0, 1}
        for z in range(SHAPE[0]):
            plane = self.session.plane(IMAGE, (z,))
            np.testing.assert_array_equal(self.layers.masks.data[z], plane.labels)
            np.testing.assert_array_equal(self.layers.checked.data[z], plane.checked)


TestLayers = Layers.TestCase
TestLayers.settings = settings(
    max_examples=15,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
