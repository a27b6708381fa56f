"""What the dock says of agreement with all images, in pixels and in objects."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_segloop.core.estimate import Estimate
from napari_segloop.core.objectrates import ObjectRates, Rate
from napari_segloop.widgets.agreement import Agreement
from tests.widgets.hand_driven import WALKING, HandDriven

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

NONE = Rate(0.0, 0.0, 0.04)
RATES = ObjectRates(
    Rate(0.03, 0.01, 0.08), Rate(0.04, 0.01, 0.09), NONE, Rate(0.02, 0, 0.06), 57, 12
)


def test_objects_have_a_line_of_their_own(qtbot: QtBot) -> None:
    state = replace(WALKING, agreement=Estimate(0.93, 0.86, 0.96, 12))
    part = Agreement(HandDriven(state))
    qtbot.addWidget(part)
    part.draw(state)
    assert part.objects.isHidden()  # kinds of area
    part.draw(replace(state, objects=RATES))
    assert not part.objects.isHidden()
    assert part.objects.text().startswith("Of objects: missed 3 % (1 to 8), false 2 % (0 to 6)")
    assert "split" not in part.objects.text()
    part.draw(replace(state, objects=replace(RATES, split=Rate(0.1, 0.05, 0.2))))
    assert "split 10 % (5 to 20)" in part.objects.text()
    assert "90 %" in part.objects.toolTip()
    unseen = ObjectRates(None, None, None, None, 0, 2)
    part.draw(replace(state, objects=unseen))
    assert part.objects.text() == "Of objects: 0 objects in 2 random spot checks."
