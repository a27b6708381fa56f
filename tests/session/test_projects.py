"""A project that is opened again is as it was left; what was can be looked at and restored."""

from __future__ import annotations

import os
import shutil
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_segloop.core.reasons import GIVEN
from napari_segloop.store.errors import StoreError
from tests.session.conftest import SIZE, WHOLE, Loop, discs, photo
from tests.session.projects import (
    arrays,
    assert_saved,
    begin_in,
    close,
    facts,
    folder_of,
    same,
    save,
)
from tests.session.test_saving import CORNER, ONES, WAYS
from tests.session.test_withstanding import Open

if TYPE_CHECKING:
    from pathlib import Path


KEEPING = set(WAYS) - {"another task", "remove an image"}


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("napari_segloop.store.recent.data_folder", lambda: tmp_path / "data")


@pytest.fixture
def kept(loop: Loop, tmp_path: Path) -> Loop:
    """A loop of two images with first masks and doubt, that saves itself."""
    begin_in(loop, tmp_path / "projects")
    loop.add()
    fill(loop)
    return loop


def fill(loop: Loop) -> None:
    for image in (1, 2):
        masks = (discs(image - 1) > 0).astype(np.uint8)
        loop.session.desk.put_labels((image, ()), WHOLE, masks, whole=True)
        loop.session.desk.put_uncertainty((image, ()), WHOLE, (40 * masks).astype(np.uint8))
        loop.session.desk.count_checked((image, ()))


def opened(loop: Loop, folder: Path) -> Loop:
    loop.session.open_project(folder)
    loop.until(lambda: loop.session.project is not None and loop.session.project.folder == folder)
    return loop


def assert_same_after(loop: Loop, second: Loop) -> None:
    """Save, close, open elsewhere: nothing is different."""
    save(loop)
    before, pixels = facts(loop.session), arrays(loop.session)
    opened(second, close(loop))
    after = facts(second.session)
    assert {k: v for k, v in before.items() if v != after[k]} == {}
    same(pixels, arrays(second.session))


@pytest.mark.parametrize("way", sorted(set(WAYS) - {"another task"}))
def test_it_resumes_exactly(kept: Loop, second: Loop, way: str) -> None:
    WAYS[way](kept)
    assert_same_after(kept, second)
    loop = second.session
    second.brush(1, (slice(50, 60), slice(50, 60)))  # and goes on
    save(second)
    assert_saved(loop)


def test_objects_resume_exactly(loop: Loop, second: Loop, tmp_path: Path) -> None:
    begin_in(loop, tmp_path / "projects")
    loop.add(1, task="objects")
    many = discs(0).astype(np.uint32) + 70_000
    loop.session.import_labels(1, (), many)
    assert_same_after(loop, second)
    assert second.session.task == "objects"
    assert second.session.desk.objects
    assert second.session.plane(1, ()).labels.max() == many.max()


def test_what_speaks_against_given_masks_resumes_without_any_version(
    loop: Loop, second: Loop, tmp_path: Path
) -> None:
    begin_in(loop, tmp_path / "projects")
    loop.add(1)
    loop.session.import_labels(1, (), (discs(0) > 0).astype(np.uint8), "nothing")
    against = np.zeros((SIZE, SIZE), np.uint8)
    against[100:120, 30:60] = 200
    loop.session.desk.put_uncertainty((1, ()), WHOLE, against)
    assert_same_after(loop, second)
    second.session.look_for_places()
    second.rest()
    place, *_ = second.session.queue.places
    assert place.region.reason.startswith(GIVEN)
    assert place.region.expected_error == pytest.approx(600 * 200 / 255)


def test_a_loop_with_a_training_resumes_exactly(kept: Loop, second: Loop) -> None:
    kept.check_truth(1)
    kept.check_truth(2)
    kept.train(1.0)
    assert kept.session.desk.versions.current == 1
    kept.session.start_checking()
    kept.rest()
    kept.session.accept()
    kept.session.later()
    kept.session.stop_checking()
    kept.rest()
    assert_same_after(kept, second)
    session = second.session
    (record,) = session.desk.versions.records()
    assert record.snapshot in {each.id for each in session.snapshots if each.kind == "round"}
    assert record.software
    assert record.settings["start"] == "none"  # in fact: the starter is for another encoder
    assert record.device.endswith(("float32", "bfloat16"))
    assert record.steps > 0
    assert session.desk.versions.blob() is not None
    session.set_view(2, (), (0, 0, SIZE, SIZE))
    session.predict()  # with weights in half precision
    second.rest()
    assert session.desk.predicted[2, ()] == 1
    rounds = [each.message for each in session.snapshots if each.kind == "round"]
    assert rounds[-1] == "Before training"
    assert rounds[0].startswith("Version 1")


