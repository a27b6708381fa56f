"""One round through the dock, station by station: what is done, and what has to be seen.

Each station is a function of a `Visitor` that returns what it saw, or raises `UnexpectedError`. On
which images, and what becomes of the answers, it does not know.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import Qt

from benchmarks.visitor import expect
from benchmarks.window import wait

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.visitor import Visitor
    from napari_segloop.core.images import Labels
    from napari_segloop.core.prediction import Bytes
    from napari_segloop.session.state import Place, Task

Key = Qt.Key
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
STROKE = (-30, -10), (-10, 5), (10, -5), (30, 10)  # pixels of the canvas, from its centre


@dataclass(frozen=True, slots=True)
class Work:
    """What one round is about.

    Parameters
    ----------
    paths : tuple of Path
        At least two images.
    task : {"classes", "objects"}
        Answer to the first question.
    channel_axis : int or None
        Of files that are opened in napari and added as layers; None: the list reads the files.
    seconds : float
        Of a training.
    """

    paths: tuple[Path, ...]
    task: Task
    channel_axis: int | None
    seconds: float


def add_images(visitor: Visitor, work: Work) -> str:
    """Add the images: files with the primary button, or layers with their dialog."""
    expect(visitor.shown.action == "add_images", visitor.shown.text)
    if work.channel_axis is None:
        visitor.add_files(work.paths)
    else:
        visitor.add_layers(work.paths, work.channel_axis)
    visitor.until(lambda: visitor.images[0].is_open)
    source = visitor.session.source(visitor.images[0].id)
    planes = ", ".join(str(image.planes) for image in visitor.images)
    return f"{len(visitor.images)} images of {planes} planes, {source.channels} channels"


def answer(visitor: Visitor, work: Work) -> str:
    """Answer the first question with its picture."""
    expect(visitor.shown.action == "choose_task", visitor.shown.text)
    question = visitor.panel.question
    visitor.click(question.areas if work.task == "classes" else question.objects)
    visitor.until(lambda: visitor.session.view is not None)
    expect(not question.isVisible(), "the question stays")
    active = visitor.viewer.layers.selection.active
    expect(active is visitor.masks, f"{active} is active")
    if work.task == "classes":
        visitor.unfold("Classes")
        visitor.click(visitor.panel.classes.add)
        expect(len(visitor.session.state.classes.values) == 2, "no second class")
    return f"masks of shape {visitor.masks.data.shape}"


def first_masks(visitor: Visitor, _work: Work) -> str:
    """Make first masks of the plane with the primary button."""
    expect(visitor.shown.action == "first_masks", visitor.shown.text)
    visitor.primary()
    visitor.settle()
    labels, checked = visitor.contents()
    expect(labels.any() and not checked.any(), "empty masks, or some are checked")
    expect(visitor.session.queue.left, "no place to check")
    return f"{labels.astype(bool).mean():.0%} labelled, {visitor.session.queue.left} places"


def all_first_masks(visitor: Visitor, _work: Work) -> str:
    """Make first masks of all images with the section's button."""
    visitor.unfold("First masks")
    visitor.click(visitor.panel.first_masks.everywhere)
    visitor.settle()
    statuses = [image.status for image in visitor.images]
    expect(set(statuses) == {"predicted"}, ", ".join(statuses))
    bare = [i for i, labels in enumerate(visitor.masks.data) if not labels.any()]
    expect(not bare, f"planes {bare} are empty")
    return f"{visitor.session.queue.left} places"


def open_another(visitor: Visitor, _work: Work) -> str:
    """Open the second image of the list with a click, and the first one again."""
    before = visitor.masks.data.copy()
    layers = len(visitor.viewer.layers)
    for row in (1, 0):
        visitor.click_row(visitor.panel.images.table, row)
        visitor.until(lambda wanted=row: visitor.images[wanted].is_open)
        name = visitor.images[row].name
        expect(visitor.masks.name == f"{name} masks", f"{visitor.masks.name} for {name}")
        expect(len(visitor.viewer.layers) == layers, f"{len(visitor.viewer.layers)} layers")
        expect(visitor.masks.data.any(), f"{name} without masks")
    expect(np.array_equal(visitor.masks.data, before), "other masks than before")
    return f"{layers} layers each time"


def paint(visitor: Visitor, _work: Work) -> str:
    """Paint a stroke; what it changes is checked."""
    visitor.look_at_background()
    visitor.masks.mode = "paint"
    visitor.masks.brush_size = 9
    label = visitor.new_label()
    before = visitor.contents()
    visitor.drag(*STROKE)
    return _judge(visitor, before, label)


def undo(visitor: Visitor, _work: Work) -> str:
    """Undo takes the labels back, and they are not checked any more."""
    painted = visitor.contents()
    visitor.press(Key.Key_Z, CONTROL)
    undone = visitor.contents()
    changed = undone[0] != painted[0]
    expect(changed.any(), "no pixel changed")
    expect(not undone[1][changed].any(), "some of what was undone is still checked")
    return f"{changed.sum()} px"


def redo(visitor: Visitor, _work: Work) -> str:
    """Redo brings the stroke again."""
    before = visitor.contents()
    visitor.press(Key.Key_Z, CONTROL | SHIFT)
    changed = visitor.masks.data != before[0]
    expect(changed.any(), "no pixel changed")
    expect((visitor.checked.data[changed] == 1).all(), "not all is checked")
    return f"{changed.sum()} px"


