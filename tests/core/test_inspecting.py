"""A real training on partly wrong labels goes on, and says which ones are wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from napari_segloop.core.events import Suspicious
from napari_segloop.core.lesson import TrainingImage, prepare_lesson
from napari_segloop.core.train import fit

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_segloop.core.events import Suspicion
    from napari_segloop.core.settings import TrainSettings
    from tests.core.conftest import Taught

    Make = Callable[..., Any]
    Place = tuple[int, int, int]

pytestmark = pytest.mark.usefixtures("one_thread")


def spoilt(taught: Taught, settings: TrainSettings) -> tuple[list[TrainingImage], set[Place]]:
    """Invert a third of the blocks that teach or test; where they are: image, row, column."""
    images = taught.images
    parts = prepare_lesson(images, settings, taught.model.info).split
    blocks = sorted((b.image, b.rows, b.columns) for b in (*parts.teach, *parts.test))
    wrong = blocks[::3]
    labels = [item.labels.copy() for item in images]
    for image, rows, columns in wrong:
        labels[image][slice(*rows), slice(*columns)] ^= 1
    made = [TrainingImage(i.name, i.image, new) for i, new in zip(images, labels, strict=True)]
    return made, {(image, rows[0], columns[0]) for image, rows, columns in wrong}


def named(events: list[Any]) -> list[Suspicion]:
    return [each for e in events if isinstance(e, Suspicious) for each in e.regions]


def test_a_third_inverted_is_survived_and_named(taught: Taught, quick: Make, run: Make) -> None:
    settings = quick(steps=60, patch=64)
    images, wrong = spoilt(taught, settings)
    events, result = run(fit(images, settings, taught.model))
    found = {(each.number, each.y, each.x) for each in named(events)}
    assert len(found & wrong) >= 3
    assert len(found - wrong) <= 1
    assert result.steps == 60


def test_clean_labels_are_not_suspected(taught: Taught) -> None:
    assert named(taught.events) == []


def test_a_short_training_looks_at_nothing(taught: Taught, quick: Make, run: Make) -> None:
    images, _ = spoilt(taught, quick())
    assert named(run(fit(images, quick(), taught.model))[0]) == []
