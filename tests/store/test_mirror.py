"""The second copy: equal, verified, and a project at every moment, whatever ends the copying."""

from __future__ import annotations

import datetime
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_segloop.core.classes import ClassTable
from napari_segloop.store import copying, mirror
from napari_segloop.store.annotations import PlaneChunk, Save
from napari_segloop.store.errors import StoreError
from napari_segloop.store.mirror import Mirror, read_mark
from napari_segloop.store.project import Project
from napari_segloop.store.pruning import prune
from napari_segloop.store.records import Identity, ImageRecord, ImageShape, ProjectRecord

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SIDE = 1024
PART_OF_KILLS = 0.2  # of all: each takes a child that imports everything


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    (tmp_path / "stick").mkdir()
    with Project.create(tmp_path / "a.segloop") as made:
        paint(made, 1)
        made.models.folder.mkdir()
        (made.models.folder / f"{'a' * 64}.safetensors").write_bytes(bytes(5000))
        yield made


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    return tmp_path / "stick"


def pattern(value: int) -> np.ndarray:
    """Return a chunk of noise that tells its number."""
    pixels = np.random.default_rng(value).integers(0, 256, (256, 256)).astype(np.uint8)
    pixels[0, 0] = value
    return pixels


def paint(project: Project, value: int, kind: str = "manual") -> str:
    """Fill a plane with a value; the snapshot."""
    shape = ImageShape((), SIDE, SIDE, 1, "uint8")
    image = ImageRecord(1, Identity("", "a", shape, "YX"), "checked", planes=((),))
    record = ProjectRecord("classes", ClassTable.first("classes").to_dict(), (1,), 2)
    pixels = pattern(value)
    corners = [(y, x) for y in range(0, SIDE, 256) for x in range(0, SIDE, 256)]
    chunks = tuple(PlaneChunk(1, (), y, x, labels=pixels) for y, x in corners)
    return project.annotations.save(Save(record, (image,), chunks), str(value), kind).id