def test_an_original_that_is_gone_still_teaches(kept: Loop, second: Loop) -> None:
    kept.check_truth(1)
    kept.check_truth(2)
    save(kept)
    shutil.rmtree(kept.folder / "images")
    opened(second, close(kept))
    assert {state.status for state in second.session.desk.images.states} == {"missing"}
    assert "moved or deleted" in second.session.desk.images.state(1).note
    second.session.settings = kept.session.settings
    second.train(1.0)
    assert second.session.desk.versions.current == 1, second.told


@pytest.mark.parametrize("change", ["pixels", "shape", "dtype", "another file"])
def test_another_image_in_its_place_is_never_used(kept: Loop, second: Loop, change: str) -> None:
    path = kept.folder / "images" / "disc0.tif"
    folder = (save(kept), close(kept))[1]
    new = {
        "pixels": 255 - photo(0),
        "shape": photo(0)[:-1],
        "dtype": photo(0).astype(np.uint16),
        "another file": photo(7),
    }[change]
    tifffile.imwrite(path, new)
    opened(second, folder)
    state = second.session.desk.images.state(1)
    assert state.status == "missing"
    assert "another one" in state.note
    assert second.session.desk.images.state(2).status == "predicted"
    assert second.session.plane(1, ()).labels.any()


def test_a_copy_with_another_time_is_the_same_image(kept: Loop, second: Loop) -> None:
    folder = (save(kept), close(kept))[1]
    os.utime(kept.folder / "images" / "disc0.tif", (1e9, 1e9))
    opened(second, folder)
    assert second.state_of(1) == "predicted"


def test_an_image_that_moved_is_known_again(kept: Loop, second: Loop) -> None:
    folder = (save(kept), close(kept))[1]
    moved = kept.folder / "elsewhere"
    (kept.folder / "images").rename(moved)
    opened(second, folder)
    session = second.session
    assert second.state_of(1) == second.state_of(2) == "missing"
    session.locate(1, moved / "disc1.tif")
    second.until(lambda: session.desk.told is not None and "another one" in session.desk.told.text)
    session.locate(1, moved / "disc0.tif")
    second.until(lambda: second.state_of(1) == "predicted")
    session.add_files([moved / "disc1.tif"])
    second.until(lambda: second.state_of(2) == "predicted")
    assert len(session.desk.images) == 2
    save(second)
    opened(kept, close(second))
    assert kept.state_of(1) == kept.state_of(2) == "predicted"


def test_an_open_layer_is_known_again(loop: Loop, second: Loop, tmp_path: Path) -> None:
    begin_in(loop, tmp_path / "projects")
    image = loop.session.add_source(Open())  # type: ignore[arg-type]
    loop.until(lambda: loop.session.desk.images.identities)
    loop.session.answer_task("classes")
    loop.session.import_labels(image, (1,), (discs(0) > 0).astype(np.uint8))
    save(loop)
    pixels = arrays(loop.session)
    opened(second, close(loop))
    assert second.state_of(image) == "missing"
    second.session.add_source(Open())  # type: ignore[arg-type]
    second.until(lambda: second.state_of(image) == "checked")
    assert len(second.session.desk.images) == 1
    same(pixels, arrays(second.session))


def test_a_second_viewer_reads_only(kept: Loop, second: Loop) -> None:
    save(kept)
    opened(second, folder_of(kept))
    assert second.session.state.saved.is_read_only
    assert any("open in another viewer" in text for text in second.told)
    same(arrays(kept.session), arrays(second.session))
    second.brush(1, CORNER)
    assert second.session.saver.finish()
    second.session.snapshot("mine")
    assert "read-only" in second.told[-1]
    assert_saved(kept.session)


def test_no_project_is_said_and_the_session_goes_on(loop: Loop, tmp_path: Path) -> None:
    loop.add(1)
    loop.session.open_project(tmp_path / "nothing")
    loop.until(lambda: any("no such folder" in text for text in loop.told))
    assert len(loop.session.desk.images) == 1


def test_restore_brings_back_all_and_keeps_the_present(kept: Loop) -> None:
    kept.check_truth(1)
    kept.session.snapshot("before")
    save(kept)
    session = kept.session
    before, pixels = facts(session), arrays(session)
    (snapshot,) = (each for each in session.snapshots if each.message == "before")
    kept.brush(2, CORNER)
    session.add_class("late")
    present = arrays(session)
    session.restore(snapshot.id)
    kept.rest()
    same(pixels, arrays(session))
    assert facts(session) == before
    assert kept.told[-1] == "You are back at an earlier state."
    kept.brush(1, (slice(100, 120), slice(3, 9)), 3)
    save(kept)
    assert_saved(session)
    (kept_present,) = (each for each in session.snapshots if each.is_kept)
    session.restore(kept_present.id)
    kept.rest()
    same(present, arrays(session))
    assert len(session.table.classes) == 2


