"""Suspicious regions in words, and regions of equal pixels that are labelled differently.

Torch-free; how regions are found to disagree is :mod:`napari_segloop.core.suspects`' concern.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.events import Event, Notice, Suspicion, Suspicious
from napari_segloop.core.holdout import UNKNOWN
from napari_segloop.core.suspects import MOST_NAMED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from napari_segloop.core.holdout import Block
    from napari_segloop.core.lesson import Lesson, TrainingImage
    from napari_segloop.core.suspects import Finding

DIFFERENT = 0.01  # share of the pixels checked in both regions
OBJECTS = ("background", "objects", "borders of objects")
DIVIDED = (
    "What is checked contradicts itself in about half of the regions: nothing reliable can be "
    "learnt from it. Check first which class each label stands for."
)


def contradictions(lesson: Lesson, images: Sequence[TrainingImage]) -> Iterator[Event]:
    """Name regions of equal pixels whose labels differ, before anything is taught.

    Parameters
    ----------
    lesson : Lesson
        Truth.
    images : sequence of TrainingImage
        That it was made from.

    Yields
    ------
    Event
        Suspicious with up to ten regions, if there are any; Notice when they are the most.
    """
    blocks = (*lesson.split.teach, *lesson.split.test)
    found = _contradictory(lesson, blocks)
    if found:
        named = [
            _said(
                block, images, "contradictory",
                f"the same pixels are labelled differently in {_place(other, images)}",
            )
            for block, other in found[:MOST_NAMED]
        ]  # fmt: skip
        yield Suspicious(tuple(named))
    if 2 * len(found) > len(blocks):
        yield Notice(DIVIDED)


def suspicious(
    found: Sequence[Finding], lesson: Lesson, images: Sequence[TrainingImage]
) -> Suspicious:
    """Put findings into words.

    Parameters
    ----------
    found : sequence of Finding
        The worst first; ten are named.
    lesson : Lesson
        For the values of classes.
    images : sequence of TrainingImage
        For names.

    Returns
    -------
    Suspicious
        The event.
    """
    named = (
        _said(each.evidence.block, images, each.kind, _reason(each, lesson))
        for each in found[:MOST_NAMED]
    )
    return Suspicious(tuple(named))


def _contradictory(lesson: Lesson, blocks: Sequence[Block]) -> list[tuple[Block, Block]]:
    """Return blocks that at least as many twins contradict as agree, each with one that does."""
    twins = dict[str, list["Block"]]()
    for block in blocks:
        twins.setdefault(block.look, []).append(block)
    found = []
    for alike in twins.values():
        if len(alike) == 1 or _is_plain(lesson, alike[0]):
            continue
        for block in alike:
            against = [other for other in alike if _differ(lesson, block, other)]
            if against and 2 * len(against) >= len(alike):
                found.append((block, against[0]))
    return found


def _is_plain(lesson: Lesson, block: Block) -> bool:
    """Say whether all pixels are equal: such blocks are no copies of one another."""
    pixels = lesson.images[block.image][:, *block.window]
    return bool((pixels == pixels[:, :1, :1]).all())


def _differ(lesson: Lesson, one: Block, other: Block) -> bool:
    if one.content == other.content:
        return False
    first, second = (lesson.truths[each.image][each.window] for each in (one, other))
    if first.shape != second.shape:
        return False
    both = (first != UNKNOWN) & (second != UNKNOWN)
    return bool(np.count_nonzero(first[both] != second[both]) > DIFFERENT * both.sum())


def _reason(found: Finding, lesson: Lesson) -> str:
    evidence = found.evidence
    others = "1 similar one" if found.similar == 1 else f"{found.similar} similar ones"
    disagrees = f"your correction disagrees with {others}"
    if found.kind == "swapped":
        is_objects = lesson.outputs > len(lesson.values)
        one, other = ((OBJECTS if is_objects else lesson.values)[each] for each in evidence.swap)
        return f"{disagrees}: {one} and {other} seem swapped"
    if found.kind == "shifted":
        return f"{disagrees}: outlines seem shifted by about {np.hypot(*evidence.shift):.0f} px"
    return disagrees


def _said(block: Block, images: Sequence[TrainingImage], kind: str, reason: str) -> Suspicion:
    image = images[block.image]
    (top, bottom), (left, right) = block.rows, block.columns
    return Suspicion(
        number=block.image,
        image=_bare(image),
        index=image.index,
        y=image.origin[0] + top,
        x=image.origin[1] + left,
        height=bottom - top,
        width=right - left,
        kind=kind,
        reason=reason,
        content=block.content,
    )


def _place(block: Block, images: Sequence[TrainingImage]) -> str:
    image = images[block.image]
    row, column = image.origin[0] + block.rows[0], image.origin[1] + block.columns[0]
    return f"{image.name} at row {row}, column {column}"


def _bare(image: TrainingImage) -> str:
    return image.name.removesuffix(f" [{';'.join(map(str, image.index))}]")
