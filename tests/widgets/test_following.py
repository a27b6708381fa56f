"""The panel follows the loop from section to section, and leaves alone what the user opened."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("qtpy")

from qtpy.QtCore import Qt

from napari_segloop.session.state import JobState, Primary, QueueState
from napari_segloop.widgets.panel import SegLoopPanel
from tests.widgets.hand_driven import WALKING, HandDriven

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

AT_REST = replace(WALKING, queue=QueueState())
PREDICTING = (JobState(3, "predict", "Predicting 9 planes"),)


@pytest.fixture
def panel(qtbot: QtBot) -> SegLoopPanel:
    panel = SegLoopPanel(HandDriven(AT_REST))  # type: ignore[arg-type]
    qtbot.addWidget(panel)
    panel.resize(400, 700)
    panel.show()
    return panel


def opened(panel: SegLoopPanel) -> list[str]:
    return [name for name, section in panel.sections.items() if section.is_open]


def train(panel: SegLoopPanel) -> None:
    panel._session.set("primary", primary=Primary("train", "Train on 6 regions"))


def test_the_section_of_the_station_is_open_and_no_other(panel: SegLoopPanel) -> None:
    assert opened(panel) == ["Check"]
    train(panel)
    assert opened(panel) == ["Train"]
    panel._session.set("primary", primary=AT_REST.primary, jobs=PREDICTING)
    assert opened(panel) == ["Predict"]


@pytest.mark.parametrize("way", ["header", "strip"])
def test_what_the_user_opened_stays_open(panel: SegLoopPanel, qtbot: QtBot, way: str) -> None:
    header, word = panel.sections["Predict"].header, panel.stations.buttons["Predict"]
    qtbot.mouseClick(header if way == "header" else word, Qt.MouseButton.LeftButton)
    for _ in range(2):
        train(panel)
        panel._session.set("primary", primary=AT_REST.primary, jobs=PREDICTING)
        panel._session.set("primary", jobs=())
    assert "Predict" in opened(panel)
    assert opened(panel)[:-1] == ["Check"]


def test_what_the_user_folded_and_opened_again_stays_open(
    panel: SegLoopPanel, qtbot: QtBot
) -> None:
    for _ in range(2):
        qtbot.mouseClick(panel.sections["Check"].header, Qt.MouseButton.LeftButton)
    train(panel)
    assert opened(panel) == ["Check", "Train"]
