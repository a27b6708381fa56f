"""A stack too large to be edited whole: worked through, looked at, and never in memory at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from qtpy.QtWidgets import QApplication

from napari_segloop.engine.client import Engine
from napari_segloop.session.loop import LoopSession
from napari_segloop.widgets.lazy import LazyPlanes
from napari_segloop.widgets.stage import Stage
from tests.session.conftest import Loop, photo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from napari import Viewer

    from napari_segloop.core.images import Array

SIZE, PLANES = 96, 12
LARGEST = 60_000  # bytes: a plane fits, the stack does not
BUDGET = 1000


@pytest.fixture
def stage(make_napari_viewer: Callable[..., Viewer], tmp_path: Path) -> Iterator[Stage]:
    viewer = make_napari_viewer()
    session = LoopSession(tmp_path / "models", Engine(), budget=BUDGET)
    stage = Stage(viewer, session, largest=LARGEST)
    yield stage
    stage.close()
    vars(stage).clear()  # pytest keeps it longer than the viewer may live


@pytest.fixture
def loop(stage: Stage, tmp_path: Path) -> Loop:
    """The stack, open, with a mask in each plane."""
    loop = Loop(stage.session, tmp_path)
    stack = np.stack([photo(seed, SIZE, 4) for seed in range(PLANES)])
    tifffile.imwrite(tmp_path / "stack.tif", stack, metadata={"axes": "ZYX"})
    stage.session.answer_task("classes")
    stage.session.add_files([tmp_path / "stack.tif"])
    loop.until(lambda: stage.opened is not None)
    stage._turn()
    return loop


def rest(loop: Loop) -> None:
    """Wait until nothing is under way, packing included."""
    loop.rest()
    done = list[None]()
    for _ in range(2):  # packed, then put away
        loop.session.desk.keeper.ask(lambda: None, done.append, lambda _: None)
    loop.until(lambda: len(done) == 2 and not loop.session.desk.truths._going)


def labels_of(loop: Loop, z: int) -> Array:
    plane = loop.session.desk.truths.peek((1, (z,)))
    assert plane is not None
    return plane.labels


def test_a_stack_too_large_to_edit_is_worked_through_and_looked_at(
    stage: Stage, loop: Loop
) -> None:
    session, viewer = loop.session, stage.viewer
    assert stage.opened is not None
    assert stage.opened.link is not None
    layers = stage.opened.link.layers
    assert "too large to be edited as a whole" in "".join(loop.told)
    assert not any(layer.editable for layer in layers.all())
    assert not np.asarray(layers.masks.data[3]).any()
    session.make_first_masks(scope="all")
    rest(loop)
    truths = session.desk.truths
    assert len(truths.keys(1)) == PLANES
    assert not truths._planes  # nothing is unpacked though the image is open
    assert truths._resting.kept_bytes <= BUDGET
    assert session.scratch.size > BUDGET
    for z in (3, 0, PLANES - 1):
        viewer.dims.set_point(0, z)
        stage._turn()
        shown = np.asarray(layers.masks._slice.image.raw)
        np.testing.assert_array_equal(shown, labels_of(loop, z))
        assert shown.any()
    assert session.view is not None
    assert session.view[:2] == (1, (PLANES - 1,))


def test_what_comes_while_a_plane_is_looked_at_is_shown(stage: Stage, loop: Loop) -> None:
    session, viewer = loop.session, stage.viewer
    assert stage.opened is not None
    assert stage.opened.link is not None
    layers = stage.opened.link.layers
    viewer.dims.set_point(0, 5)
    stage._turn()
    session.make_first_masks()
    rest(loop)
    stage._turn()
    np.testing.assert_array_equal(np.asarray(layers.masks._slice.image.raw), labels_of(loop, 5))
    session.start_checking()
    rest(loop)
    assert session.queue.here is not None
    window = session.queue.here.region.slices
    session.accept()
    rest(loop)
    stage._turn()
    assert np.asarray(layers.checked._slice.image.raw)[window].min() == 1
    assert loop.state_of(1) == "checked"
    assert not session.desk.truths._planes


def test_no_tool_and_no_stroke_gets_into_it(stage: Stage, loop: Loop) -> None:
    assert stage.opened is not None
    assert stage.opened.link is not None
    stage.choose_label(1)
    assert stage.opened.link.layers.masks.mode == "pan_zoom"
    stage.take_brush(1)
    assert stage.opened.link.layers.checked.mode == "pan_zoom"
    loop.session.make_first_masks()
    rest(loop)
    loop.session.train()
    rest(loop)
    assert loop.session.checked == 0


def test_its_layers_removed_or_its_image_closed_end_it(stage: Stage, loop: Loop) -> None:
    viewer, session = stage.viewer, loop.session
    assert stage.opened is not None
    assert stage.opened.link is not None
    viewer.layers.remove(stage.opened.link.layers.masks)
    assert not stage.opened.is_alive
    assert session.desk.images.opened is None
    session.open(1)
    QApplication.processEvents()
    assert stage.opened.is_alive
    session.remove(1)
    assert [layer.name for layer in viewer.layers] == []


def test_a_lazy_array_is_read_when_looked_at_and_again_when_it_changed() -> None:
    asked = list[tuple[int, ...]]()

    def read(index: tuple[int, ...]) -> Array | None:
        asked.append(index)
        return None if index == (1, 1) else np.full((4, 5), len(asked), np.uint8)

    lazy = LazyPlanes((2, 3), (4, 5), np.dtype(np.uint16), read)
    assert (lazy.shape, lazy.ndim, lazy.nbytes, len(lazy)) == ((2, 3, 4, 5), 4, 240, 2)
    assert not asked
    assert lazy[1, 1].shape == (4, 5)
    assert not lazy[1, 1].any()
    assert (lazy[0, 2, 1:3, 0] == 2).all()
    assert lazy[0, 2, 3, 4] == 2
    assert asked == [(1, 1), (0, 2)]
    lazy.forget((0, 2))
    assert (lazy[0, 2] == 3).all()
    assert lazy[:, 0].shape == (2, 4, 5)
    assert lazy[...].dtype == np.uint16
