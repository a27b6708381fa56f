"""The loop in a real window, driven by a program: images, places, training, predicting, Stop.

Whatever it does goes through the dock's session as the buttons do. What is measured meanwhile is
the programs'.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from benchmarks.sets import crystal_image
from benchmarks.window import open_dock, wait, wait_until
from napari_segloop.core.events import StepDone, TileDone
from napari_segloop.engine.messages import JobEvent
from napari_segloop.engine.process import lower_priority
from napari_segloop.widgets.sources import LayerSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from napari import Viewer
    from napari.layers import Image

    from napari_segloop.core.images import Array, Labels
    from napari_segloop.engine.messages import Message
    from napari_segloop.session.state import Place

PLACES, STEPS, TILES = 8, 6, 2
LONG = 600.0  # seconds after which something is wrong


def made_layer(viewer: Viewer, side: int) -> Image:
    """Add an image of crystals.

    Parameters
    ----------
    viewer : napari.Viewer
        Where.
    side : int
        In pixels.

    Returns
    -------
    napari.layers.Image
        A uint16 image.
    """
    return viewer.add_image(crystal_image(100, (side, side))[0], name="crystals")


def add_plain_layers(viewer: Viewer, side: int) -> None:
    """Add what the loop adds, without the loop, and take the brush.

    Parameters
    ----------
    viewer : napari.Viewer
        Where.
    side : int
        In pixels.
    """
    made_layer(viewer, side)
    empty = np.zeros((side, side), np.uint8)
    viewer.add_image(empty.copy(), name="uncertainty", blending="additive")
    viewer.add_labels(empty.copy(), name="checked")
    masks = viewer.add_labels(empty.copy(), name="masks")
    masks.mode = "paint"


@contextmanager
def busy_processors() -> Iterator[None]:
    """Keep every processor busy with the priority of our engine."""
    context = multiprocessing.get_context("spawn")
    count = os.cpu_count() or 1
    busy = [context.Process(target=_count_for_ever, daemon=True) for _ in range(count)]
    for process in busy:
        process.start()
    try:
        wait(2)
        yield
    finally:
        for process in busy:
            process.kill()


def _count_for_ever() -> None:
    lower_priority()
    parent = os.getppid()
    while os.getppid() == parent:
        pass


class Loop:
    """The dock of a viewer, and what a user does with it.

    Parameters
    ----------
    viewer : napari.Viewer
        Its dock is opened.

    Attributes
    ----------
    small : bool
        Train a tiny network.
    """

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer
        self.dock = open_dock(viewer)
        self.stage = self.dock.stage
        self.session = self.stage.session
        self.small = False
        self._steps = list[float]()
        self._tiles = list[float]()
        self._apply = self.session.apply
        self.session.apply = self._hear  # type: ignore[method-assign]  # listens, changes nothing

    def _hear(self, message: Message) -> None:
        if isinstance(message, JobEvent) and isinstance(message.event, StepDone):
            self._steps.append(time.perf_counter())
        if isinstance(message, JobEvent) and isinstance(message.event, TileDone):
            self._tiles.append(time.perf_counter())
        self._apply(message)

    def wait_for_engine(self) -> None:
        """Wait until both children can work."""
        engine = self.session.desk.engine
        wait_until(lambda: all(engine.state(lane) == "ready" for lane in ("light", "heavy")))

    def add(self, *layers: Image) -> None:
        """Add layers to the list, each as an image, and answer the first question.

        Parameters
        ----------
        *layers : napari.layers.Image
            Of the viewer.
        """
        self.put_on_list(*layers)
        self.answer()

    def put_on_list(self, *layers: Image) -> None:
        """Add layers to the list, each as an image.

        Parameters
        ----------
        *layers : napari.layers.Image
            Of the viewer.
        """
        for layer in layers:
            self.session.add_source(LayerSource([layer], self.viewer))
        wait_until(lambda: all(image.planes for image in self.session.state.images))

    def answer(self) -> None:
        """Answer the first question: kinds of area."""
        self.session.answer_task("classes")
        wait_until(lambda: self.session.view is not None)

    def idle(self) -> bool:
        """Return whether nothing runs, seen or unseen."""
        return not [each for each in self.session.errands if not each.is_over]

    def make_first_masks(self) -> None:
        """Make first masks and wait for places to check."""
        self.session.make_first_masks()
        wait_until(self.idle)

    def walk(self) -> None:
        """Accept the first places, two a second."""
        self.session.start_checking()
        for _ in range(PLACES):
            wait(0.5)
            self.session.accept()
        self.session.stop_checking()
        self.take_brush()

    def take_brush(self) -> None:
        """Paint with the first class, the whole image in sight."""
        self.stage.choose_label(1)
        self.viewer.reset_view()

    def correct_places(self, truth: Mapping[int, Labels], count: int) -> int:
        """Walk along places, correct each in the masks layer and press A.

        Parameters
        ----------
        truth : mapping of int to (Y, X) ndarray
            By number of the image.
        count : int
            How many places at most.

        Returns
        -------
        int
            How many pixels were wrong.
        """
        self.session.start_checking()
        wait_until(lambda: self.session.queue.at is not None)
        corrected = 0
        for _ in range(count):
            place = self.session.queue.here
            if place is None:
                break
            corrected += self._correct(place, truth[place.image])
            self._press_a(place)
        self.session.stop_checking()
        return corrected

    def _correct(self, place: Place, truth: Labels) -> int:
        wait_until(lambda: self._is_shown(place))
        layer = next(each for each in self.viewer.layers if each.name.endswith(" masks"))
        window = place.region.slices
        rows, columns = np.mgrid[window]
        wrong = truth[window] != np.asarray(layer.data)[window]
        layer.data_setitem((rows[wrong], columns[wrong]), truth[window][wrong])
        wait(0.2)
        return int(wrong.sum())

    def _is_shown(self, place: Place) -> bool:
        opened = self.stage.opened
        return opened is not None and opened.image == place.image and opened.is_alive

    def _press_a(self, place: Place) -> None:
        canvas = self.viewer.window._qt_viewer.canvas.native  # noqa: SLF001  # no other way
        QTest.keyClick(canvas, Qt.Key.Key_A)  # type: ignore[call-overload]  # the stub is narrower
        wait_until(lambda: self.session.queue.here != place)

    def train(self, seconds: float, *, again: bool = False) -> None:
        """Train and wait for the version.

        Parameters
        ----------
        seconds : float
            How long.
        again : bool
            Learn again from all.
        """
        self.ask_to_train(seconds, again=again)
        wait_until(lambda: self.session.running("train") is None, LONG)

    def ask_to_train(self, seconds: float, *, again: bool = False) -> None:
        """Press Train, and do not wait.

        Parameters
        ----------
        seconds : float
            How long.
        again : bool
            Learn again from all.
        """
        if self.small:
            self.session.settings = replace(
                self.session.settings, encoder="resnet18", depth=3, patch=64, batch=2
            )
        self.session.train(seconds=seconds, again=again)

    def settle(self) -> None:
        """Wait until nothing runs any more."""
        wait_until(self.idle, LONG)

    def settle_and_predict(self, times: int) -> None:
        """Predict the plane in view some times.

        Parameters
        ----------
        times : int
            How often.
        """
        self.settle()
        for _ in range(times):
            self.session.predict("plane")
            self.settle()

    def stop_training(self) -> float:
        """Press Stop in a training.

        Returns
        -------
        float
            Time until it ended, in steps.
        """
        self._steps.clear()
        self.ask_to_train(LONG)
        wait_until(lambda: len(self._steps) >= STEPS, LONG)
        wait(0.1)
        return self._stop("train", self._steps)

    def stop_predicting(self) -> float | None:
        """Press Stop in a prediction of the plane.

        Returns
        -------
        float or None
            Time until it ended, in tiles; None when the plane is too few tiles to be stopped.
        """
        self.settle_and_predict(0)
        self._tiles.clear()
        self.session.predict("plane")
        wait_until(lambda: len(self._tiles) >= TILES or self.idle(), LONG)
        return None if self.idle() else self._stop("predict", self._tiles)

    def _stop(self, kind: str, beats: list[float]) -> float:
        pace = float(np.median(np.diff(beats)))
        began = time.perf_counter()
        self.session.stop()
        wait_until(lambda: self.session.running(kind) is None, LONG)
        return (time.perf_counter() - began) / pace

    def look_closely(self) -> tuple[int, int, int, int]:
        """Look at the middle with one screen pixel for each of the image's.

        Returns
        -------
        (int, int, int, int)
            Top, left, bottom, right.
        """
        self.settle()
        rows, columns = self.pixels().shape[-2:]
        self.viewer.camera.center, self.viewer.camera.zoom = (rows / 2, columns / 2), 1.0
        wait(0.5)
        view = self.session.view
        return (0, 0, rows, columns) if view is None else view[2]

    def predict_view(self) -> float:
        """Predict what is in view.

        Returns
        -------
        float
            Seconds until it is in the layers.
        """
        began = time.perf_counter()
        self.session.predict("view")
        wait_until(lambda: self.session.running("predict") is None, LONG)
        seconds = time.perf_counter() - began
        wait_until(self.idle, LONG)
        return seconds

    def wait_for_places(self) -> float:
        """Predict the plane and wait for places of what is in view.

        Returns
        -------
        float
            Seconds until they are in the queue; the rest is predicted before it returns.
        """
        before, began = self.session.queue, time.perf_counter()
        self.session.predict("plane")
        wait_until(lambda: self.session.queue is not before, LONG)
        seconds = time.perf_counter() - began
        wait_until(self.idle, LONG)
        return seconds

    def pixels(self) -> Array:
        """Return the plane ``(C, Y, X)`` of the image that is open."""
        opened = self.session.desk.images.opened
        source = self.session.source(int(opened or 0))
        rows, columns = source.plane_shape
        return source.read((), slice(0, rows), slice(0, columns))

    def model(self) -> Path:
        """Return the file of the version in use."""
        versions = self.session.desk.versions
        return versions.path(int(versions.current or 0))
