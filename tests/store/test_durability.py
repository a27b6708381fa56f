"""In which order things reach the disk: objects, then the branch, then the word that it is so."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

import icechunk
import numpy as np
import pytest

from napari_segloop.store import durability
from napari_segloop.store.annotations import Annotations, Save
from napari_segloop.store.durability import OBJECTS
from tests.store.painting import image, piece, project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOVED = "the branch moved"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Annotations]:
    with Annotations.create(tmp_path / "a.segloop") as made:
        made.save(Save(project(), (image(),)))
        yield made


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What is flushed, and when the branch moves."""
    seen: list[object] = []
    flush, flush_folder = durability.flush, durability.flush_folder
    move = icechunk.Repository.reset_branch

    def note(path: Path) -> None:
        flush(path)
        seen.append(path)

    def note_folder(path: Path) -> None:
        flush_folder(path)
        seen.append(path)

    def note_move(*arguments: object, **more: object) -> None:
        move(*arguments, **more)
        seen.append(MOVED)

    monkeypatch.setattr(durability, "flush", note)
    monkeypatch.setattr(durability, "flush_folder", note_folder)
    monkeypatch.setattr(icechunk.Repository, "reset_branch", note_move)
    return seen


def objects(store: Annotations) -> set[Path]:
    place = store.folder / "annotations"
    return {path for name in OBJECTS for path in (place / name).glob("*")}


@pytest.mark.parametrize("change", ["save", "restore"])
def test_objects_reach_the_disk_before_the_branch_names_them(
    store: Annotations, events: list[object], change: str
) -> None:
    before = objects(store)
    if change == "save":
        store.save(Save(project(seconds=1), (), (piece(np.random.default_rng(0)),)))
    else:
        store.restore(store.history()[0].id)
    new = objects(store) - before
    assert {path.parent.name for path in new} >= {"snapshots", "sums", "transactions"}
    moved = events.index(MOVED)
    assert new | {path.parent for path in new} <= set(events[:moved])
    branch = store.folder / "annotations" / "refs" / "branch.main"
    assert {branch, branch / "ref.json"} <= set(events[moved:])


def test_what_was_flushed_once_is_not_flushed_again(
    store: Annotations, events: list[object]
) -> None:
    store.save(Save(project(seconds=1), (), (piece(np.random.default_rng(0)),)))
    first = set(events)
    events.clear()
    store.save(Save(project(seconds=2)))
    again = {path for path in events if path != MOVED and path.is_file()} & first
    assert {path.name for path in again} <= {"ref.json"}


def test_a_name_is_on_the_disk_when_keep_returns(store: Annotations, events: list[object]) -> None:
    store.keep(store.history()[0].id)
    tags = list((store.folder / "annotations" / "refs").glob("tag.kept-*"))
    assert len(tags) == 1
    assert {tags[0], tags[0] / "ref.json", tags[0].parent} <= set(events)


def test_a_disk_that_fails_while_flushing_leaves_the_branch(
    store: Annotations, events: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = store.history()[0].id

    def fail(path: Path) -> None:
        raise OSError(5, "input/output error")

    monkeypatch.setattr(durability, "flush", fail)
    with pytest.raises(Exception, match="input/output error"):
        store.save(Save(project(seconds=1)))
    assert MOVED not in events
    assert store.history()[0].id == newest


def test_what_a_killed_write_left_is_swept_with_the_next_expiry(store: Annotations) -> None:
    left = store.folder / "annotations" / "chunks" / "C8ZWERV266XHCTMJQY0G#1"
    left.parent.mkdir(exist_ok=True)
    left.write_bytes(b"half a piece")
    store.expire(datetime.datetime.now(datetime.UTC))
    assert not left.exists()
    assert store.check() == []