def test_what_is_painted_up_to_a_restore_is_in_the_state_before(
    kept: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.session.snapshot("before")
    save(kept)
    session, before = kept.session, arrays(kept.session)
    assert session.project is not None
    annotations, late = session.project.annotations, (slice(70, 80), slice(70, 80))
    (snapshot,) = (each for each in session.snapshots if each.message == "before")
    kept.brush(2, CORNER, 2)  # not saved yet
    real, strokes = annotations.restore, list[int]()

    def restore(wanted: str) -> object:  # on the writing thread, while the user goes on
        made = real(wanted)
        if wanted == snapshot.id and not strokes:
            strokes.append(1)
            while not session.plane(1, ()).checked[late].all():
                time.sleep(0.005)
        return made

    monkeypatch.setattr(annotations, "restore", restore, raising=False)
    session.restore(snapshot.id)
    assert [job.title for job in session.state.jobs] == ["Saving, then restoring"]
    kept.until(lambda: strokes)
    kept.brush(1, late, 3)
    kept.rest()
    same(before, arrays(session))
    kept_present = session.snapshots[1]
    assert kept_present.is_kept
    plane = annotations.plane(1, (), kept_present.id)
    assert (plane["checked"][late] == 3).all()
    assert (annotations.plane(2, (), kept_present.id)["checked"][CORNER] == 2).all()


def test_going_back_waits_for_no_disk_that_is_full(
    kept: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(kept)
    kept.brush(1, CORNER)
    save(kept)
    session = kept.session
    assert session.project is not None

    def refuse(*_: object, **__: object) -> None:
        raise StoreError("to save this project", "no space left on device", "Free some space.")

    kept.brush(2, CORNER)
    with monkeypatch.context() as broken:
        broken.setattr(session.project.annotations, "save", refuse, raising=False)
        for act in (session.step_back, session.new_project):
            act()
            kept.rest()
            assert "no space left on device" in kept.told[-1]
    assert session.plane(2, ()).checked[CORNER].all()
    session.saver._pace.retry()
    save(kept)
    assert_saved(session)


def test_old_autosaves_go_while_the_viewer_stays_open(
    kept: Loop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drive = tmp_path / "drive"
    drive.mkdir()
    save(kept)
    kept.session.set_mirror(drive)
    for value in (1, 2, 3):
        kept.brush(1, CORNER, value)
        save(kept)
    project, saver = kept.session.project, kept.session.saver
    assert project is not None
    before = len(kept.session.snapshots)
    with monkeypatch.context() as later:
        later.setattr("napari_segloop.session.expiry.AUTOSAVES", timedelta(0))
        later.setattr("napari_segloop.session.expiry.EVERY", 0.0)
        kept.until(lambda: len(kept.session.snapshots) < before)
    assert not any(each.kind == "autosave" for each in kept.session.snapshots[1:])
    save(kept)
    kept.until(lambda: not saver.mirroring.is_busy)
    assert_saved(kept.session)
    assert not project.annotations.check(deep=True)


def test_one_click_back_across_accept_and_train(kept: Loop) -> None:
    save(kept)
    session, before = kept.session, arrays(kept.session)
    WAYS["accept"](kept)
    save(kept)
    after = arrays(session)
    session.step_back()
    kept.rest()
    same(before, arrays(session))
    session.step_back()
    kept.rest()
    same(after, arrays(session))
    kept.check_truth(1)
    kept.check_truth(2)
    save(kept)
    checked = arrays(session)
    kept.train(1.0)
    (taught,) = (each for each in session.snapshots if each.message == "Before training")
    session.restore(taught.id)
    kept.rest()
    same(checked, arrays(session))
    assert session.desk.versions.current is None
    assert [version.number for version in session.state.versions] == [1]
    session.use_version(1)
    kept.until(lambda: session.desk.versions.current == 1)


def test_a_snapshot_is_looked_at(kept: Loop) -> None:
    kept.session.snapshot("before")
    save(kept)
    then = kept.session.plane(1, ()).labels.copy()
    kept.paint(1, ONES)
    save(kept)
    seen = list[tuple[object, ...]]()
    kept.session.looked.connect(lambda *args: seen.append(args))
    (snapshot,) = (each for each in kept.session.snapshots if each.message == "before")
    kept.session.look_at(snapshot.id)
    kept.until(lambda: seen)
    image, index, labels, checked = seen[0]
    assert (image, index) == (1, ())
    np.testing.assert_array_equal(labels, then)  # type: ignore[arg-type]
    assert not checked.any()  # type: ignore[attr-defined]


def test_a_snapshot_is_kept(kept: Loop) -> None:
    save(kept)
    (snapshot, *_) = kept.session.snapshots
    kept.session.keep(snapshot.id, "good")
    kept.until(lambda: any(e.is_kept and e.message == "good" for e in kept.session.snapshots))


def test_a_new_project_begins_empty(kept: Loop) -> None:
    save(kept)
    first = folder_of(kept)
    kept.session.new_project()
    kept.rest()
    assert not kept.session.state.images
    assert kept.session.task is None
    kept.session.add_files([kept.folder / "images" / "disc1.tif"])
    kept.until(lambda: [s.planes for s in kept.session.desk.images.states] == [1])
    kept.session.answer_task("classes")
    kept.brush(1, CORNER)
    save(kept)
    assert folder_of(kept) != first
    assert [each.exists for each in kept.session.state.recent][:1] == [True]
    assert_saved(kept.session)


def test_what_is_painted_while_another_project_opens_is_saved(kept: Loop, second: Loop) -> None:
    save(kept)
    first = folder_of(kept)
    kept.session.new_project()
    kept.rest()
    kept.session.add_files([kept.folder / "images" / "disc1.tif"])
    kept.until(lambda: [s.planes for s in kept.session.desk.images.states] == [1])
    kept.session.answer_task("classes")
    kept.brush(1, CORNER)
    save(kept)
    other = folder_of(kept)
    kept.session.open_project(first)
    kept.brush(1, (slice(70, 80), slice(70, 80)), 3)
    kept.until(lambda: folder_of(kept) == first)
    opened(second, other)  # nobody holds it any more
    assert not second.session.state.saved.is_read_only
    assert (second.session.plane(1, ()).checked[70:80, 70:80] == 3).all()


def test_a_stack_resumes_plane_by_plane(loop: Loop, second: Loop, tmp_path: Path) -> None:
    begin_in(loop, tmp_path / "projects")
    path = tmp_path / "stack.tif"
    tifffile.imwrite(path, np.stack([photo(n) for n in range(3)]), metadata={"axes": "TYX"})
    loop.session.add_files([path])
    loop.until(lambda: [s.planes for s in loop.session.desk.images.states] == [3])
    loop.session.answer_task("classes")
    for index in ((0,), (2,)):
        loop.session.import_labels(1, index, (discs(index[0]) > 0).astype(np.uint8))
    assert_same_after(loop, second)
    truths = second.session.desk.truths
    assert truths.keys() == [(1, (0,)), (1, (2,))]
    assert truths.live((1, (2,))) == (None, None)  # nobody asked for it
    assert second.session.desk.all_keys() == [(1, (n,)) for n in range(3)]


def test_the_second_copy_follows(kept: Loop, second: Loop, tmp_path: Path) -> None:
    drive = tmp_path / "drive"
    save(kept)
    kept.session.set_mirror(drive)
    kept.until(lambda: "not up to date" in kept.session.state.saved.mirror_text)
    drive.mkdir()
    kept.brush(1, CORNER)
    save(kept)
    kept.until(lambda: kept.session.state.saved.mirror_text.startswith("Second copy"))
    opened(second, drive / folder_of(kept).name)
    same(arrays(kept.session), arrays(second.session))


def test_a_project_is_renamed(kept: Loop) -> None:
    save(kept)
    kept.session.rename_project("Nuclei")
    kept.rest()
    assert folder_of(kept).name == "Nuclei.segloop"
    assert kept.session.state.saved.name == "Nuclei"
    kept.brush(1, CORNER)
    save(kept)
    assert_saved(kept.session)


def test_planes_that_nobody_asked_for_follow_a_renamed_project(kept: Loop, second: Loop) -> None:
    save(kept)
    before = arrays(kept.session)
    opened(second, close(kept))
    second.session.rename_project("Nuclei")
    same(before, arrays(second.session))


def test_history_begins_with_a_state_that_can_be_restored(kept: Loop) -> None:
    save(kept)
    kept.session.snapshot("one")
    kept.until(lambda: any(each.message == "one" for each in kept.session.state.snapshots))
    save(kept)
    assert all(each.kind != "begin" for each in kept.session.state.snapshots)
    kept.session.restore(kept.session.state.snapshots[-1].id)
    kept.rest()
    kept.until(lambda: any(each.kind == "restore" for each in kept.session.state.snapshots))
    assert kept.session.task == "classes"


@given(
    st.lists(st.sampled_from(sorted(set(WAYS) - {"another task", "remove an image"})), max_size=5)
)
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_was_done_is_there_again(kept: Loop, ways: list[str]) -> None:
    session = kept.session
    for way in ways:
        if len(session.table.classes) == 1 or way not in {"a late class", "merge", "delete"}:
            WAYS[way](kept)
    save(kept)
    before, pixels = facts(session), arrays(session)
    folder = close(kept)
    opened(kept, folder)
    assert facts(session) == before
    same(pixels, arrays(session))
