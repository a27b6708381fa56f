"""The real dock in a real window, worked with mouse and keys as a user does.

`benchmarks.stations` works with the same hands, on real images and networks.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QCheckBox

from napari_segloop.samples.crystals import crystals
from napari_segloop.widgets.places import add_selected

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari import Viewer
    from napari.layers import Image, Labels
    from qtpy.QtWidgets import QTableView, QWidget

    from napari_segloop.session.loop import LoopSession
    from napari_segloop.widgets.dock import SegLoopDock
    from napari_segloop.widgets.stage import Stage

LEFT, NO_BUTTON = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
NO_MODIFIER = Qt.KeyboardModifier.NoModifier


class Face:
    """A viewer with the dock, of the size of a small laptop's screen, and a tiny network."""

    patience = 240.0

    def __init__(
        self, viewer: Viewer, size: tuple[int, int] = (1366, 768), *, tiny: bool = True
    ) -> None:
        self.viewer = viewer
        self.window: QWidget = viewer.window._qt_window
        self.window.resize(*size)
        self.dock = self.open_dock()
        if tiny:
            self.session.settings = replace(
                self.session.settings, encoder="resnet18", patch=64, depth=3, threads=1
            )
        self.turn()

    def open_dock(self) -> SegLoopDock:
        _, widget = self.viewer.window.add_plugin_dock_widget("napari-segloop", "SegLoop")
        return widget

    @property
    def stage(self) -> Stage:
        return self.dock.stage

    @property
    def session(self) -> LoopSession:
        return self.stage.session

    @property
    def panel(self) -> Any:  # noqa: ANN401  # its parts are reached into
        return self.dock.panel

    @property
    def masks(self) -> Labels:
        return self.stage.opened.link.layers.masks

    @property
    def checked(self) -> Labels:
        return self.stage.opened.link.layers.checked

    @property
    def canvas(self) -> QWidget:
        return self.viewer.window._qt_viewer.canvas.native

    def turn(self, turns: int = 3) -> None:
        """Let the event loop and the stage's clock go round a few times."""
        for _ in range(turns):
            QApplication.processEvents()
            self.stage._turn()
        QApplication.processEvents()

    def until(self, is_there: Callable[[], object]) -> None:
        end = time.monotonic() + self.patience
        while not is_there():
            assert time.monotonic() < end, f"in vain; {self.session.state}"
            QApplication.processEvents()
            time.sleep(0.005)

    def add_crystals(self, side: int = 512) -> Image:
        """Add a layer and take it into the image list."""
        layer = self.viewer.add_image(crystals(seed=0, shape=(side, side)).image, name="crystals")
        self.viewer.layers.selection.active = layer
        self.take_selected()
        return layer

    def take_selected(self) -> None:
        """Take the selected layers into the image list; the first one opens."""
        add_selected(self.viewer)
        self.until(lambda: any(image.is_open for image in self.session.state.images))

    def click(
        self, widget: QWidget, at: QPoint | None = None, button: Qt.MouseButton = LEFT
    ) -> None:
        """Click what can be seen and is enabled."""
        if self.panel.area.isAncestorOf(widget):
            for _ in range(3):  # sections unfold in two turns
                QApplication.processEvents()
                self.panel.area.ensureWidgetVisible(widget)
        QApplication.processEvents()
        assert widget.isVisible()
        assert widget.isEnabled()
        if at is None:
            at = QPoint(8, widget.height() // 2) if isinstance(widget, QCheckBox) else None
        where = at or widget.rect().center()
        assert widget.visibleRegion().contains(where)
        QTest.mouseClick(widget, button, pos=where)
        QApplication.processEvents()

    def click_row(self, table: QTableView, row: int, button: Qt.MouseButton = LEFT) -> QPoint:
        """Click a row of a table."""
        index = table.model().index(row, 0)
        table.scrollTo(index)
        where = table.visualRect(index).center()
        self.click(table.viewport(), where, button)
        self.turn()
        return where

    def unfold(self, name: str) -> None:
        """Unfold a section with its header."""
        section = self.panel.sections[name]
        self.turn(5)  # the panel follows the loop, and folds what it left
        if not section.is_open:
            self.click(section.header)
        assert section.is_open

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = NO_MODIFIER) -> None:
        """Press a key over the canvas."""
        self.canvas.setFocus()
        QTest.keyClick(self.canvas, key, modifier)
        self.turn()

    def primary(self) -> None:
        """Click the one button."""
        button = self.panel.next_step.button
        self.until(lambda: button.isEnabled() and not button.is_held)
        self.click(button)
        QApplication.sendEvent(button, QEvent(QEvent.Type.Leave))
        self.turn()

    def drag(self, *steps: tuple[int, int]) -> None:
        """Draw on the canvas, in pixels from its centre."""
        centre = self.canvas.rect().center()
        points = [centre + QPoint(*step) for step in steps]
        self._mouse(QEvent.Type.MouseMove, points[0], NO_BUTTON)
        self._mouse(QEvent.Type.MouseButtonPress, points[0], LEFT)
        for point in points[1:]:
            self._mouse(QEvent.Type.MouseMove, point, LEFT)
        self._mouse(QEvent.Type.MouseButtonRelease, points[-1], NO_BUTTON)
        self.turn()

    def _mouse(self, kind: QEvent.Type, at: QPoint, held: Qt.MouseButton) -> None:
        button = NO_BUTTON if kind == QEvent.Type.MouseMove else LEFT
        there = QPointF(self.canvas.mapToGlobal(at))
        event = QMouseEvent(kind, QPointF(at), there, button, held, NO_MODIFIER)
        QApplication.sendEvent(self.canvas, event)
        QApplication.processEvents()

    def pixel_at_centre(self) -> tuple[int, int]:
        """Row and column of the masks under the middle of the canvas."""
        row, column = self.masks.world_to_data(self.viewer.scene.camera.center[-2:])
        return round(row), round(column)

    def checked_pixels(self) -> int:
        return int(np.count_nonzero(self.checked.data == 1))
