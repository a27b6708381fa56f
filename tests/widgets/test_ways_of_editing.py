"""Every way of editing in the viewer arrives on the disk, by itself.

What is compared is read from the project's folder, not from the session that wrote it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import tifffile
from qtpy.QtCore import Qt

from napari_segloop.core.regions import Region
from napari_segloop.session import pace
from napari_segloop.session.state import Place, QueueState
from napari_segloop.store.annotations import Annotations

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from tests.widgets.real_window import Face

SIDE = 48
WHOLE = (slice(0, SIDE), slice(0, SIDE))
FIRST, NEW = (5, 5), (25, 25)
"""Predicted as class 1 before; background before."""
Way = tuple["Callable[[Face], object]", tuple[int, int], int, int]


def stroke(face: Face, at: tuple[int, int] = NEW, label: int = 2) -> None:
    face.masks.brush_size = 3
    face.masks.paint(at, label)


def stroke_with_the_picked_label(face: Face) -> None:
    face.masks.mode = "pick"
    face.stage.choose_label(2)
    stroke(face, label=face.masks.selected_label)


def assign(face: Face) -> None:
    data = face.masks.data.copy()
    data[20:30, 20:30] = 2
    face.masks.data = data


def edit_in_place(face: Face) -> None:
    face.masks.data[20:30, 20:30] = 2
    face.masks.refresh()


def undo(face: Face) -> None:
    stroke(face)
    wait_for(face, NEW, 2, 1)
    face.stage.opened._undoing.undo()  # what the key calls


def redo(face: Face) -> None:
    undo(face)
    wait_for(face, NEW, 0, 0)
    face.stage.opened._undoing.redo()


def accept(face: Face) -> None:
    image = face.session.state.images[0].id
    region = Region(20, 20, 10, 10, 1.0, 1.0, "")
    face.session.queue = QueueState((Place(image, region),), at=0)
    face.press(Qt.Key.Key_A)


def brush(value: int) -> Callable[[Face], None]:
    def paint(face: Face) -> None:
        face.stage.take_brush(value)
        face.checked.paint(NEW, value)
        face.stage.take_brush(None)

    return paint


def import_masks(face: Face) -> None:
    labels = np.zeros((SIDE, SIDE), np.uint8)
    labels[20:30, 20:30] = 2
    face.session.import_labels(face.session.state.images[0].id, (), labels)


WAYS: dict[str, Way] = {
    "brush": (stroke, NEW, 2, 1),
    "eraser": (lambda face: stroke(face, FIRST, 0), FIRST, 0, 1),
    "fill": (lambda face: face.masks.fill(FIRST, 2), FIRST, 2, 1),
    "polygon": (
        lambda face: face.masks.paint_polygon([(20, 20), (20, 30), (30, 30), (30, 20)], 2),
        *(NEW, 2, 1),
    ),
    "another label": (stroke_with_the_picked_label, NEW, 2, 1),
    "undo": (undo, NEW, 0, 0),
    "redo": (redo, NEW, 2, 1),
    "assigned data": (assign, NEW, 2, 1),
    "numpy, then refresh": (edit_in_place, NEW, 2, 1),
    "A: all correct": (accept, NEW, 0, 1),
    "checked brush": (brush(1), NEW, 0, 1),
    "brush can't tell": (brush(2), NEW, 0, 2),
    "exclude brush": (brush(3), NEW, 0, 3),
    "class deleted": (lambda face: face.session.delete_class(1), FIRST, 0, 0),
    "classes merged": (lambda face: face.session.merge_class(1, into=2), FIRST, 2, 0),
    "imported masks": (import_masks, NEW, 2, 1),
    "first masks": (lambda face: face.session.make_first_masks(), (40, 40), 1, 0),
}


def begin(face: Face, path: Path) -> None:
    """Begin a project of two classes, one of them predicted, that is on the disk."""
    session = face.session
    session.new_project()
    face.until(lambda: not (session.errands or session.state.images))
    session.answer_task("classes")
    session.add_class()
    session.add_files([path])
    face.until(lambda: face.stage.opened is not None and session.view is not None)
    session.desk.put_labels((session.state.images[0].id, ()), WHOLE, first(), whole=True)
    session.publish()
    wait_for(face, FIRST, 1, 0)


def first() -> np.ndarray:
    labels = np.zeros((SIDE, SIDE), np.uint8)
    labels[2:10, 2:10] = 1
    return labels


def wait_for(face: Face, at: tuple[int, int], label: int, checked: int) -> None:
    """Wait until the disk shows a pixel, and all of the layers."""

    def arrived() -> bool:
        project, saver = face.session.project, face.session.saver
        if project is None or not saver.is_idle:
            return False
        with Annotations.open(project.folder, read_only=True) as store:
            if not store.project().images or not store.image(1).planes:
                return False
            found = store.plane(1, ())
        shown = {"labels": face.masks.data, "checked": face.checked.data}
        same = all(np.array_equal(found[name], live) for name, live in shown.items())
        return same and (found["labels"][at], found["checked"][at]) == (label, checked)

    face.until(arrived)


def test_every_way_of_editing_arrives(
    hidden: Face, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "QUIET", 0.02)
    hidden.patience = 60.0
    image = np.full((SIDE, SIDE), 10, np.uint8)
    image[36:44, 36:44] = 200
    tifffile.imwrite(tmp_path / "cells.tif", image)
    for way, (act, at, label, checked) in WAYS.items():
        begin(hidden, tmp_path / "cells.tif")
        try:
            act(hidden)
            wait_for(hidden, at, label, checked)
        except AssertionError as error:
            error.add_note(f"way of editing: {way}")
            raise
