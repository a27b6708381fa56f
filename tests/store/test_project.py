"""Projects as folders: made, opened, renamed, moved, deleted, pruned; damaged ones set aside."""

from __future__ import annotations

import datetime
import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_segloop.core.classes import ClassTable
from napari_segloop.core.errors import InputError
from napari_segloop.store import copying, recent
from napari_segloop.store.annotations import PlaneChunk, Save
from napari_segloop.store.errors import ProjectBusy, StoreError
from napari_segloop.store.mirror import Mirror
from napari_segloop.store.project import DamagedProject, Project
from napari_segloop.store.pruning import prunable, prune
from napari_segloop.store.records import (
    Identity,
    ImageRecord,
    ImageShape,
    ProjectRecord,
    VersionRecord,
)
from napari_segloop.store.rescue import recover
from napari_segloop.store.restoring import restore

if TYPE_CHECKING:
    from collections.abc import Callable

SHAPE = ImageShape((), 300, 400, 1, "uint16")
MODELS = {name: name * 64 for name in "abc"}


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "data_folder", lambda: tmp_path / "data")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "Nuclei.segloop"


def record(**changes: object) -> ProjectRecord:
    classes = ClassTable.first("classes").to_dict()
    return ProjectRecord("classes", classes, **{"images": (1,), "next_image": 2} | changes)


def painted(made: Project, value: int) -> str:
    """Save a plane of one value; the snapshot."""
    image = ImageRecord(1, Identity("", "a", SHAPE, "YX"), "checked", planes=((),))
    pixels = np.full((256, 256), value, np.uint8)
    chunk = PlaneChunk(1, (), 0, 0, labels=pixels, checked=pixels > 0)
    return made.annotations.save(Save(record(), (image,), (chunk,)), f"{value}", "manual").id


def value_in(opened: Project) -> int:
    return int(opened.annotations.plane(1, ())["labels"][0, 0])


def test_a_new_project_is_a_folder_that_opens_again(folder: Path) -> None:
    with Project.create(folder, "Nuclei of mice") as made:
        painted(made, 3)
        assert {path.name for path in folder.iterdir()} == {"annotations", "lock", "project.json"}
    with Project.open(folder) as opened:
        assert (opened.name, opened.id) == ("Nuclei of mice", made.id)
        assert value_in(opened) == 3
        assert opened.size() == sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_new_project_opens_before_anything_was_saved(folder: Path) -> None:
    Project.create(folder, task="objects").close()
    with Project.open(folder) as opened:
        assert opened.name == "Nuclei"
        assert opened.annotations.project().task == "objects"


def test_a_project_never_replaces_what_is_there(folder: Path) -> None:
    Project.create(folder).close()
    with pytest.raises(StoreError, match="a name that is free"):
        Project.create(folder)


def test_a_second_one_may_only_look(folder: Path) -> None:
    with Project.create(folder) as made:
        painted(made, 1)
        with pytest.raises(ProjectBusy, match="read-only"):
            Project.open(folder)
        with Project.open(folder, read_only=True) as looking:
            assert looking.is_read_only
            assert value_in(looking) == 1
            for forbidden in (looking.delete, lambda: prune(looking), lambda: looking.rename("b")):
                with pytest.raises(StoreError, match="read-only"):
                    forbidden()


def test_a_project_can_be_renamed(folder: Path) -> None:
    with Project.create(folder) as made:
        painted(made, 1)
        made.rename("Cells of mice")
        assert made.folder.name == "Cells of mice.segloop"
        assert not folder.exists()
        painted(made, 2)
        with pytest.raises(InputError):
            made.rename("../elsewhere")
    with Project.open(made.folder) as opened:
        assert (opened.name, value_in(opened)) == ("Cells of mice", 2)


