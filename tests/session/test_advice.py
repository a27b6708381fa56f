"""The one button's next step."""

from __future__ import annotations

import pytest

from napari_segloop.core.regions import Region
from napari_segloop.session.advice import Situation, next_step
from napari_segloop.session.state import Place, QueueState

PLACES = tuple(Place(1, Region(0, 0, 8, 8, s, s, "unsure")) for s in (3.0, 2.0, 1.0))
READY = {"images": 1, "has_task": True, "has_masks": True}
CASES = {
    "nothing": ({}, "add_images", "Add images"),
    "no answer": ({"images": 1}, "choose_task", "Say what"),
    "no masks": ({"images": 1, "has_task": True}, "first_masks", "Make first masks"),
    "places": (
        READY | {"queue": QueueState(PLACES)}, "next_place", "Next place to check, 1 of 3"
    ),
    "walking": (
        READY | {"queue": QueueState(PLACES, 1, (0,))}, "next_place",
        "All correct, next place (2 of 3)",
    ),
    "one checked, no place left": (
        READY | {"accepted": 1, "checked": 1}, "train", "Train on 1 region, about 1 min"
    ),
    "a round checked, places left": (
        READY | {"queue": QueueState(PLACES), "accepted": 8, "checked": 12},
        "train", "Train on 12 regions, about 1 min",
    ),
    "training, places left": (
        READY | {"queue": QueueState(PLACES), "accepted": 8, "training": True},
        "next_place", "Next place",
    ),
    "training": (READY | {"training": True}, "nothing", "Training. You can go on painting"),
    "predicting": (READY | {"predicting": True}, "nothing", "Predicting. You can go on painting"),
    "done": (
        READY | {"has_model": True, "unpredicted": 120, "predict_cost": "about 3 h 0 min"},
        "predict", "Predict 120 planes, about 3 h 0 min",
    ),
    "hardly learnt anything": (
        READY | {"has_model": True, "unpredicted": 120, "is_useful": False},
        "next_place", "Look for places to check",
    ),
    "all predicted": (READY | {"has_model": True}, "next_place", "Look for places to check"),
}  # fmt: skip


@pytest.mark.parametrize(("facts", "action", "text"), CASES.values(), ids=CASES)
def test_next_step(facts: dict[str, object], action: str, text: str) -> None:
    step = next_step(Situation(**facts))  # type: ignore[arg-type]  # cases as data
    assert step.action == action
    assert step.text.startswith(text)
    assert step.enabled == (action != "nothing")
    assert step.tooltip
