"""The one button's next step."""

from __future__ import annotations

from typing import Any

import pytest

from napari_segloop.core.regions import Region
from napari_segloop.session.advice import (
    Situation,
    next_step,
    other_choice,
    why_learn_again,
)
from napari_segloop.session.state import Place, QueueState, Version

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
    "goal reached, places left": (
        READY | {"queue": QueueState(PLACES), "accepted": 8, "is_done": True, "has_model": True,
                 "unpredicted": 3},
        "predict", "Predict 3 planes",
    ),
    "goal reached, all predicted": (
        READY | {"queue": QueueState(PLACES), "is_done": True, "has_model": True},
        "next_place", "Goal reached. Check more places",
    ),
    "goal reached, walking": (
        READY | {"queue": QueueState(PLACES, 1, (0,)), "is_done": True},
        "next_place", "All correct, next place (2 of 3)",
    ),
    "nothing above the limit": (
        READY | {"queue": QueueState(PLACES), "accepted": 3, "is_clear": True, "limit": 0.2},
        "next_place", "Done. Check more places",
    ),
    "nothing above the limit, much not taught": (
        READY | {"accepted": 8, "checked": 12, "is_clear": True}, "train", "Train on 12 regions",
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


def round_(number: int, score: float = 0.9, **more: Any) -> Version:  # noqa: ANN401
    parent = number - 1 or None
    facts = {"accepted": True, "verdict": "not worse" if parent else ""} | more
    return Version(number, f"m{number}", parent, score, 0.9, created="", **facts)


WORSE: dict[str, Any] = {"accepted": False, "verdict": "may be worse"}


@pytest.mark.parametrize(
    ("versions", "word"),
    [
        pytest.param([], "", id="none"),
        pytest.param([round_(i) for i in range(1, 5)], "", id="three rounds"),
        pytest.param([round_(i) for i in range(1, 6)], "4 times in a row", id="four"),
        pytest.param([*map(round_, range(1, 6)), round_(6, afresh=True)], "", id="learnt again"),
        pytest.param([round_(1), round_(2, **WORSE)], "", id="one refused"),
        pytest.param(
            [round_(1), round_(2, **WORSE), round_(3, **WORSE)], "Two rounds in a row", id="two"
        ),
        pytest.param([round_(1), round_(2, 0.88)], "less than the version before", id="lower"),
    ],
)
def test_learning_again_is_suggested(versions: list[Version], word: str) -> None:
    found = why_learn_again(versions)
    assert word in found
    assert bool(found) == bool(word)
    step = next_step(Situation(**READY, accepted=8, checked=8, why_again=found))  # type: ignore[arg-type]
    assert step.action == "train"
    assert found in step.tooltip


def test_the_other_version_is_offered_where_the_test_regions_do_not_tell() -> None:
    first, few = round_(1), round_(2, verdict="too few to tell")
    assert other_choice([first, few], 2) == 1
    assert other_choice([first, few], 1) == 2
    assert other_choice([first, round_(2, **WORSE)], 1) == 2
    assert other_choice([first, round_(2)], 2) is None
    assert other_choice([first], 1) is None
    assert other_choice([few], 2) is None
