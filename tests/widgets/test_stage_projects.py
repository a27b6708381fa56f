"""A viewer's work is in a project from the first stroke on, and a second viewer goes on with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import tifffile

from napari_segloop.samples.crystals import crystals
from tests.widgets.real_window import Face

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari import Viewer


def add_file(face: Face, folder: Path) -> Path:
    path = folder / "crystals.tif"
    tifffile.imwrite(path, np.asarray(crystals(seed=1, shape=(128, 128)).image, np.uint16))
    face.session.add_files([path])
    face.until(lambda: face.session.desk.images.opened is not None)
    face.session.answer_task("classes")
    face.until(lambda: face.session.view is not None)
    return path


def paint(face: Face) -> None:
    """Paint into the masks as a script does, and let the stage notice."""
    face.masks.data[20:40, 30:60] = 1
    face.masks.refresh()
    face.checked.data[60:70, 60:70] = 3
    face.checked.refresh()
    face.until(lambda: face.session.plane(1, ()).checked[25, 35] == 1)
    face.until(lambda: face.session.plane(1, ()).checked[65, 65] == 3)


def test_strokes_are_there_in_the_next_viewer(
    make_napari_viewer: Callable[..., Viewer], private_models: Path, tmp_path: Path
) -> None:
    face = Face(make_napari_viewer(show=False), (900, 700))
    assert face.session.project is None
    add_file(face, tmp_path)
    paint(face)
    face.until(lambda: face.session.state.saved.text.startswith("Saved"))
    folder = face.session.project.folder
    assert folder.is_relative_to(tmp_path / "data" / "projects")
    face.masks.data[100:110, 100:110] = 1  # and closes the window at once
    face.masks.refresh()
    labels, checked = face.masks.data.copy(), face.checked.data.copy()
    face.stage.close()
    assert not list(private_models.glob("*.segloop"))

    other = Face(make_napari_viewer(show=False), (900, 700))
    assert [each.path for each in other.session.state.recent][:1] == [str(folder)]
    other.session.open_project(folder)
    other.until(lambda: other.session.desk.images.opened == 1)
    other.until(lambda: other.stage.opened is not None and other.stage.opened.is_alive)
    np.testing.assert_array_equal(other.masks.data, labels)
    np.testing.assert_array_equal(other.checked.data[:90], checked[:90])
    assert other.session.plane(1, ()).checked[105, 105] == 1


def test_layers_are_refreshed_when_an_older_state_is_restored(
    make_napari_viewer: Callable[..., Viewer], private_models: Path, tmp_path: Path
) -> None:
    del private_models
    face = Face(make_napari_viewer(show=False), (900, 700))
    add_file(face, tmp_path)
    paint(face)
    face.session.snapshot("painted")
    face.until(lambda: [s for s in face.session.snapshots if s.message == "painted"])
    painted = face.masks.data.copy()
    face.masks.data[:] = 0
    face.masks.refresh()
    face.until(lambda: not face.session.plane(1, ()).labels.any())
    (snapshot,) = (s for s in face.session.snapshots if s.message == "painted")
    face.viewer.scene.camera.center, face.viewer.scene.camera.zoom = (30, 40), 7.0
    face.session.restore(snapshot.id)
    face.until(lambda: not face.session.running("restore"))
    face.until(lambda: face.stage.opened is not None and face.stage.opened.is_alive)
    np.testing.assert_array_equal(face.masks.data, painted)
    assert face.viewer.scene.camera.center[-2:] == (30, 40)
    assert face.viewer.scene.camera.zoom == 7.0
    face.masks.data[20:25, 30:35] = 0  # and painting goes on
    face.masks.refresh()
    face.until(lambda: face.session.plane(1, ()).labels[21, 31] == 0)
