"""Loops that save themselves into a project, and what two of them must have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.session.opening import open_project_at
from napari_segloop.session.projecting import beginning

if TYPE_CHECKING:
    from pathlib import Path

    from napari_segloop.core.images import Array
    from napari_segloop.session.loop import LoopSession
    from tests.session.conftest import Loop

NAMES = ("labels", "prediction", "checked", "kind", "epoch")


def save(loop: Loop) -> None:
    """Wait until everything is on the disk, image pixels too."""
    saver = loop.session.saver
    images = loop.session.desk.images
    loop.until(lambda: len(images.identities) == len(images))
    loop.until(lambda: saver.hurry() or (saver.is_idle and not saver.content))


def begin_in(loop: Loop, folder: Path) -> None:
    """Let a loop begin a project by itself."""
    loop.session.saver.begin = beginning(folder)


def arrays(session: LoopSession) -> dict[tuple[object, ...], Array]:
    """Everything that is known of all planes; planes without anything left out."""
    found = dict[tuple[object, ...], "Array"]()
    for key, plane in session.desk.truths.to_read():
        for name in NAMES:
            found[(*key, name)] = getattr(plane, name).astype(np.int64)
        unsure = session.desk.truths.uncertainty(key)
        if unsure is not None:
            found[(*key, "uncertainty")] = unsure
    return {key: value for key, value in found.items() if value.any()}


def facts(session: LoopSession) -> dict[str, object]:
    """What else must be the same after a project was opened again."""
    desk = session.desk
    images = desk.images
    return {
        "task": session.task,
        "classes": desk.table,
        "images": [(s.id, s.name, s.status, s.planes, s.checked_pixels, s.by_version)
                   for s in images.states],
        "numbers": images.next_number,
        "queue": (session.queue.places, session.queue.done),
        "counts": (session.accepted, session.checked),
        "predicted": desk.predicted,
        "places": {k: set(v) for k, v in desk.truths.places.items() if v},
        "versions": desk.versions.records(),
        "current": desk.versions.current,
        "offered": [session.offers.of(state.id) for state in images.states],
        "statistics": images.statistics,
    }  # fmt: skip


def assert_saved(session: LoopSession) -> None:
    """What is on the disk is what the session has, pixel for pixel, and nothing else."""
    project = session.project
    assert project is not None
    record = project.annotations.project()
    found = dict[tuple[object, ...], "Array"]()
    for number in record.images:
        for index in project.annotations.image(number).planes:
            plane = project.annotations.plane(number, index)
            found |= {(number, index, k): v.astype(np.int64) for k, v in plane.items() if v.any()}
    same(found, arrays(session))


def same(one: dict[tuple[object, ...], Array], other: dict[tuple[object, ...], Array]) -> None:
    """Refuse two sets of arrays that differ."""
    assert sorted(one, key=str) == sorted(other, key=str)
    for key, array in one.items():
        np.testing.assert_array_equal(array, other[key], err_msg=str(key))


def folder_of(loop: Loop) -> Path:
    """Return where the project of a loop lies."""
    assert loop.session.project is not None
    return loop.session.project.folder


def close(loop: Loop) -> Path:
    """Save, and let others open the project; the engine goes on."""
    folder = folder_of(loop)
    loop.session.close_project()
    loop.session.saver.take_up(None, None)
    loop.session.saver.begin = None
    return folder


def check(folder: Path) -> list[str]:
    """Look for faults in a project."""
    with open_project_at(folder) as project:
        return project.annotations.check(deep=True)
