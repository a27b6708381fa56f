"""A loop with a real engine over small made images, and patience with a busy machine."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

from napari_segloop.engine.client import Engine
from napari_segloop.session.loop import LoopSession

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from napari_segloop.core.images import Labels
    from napari_segloop.session.desk import Write

SIZE = 160
WHOLE = (slice(0, SIZE), slice(0, SIZE))
PATIENCE = 200.0


def discs(seed: int, size: int = SIZE, number: int = 8) -> Labels:
    """Discs, numbered; none touches another."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:size, :size]
    ids = np.zeros((size, size), np.uint8)
    while ids.max() < number:
        y, x, radius = rng.uniform((14, 14, 6), (size - 14, size - 14, 12))
        distance = np.hypot(rows - y, columns - x)
        if not ids[distance < radius + 4].any():
            ids[distance < radius] = ids.max() + 1
    return ids


def photo(seed: int, size: int = SIZE, number: int = 8) -> Labels:
    """The discs, bright on grey, with noise."""
    noise = np.random.default_rng(seed).normal(0, 8, (size, size))
    return ((discs(seed, size, number) > 0) * 90 + 60 + noise).clip(0, 255).astype(np.uint8)


@dataclass
class Loop:
    """A session that is pumped by hand, and all that it told."""

    session: LoopSession
    folder: Path
    changes: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.session.changed.connect(self._on_changed)
        self.session.written.connect(self.writes.append)

    def _on_changed(self, part: str) -> None:
        self.changes.append(part)
        if part == "told" and self.session.desk.told is not None:
            self.told.append(self.session.desk.told.text)

    def until(self, is_there: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE
        while not is_there():
            assert time.monotonic() < end, f"in vain; {self.told[-3:]}, {self.session.state.jobs}"
            self.session.pump()
            time.sleep(0.005)

    def rest(self) -> None:
        """Wait until nothing is under way."""
        self.until(lambda: not self.session.errands)

    def add(self, number: int = 2, *, task: str | None = "classes") -> list[int]:
        """Add a folder of images; the first one is open and in view."""
        folder = self.folder / "images"
        folder.mkdir(exist_ok=True)
        for seed in range(number):
            tifffile.imwrite(folder / f"disc{seed}.tif", photo(seed))
        self.session.add_files([folder])
        images = self.session.desk.images
        self.until(lambda: len(images) == number and all(s.planes for s in images.states))
        if task is not None:
            self.session.answer_task(task)
        self.session.set_view(1, (), (0, 0, SIZE, SIZE))
        return [state.id for state in images.states]

    def state_of(self, image: int) -> str:
        return self.session.desk.images.state(image).status

    def paint(self, image: int, labels: Labels, window: tuple[slice, slice] = WHOLE) -> None:
        """Do what a user does who paints labels into a window of the masks layer."""
        plane = self.session.plane(image, ())
        live, checked = plane.labels.copy(), plane.checked.copy()
        live[window] = labels[window]
        self.session.observe(image, (), live, checked, window)

    def brush(self, image: int, window: tuple[slice, slice], value: int = 1) -> None:
        """Do what a user does who paints in the checked layer."""
        plane = self.session.plane(image, ())
        checked = plane.checked.copy()
        checked[window] = value
        self.session.observe(image, (), plane.labels.copy(), checked, window)

    def check_truth(self, image: int) -> None:
        """Take the true discs of an image, all of them checked."""
        self.session.import_labels(image, (), (discs(image - 1) > 0).astype(np.uint8))

    def train(self, seconds: float = 1.5) -> None:
        self.session.train(seconds=seconds)
        self.rest()


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """One engine for all: starting torch takes long."""
    engine = Engine()
    yield engine
    engine.close()


@pytest.fixture
def loop(engine: Engine, tmp_path: Path) -> Iterator[Loop]:
    session = LoopSession(tmp_path / "models", engine)
    session.settings = replace(session.settings, encoder="resnet18", patch=64, depth=3, threads=1)
    loop = Loop(session, tmp_path)
    yield loop
    session.stop()
    loop.rest()
    session.desk.close()
    session.scratch.close()


@pytest.fixture
def second(engine: Engine, tmp_path: Path) -> Iterator[Loop]:
    """Another viewer on the same computer."""
    session = LoopSession(tmp_path / "other models", engine)
    yield Loop(session, tmp_path)
    session.saver.finish()
    if session.project is not None:
        session.project.close()
    session.desk.close()
    session.scratch.close()