def fill(visitor: Visitor, work: Work) -> str:
    """Fill the stroke with another label."""
    masks, was = visitor.masks, int(visitor.masks.selected_label)
    stroke = masks.data == was
    if work.task == "classes":
        masks.selected_label = 1
    else:
        visitor.press(Key.Key_M)
    masks.mode = "fill"
    before = visitor.contents()
    visitor.drag((0, 0), (0, 0))
    seen = _judge(visitor, before, int(masks.selected_label))
    expect(np.array_equal(masks.data != before[0], stroke), "other pixels than the stroke's")
    masks.mode = "paint"
    return seen


def _judge(visitor: Visitor, before: tuple[Labels, Bytes], label: int) -> str:
    """Say what was painted; all of it, and nothing else, has to be checked."""
    changed = visitor.masks.data != before[0]
    expect(changed.any(), "no pixel changed")
    expect((visitor.masks.data[changed] == label).all(), f"other labels than {label}")
    expect((visitor.checked.data[changed] == 1).all(), "not all of it is checked")
    others = (visitor.checked.data != before[1]) & ~changed
    expect(not others.any(), f"{others.sum()} px beside it are checked")
    return f"{changed.sum()} px with label {label}"


def brush(visitor: Visitor, _work: Work) -> str:
    """Brush *checked* over background: truth, though no label changes."""
    visitor.look_at_background()
    before = visitor.contents()
    visitor.press(Key.Key_K)
    expect(visitor.viewer.layers.selection.active is visitor.checked, "another layer is active")
    visitor.drag(*STROKE)
    visitor.press(Key.Key_K)
    expect(np.array_equal(visitor.masks.data, before[0]), "labels changed")
    new = (visitor.checked.data == 1) & (before[1] != 1) & (visitor.masks.data == 0)
    expect(new.any(), "no background is checked")
    planes = visitor.session.planes(visitor.images[0].id).values()
    total = sum(plane.checked_pixels for plane in planes)
    expect(total == visitor.checked_pixels(), f"{total} px in the session")
    return f"{new.sum()} px"


def peek(visitor: Visitor, _work: Work) -> str:
    """Hold H: the bare image; let go: as before."""
    ours = visitor.stage.opened.link.layers.all()
    before = [layer.visible for layer in ours]
    with visitor.holding(Key.Key_H):
        wait(0.3)
        held = [layer.visible for layer in visitor.viewer.layers if layer.visible]
        expect(not any(layer.visible for layer in ours), "some of our layers are shown")
        expect(held, "the image is hidden, too")
    after = [layer.visible for layer in ours]
    expect(after == before, f"visible before {before}, after {after}")
    return f"{len(held)} of {len(visitor.viewer.layers)} layers while held"


def accept(visitor: Visitor, _work: Work) -> str:
    """Go to the first place with the primary button and press A."""
    expect(visitor.shown.action == "next_place", visitor.shown.text)
    visitor.primary()
    at = _is_shown(visitor)
    plane = visitor.session.plane(at.image, at.region.index)
    visitor.press(Key.Key_A)
    expect(plane.checked[at.region.slices].all(), "not all of it is checked")
    expect(visitor.session.queue.here != at, "still there")
    return f"{visitor.session.queue.left} places left"


def cant_tell(visitor: Visitor, _work: Work) -> str:
    """Press S: nothing new teaches, and it is done."""
    at = _is_shown(visitor)
    plane = visitor.session.plane(at.image, at.region.index)
    taught = plane.checked_pixels
    visitor.press(Key.Key_S)
    here = plane.checked[at.region.slices]
    expect(here.all(), "some of it has no answer")
    expect(plane.checked_pixels <= taught, "some of it teaches")
    return f"{np.count_nonzero(here == 2)} px cannot be told"


def later(visitor: Visitor, _work: Work) -> str:
    """Press N: on to the next place, nothing done."""
    at, left = _is_shown(visitor), visitor.session.queue.left
    visitor.press(Key.Key_N)
    expect(visitor.session.queue.here != at, "still there")
    expect(visitor.session.queue.left == left, f"{left - visitor.session.queue.left} done")
    return f"{left} places left"


def back(visitor: Visitor, _work: Work) -> str:
    """Press W: at the place before."""
    at = visitor.session.queue.at
    visitor.press(Key.Key_W)
    expect(visitor.session.queue.at == at - 1, f"from {at} to {visitor.session.queue.at}")
    _is_shown(visitor)
    return f"place {visitor.session.queue.at + 1}"


def _is_shown(visitor: Visitor) -> Place:
    """Return the place, once it is in sight with its outline and the brush in hand."""
    visitor.until(lambda: visitor.session.queue.here is not None)
    place = visitor.session.queue.here
    visitor.until(lambda: visitor.stage.opened.image == place.image)
    visitor.turn()
    index = visitor.stage.opened.link.index
    expect(index == place.region.index, f"plane {index} for {place.region.index}")
    image, _, (top, left, bottom, right) = visitor.stage.opened.seen()
    rows, columns = place.region.slices
    inside = top <= rows.start and rows.stop <= bottom
    inside &= left <= columns.start and columns.stop <= right
    expect(image == place.image and inside, "the place is not wholly in view")
    expect("place to check" in visitor.viewer.layers, "no outline")
    expect(visitor.viewer.layers.selection.active is visitor.masks, "masks are not active")
    return place
