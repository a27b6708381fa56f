"""The end of a window is told once, and only when it is the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from qtpy.QtWidgets import QApplication, QWidget

from napari_segloop.widgets.closing import Closing

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot
    from qtpy.QtGui import QCloseEvent


class Window(QWidget):
    """Refuses to close as long as it has something unsaved."""

    is_unsaved = False

    def closeEvent(self, event: QCloseEvent) -> None:
        event.ignore() if self.is_unsaved else event.accept()


@pytest.mark.parametrize("is_shown", [True, False])
def test_a_closed_window_is_told_once(qtbot: QtBot, is_shown: bool) -> None:
    window, told = Window(), []
    qtbot.addWidget(window)
    closing = Closing(window, lambda: told.append("end"))
    window.setVisible(is_shown)
    window.close()
    window.close()
    assert told == ["end"]
    del closing


def test_a_window_that_refuses_or_hides_goes_on(qtbot: QtBot) -> None:
    window, told = Window(), []
    qtbot.addWidget(window)
    closing = Closing(window, lambda: told.append("end"))
    window.show()
    window.is_unsaved = True
    window.close()
    QApplication.processEvents()
    window.hide()
    window.show()
    assert told == []
    window.is_unsaved = False
    window.close()
    assert told == ["end"]
    del closing


def test_a_window_that_is_deleted_is_told(qtbot: QtBot) -> None:
    window, told = Window(), []
    closing = Closing(window, lambda: told.append("end"))
    window.deleteLater()
    qtbot.waitUntil(lambda: told == ["end"])
    del closing
