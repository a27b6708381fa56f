"""A project as a whole: a colleague's work taken in, moved, made smaller, deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

from napari_segloop.session.loop import LoopSession
from napari_segloop.store.project import Project
from napari_segloop.store.pruning import Pruned
from napari_segloop.store.recent import mirror_of
from tests.session.conftest import Loop
from tests.session.projects import arrays, assert_saved, begin_in, close, folder_of, same, save

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_segloop.engine.client import Engine

TOP, MIDDLE = (slice(0, 40), slice(0, 160)), (slice(60, 100), slice(0, 160))
BOTTOM = (slice(110, 150), slice(0, 160))


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("napari_segloop.store.recent.data_folder", lambda: tmp_path / "data")


@pytest.fixture
def mine(loop: Loop, tmp_path: Path) -> Loop:
    """A project of two images, in which two bands of the first are checked."""
    begin_in(loop, tmp_path / "projects")
    loop.add()
    for window in (TOP, MIDDLE):
        loop.brush(1, window)
    save(loop)
    return loop


@pytest.fixture
def colleague(mine: Loop, engine: Engine, tmp_path: Path) -> Iterator[Path]:
    """A project of the same images, in which a part of one band is another class."""
    session = LoopSession(tmp_path / "their models", engine)
    theirs = Loop(session, tmp_path)
    begin_in(theirs, tmp_path / "Kim")
    theirs.add()
    for window in (MIDDLE, BOTTOM):
        theirs.brush(1, window)
    ones = np.ones((160, 160), np.uint8)
    theirs.paint(1, ones, (slice(70, 90), slice(20, 52)))
    theirs.paint(1, ones, (slice(120, 130), slice(0, 20)))
    save(theirs)
    yield close(theirs)
    session.desk.close()
    session.scratch.close()


@pytest.fixture
def second(engine: Engine, tmp_path: Path) -> Iterator[Loop]:
    """Another viewer on the same computer."""
    session = LoopSession(tmp_path / "second models", engine)
    yield Loop(session, tmp_path)
    session.close_project()
    session.desk.close()
    session.scratch.close()


def take_in(loop: Loop, folder: Path) -> None:
    loop.session.merge_project(folder)
    loop.until(lambda: loop.session.running("merge") is None)


def test_a_colleague_s_work_comes_in_and_disputes_are_checked_first(
    mine: Loop, colleague: Path
) -> None:
    session = mine.session
    before = session.desk.images.opened, session.plane(1, ()).labels.copy()
    take_in(mine, colleague)
    share = 1 - 20 * 32 / (40 * 160)
    assert f"on {100 * share:.0f} % of 6,400 doubly checked pixels" in mine.told[-1]
    assert "6,400 pixels came in. Next to check: 1 place" in mine.told[-1]
    plane = session.plane(1, ())
    assert plane.checked[BOTTOM].all()
    assert plane.labels[125, 10] == 1
    assert np.array_equal(plane.labels[:110], before[1][:110])
    assert session.desk.images.opened == before[0]
    first = session.queue.places[0]
    assert first.region.reason == "you and disc0 disagree on 640 px"
    session.start_checking()
    assert session.queue.here == first
    session.later()  # the only one stays
    session.look_for_places()
    mine.rest()
    assert session.queue.places[0] == first  # not lost in what a ranking finds
    session.start_checking()
    session.accept()
    session.look_for_places()
    mine.rest()
    assert first not in session.queue.places
    save(mine)
    assert_saved(session)


def test_disputes_of_the_command_line_are_in_the_queue(mine: Loop, colleague: Path) -> None:
    from napari_segloop.store.merging import merge  # noqa: PLC0415  # as the command line does

    folder = close(mine)
    with Project.open(folder) as project, Project.open(colleague, read_only=True) as other:
        merge(project, other)
    mine.session.open_project(folder)
    mine.until(lambda: mine.session.queue.places)
    assert mine.session.queue.places[0].region.reason.startswith("you and disc0 disagree")


def test_what_is_painted_while_it_is_taken_in_is_not_lost(mine: Loop, colleague: Path) -> None:
    session = mine.session
    session.merge_project(colleague)
    mine.until(lambda: session.saver.is_held)
    mine.brush(2, TOP)
    mine.until(lambda: session.running("merge") is None)
    assert session.plane(2, ()).checked[TOP].all()
    assert session.plane(1, ()).checked[BOTTOM].all()
    save(mine)
    assert_saved(session)


@pytest.mark.parametrize("fault", ["itself", "nothing there", "another task", "damaged"])
def test_what_cannot_be_taken_in_changes_nothing(
    mine: Loop, colleague: Path, tmp_path: Path, fault: str
) -> None:
    other = {"itself": folder_of(mine), "nothing there": tmp_path / "none"}.get(fault, colleague)
    if fault == "another task":
        other = tmp_path / "objects.segloop"
        Project.create(other, task="objects").close()
    if fault == "damaged":
        for path in (colleague / "annotations" / "chunks").iterdir():
            path.write_bytes(path.read_bytes()[:-9])
    before, snapshot = arrays(mine.session), mine.session.snapshots[0].id
    take_in(mine, other)
    assert "Expected" in mine.told[-1]
    same(before, arrays(mine.session))
    assert not mine.session.saver.is_held
    mine.brush(1, BOTTOM)  # and it goes on
    save(mine)
    assert_saved(mine.session)
    assert snapshot in {each.id for each in mine.session.snapshots}


def damage(folder: Path) -> None:
    """Let nothing lead any more to what was saved by itself after the last named snapshot."""
    for each in Project.open(folder, read_only=True).history():
        if each.kind == "manual":
            return
        (folder / "annotations" / "snapshots" / each.id).write_bytes(b"\0" * 99)


def content_of(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("from_copy", [False, True], ids=["older-state", "second-copy"])
def test_a_damaged_project_is_said_and_goes_on_beside_itself(
    mine: Loop, tmp_path: Path, from_copy: bool
) -> None:
    session = mine.session
    session.snapshot("before the holidays")
    (tmp_path / "stick").mkdir()
    session.set_mirror(tmp_path / "stick")
    mine.until(lambda: session.state.saved.mirror_text.startswith("Second copy"))
    kept = arrays(session)
    mine.brush(2, TOP)
    save(mine)
    mine.until(lambda: not session.saver.mirroring.is_busy)
    newest = arrays(session)
    session.keep(session.snapshots[0].id, "what will be lost")
    mine.until(lambda: session.snapshots[0].is_kept)
    mine.until(lambda: not session.saver.mirroring.is_busy)
    folder = close(mine)
    damage(folder)
    before = content_of(folder)
    session.open_project(folder)
    mine.until(lambda: session.state.damaged)
    damaged = session.state.damaged
    assert (damaged.path, damaged.name) == (str(folder), folder.stem)
    assert damaged.fault
    assert damaged.snapshot.message == "before the holidays"
    assert damaged.mirror == str(tmp_path / "stick" / folder.name)
    assert damaged.mirrored
    assert session.project is None  # nothing was opened in its place
    session.recover_project(from_copy=from_copy)
    mine.until(lambda: session.state.damaged is None)
    mine.rest()
    assert session.project.folder == folder.parent / f"{folder.stem} rescued.segloop"
    assert session.state.saved.name == f"{folder.stem} rescued"
    assert content_of(folder) == before
    session.prune_project()  # what is lost is in nobody's way
    mine.rest()
    assert "MB less" in mine.told[-1]
    same(newest if from_copy else kept, arrays(session))
    mine.brush(1, BOTTOM)
    save(mine)
    assert_saved(session)


def test_it_is_renamed_and_moved_with_its_second_copy_while_one_paints(
    mine: Loop, tmp_path: Path
) -> None:
    session = mine.session
    (tmp_path / "stick").mkdir()
    session.set_mirror(tmp_path / "stick")
    before = folder_of(mine)
    session.rename_project("Cells")
    mine.brush(2, TOP)
    mine.rest()
    session.move_project(tmp_path / "elsewhere")
    mine.brush(2, MIDDLE)
    mine.rest()
    folder = tmp_path / "elsewhere" / "Cells.segloop"
    assert folder_of(mine) == folder
    assert session.state.saved.path == str(folder)
    assert not before.exists()
    assert [each.path for each in session.state.recent] == [str(folder)]
    save(mine)
    assert_saved(session)
    assert mirror_of(folder) == tmp_path / "stick"
    session.move_project(folder / "models")  # into itself
    mine.rest()
    assert "another folder" in mine.told[-1]
    mine.brush(1, BOTTOM)
    save(mine)
    assert_saved(session)


@pytest.mark.parametrize("trash", ["takes it", "refuses", "none"])
def test_it_is_deleted_only_when_that_is_possible(mine: Loop, tmp_path: Path, trash: str) -> None:
    session, folder = mine.session, folder_of(mine)

    def bring(path: Path) -> bool:
        if trash == "takes it":
            path.rename(tmp_path / "trash")
        return trash == "takes it"

    mine.brush(2, TOP)  # not saved yet
    session.delete_project(None if trash == "none" else bring)
    mine.rest()
    assert folder.exists() == (trash == "refuses")
    if trash == "refuses":
        assert "nothing was deleted" in mine.told[-1]
        save(mine)
        assert_saved(session)
        return
    assert session.project is None
    assert not session.state.images
    assert not session.state.recent
    mine.add()  # and another one begins
    mine.brush(1, TOP)
    save(mine)
    assert_saved(session)


def test_it_is_made_smaller_but_for_what_is_kept(mine: Loop) -> None:
    session, weighed = mine.session, list[Pruned]()
    mine.check_truth(1)
    mine.check_truth(2)
    for _ in range(2):
        mine.train(0.3)
    session.use_version(1)
    session.keep_version(2, True)
    mine.rest()
    models = {each.number: each.model for each in session.state.versions}
    for is_kept in (True, False):
        session.keep_version(2, is_kept)
        session.weigh_project(weighed.append)
        mine.rest()
    assert [each.models for each in weighed] == [(), (models[2],)]
    before = session.project.size()
    session.prune_project()
    mine.rest()
    assert session.project.models.ids() == (models[1],)
    assert session.state.saved.bytes < before - weighed[1].bytes // 2
    session.keep_version(1, True)
    mine.brush(1, BOTTOM)
    save(mine)
    assert session.project.models.ids() == (models[1],)  # the other one does not come back
    versions = session.project.annotations.project().versions
    assert [each.pinned for each in versions] == [True, False]
    session.use_version(2)
    mine.rest()
    assert "Expected" in mine.told[-1]


def test_a_second_viewer_is_warned_and_goes_on_in_a_copy(mine: Loop, second: Loop) -> None:
    folder, there = folder_of(mine), second.session
    there.open_project(folder)
    second.until(lambda: there.project is not None)
    assert there.state.saved.is_read_only
    assert "open in another viewer" in second.told[-1]
    second.brush(2, TOP)
    second.until(lambda: "not saved" in second.told[-1])
    mine.brush(1, BOTTOM)  # the first one goes on
    save(mine)
    there.copy_project()
    second.until(lambda: there.project.folder != folder)
    assert there.project.folder == folder.parent / f"{folder.stem} copy.segloop"
    assert not there.state.saved.is_read_only
    save(second)
    assert_saved(there)
    assert there.plane(2, ()).checked[TOP].all()
    assert not there.plane(1, ()).checked[BOTTOM].any()
    assert not mine.session.plane(2, ()).checked.any()


def test_what_the_first_viewer_closed_can_be_written_to(mine: Loop, second: Loop) -> None:
    folder = folder_of(mine)
    second.session.open_project(folder)
    second.until(lambda: second.session.project is not None)
    close(mine)
    second.session.open_project(folder)
    second.until(lambda: not second.session.state.saved.is_read_only)
    second.brush(1, BOTTOM)
    save(second)
    assert_saved(second.session)


def test_files_of_masks_say_which_annotations_and_which_model_made_them(mine: Loop) -> None:
    session = mine.session
    mine.check_truth(1)
    mine.check_truth(2)
    mine.train(0.3)
    session.predict("all")
    mine.rest()
    save(mine)
    session.save_masks(mine.folder / "out")
    mine.rest()
    with tifffile.TiffFile(mine.folder / "out" / "masks" / "disc1.tif") as file:
        words = file.pages[0].description + str(file.ome_metadata)
    project = session.project
    (version,) = project.annotations.project().versions
    assert version.snapshot in {each.id for each in project.history()}
    for said in (project.id, project.history()[0].id, version.model):
        assert said in words