@pytest.mark.parametrize("is_other_disk", [False, True])
def test_a_project_can_be_moved(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_other_disk: bool
) -> None:
    with Project.create(folder) as made:
        painted(made, 1)
        if is_other_disk:
            monkeypatch.setattr(Path, "rename", across_disks(folder))
        made.move(tmp_path / "other")
        monkeypatch.undo()
        assert made.folder == tmp_path / "other" / folder.name
        assert not folder.exists()
        painted(made, 2)
        assert value_in(made) == 2


def across_disks(folder: Path) -> Callable[[Path, Path], None]:
    """Return a renaming that another disk refuses."""

    def rename(path: Path, target: Path) -> None:
        if path == folder:
            raise OSError(18, "Invalid cross-device link")
        os.rename(path, target)

    return rename


def test_what_does_not_fit_stays_where_it_was(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Project.create(folder) as made:
        painted(made, 1)
        monkeypatch.setattr(Path, "rename", across_disks(folder))
        monkeypatch.setattr(copying, "flush", _full)
        with pytest.raises(StoreError, match="no space left"):
            made.move(tmp_path / "other")
        monkeypatch.undo()
        assert made.folder == folder
        assert not list((tmp_path / "other").iterdir())
        painted(made, 2)


def _full(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_a_project_can_be_deleted(folder: Path) -> None:
    made = Project.create(folder)
    made.delete()
    assert not any(path.name.endswith("segloop") for path in folder.parent.iterdir())


def test_a_trash_that_does_not_take_a_project_leaves_it_open(folder: Path) -> None:
    with Project.create(folder) as made:
        assert not made.delete(lambda _: False)
        painted(made, 1)
        assert value_in(made) == 1


def test_a_project_is_not_moved_into_itself(folder: Path) -> None:
    with Project.create(folder) as made:
        painted(made, 1)
        for place in (folder, folder / "models" / "deeper", folder.parent):
            with pytest.raises(StoreError):
                made.move(place)
        painted(made, 2)
        assert value_in(made) == 2


def test_models_in_use_and_pinned_ones_are_kept(folder: Path) -> None:
    versions = tuple(
        VersionRecord(number, MODELS[name], pinned=name == "a")
        for number, name in enumerate("abc", start=1)
    )
    with Project.create(folder) as made:
        made.annotations.save(Save(record(images=(), versions=versions, current=3)))
        made.models.folder.mkdir()
        for model in MODELS.values():
            made.models.path(model).write_bytes(bytes(1000))
        before = prunable(made)
        pruned = prune(made)
        assert before == pruned
        assert made.models.ids() == (MODELS["a"], MODELS["c"])
        assert (pruned.models, pruned.bytes) == ((MODELS["b"],), 1000)
        assert len(made.annotations.project().versions) == 3


def test_versions_that_came_since_survive_going_back_and_making_smaller(folder: Path) -> None:
    versions = VersionRecord(1, MODELS["a"]), VersionRecord(2, MODELS["b"])
    with Project.create(folder) as made:
        painted(made, 1)
        old = made.annotations.save(Save(record(versions=versions[:1], current=1)), "old", "manual")
        made.annotations.save(Save(record(versions=versions, current=2)), "new", "manual")
        made.models.folder.mkdir()
        for model in MODELS.values():
            made.models.path(model).write_bytes(bytes(1000))
        back = restore(made, old.id)
        assert (back.id, back.message, back.kind) == (made.history()[0].id, "old", "restore")
        now = made.annotations.project()
        assert ([each.number for each in now.versions], now.current) == ([1, 2], 1)
        assert prune(made).models == (MODELS["c"],)  # the state before is kept, and its model
        assert restore(made, old.id).parent is not None


def test_old_autosaves_are_pruned(folder: Path) -> None:
    with Project.create(folder) as made:
        for value in range(1, 6):
            painted(made, value)
            pixels = np.full((256, 256), 100 + value, np.uint8)
            made.annotations.save(Save(chunks=(PlaneChunk(1, (), 0, 0, labels=pixels),)))
        now = datetime.datetime.now(datetime.UTC)
        assert prunable(made, now).snapshots == 4
        pruned = prune(made, now)
        assert pruned.snapshots == 4
        assert value_in(made) == 105


def test_a_link_that_leads_outside_is_refused(folder: Path, tmp_path: Path) -> None:
    Project.create(folder).close()
    (tmp_path / "secret").mkdir()
    (folder / "models").symlink_to(tmp_path / "secret")
    with pytest.raises(StoreError, match="in its own folder"):
        Project.open(folder)


def test_a_newer_project_is_refused(folder: Path) -> None:
    Project.create(folder).close()
    card = json.loads((folder / "project.json").read_text())
    (folder / "project.json").write_text(json.dumps(card | {"format": 2}))
    with pytest.raises(StoreError, match="Update napari-segloop"):
        Project.open(folder)


@pytest.mark.parametrize("is_there", [False, True])
def test_what_is_no_project_is_said(folder: Path, *, is_there: bool) -> None:
    if is_there:
        folder.mkdir()
    with pytest.raises(StoreError, match="a project, got"):
        Project.open(folder)


def snapshot_of(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in folder.rglob("*") if p.is_file() and p.name != "lock"}


def damage_reference(folder: Path) -> None:
    (folder / "annotations" / "refs" / "branch.main" / "ref.json").unlink()


def damage_snapshot(folder: Path) -> None:
    files = (folder / "annotations" / "snapshots").iterdir()
    newest = max(files, key=lambda path: path.stat().st_mtime_ns)
    newest.write_bytes(newest.read_bytes()[:50])


def lose_card(folder: Path) -> None:
    (folder / "project.json").unlink()


@pytest.mark.parametrize(
    ("damage", "left"),
    [(damage_reference, 2), (damage_snapshot, 1), (lose_card, 2)],
    ids=["reference", "snapshot", "card"],
)
def test_a_damaged_project_is_not_touched_and_says_what_is_left(
    folder: Path, tmp_path: Path, damage: object, left: int
) -> None:
    with Project.create(folder) as made:
        snapshots = {value: painted(made, value) for value in (1, 2)}
        (tmp_path / "stick").mkdir()
        Mirror(made, tmp_path / "stick").update()
        recent.set_mirror(folder, tmp_path / "stick")
    damage(folder)
    before = snapshot_of(folder)
    with pytest.raises(DamagedProject, match="Nothing in it was touched") as caught:
        Project.open(folder)
    assert snapshot_of(folder) == before
    assert caught.value.faults
    assert caught.value.newest_readable == snapshots[left]
    assert caught.value.mirror == tmp_path / "stick" / folder.name
    new = recover(folder, tmp_path / "New.segloop", caught.value.newest_readable)
    with Project.open(new) as opened:
        assert value_in(opened) == left
        assert opened.id != made.id
        painted(opened, 9)
    assert snapshot_of(folder) == before
    with Project.open(recover(caught.value.mirror, tmp_path / "Again.segloop")) as opened:
        assert value_in(opened) == 2
        assert not opened.is_read_only


def test_a_project_of_which_nothing_is_left_says_so(folder: Path) -> None:
    Project.create(folder).close()
    shutil.rmtree(folder / "annotations")
    with pytest.raises(DamagedProject, match="nothing else was found") as caught:
        Project.open(folder)
    assert (caught.value.newest_readable, caught.value.mirror) == (None, None)
    assert os.listdir(folder)


def test_a_damaged_past_hides_only_what_was_before(folder: Path) -> None:
    with Project.create(folder) as made:
        for value in range(1, 6):
            painted(made, value)
        made.annotations.keep(made.history()[1].id, "kept")
        newest, _, _, broken, _, *_ = (each.id for each in made.history())
    (folder / "annotations" / "snapshots" / broken).write_bytes(b"lost")
    with Project.open(folder) as opened:
        assert value_in(opened) == 5
        found = [each.id for each in opened.history()]
        assert found[0] == newest
        assert broken not in found
        painted(opened, 6)
        assert value_in(opened) == 6
