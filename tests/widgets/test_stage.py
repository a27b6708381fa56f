"""Several docks, several viewers, docks closed and opened again: once each, and nothing is left."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from qtpy.QtCore import QEvent, QObject, QTimer
from qtpy.QtWidgets import QApplication

from napari_segloop.widgets.stage import _stages, stage_of
from tests.widgets.real_window import Face

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari import Viewer

    from napari_segloop.session.loop import LoopSession

SIGNALS = ("changed", "written", "preview", "opening", "card_read", "looking")


@pytest.fixture
def one_engine() -> None:
    """Each viewer has its own: here children are counted."""


def children() -> set[int]:
    """The engine's processes that this one started and that are no zombies."""
    found = set[int]()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            _, _, rest = (folder / "stat").read_text().rpartition(")")
            is_ours = b"napari_segloop" in (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if is_ours and int(rest.split()[1]) == os.getpid():
            found.add(int(folder.name))
    return found


def slots(session: LoopSession) -> dict[str, int]:
    return {name: len(getattr(session, name)) for name in SIGNALS}


def listeners(viewer: Viewer) -> int:
    """Callbacks of everything in the viewer that the loop listens to."""
    emitters = [viewer.dims.events, viewer.layers.events, viewer.layers.selection.events]
    emitters += [layer.events for layer in viewer.layers]
    return sum(len(emitter.callbacks) for group in emitters for emitter in group.emitters.values())


def let_go(dock: object, viewer: Viewer) -> None:
    """Close a dock as napari's cross does, and let Qt delete it."""
    viewer.window.remove_dock_widget(dock)
    dock.close()
    dock.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QApplication.processEvents()
    gc.collect()


def count(face: Face) -> dict[str, object]:
    face.turn(5)
    gc.collect()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    window = face.window
    return {
        **slots(face.session),
        "listeners": listeners(face.viewer),
        "timers": len(window.findChildren(QTimer)) + len(face.stage.findChildren(QTimer)),
        "objects": len(window.findChildren(QObject)),
        "threads": threading.active_count(),
        "children": len(children()),
    }


def ready(face: Face) -> Face:
    """An image is open and the engine's children run."""
    face.add_crystals(64)
    face.session.answer_task("classes")
    face.until(lambda: len(face.session.desk.engine._lanes) == 2)
    face.turn()
    return face


def training(face: Face) -> Face:
    """All is checked, and a long training has begun."""
    face.session.import_labels(1, (), np.eye(64, dtype=np.uint8))
    face.session.train(seconds=600)
    face.until(lambda: face.session.running("train").began)
    return face


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_dock_closed_and_opened_ten_times_leaves_nothing(face: Face) -> None:
    ready(face)
    first = face.stage
    before = None
    for _ in range(10):
        let_go(face.dock, face.viewer)
        face.dock = face.open_dock()
        assert face.stage is first
        before = before or count(face)
    assert count(face) == before
    assert [image.name for image in face.session.state.images] == ["crystals"]


def test_three_docks_on_one_viewer(face: Face) -> None:
    ready(face)
    docks = [face.dock, *(type(face.dock)(face.viewer) for _ in range(2))]
    assert len({dock.stage for dock in docks}) == 1
    observed = list[tuple[slice, slice]]()
    accepted = list[str]()
    observe = face.session.observe

    def note(image: int, index: object, labels: object, checked: object, window: object) -> object:
        change = observe(image, index, labels, checked, window)
        if change is not None:
            observed.append(window)
        return change

    face.session.observe = note
    face.session.changed.connect(accepted.append)
    face.masks.paint((20, 20), 1)
    face.turn()
    assert len(observed) == 1
    assert accepted.count("images") == 1
    docks[1].panel.classes.label_chosen.emit(1)
    docks[2].panel.question.objects.click()
    face.turn()
    assert {dock.panel.question.isVisibleTo(dock.panel) for dock in docks} == {False}
    assert face.session.state.task == "objects"
    del face.session.observe
    for dock in docks[1:]:
        dock.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_two_viewers_do_not_know_each_other(
    make_napari_viewer: Callable[..., Viewer], private_models: Path
) -> None:
    others = children()
    # Not shown: two canvases at once are more than a software renderer stands.
    faces = [ready(Face(make_napari_viewer(show=False), (900, 700))) for _ in range(2)]
    assert faces[0].stage is not faces[1].stage
    assert len(children() - others) == 4
    faces[0].masks.paint((20, 20), 1)
    for face in faces:
        face.turn()
    assert faces[0].checked_pixels()
    assert not faces[1].checked_pixels()
    assert [face.session.state.images[0].status for face in faces] == ["checked", "new"]
    faces[1].viewer.close()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QApplication.processEvents()
    assert len(children() - others) == 2
    faces[0].masks.paint((40, 40), 1)
    faces[0].turn()
    assert faces[0].checked.data[40, 40] == 1
    del private_models


def test_a_viewer_closed_in_a_training_takes_everything_with_it(
    make_napari_viewer: Callable[..., Viewer], private_models: Path
) -> None:
    before, stages = children(), len(_stages)
    threads = threading.active_count()
    face = training(ready(Face(make_napari_viewer(show=True), (900, 700))))
    assert len(children() - before) == 2
    gone = [weakref.ref(each) for each in (face.stage, face.session, face.dock)]
    viewer = face.viewer
    del face
    viewer.close()
    del viewer
    for _ in range(3):
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QApplication.processEvents()
        gc.collect()
    assert children() == before
    assert len(_stages) == stages
    assert threading.active_count() <= threads + 1
    assert [each() for each in gone] == [None] * 3
    del private_models


def test_layers_that_vanish_end_the_tie_and_nothing_else(face: Face) -> None:
    ready(face)
    face.masks.paint((20, 20), 1)
    face.turn()
    checked = face.checked_pixels()
    face.viewer.layers.remove(face.masks)
    face.turn()
    assert "was removed" in face.session.state.told.text
    face.session.open(1)
    face.turn()
    assert face.checked_pixels() == checked
    face.viewer.layers.clear()
    face.turn()
    assert not np.count_nonzero([image.is_open for image in face.session.state.images])


def test_the_view_goes_to_a_place_of_an_image_that_is_opened_for_it(face: Face) -> None:
    session = face.session
    for _ in range(2):
        face.add_crystals(128)
    session.answer_task("classes")
    face.until(lambda: session.view is not None)
    session.make_first_masks(scope="all")
    face.until(lambda: {place.image for place in session.queue.places} == {1, 2})
    session.start_checking()
    seen = set[int]()
    while seen != {1, 2}:
        here = session.queue.here
        seen.add(here.image)
        face.turn()
        assert face.stage.opened.image == here.image
        assert "place to check" in face.viewer.layers
        rows, columns = here.region.slices
        outlined = face.viewer.layers["place to check"].data[0]
        assert outlined.min(axis=0).tolist() == [rows.start - 0.5, columns.start - 0.5]
        assert outlined.max(axis=0).tolist() == [rows.stop - 0.5, columns.stop - 0.5]
        session.later()


def test_the_stage_is_the_same_for_the_viewer_and_its_proxy(
    make_napari_viewer_proxy: Callable[[], Viewer], private_models: Path
) -> None:
    proxy = make_napari_viewer_proxy()
    assert stage_of(proxy) is stage_of(proxy.__wrapped__)
    del private_models


OPEN_THE_DOCK = """
import sys
import napari
from qtpy.QtWidgets import QApplication
from napari_segloop.widgets import stage
from pathlib import Path
stage._folder = lambda: Path(sys.argv[1])
viewer = napari.Viewer(show=True)
bare = set(sys.modules)
dock, widget = viewer.window.add_plugin_dock_widget("napari-segloop", "SegLoop")
widget.repaint()
QApplication.processEvents()
first = {name.partition(".")[0] for name in set(sys.modules) - bare}
for _ in range(20):
    QApplication.processEvents()
slow = {"icechunk", "pyqtgraph", "segmentation_models_pytorch", "skimage", "torch", "zarr"}
print(*sorted(first & slow))
print("torch" in sys.modules)
viewer.close()
"""


def test_first_paint_imports_nothing_that_is_slow(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OPEN_THE_DOCK, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines() == ["", "False"]
