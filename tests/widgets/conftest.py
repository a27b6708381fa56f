"""A session of planes alone, for tests of layers without engine, files and queue."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("napari")
pytest.importorskip("qtpy")

from psygnal import Signal

from napari_segloop.core.classes import ClassTable
from napari_segloop.core.corrections import PlaneTruth
from napari_segloop.engine.client import Engine
from napari_segloop.session.desk import Write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from napari import Viewer
    from qtpy.QtWidgets import QAbstractButton

    from napari_segloop.core.corrections import Change, PlaneSnapshot
    from napari_segloop.core.images import Labels
    from tests.widgets.real_window import Face

Index = tuple[int, ...]
Window = tuple[slice, slice]


class Planes:
    """What a link asks of a session, kept in `PlaneTruth`."""

    looking = Signal(int, object)
    answer_taken_back = Signal(int)
    written = Signal(object)

    def __init__(self, plane_shape: tuple[int, int], *, objects: bool = False) -> None:
        self.objects, self.shape = objects, plane_shape
        self.dtype = np.dtype(np.uint16 if objects else np.uint8)
        self.table = ClassTable.first("objects" if objects else "classes")
        self.truths: dict[int, dict[Index, PlaneTruth]] = defaultdict(dict)
        self.unsure: dict[Index, Labels] = {}
        self.painting: list[bool] = []
        self.undeclared: list[tuple[int, ...]] = []
        self.observed: list[tuple[Index, Window]] = []
        self.taken_back: list[tuple[int, Index, PlaneSnapshot]] = []
        self.undone: list[tuple[int, Index, PlaneSnapshot]] = []

    def plane(self, image: int, index: Index) -> PlaneTruth:
        if index not in self.truths[image]:
            self.truths[image][index] = PlaneTruth(np.zeros(self.shape, self.dtype))
        return self.truths[image][index]

    def planes(self, image: int) -> dict[Index, PlaneTruth]:
        return self.truths[image]

    def uncertainty(self, _image: int, index: Index) -> Labels | None:
        return self.unsure.get(index)

    def set_painting(self, is_painting: bool) -> None:
        self.painting.append(is_painting)

    def observe(
        self, image: int, index: Index, labels: Labels, checked: Labels, window: Window
    ) -> Change | None:
        self.observed.append((index, window))
        declared = None if self.objects else frozenset({0, *self.table.values})
        change = self.plane(image, index).observe(
            labels, checked, window, epoch=self.table.epoch, declared=declared
        )
        if change is not None and change.undeclared:
            self.undeclared.append(change.undeclared)
        return change

    def accept(self, image: int, index: Index, window: Window) -> None:
        self.looking.emit(image, index)
        self.undone.clear()
        self._accept(image, index, window)

    def _accept(self, image: int, index: Index, window: Window) -> None:
        plane = self.plane(image, index)
        self.taken_back.append((image, index, plane.snapshot(window)))
        self._put_back(image, index, plane.accept(window, self.table.epoch))

    def take_back_last(self) -> bool:
        if not self.taken_back:
            return False
        image, index, before = self.taken_back.pop()
        self.undone.append((image, index, before))
        self._put_back(image, index, self.plane(image, index).restore(before))
        self.answer_taken_back.emit(image)
        return True

    def accept_again(self) -> bool:
        if not self.undone:
            return False
        image, index, before = self.undone.pop()
        self._accept(image, index, before.window)
        return True

    def _put_back(self, image: int, index: Index, change: Change) -> None:
        write = Write(image, index, change.window, change.labels, checked=change.checked)
        self.written.emit(write)


@pytest.fixture
def planes() -> type[Planes]:
    return Planes


@pytest.fixture
def private_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test keeps models or projects among those of the user."""
    folder = tmp_path / "models"
    monkeypatch.setattr("napari_segloop.store.recent.data_folder", lambda: tmp_path / "data")
    monkeypatch.setattr("napari_segloop.widgets.stage._folder", lambda: folder)
    return folder


class LentEngine(Engine):
    """An engine that goes on when the viewer ends which it was lent to."""

    def close(self) -> None:
        for lane in self._lanes.values():
            if lane.running is not None or lane.waiting:
                lane.waiting.clear()
                lane.restart()
            lane.said.clear()


@pytest.fixture(scope="module")
def lent() -> Iterator[Engine]:
    engine = LentEngine()
    yield engine
    Engine.close(engine)


@pytest.fixture
def one_engine(lent: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """One engine for a module's first viewers, one after the other: starting torch takes long."""
    left = [lent]
    make = lambda *asked, **more: left.pop() if left and not asked else Engine(*asked, **more)  # noqa: E731
    monkeypatch.setattr("napari_segloop.widgets.stage.Engine", make)


@pytest.fixture
def face(
    one_engine: None, private_models: Path, make_napari_viewer: Callable[..., Viewer]
) -> Iterator[Face]:
    """The dock in a window of 1366 x 768 pixels."""
    from tests.widgets.real_window import Face  # noqa: PLC0415  # needs a Qt binding

    del private_models, one_engine
    face = Face(make_napari_viewer(show=True))
    yield face
    vars(face).clear()  # pytest keeps it longer than the viewer may live


@pytest.fixture
def hidden(
    one_engine: None, private_models: Path, make_napari_viewer: Callable[..., Viewer]
) -> Iterator[Face]:
    """The dock in a window that is not shown: quicker, where nothing has to be seen."""
    from tests.widgets.real_window import Face  # noqa: PLC0415  # needs a Qt binding

    del private_models, one_engine
    face = Face(make_napari_viewer(show=False), (900, 700))
    yield face
    vars(face).clear()  # pytest keeps it longer than the viewer may live


@pytest.fixture
def texts_cut() -> Callable[[QAbstractButton], bool]:
    """Whether a button has too little room for its words."""

    def is_cut(button: QAbstractButton) -> bool:
        words = button.fontMetrics().horizontalAdvance(button.text().replace("&", ""))
        hint = button.minimumSizeHint()
        return button.width() < min(hint.width(), words) or button.height() < hint.height()

    return is_cut
