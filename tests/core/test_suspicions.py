"""Equal pixels with other labels are named before anything is taught; findings become words."""

from __future__ import annotations

import numpy as np
import pytest

from napari_segloop.core.events import Event, Notice, Suspicion, Suspicious
from napari_segloop.core.holdout import Block
from napari_segloop.core.lesson import TrainingImage, prepare_lesson
from napari_segloop.core.settings import TrainSettings
from napari_segloop.core.suspects import Evidence, Finding
from napari_segloop.core.suspicions import contradictions, suspicious

SETTINGS = TrainSettings(steps=1)
PIXELS = np.random.default_rng(0).integers(0, 255, (1, 96, 96), np.uint8)
LABELS = np.where(np.indices((96, 96))[1] < 48, 3, 0).astype(np.uint8)


def named(*images: TrainingImage) -> list[Event]:
    return list(contradictions(prepare_lesson(images, SETTINGS), images))


def other(window: tuple[slice, slice]) -> np.ndarray:
    changed = LABELS.copy()
    changed[window] = 3 - changed[window]
    return changed


def test_equal_pixels_with_other_labels_are_named_on_both_sides() -> None:
    twin = TrainingImage("b.tif [2]", PIXELS, other(np.s_[:24, 24:48]), index=(2,), origin=(100, 0))
    (event,) = named(TrainingImage("a.tif", PIXELS, LABELS), twin)
    assert isinstance(event, Suspicious)
    places = {(each.image, each.index, each.y, each.x, each.height) for each in event.regions}
    assert places == {("a.tif", (), 0, 24, 24), ("b.tif", (2,), 100, 24, 24)}
    first = next(each for each in event.regions if each.image == "a.tif")
    assert first.reason.endswith("labelled differently in b.tif [2] at row 100, column 24")
    assert {each.kind for each in event.regions} == {"contradictory"}


def test_two_that_agree_outvote_the_third() -> None:
    items = [TrainingImage(name, PIXELS, LABELS) for name in "ab"]
    (event,) = named(*items, TrainingImage("c", PIXELS, other(np.s_[:24, :24])))
    assert isinstance(event, Suspicious)
    assert [each.image for each in event.regions] == ["c"]


def test_more_than_half_is_said_to_be_contradictory() -> None:
    events = named(
        TrainingImage("a", PIXELS, LABELS), TrainingImage("b", PIXELS, other(np.s_[:, :]))
    )
    assert [type(each) for each in events] == [Suspicious, Notice]
    assert isinstance(events[0], Suspicious)
    assert len(events[0].regions) == 10


@pytest.mark.parametrize("kind", ["same labels", "nothing checked by both", "plain pixels"])
def test_no_contradiction(kind: str) -> None:
    pixels = PIXELS if kind != "plain pixels" else np.zeros_like(PIXELS)
    labels = LABELS if kind != "plain pixels" else LABELS.T
    half = np.indices((96, 96))[0] < 48
    wrong = np.where(half, labels, 3 - labels) if kind == "nothing checked by both" else labels
    assert named(TrainingImage("a", pixels, LABELS, half), TrainingImage("b", pixels, wrong)) == []


@pytest.mark.parametrize(
    ("kind", "similar", "task", "words"),
    [
        ("swapped", 9, "classes", "9 similar ones: 0 and 3 seem swapped"),
        ("swapped", 1, "objects", "1 similar one: background and objects seem swapped"),
        ("shifted", 3, "classes", "3 similar ones: outlines seem shifted by about 5 px"),
        ("different", 2, "classes", "2 similar ones"),
    ],
)
def test_a_finding_says_what_disagrees(kind: str, similar: int, task: str, words: str) -> None:
    images = [TrainingImage("a", PIXELS, LABELS, origin=(0, 5))]
    block = Block(0, (24, 48), (0, 24), "0" * 32)
    evidence = Evidence(block, 2.0, -1.0, (0, 1), (-4, 3), 0.5, np.zeros(3))
    lesson = prepare_lesson(images, TrainSettings(steps=1, task=task))
    (said,) = suspicious([Finding(evidence, kind, 1.0, similar)], lesson, images).regions
    reason = f"your correction disagrees with {words}"
    assert said == Suspicion(0, "a", (), 24, 5, 24, 24, kind, reason, "0" * 32)
