"""A real training on right labels suspects none; a short one does not look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from napari_segloop.core.events import Suspicious
from napari_segloop.core.holdout import split
from napari_segloop.core.lesson import TrainingImage
from napari_segloop.core.train import fit

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_segloop.core.events import Suspicion
    from tests.core.conftest import Taught

    Make = Callable[..., Any]
    Place = tuple[int, int, int]

pytestmark = pytest.mark.usefixtures("one_thread")


def spoilt(images: list[TrainingImage]) -> tuple[list[TrainingImage], set[Place]]:
    """Invert a third of the blocks; where they are: image, row, column."""
    parts = split([item.image[None] for item in images], [item.labels for item in images])
    blocks = sorted((b.image, b.rows, b.columns) for b in (*parts.teach, *parts.test))
    wrong = blocks[::3]
    labels = [item.labels.copy() for item in images]
    for image, rows, columns in wrong:
        labels[image][slice(*rows), slice(*columns)] ^= 1
    made = [TrainingImage(i.name, i.image, new) for i, new in zip(images, labels, strict=True)]
    return made, {(image, rows[0], columns[0]) for image, rows, columns in wrong}


def named(events: list[Any]) -> list[Suspicion]:
    return [each for e in events if isinstance(e, Suspicious) for each in e.regions]


def test_clean_labels_are_not_suspected(taught: Taught) -> None:
    assert named(taught.events) == []


def test_a_short_training_looks_at_nothing(taught: Taught, quick: Make, run: Make) -> None:
    images, _ = spoilt(taught.images)
    assert named(run(fit(images, quick(), taught.model))[0]) == []
