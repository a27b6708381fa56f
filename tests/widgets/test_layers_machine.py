"""Random work on the layers of a real viewer against a model that judges one pixel at a time.

The model sees what the layers hold whenever the tie looks, and knows what was asked of the
session; that nothing is missed is checked after each step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from napari_segloop.core.regions import Region
from napari_segloop.session.state import Place, QueueState
from tests.core.test_corrections_machine import Pixel
from tests.widgets.real_window import Face

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari import Viewer

SIDE = 12
ALL = [(y, x) for y in range(SIDE) for x in range(SIDE)]
Window = tuple[slice, slice]
inside = st.integers(0, SIDE - 1)
windows = st.builds(
    lambda y, x, h, w: (slice(y, min(SIDE, y + h)), slice(x, min(SIDE, x + w))),
    *(inside, inside, st.integers(1, 6), st.integers(1, 6)),
)


class Layers(RuleBasedStateMachine):
    """A viewer, the session behind it, and the model."""

    face: Face

    @initialize(objects=st.booleans())
    def open(self, objects: bool) -> None:
        session, viewer = self.face.session, self.face.viewer
        for state in session.state.images:
            session.remove(state.id)
        viewer.layers.clear()
        session.task = None
        session.answer_task("objects" if objects else "classes")
        if not objects:
            session.add_class()
        viewer.add_image(np.zeros((SIDE, SIDE)), name="cells")
        self.face.take_selected()
        self.watch(objects)

    def watch(self, objects: bool) -> None:
        """Begin with the one image of the list, and hear what the session is told."""
        session = self.face.session
        self.image = session.state.images[0].id
        self.key = (self.image, ())
        self.objects = objects
        self.model = {at: Pixel(0, 0) for at in ALL}
        self.undone_later = list[tuple[dict[tuple[int, int], Pixel], ...]]()
        observe, take_back = type(session).observe, type(session).take_back_last

        def watched(
            image: int, index: object, labels: np.ndarray, checked: np.ndarray, window: Window
        ) -> object:
            self.see(labels, checked, window)
            return observe(session, image, index, labels, checked, window)

        def taken_back() -> bool:
            is_any = take_back(session)
            assert is_any == bool(self.undone_later)
            if is_any:
                self.take_back()
            return is_any

        session.observe, session.take_back_last = watched, taken_back

    def see(self, labels: np.ndarray, checked: np.ndarray, window: Window) -> None:
        """Judge what is new in a window, labels first."""
        declared, epoch = {0, *self.face.session.table.values}, self.face.session.table.epoch
        for at in within(window):
            label, state, pixel = int(labels[at]), int(checked[at]), self.model[at]
            if self.objects or label in declared or label == pixel.predicted:
                self.model[at] = pixel.painted(label, epoch)
            if state != pixel.state and state <= 3:
                self.model[at] = self.model[at].brushed(state, epoch)

    def take_back(self) -> None:
        """Return to before an acceptance where nothing was stated since."""
        before, after = self.undone_later.pop()
        for at, pixel in before.items():
            now = self.model[at]
            if (now.state, now.why) == (after[at].state, after[at].why):
                was = Pixel(now.label, now.predicted, pixel.state, pixel.why, pixel.epoch)
                if now.label not in {pixel.label, now.predicted} and not was.why:
                    was = Pixel(now.label, now.predicted, 1, "changed", now.epoch)
                self.model[at] = was

    @property
    def is_open(self) -> bool:
        return self.face.stage.opened is not None and self.face.stage.opened.is_alive

    def look(self) -> None:
        """Look at all, as before a training."""
        self.face.session.looking.emit(self.image, None)

    @rule(y=inside, x=inside, label=st.integers(0, 3), size=st.sampled_from([1, 4, 9]))
    def paint(self, y: int, x: int, label: int, size: int) -> None:
        masks, before = self.face.masks, self.face.masks.data.copy()
        masks.brush_size = size
        masks.paint((y, x), label)
        painted = masks.data != before
        self.face.turn(1)
        if label < 3 or self.objects:
            new = painted & (self.predicted() != label)
            assert (self.face.checked.data[new] != 0).all()

    @rule(y=inside, x=inside, label=st.integers(0, 2))
    def fill(self, y: int, x: int, label: int) -> None:
        self.face.masks.fill((y, x), label)
        self.face.turn(1)

    @rule(y=inside, x=inside, value=st.integers(0, 4), size=st.sampled_from([1, 5]))
    def brush_over(self, y: int, x: int, value: int, size: int) -> None:
        self.face.checked.brush_size = size
        self.face.checked.paint((y, x), value)
        self.face.turn(1)

    @rule(window=windows, label=st.integers(0, 3), is_seen=st.booleans())
    def write_by_script(self, window: Window, label: int, is_seen: bool) -> None:
        self.face.masks.data[window] = label
        if is_seen:
            self.look()

    @rule(window=windows, value=st.integers(0, 3))
    def mark_by_script(self, window: Window, value: int) -> None:
        self.face.checked.data[window] = value
        self.look()

    @rule(seed=st.integers(0, 9), dtype=st.sampled_from(["uint8", "uint16", "int32"]))
    def put_other_data(self, seed: int, dtype: str) -> None:
        values = np.random.default_rng(seed).integers(0, 3, (SIDE, SIDE))
        self.face.masks.data = values.astype(dtype)
        self.look()

    @rule()
    def undo(self) -> None:
        self.face.stage.opened._undoing.undo()  # what the key calls
        self.face.turn(1)

    @rule()
    def redo(self) -> None:
        self.face.stage.opened._undoing.redo()
        self.face.turn(1)

    @rule(which=st.sampled_from(["masks", "checked"]))
    def hide_or_show(self, which: str) -> None:
        layer = getattr(self.face, which)
        layer.visible = not layer.visible

    @rule(name=st.sampled_from(["a", "cells masks", "b [1]"]))
    def rename(self, name: str) -> None:
        self.face.masks.name = name

    @rule(which=st.sampled_from(["masks", "checked"]))
    def remove_and_open_again(self, which: str) -> None:
        self.face.viewer.layers.remove(getattr(self.face, which))
        assert not self.is_open
        self.face.session.open(self.image)
        assert self.is_open

    @rule(window=windows, act=st.sampled_from(["accept", "cant_tell"]))
    def judge(self, window: Window, act: str) -> None:
        session, (rows, columns) = self.face.session, window
        size = rows.stop - rows.start, columns.stop - columns.start
        session.queue = QueueState((Place(self.image, Region(rows.start, columns.start, *size,
                                                             1.0, 1.0, "")),), at=0)  # fmt: skip
        before_looking = self.model
        self.model = dict(before_looking)
        self.look()
        before = {at: self.model[at] for at in within(window)}
        getattr(session, act)()
        for at in within(window):
            epoch = session.table.epoch
            told = before[at].accepted(epoch) if act == "accept" else before[at].not_told()
            self.model[at] = told
        self.undone_later.append((before, {at: self.model[at] for at in within(window)}))

    @rule()
    def take_back_last(self) -> None:
        self.look()
        self.face.session.take_back_last()

    @rule(window=windows, seed=st.integers(0, 9))
    def predict(self, window: Window, seed: int) -> None:
        """Also over strokes that nobody has looked at."""
        desk, shape = self.face.session.desk, self.face.masks.data[window].shape
        new = np.random.default_rng(seed).integers(0, 3, shape).astype(np.uint8)
        checked = self.face.checked.data[window] != 0
        before = self.face.masks.data[window].copy()
        desk.put_labels(self.key, window, new, whole=seed % 2 == 0)
        self.face.session.publish()
        after = self.face.masks.data[window]
        np.testing.assert_array_equal(after[checked], before[checked])
        plane = self.face.session.plane(*self.key)
        for at in within(window):
            if self.model[at].state == 0:
                label = int(new[at[0] - window[0].start, at[1] - window[1].start])
                found = int(plane.labels[at])
                assert found == label or (self.objects and (found > 0) == (label > 0))
                self.model[at] = self.model[at].foretold(found, self.face.session.table)

    def predicted(self) -> np.ndarray:
        return self.face.session.plane(*self.key).prediction

    @invariant()
    def they_agree(self) -> None:
        if not hasattr(self, "model"):
            return
        self.look()
        self.face.turn(1)
        plane = self.face.session.plane(*self.key)
        kinds = ("", "changed", "brushed", "accepted")
        found = {
            at: Pixel(
                int(plane.labels[at]),
                int(plane.prediction[at]),
                int(plane.checked[at]),
                kinds[plane.kind[at]],
                int(plane.epoch[at]),
            )
            for at in ALL
        }
        wrong = {at: (found[at], self.model[at]) for at in ALL if found[at] != self.model[at]}
        assert not wrong
        np.testing.assert_array_equal(self.face.masks.data, plane.labels)
        np.testing.assert_array_equal(self.face.checked.data, plane.checked)


def within(window: Window) -> list[tuple[int, int]]:
    rows, columns = window
    return [
        (y, x) for y in range(rows.start, rows.stop) for x in range(columns.start, columns.stop)
    ]


@pytest.mark.slow
def test_layers_and_truth_agree_whatever_happens(
    make_napari_viewer: Callable[..., Viewer], private_models: Path
) -> None:
    del private_models
    Layers.face = Face(make_napari_viewer())  # not shown: drawing takes most of the time
    run_state_machine_as_test(
        Layers,
        settings=settings(
            max_examples=6,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
    vars(Layers.face).clear()
