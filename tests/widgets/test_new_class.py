"""A class that comes late, in the layers: background counts again once it is brushed over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("napari")

from napari.components import ViewerModel

from napari_segloop.session.loop import LoopSession
from napari_segloop.widgets.labels_layers import make_layers
from napari_segloop.widgets.links import ImageLink
from napari_segloop.widgets.sources import LayerSource

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SHAPE = (60, 60)


class Scene:
    """One image with a session, without a dock and without an engine that runs."""

    def __init__(self, folder: Path) -> None:
        self.session, self.viewer = LoopSession(folder), ViewerModel()
        source = LayerSource([self.viewer.add_image(np.zeros(SHAPE), name="cells")], self.viewer)
        self.image = self.session.add_source(source)
        self.session.answer_task("classes")
        self.layers = make_layers("cells", SHAPE, source.placement, classes=self.session.table)
        for layer in self.layers.all():
            self.viewer.add_layer(layer)
        self.link = ImageLink(self.viewer, self.session, self.image, self.layers)
        self.session.written.connect(self.link.apply)

    def brush(self) -> None:
        self.layers.checked.brush_size = 9
        self.layers.checked.paint((20, 20), 1)
        self.link.scan_all()

    @property
    def shown(self) -> int:
        return int((self.layers.checked.data == 1).sum())

    @property
    def truth(self) -> int:
        plane = self.session.plane(self.image, ())
        return int(plane.truth(self.session.table, objects=False).sum())


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    scene.link.close()
    scene.session.close()


def test_background_is_brushed_again_for_a_class_that_came_later(scene: Scene) -> None:
    scene.brush()
    brushed = scene.shown
    assert brushed == scene.truth > 0
    scene.session.add_class("bubble")
    assert (scene.shown, scene.truth) == (0, 0)
    scene.brush()
    assert (scene.shown, scene.truth) == (brushed, brushed)


def test_it_is_there_again_when_the_class_is_deleted(scene: Scene) -> None:
    scene.brush()
    brushed = scene.shown
    scene.session.add_class("bubble")
    scene.layers.masks.brush_size = 3
    scene.layers.masks.paint((20, 20), 2)
    scene.link.scan_all()
    painted = scene.truth
    scene.session.delete_class(2)
    assert scene.shown == scene.truth == brushed - painted > 0
    assert not scene.layers.masks.data.any()
