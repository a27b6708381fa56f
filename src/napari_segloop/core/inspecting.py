"""A look at single regions after a training: what the model that is kept says against their labels.

Bounded by a share of the training's own cost; which regions are suspicious, and the words, are
other modules' concern.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from napari_segloop.core.events import Event, Notice
from napari_segloop.core.suspects import SURE, Evidence, find, is_divided, usual_margin, weigh
from napari_segloop.core.suspicions import DIVIDED, suspicious

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from napari_segloop.core.classroom import Classroom
    from napari_segloop.core.lesson import TrainingImage
    from napari_segloop.core.modelfile import Model

SETTLED = 40  # steps; before that a network has no opinion


def inspect(
    classroom: Classroom, models: Sequence[Model], images: Sequence[TrainingImage], steps: int
) -> Iterator[Event]:
    """Name the regions whose labels disagree with the rest.

    A model that won against what was learnt from these labels never saw them, or saw fewer of
    them; one that learnt from them agrees with most.

    Parameters
    ----------
    classroom : Classroom
        Holds the regions.
    models : sequence of Model
        The one that is kept, and others that are asked when that one hedges; the surest speaks.
    images : sequence of TrainingImage
        That the lesson was made from.
    steps : int
        That were taken.

    Yields
    ------
    Event
        Suspicious, with at least one region; Notice when there is no majority.
    """
    looks = list[list[Evidence]]()
    for model in models:
        looks.append(list(_evidence(classroom, model, steps)))
        if usual_margin(looks[-1]) >= SURE:
            break
    evidence = max(looks, key=usual_margin)
    found = find(evidence)
    if found:
        yield suspicious(found, classroom.lesson, images)
    if steps >= SETTLED and is_divided(evidence):
        yield Notice(DIVIDED)


def _evidence(classroom: Classroom, model: Model, steps: int) -> Iterator[Evidence]:
    lesson = classroom.lesson
    for block, logits in classroom.regions_by(model, steps):
        truth, pixels = lesson.truths[block.image], lesson.images[block.image]
        logs = torch.log_softmax(logits, 0).numpy()
        yield weigh(block, logs, truth[block.window], pixels[:, *block.window])