def value_in(folder: Path) -> int:
    """Return the one value of a state, of which every pixel is looked at."""
    with Project.open(folder, read_only=True) as opened:
        labels = opened.annotations.plane(1, ())["labels"]
    value = int(labels[0, 0])
    assert np.array_equal(labels, np.tile(pattern(value), (SIDE // 256, SIDE // 256)))
    return value


def files_of(folder: Path) -> dict[str, bytes]:
    left_out = {"lock", "mirror.json"}
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in left_out
    }


def test_the_copy_is_the_project(project: Project, stick: Path) -> None:
    done = Mirror(project, stick).update()
    assert files_of(done.folder) == files_of(project.folder)
    assert done.folder == stick / "a.segloop"
    assert done.bytes > 5000
    assert value_in(done.folder) == 1


def test_only_what_is_new_is_copied(project: Project, stick: Path) -> None:
    copy = Mirror(project, stick)
    first = copy.update()
    assert copy.update().files == 0
    paint(project, 2)
    second = copy.update()
    assert 0 < second.files < first.files + 5
    assert second.bytes < first.bytes
    assert files_of(second.folder) == files_of(project.folder)


def test_what_expired_leaves_the_copy_as_well(project: Project, stick: Path) -> None:
    copy = Mirror(project, stick)
    for value in range(2, 6):
        paint(project, value, "autosave")
        copy.update()
    prune(project, datetime.datetime.now(datetime.UTC))
    assert copy.update().deleted > 0
    assert files_of(copy.target) == files_of(project.folder)
    assert value_in(copy.target) == 5


def test_a_copy_is_for_looking_only(project: Project, stick: Path) -> None:
    copy = Mirror(project, stick).update().folder
    with Project.open(copy) as opened:
        assert opened.is_read_only


def test_the_copy_follows_a_new_name(project: Project, stick: Path) -> None:
    Mirror(project, stick).update()
    project.rename("b")
    done = Mirror(project, stick).update()
    assert [path.name for path in stick.iterdir()] == ["b.segloop"]
    assert done.files == 0
    with Project.open(done.folder) as opened:
        assert opened.name == "b"


def test_a_stick_that_was_away_is_caught_up_with(project: Project, stick: Path) -> None:
    copy = Mirror(project, stick)
    copy.update()
    stick.rename(stick.with_name("away"))
    with pytest.raises(StoreError, match="Bring the drive back"):
        copy.update()
    paint(project, 7)
    assert not stick.exists()
    stick.with_name("away").rename(stick)
    copy.update()
    assert value_in(copy.target) == 7


def test_a_full_stick_is_said_and_gone_on_with(
    project: Project, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = Mirror(project, stick)
    copy.update()
    paint(project, 2)
    flushed = copying.flush
    left = iter(range(3))

    def fill(path: Path) -> None:
        if next(left, None) is None:
            raise OSError(28, "No space left on device")
        flushed(path)

    monkeypatch.setattr(copying, "flush", fill)
    with pytest.raises(StoreError, match=r"no space left.* The project itself is safe"):
        copy.update()
    monkeypatch.undo()
    assert value_in(copy.target) == 1
    copy.update()
    assert value_in(copy.target) == 2
    assert files_of(copy.target) == files_of(project.folder)


def test_a_drive_that_writes_something_else_is_found(
    project: Project, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoil(path: Path) -> None:
        if path.parent.name == "chunks" and path.stat().st_size:
            content = bytearray(path.read_bytes())
            content[-1] ^= 1
            path.write_bytes(content)

    monkeypatch.setattr(copying, "flush", spoil)
    with pytest.raises(StoreError, match="Check this disk or drive"):
        Mirror(project, stick).update()


def test_another_project_of_that_name_is_left_alone(project: Project, stick: Path) -> None:
    Project.create(stick / "a.segloop").close()
    before = files_of(stick)
    with pytest.raises(StoreError, match="another project of this name"):
        Mirror(project, stick).update()
    assert files_of(stick) == before


def test_a_project_is_no_place_for_its_copy(project: Project) -> None:
    for folder in (project.folder, project.folder.parent):
        with pytest.raises(StoreError, match="the project itself"):
            Mirror(project, folder).update()


def test_what_is_cleared_away_meanwhile_is_looked_for_again(
    project: Project, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied, gone = mirror.copy_file, [FileNotFoundError(2, "No such file")]

    def lose(source: Path, target: Path) -> str:
        if gone:
            raise gone.pop()
        return copied(source, target)

    monkeypatch.setattr(mirror, "copy_file", lose)
    assert value_in(Mirror(project, stick).update().folder) == 1


PAINTER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from test_mirror import Mirror, Project, paint
import datetime
with Project.open(Path(sys.argv[1])) as project:
    copy = Mirror(project, Path(sys.argv[2]))
    start = project.annotations.history()[0].message
    print("ready", flush=True)
    for value in range(int(start) + 1, 250):
        paint(project, value, "autosave")
        if value % 3 == 0:
            prune(project, datetime.datetime.now(datetime.UTC))
        copy.update()
        print(value, flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_a_copy_that_is_killed_is_an_older_state_or_the_newest(
    project: Project, stick: Path, request: pytest.FixtureRequest
) -> None:
    Mirror(project, stick).update()
    project.close()
    kills = round(PART_OF_KILLS * request.config.getoption("--kills"))
    rng, shown = random.Random(4), [1]
    here = str(os.path.dirname(__file__))
    command = [sys.executable, "-c", PAINTER, str(project.folder), str(stick), here]
    for _ in range(kills):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
            time.sleep(rng.uniform(0, 0.25))
            child.send_signal(signal.SIGKILL)
            told = [int(line) for line in child.stdout if line.endswith("\n")]
        newest = value_in(project.folder)
        shown.append(value_in(stick / "a.segloop"))
        assert max([shown[-2], *told]) <= shown[-1] <= newest
    with Project.open(project.folder) as opened:
        prune(opened, datetime.datetime.now(datetime.UTC))  # sweeps what killed writes left
        Mirror(opened, stick).update()
        theirs, ours = files_of(stick / "a.segloop"), files_of(project.folder)
        assert theirs.keys() == ours.keys()
        assert all(theirs[name] == ours[name] for name in ours)
    mark = read_mark(stick / "a.segloop")
    assert mark is not None
    assert mark.project == project.id
    shutil.rmtree(stick)
