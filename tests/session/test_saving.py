"""What changed is saved, all of it and nothing else; what fails is said and tried again."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

from napari_segloop.core.regions import Region
from napari_segloop.session import pace
from napari_segloop.session.pace import Pace
from napari_segloop.session.projecting import beginning
from napari_segloop.session.state import Place, QueueState
from napari_segloop.store.errors import StoreError
from napari_segloop.store.project import Project
from tests.session.conftest import SIZE, WHOLE, Loop, discs
from tests.session.projects import assert_saved, begin_in, check, close, folder_of, save

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_segloop.store.snapshots import Save, Snapshot

CORNER = (slice(3, 9), slice(4, 30))
WHOLE_LARGE = (slice(0, 600), slice(0, 600))
ONES = np.ones((SIZE, SIZE), np.uint8)


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("napari_segloop.store.recent.data_folder", lambda: tmp_path / "data")


@pytest.fixture
def saved(loop: Loop, tmp_path: Path) -> Loop:
    """A loop of two images with first masks, saved."""
    begin_in(loop, tmp_path / "projects")
    loop.add()
    loop.session.desk.put_labels((1, ()), WHOLE, (discs(0) > 0).astype(np.uint8), whole=True)
    loop.session.desk.put_labels((2, ()), WHOLE, (discs(1) > 0).astype(np.uint8), whole=True)
    save(loop)
    return loop


def offer(loop: Loop, window: tuple[slice, slice] = CORNER) -> None:
    """Be at a place."""
    rows, columns = window
    size = rows.stop - rows.start, columns.stop - columns.start
    place = Place(1, Region(rows.start, columns.start, *size, 1.0, 2.0, "edge"))
    loop.session.queue = QueueState((place,), 0)


def judge(act: str) -> Callable[[Loop], object]:
    def do(loop: Loop) -> None:
        offer(loop)
        getattr(loop.session, act)()

    return do


def take_back(loop: Loop) -> None:
    judge("accept")(loop)
    save(loop)
    assert loop.session.take_back_last()


def late_class(loop: Loop) -> None:
    loop.brush(1, CORNER)
    loop.session.add_class("late")


def merged(loop: Loop) -> None:
    loop.session.add_class("late")
    loop.paint(1, 2 * ONES, CORNER)
    save(loop)
    loop.session.merge_class(2, into=1)


def rested(loop: Loop) -> None:
    """A plane that was packed before it was saved."""
    loop.paint(1, ONES, CORNER)
    loop.session.open(2)
    truths = loop.session.desk.truths
    loop.until(lambda: truths.parcel((1, ())) is not None)


WAYS: dict[str, Callable[[Loop], object]] = {
    "paint": lambda loop: loop.paint(1, ONES, CORNER),
    "erase": lambda loop: loop.paint(1, 0 * ONES),
    "brush": lambda loop: loop.brush(1, CORNER),
    "brush can't tell": lambda loop: loop.brush(1, CORNER, 2),
    "brush excluded": lambda loop: loop.brush(1, CORNER, 3),
    "accept": judge("accept"),
    "can't tell": judge("cant_tell"),
    "take back": take_back,
    "import": lambda loop: loop.check_truth(1),
    "predict": lambda loop: loop.session.desk.put_labels(
        (1, ()), CORNER, ONES[CORNER], whole=False
    ),
    "doubt": lambda loop: loop.session.desk.put_uncertainty((1, ()), CORNER, 7 * ONES[CORNER]),
    "a late class": late_class,
    "merge": merged,
    "delete": lambda loop: (loop.session.add_class("late"), loop.session.delete_class(1)),
    "another task": lambda loop: loop.session.answer_task("objects"),
    "exclude an image": lambda loop: loop.session.exclude(2, is_excluded=True),
    "remove an image": lambda loop: loop.session.remove(2),
    "rest": rested,
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_editing_arrives(saved: Loop, way: str) -> None:
    WAYS[way](saved)
    saved.session.publish()
    assert not saved.session.saver.is_idle
    save(saved)
    assert_saved(saved.session)
    assert saved.session.state.saved.text.startswith("Saved ")
    assert check(close(saved)) == []


def test_only_changed_pieces_are_written(saved: Loop) -> None:
    truths, project = saved.session.desk.truths, saved.session.project
    assert project is not None
    saves, real = list["Save"](), project.annotations.save

    def keep(made: Save, *rest: object) -> Snapshot:
        saves.append(replace(made, chunks=tuple(made.chunks)))
        return real(saves[-1], *rest)  # type: ignore[arg-type]  # as it was asked

    project.annotations.save = keep  # type: ignore[method-assign,assignment]
    saved.brush(1, CORNER)
    assert truths.unsaved.look() == {("truth", 1, ()): {(0, 0)}}
    saved.session.saver.hurry()
    saved.until(lambda: saves)
    (chunk,) = saves[0].chunks
    assert (chunk.image, chunk.index, chunk.y, chunk.x) == (1, (), 0, 0)
    assert not truths.unsaved


def test_however_much_it_is_it_is_one_transaction(
    loop: Loop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_segloop.store.pieces.AT_ONCE", 2)  # of nine
    begin_in(loop, tmp_path / "projects")
    path, planes = tmp_path / "stack.tif", 3
    tifffile.imwrite(path, np.zeros((planes, 600, 600), np.uint8), metadata={"axes": "TYX"})
    loop.session.add_files([path])
    loop.until(lambda: loop.session.desk.images.identities)
    loop.session.answer_task("classes")
    save(loop)
    before = len(loop.session.snapshots)
    noise = np.random.default_rng(0).integers(0, 2, (planes, 600, 600), np.uint8)
    for index in range(planes):
        loop.session.desk.put_labels((1, (index,)), WHOLE_LARGE, noise[index], whole=True)
        loop.session.desk.put_uncertainty((1, (index,)), WHOLE_LARGE, 9 * noise[index])
    assert loop.session.saver.finish()
    assert len(loop.session.snapshots) == before + 1
    assert_saved(loop.session)


def test_nothing_is_begun_before_there_is_something(loop: Loop, tmp_path: Path) -> None:
    begin_in(loop, tmp_path / "projects")
    loop.add(1)
    loop.session.saver.hurry()
    for _ in range(20):
        loop.session.pump()
    assert loop.session.project is None
    assert not (tmp_path / "projects").exists()


def test_a_session_without_a_project_saves_nothing(loop: Loop) -> None:
    loop.add(1)
    loop.brush(1, CORNER)
    loop.session.saver.hurry()
    loop.session.pump()
    assert loop.session.saver.is_idle or not loop.session.saver.can_save
    assert loop.session.saver.finish()
    assert loop.session.state.saved.text == ""


def test_image_pixels_under_what_is_checked_are_kept(saved: Loop) -> None:
    saved.brush(1, CORNER)
    save(saved)
    project = saved.session.project
    assert project is not None
    pixels, known = project.annotations.content(1, (), *WHOLE)
    assert known.all()
    np.testing.assert_array_equal(pixels, saved.session.source(1).read((), *WHOLE))
    assert not project.annotations.content(2, (), *WHOLE)[1].any()
    assert project.annotations.image(1).statistics


@pytest.mark.parametrize("when", ["created", "written"])
def test_what_fails_is_said_and_tried_again(
    saved: Loop, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "AGAIN", 0.0)
    project, faults = saved.session.project, [1]
    assert project is not None
    keep = project.annotations.save

    def fail(*args: object) -> object:
        if faults:
            faults.pop()
            raise StoreError("to save this project", "no space left on device", "Free some space.")
        return keep(*args)  # type: ignore[arg-type]

    if when == "created":
        folder = close(saved)
        saved.session.desk.truths.unsaved.note(("truth", 1, ()), {(0, 0)})
        shutil.rmtree(folder)

        def begin(name: str, task: str) -> Project:
            fail_at_first()
            return beginning(folder.parent)(name, task)

        def fail_at_first() -> None:
            if faults:
                faults.pop()
                raise StoreError("to save this", "permission denied", "Choose another folder.")

        saved.session.saver.begin = begin
    else:
        project.annotations.save = fail  # type: ignore[method-assign]
    saved.brush(1, CORNER)
    saved.session.saver.hurry()
    saved.until(lambda: saved.session.saver.faults)
    state = saved.session.state.saved
    assert state.level == "error"
    assert "no space left on device" in state.text or "permission denied" in state.text
    saved.brush(1, (slice(90, 95), slice(90, 95)))  # painting goes on
    save(saved)
    assert saved.session.state.saved.level == "info"
    if when == "written":
        assert_saved(saved.session)


def test_painting_goes_on_while_the_disk_takes_nothing(
    saved: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    resource = pytest.importorskip("resource", reason="no limits of file sizes here")
    monkeypatch.setattr(pace, "AGAIN", 0.0)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, hard))  # bytes of each file
    try:
        for row in range(60, 90, 10):
            saved.brush(1, (slice(row, row + 5), slice(50, 60)))
            faults = saved.session.saver.faults
            saved.session.saver.hurry()
            saved.until(lambda faults=faults: saved.session.saver.faults > faults)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    state = saved.session.state.saved
    assert state.level == "error"
    assert state.text.startswith("Not saved: ")
    assert "You can go on" in state.text
    save(saved)
    assert saved.session.state.saved.level == "info"
    assert_saved(saved.session)
    with Project.open(close(saved)) as project:
        checked = project.annotations.plane(1, ())["checked"]
    assert (checked[60:65, 50:60] == 1).all()
    assert (checked[80:85, 50:60] == 1).all()


def test_a_folder_that_is_gone_is_said(saved: Loop) -> None:
    folder = folder_of(saved)
    shutil.rmtree(folder)
    saved.brush(1, CORNER)
    saved.session.saver.hurry()
    saved.until(lambda: saved.session.saver.faults)
    assert saved.session.state.saved.text.startswith("Not saved: ")
    assert saved.session.desk.truths.unsaved
    saved.session.saver.begin = None


def test_closing_saves_what_is_left(saved: Loop) -> None:
    saved.brush(1, CORNER)
    saved.session.saver.finish()
    assert_saved(saved.session)
    project = saved.session.project
    assert project is not None
    assert project.annotations.content(1, (), *WHOLE)[1].all()


@pytest.mark.parametrize("is_begun", [True, False])
def test_pixels_wait_for_what_their_image_is(loop: Loop, tmp_path: Path, is_begun: bool) -> None:
    session = loop.session
    loop.add()
    loop.until(lambda: len(session.desk.images.identities) == 2)
    if is_begun:
        begin_in(loop, tmp_path / "projects")
        loop.brush(2, CORNER)
        save(loop)
    known = session.desk.images.identities.pop(1)
    begin_in(loop, tmp_path / "projects")
    loop.brush(1, CORNER)
    session.saver.hurry()
    for _ in range(20):
        session.pump()
    assert session.desk.truths.unsaved
    session.desk.images.identities[1] = known
    session.note("images")
    save(loop)
    assert_saved(session)


def test_pieces_that_change_while_others_are_copied_are_of_one_moment(saved: Loop) -> None:
    truths = saved.session.desk.truths
    saved.brush(1, CORNER)
    saved.brush(2, CORNER)
    saver = saved.session.saver
    saver.hurry()
    saver.poll(0.0)  # one piece
    saved.session.add_class("late")
    assert truths.unsaved
    save(saved)
    assert_saved(saved.session)


def test_when_to_save() -> None:
    times = Pace()
    assert not times.is_due(100.0)
    times.note(0.0)
    assert not times.is_due(1.9)
    assert times.is_due(2.0)
    for now in range(8):
        times.note(float(now))
        assert not times.is_due(now + 0.9)
    assert times.is_due(8.0)
    times.begin()
    assert not times.is_due(100.0)
    times.note(100.0)
    times.hurry()
    assert times.is_due(100.0)
    times.begin()
    times.fail(100.0)
    assert not times.is_due(109.0)
    assert times.is_due(110.0)


def test_it_is_saved_in_time_while_painting_goes_on(
    saved: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "LONGEST", 0.2)
    project = saved.session.project
    assert project is not None
    before = project.annotations.history()[0].id
    end = time.monotonic() + 60
    value = 0
    while project.annotations.history()[0].id == before:
        assert time.monotonic() < end
        value = 1 - value
        saved.brush(1, CORNER, value)
        saved.session.pump()
