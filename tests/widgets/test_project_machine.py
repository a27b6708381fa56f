"""Random work in a real viewer with its project: snapshots, going back, reopening, merging.

The layers and their model are those of `test_layers_machine`; what is on the disk is compared too.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from napari_segloop.core.checkstate import Kind
from napari_segloop.store.annotations import Annotations, PlaneChunk, Save
from tests.core.test_corrections_machine import Pixel
from tests.session.projects import assert_saved
from tests.widgets.real_window import Face
from tests.widgets.test_layers_machine import SIDE, Layers, Window, windows, within

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari import Viewer

    from napari_segloop.store.project import Project


class Projects(Layers):
    """A viewer, its session, the project on the disk, and the model."""

    folder: Path

    @initialize(objects=st.booleans())
    def open(self, objects: bool) -> None:
        session = self.face.session
        session.new_project()
        self.face.until(lambda: not (session.errands or session.state.images))
        session.answer_task("objects" if objects else "classes")
        if not objects:
            session.add_class()
        session.add_files([self.folder / "cells.tif"])
        self.face.until(lambda: self.is_open)
        self.watch(objects)
        self.kept = dict[str, dict[tuple[int, int], Pixel]]()
        self.steps = self.colleagues = 0
        self.face.masks.data[0, 0] = 1  # a project begins with the first stroke
        self.saved()

    def saved(self) -> Project:
        """Have everything on the disk."""
        self.look()
        assert self.face.session.saver.finish()
        assert self.face.session.project is not None
        return self.face.session.project

    def follow(self, model: dict[tuple[int, int], Pixel]) -> None:
        """Expect another state in the layers, of which nothing can be taken back."""
        self.face.until(lambda: self.is_open and not self.face.session.errands)
        self.model = dict(model)
        self.undone_later.clear()

    @rule()
    def snapshot(self) -> None:
        self.saved()
        before = {each.id for each in self.face.session.snapshots}
        self.face.session.snapshot("mine")
        self.saved()
        manual = [each for each in self.face.session.snapshots if each.kind == "manual"]
        (made,) = {each.id for each in manual} - before
        self.kept[made] = dict(self.model)

    @rule(which=st.integers(0, 9))
    def restore(self, which: int) -> None:
        if not self.kept:  # no precondition: what can be drawn must not depend on time
            self.snapshot()
        wanted = sorted(self.kept)[which % len(self.kept)]
        self.face.session.restore(wanted)
        self.follow(self.kept[wanted])

    @rule(y=st.integers(0, SIDE - 1), x=st.integers(0, SIDE - 1))
    def one_step_back(self, y: int, x: int) -> None:
        self.saved()
        before = dict(self.model)
        self.face.masks.data[y, x] = (before[y, x].label + 1) % 3
        self.saved()
        assert self.model != before
        self.face.session.step_back()
        self.follow(before)

    @rule(y=st.integers(0, SIDE - 1), is_seen=st.booleans())
    def reopen(self, y: int, is_seen: bool) -> None:
        """Also with a stroke that nobody has looked at when the project is closed."""
        session, project = self.face.session, self.saved()
        self.face.masks.data[y] = 1
        if is_seen:
            self.look()
        session.new_project()
        self.face.until(lambda: not (session.errands or session.state.images))
        session.open_project(project.folder)
        self.face.until(lambda: session.project is not None)
        self.follow(self.model)

    @rule(window=windows, label=st.integers(1, 2), state=st.integers(1, 3))
    def merge(self, window: Window, label: int, state: int) -> None:
        """Take in a colleague's project, in which only a window is stated."""
        if self.objects:  # which of their ids are which of the own is tested in tests/store
            return
        project, epoch = self.saved(), self.face.session.table.epoch
        self.colleagues += 1
        other = project.folder.with_name(f"colleague {self.colleagues}.segloop")
        shutil.copytree(project.folder, other)
        said = np.zeros((5, SIDE, SIDE), np.uint8)
        said[(slice(None), *window)] = np.array(
            [label, 0, state, *((Kind.BRUSHED, epoch) if state == 1 else (0, 0))]
        )[:, None, None]
        with Annotations.open(other) as store:
            store.save(Save(chunks=(PlaneChunk(self.image, (), 0, 0, *said),)))
        self.face.session.merge_project(other)
        self.follow(self.model)
        for at in within(window):
            pixel = self.model[at]
            if pixel.state == 0 and state == 1:
                self.model[at] = Pixel(label, pixel.predicted, 1, "brushed", epoch)
            elif pixel.state == 0:
                self.model[at] = Pixel(pixel.label, pixel.predicted, state)

    @invariant()
    def the_disk_agrees(self) -> None:
        if not hasattr(self, "steps"):
            return
        self.steps += 1
        if self.steps % 2:  # every other time there is something unsaved before the next step
            return
        self.saved()
        assert_saved(self.face.session)


@pytest.mark.slow
def test_layers_session_and_disk_agree_whatever_happens(
    make_napari_viewer: Callable[..., Viewer], private_models: Path, tmp_path: Path
) -> None:
    del private_models
    Projects.folder = tmp_path
    tifffile.imwrite(tmp_path / "cells.tif", np.zeros((SIDE, SIDE), np.uint8))
    Projects.face = Face(make_napari_viewer())
    run_state_machine_as_test(
        Projects,
        settings=settings(
            max_examples=4,
            stateful_step_count=14,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
    vars(Projects.face).clear()
