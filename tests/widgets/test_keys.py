"""Keys and the mouse in a real window: whoever has the focus, and only where they are ours."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pytest
from qtpy.QtCore import QEvent, QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import (
    QApplication,
    QDialog,
    QLineEdit,
    QSpinBox,
    QTableWidget,
    QVBoxLayout,
    QWidget,
)

from napari_segloop.widgets.keys import KeyActions, LoopKeys
from napari_segloop.widgets.labels_layers import make_layers
from napari_segloop.widgets.links import ImageLink
from napari_segloop.widgets.placement import Placement

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari import Viewer

    from tests.widgets.conftest import Planes

LETTERS = {"A": "accept", "S": "cant_tell", "N": "later", "W": "back", "K": "brush"}


@dataclass
class Heard:
    """What the keys did."""

    names: list[str] = field(default_factory=list)
    peeks: list[bool] = field(default_factory=list)
    is_checking: bool = True

    def actions(self) -> KeyActions:
        named = {name: (lambda name=name: self.names.append(name)) for name in LETTERS.values()}
        return KeyActions(
            **named,
            peek=self.peeks.append,
            is_checking=lambda: self.is_checking,
            is_open=lambda: True,
        )

    def press(self, widget: QWidget, letters: str = "ASNWK") -> list[str]:
        self.names.clear()
        for letter in letters:
            QTest.keyClick(widget, getattr(Qt.Key, f"Key_{letter}"))
        return list(self.names)


def dock() -> QWidget:
    widget = QWidget()
    column = QVBoxLayout(widget)
    for part in (QTableWidget(3, 3), QLineEdit(), QSpinBox()):
        column.addWidget(part)
    return widget


def test_keys_work_in_a_table_and_leave_text_alone(
    make_napari_viewer: Callable[..., Viewer],
) -> None:
    viewer = make_napari_viewer(show=True)
    side = dock()
    viewer.window.add_dock_widget(side)
    heard, window = Heard(), side.window()
    keys = LoopKeys(window, heard.actions())
    table, line, spin = (side.findChild(kind) for kind in (QTableWidget, QLineEdit, QSpinBox))
    table.setFocus()
    assert heard.press(table) == list(LETTERS.values())
    for typed in (line, spin):
        typed.setFocus()
        assert heard.press(typed) == []
    assert line.text().lower() == "asnwk"
    points = viewer.add_points(np.array([[1.0, 1.0], [2.0, 2.0]]))
    viewer.layers.selection.active = points
    canvas = viewer.window._qt_viewer.canvas.native
    assert heard.press(canvas, "AS") == ["accept", "cant_tell"]
    assert not points.selected_data
    heard.is_checking = False
    assert heard.press(canvas, "ASNWK") == ["brush"]
    assert str(points.mode) == "select", "S is napari's again"
    heard.is_checking = True
    QTest.keyClick(table, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert heard.names == ["brush"]
    check_peeking(heard, table, window)
    check_dialog(heard, table, window)
    keys.close()
    keys.close()
    assert heard.press(table) == []


def check_peeking(heard: Heard, table: QWidget, window: QWidget) -> None:
    QTest.keyPress(table, Qt.Key.Key_H)
    QTest.keyPress(table, Qt.Key.Key_H)
    assert heard.peeks == [True]
    QTest.keyRelease(table, Qt.Key.Key_H)
    assert heard.peeks == [True, False]
    QTest.keyPress(table, Qt.Key.Key_H)
    QApplication.sendEvent(window, QEvent(QEvent.Type.WindowDeactivate))
    assert heard.peeks == [True, False, True, False]
    QTest.keyRelease(table, Qt.Key.Key_H)
    assert len(heard.peeks) == 4


def check_dialog(heard: Heard, table: QWidget, window: QWidget) -> None:
    dialog = QDialog(window)
    dialog.setModal(True)
    dialog.show()
    assert heard.press(table) == []
    dialog.close()
    assert heard.press(table, "A") == ["accept"]


def test_two_viewers_do_not_disturb_each_other(make_napari_viewer: Callable[..., Viewer]) -> None:
    sides, heard = [], [Heard(), Heard()]
    for each in heard:
        side = dock()
        make_napari_viewer().window.add_dock_widget(side)
        LoopKeys(side.window(), each.actions())
        sides.append(side)
    for mine, other, side in zip(heard, heard[::-1], sides, strict=True):
        other.names.clear()
        assert mine.press(side.findChild(QTableWidget), "A") == ["accept"]
        assert other.names == []


def test_a_stroke_of_the_mouse_is_checked(
    make_napari_viewer: Callable[..., Viewer], planes: type[Planes]
) -> None:
    viewer = make_napari_viewer(show=True)
    session = planes((60, 80))
    image = viewer.add_image(np.zeros((60, 80), np.uint8), name="cells")
    layers = make_layers("cells", (60, 80), Placement.of(image), classes=session.table)
    for layer in layers.all():
        viewer.add_layer(layer)
    link = ImageLink(viewer, session, 1, layers)
    viewer.layers.selection.active = layers.masks
    layers.masks.mode, layers.masks.selected_label, layers.masks.brush_size = "paint", 1, 5
    canvas = viewer.window._qt_viewer.canvas.native
    middle = QPoint(canvas.width() // 2, canvas.height() // 2)
    QApplication.processEvents()
    QTest.mouseMove(canvas, middle)
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=middle)
    for step in range(1, 6):
        QTest.mouseMove(canvas, middle + QPoint(6 * step, 0))
        QApplication.processEvents()
        link.tick()
    drawn = int((session.plane(1, ()).checked == 1).sum())
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=middle + QPoint(30, 0))
    QApplication.processEvents()
    link.tick()
    assert drawn > 0, "checked follows the brush"
    assert session.painting == [True, False]
    painted = layers.masks.data == 1
    assert painted.sum() >= 21
    np.testing.assert_array_equal(session.plane(1, ()).checked == 1, painted)
    assert viewer.layers.selection.active is layers.masks
    layers.masks.undo()
    link.tick()
    assert not session.plane(1, ()).checked.any()
    link.close()


@pytest.mark.parametrize("key", ["W", "N", "H", "K"])
def test_our_free_keys_are_free_in_napari(key: str) -> None:
    from napari.utils.shortcuts import default_shortcuts  # noqa: PLC0415

    taken = {str(each) for bound in default_shortcuts.values() for each in bound}
    assert key not in taken
