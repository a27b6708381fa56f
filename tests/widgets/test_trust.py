"""How far the percentages can be trusted: the plot under the versions, and its sentence."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from napari._qt.qt_resources import get_stylesheet

from napari_segloop.widgets.version_table import VersionTable
from tests.widgets.hand_driven import WALKING, HandDriven, versions

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

TRUST = ((0.001, 0.002, 0.5), (0.01, 0.014, 0.4), (0.2, 0.23, 0.1))


@pytest.fixture
def shown(qtbot: QtBot) -> VersionTable:
    """Three versions: of the oldest it was measured, for the one in use there were too few."""
    first, second, third = versions()
    first = replace(first, trust=TRUST, trust_regions=6)
    second = replace(second, trust_regions=1)
    session = HandDriven(replace(WALKING, versions=(first, second, third), version=2))
    made = VersionTable(session)
    qtbot.addWidget(made)
    made.resize(340, 600)
    with qtbot.waitExposed(made):
        made.show()
    made.draw(session.state)
    made.fold.unfold()
    return made


def test_the_version_in_use_is_shown_until_another_one_is_selected(shown: VersionTable) -> None:
    assert "Too few test regions to say" in shown.trust.words.text()
    assert not shown.trust.plot.isVisible()
    assert shown.fold.header.summary == "1 test region"
    shown.table.selectRow(2)
    assert "version 1 says 20 %, 23 % was wrong" in shown.trust.words.text()
    assert "measured on 6 test regions" in shown.trust.words.text()
    assert shown.trust.plot.accessibleName() == shown.trust.words.text()
    x, y = shown.trust.plot.points.getData()
    np.testing.assert_allclose(np.stack([x, y], 1), 100 * np.array(TRUST)[:, :2])
    sizes = shown.trust.plot.points.data["size"]
    assert sizes[0] > sizes[1] > sizes[2]
    shown.table.selectRow(0)
    assert "Not known of version 3" in shown.trust.words.text()
    assert not shown.trust.plot.isVisible()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_it_is_drawn_in_the_colours_of_the_theme(shown: VersionTable, theme: str) -> None:
    shown.table.selectRow(2)
    shown.setStyleSheet(get_stylesheet(theme))
    ground = shown.trust.plot._canvas.backgroundBrush().color()
    assert (ground.lightness() > 128) is (theme == "light")


def test_without_a_version_there_is_nothing_to_trust(qtbot: QtBot) -> None:
    made = VersionTable(HandDriven())
    qtbot.addWidget(made)
    made.draw(HandDriven().state)
    assert made.fold.isHidden()
    assert made.trust.plot._canvas is None  # pyqtgraph takes a second
