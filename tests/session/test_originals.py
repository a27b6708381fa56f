"""Files of the list that are overwritten, and parts of images: never taken for something else."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

from napari_segloop.core.workboxes import WorkBox
from napari_segloop.session import filesums
from napari_segloop.session.loop import LoopSession
from napari_segloop.session.workarea import WorkArea
from tests.session.conftest import SIZE, Loop, discs, photo
from tests.session.projects import arrays, begin_in, close, folder_of, same, save
from tests.session.test_withstanding import Open

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_segloop.engine.client import Engine

LARGE = 2048
BOX = WorkBox((8, 16), (136, 144))


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("napari_segloop.store.recent.data_folder", lambda: tmp_path / "data")


@pytest.fixture
def second(engine: Engine, tmp_path: Path) -> Iterator[Loop]:
    """Another viewer on the same computer."""
    session = LoopSession(tmp_path / "other models", engine)
    yield Loop(session, tmp_path)
    session.saver.finish()
    if session.project is not None:
        session.project.close()
    session.desk.close()
    session.scratch.close()


@pytest.fixture
def kept(loop: Loop, tmp_path: Path) -> Loop:
    """Two images, all of them checked, in a project."""
    begin_in(loop, tmp_path / "projects")
    loop.add()
    loop.check_truth(1)
    loop.check_truth(2)
    save(loop)
    return loop


def opened(loop: Loop, folder: Path) -> Loop:
    loop.session.open_project(folder)
    loop.until(lambda: loop.session.project is not None and loop.session.project.folder == folder)
    return loop


def full(loop: Loop, image: int) -> str | None:
    return loop.session.desk.images.identities[image].full_sha


def test_files_that_teach_are_summed_up_as_a_whole_and_not_by_the_viewer(
    loop: Loop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads, real = set[int](), filesums.full_sum
    monkeypatch.setattr(
        "napari_segloop.session.fullsums.full_sum",
        lambda *args: (threads.add(threading.get_ident()), real(*args))[1],
    )
    begin_in(loop, tmp_path / "projects")
    loop.add()
    loop.check_truth(1)
    save(loop)
    loop.until(lambda: full(loop, 1))
    assert full(loop, 1) == filesums.full_sum(tmp_path / "images" / "disc0.tif")
    assert full(loop, 2) is None  # it does not teach
    assert threading.get_ident() not in threads
    save(loop)
    project = loop.session.project
    assert project is not None
    assert project.annotations.image(1).identity.full_sha == full(loop, 1)
    loop.session.restore(loop.session.snapshots[-1].id)  # when it was not known yet
    loop.rest()
    loop.brush(1, (slice(50, 60), slice(50, 60)), 3)
    save(loop)
    assert full(loop, 1), "it is not forgotten"


def test_a_sum_is_given_up_when_all_ends(tmp_path: Path) -> None:
    path, asked = tmp_path / "large", list[int]()
    path.write_bytes(bytes(3 * filesums.PIECE))
    assert filesums.full_sum(path, lambda: not asked.append(1) and len(asked) < 2) is None
    assert len(asked) == 2


def test_a_pixel_that_no_sample_holds_is_noticed(loop: Loop, second: Loop, tmp_path: Path) -> None:
    path = tmp_path / "large.tif"
    pixels = np.tile(photo(0), (LARGE // SIZE + 1, LARGE // SIZE + 1))[:LARGE, :LARGE]
    tifffile.imwrite(path, pixels)
    begin_in(loop, tmp_path / "projects")
    loop.session.add_files([path])
    loop.until(lambda: loop.session.desk.images.identities)
    loop.session.answer_task("classes")
    loop.brush(1, (slice(0, 9), slice(0, 9)))
    save(loop)
    loop.until(lambda: full(loop, 1))
    folder = (save(loop), close(loop))[1]
    _change_a_byte(path)
    opened(second, folder)
    second.until(lambda: second.state_of(1) == "missing")
    assert "overwritten" in second.session.desk.images.state(1).note
    assert any("overwritten" in text for text in second.told)
    assert second.session.plane(1, ()).checked[:9, :9].all()


def _change_a_byte(path: Path) -> None:
    """Change what lies between two blocks of the sample; size and time stay."""
    before, size = path.stat(), path.stat().st_size
    starts = np.linspace(0, size - filesums.BLOCK, filesums.BLOCKS).astype(int)
    with path.open("r+b") as file:
        file.seek(int(starts[3]) + filesums.BLOCK + 99)
        (byte,) = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte ^ 1]))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_a_file_that_is_overwritten_teaches_nothing_new(kept: Loop) -> None:
    path, session = kept.folder / "images" / "disc0.tif", kept.session
    old, before = path.read_bytes(), arrays(session)
    tifffile.imwrite(path, 255 - photo(0))
    session.train(seconds=1.0)  # before anybody looked
    kept.rest()
    assert any("other content under its name" in text for text in kept.told), kept.told
    assert session.desk.versions.current is None
    kept.until(lambda: kept.state_of(1) == "missing")
    assert any("overwritten" in text for text in kept.told)
    same(before, arrays(session))
    session.add_files([path])
    kept.until(lambda: len(session.desk.images) == 3)
    kept.until(lambda: 3 in session.desk.images.identities)
    assert kept.state_of(3) == "new"
    assert kept.state_of(1) == "missing"
    path.write_bytes(old)
    kept.until(lambda: kept.state_of(1) == "checked")
    kept.until(lambda: kept.state_of(3) == "missing")


def test_a_row_that_is_clicked_is_looked_at(kept: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("napari_segloop.session.loop.LOOK_EVERY", 10**9)  # none comes by itself
    path = kept.folder / "images" / "disc1.tif"
    kept.session.open(1)
    tifffile.imwrite(path, photo(7))
    kept.session.open(2)
    kept.until(lambda: kept.state_of(2) == "missing")
    assert kept.session.desk.images.opened != 2


def test_a_file_that_is_only_touched_is_the_same(kept: Loop) -> None:
    path = kept.folder / "images" / "disc0.tif"
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data)
    os.utime(path, (1e9, 1e9))
    kept.session.desk.lookout.look()
    kept.until(lambda: not kept.session.desk.lookout.is_looking)
    assert kept.state_of(1) == "checked"
    pixels = kept.session.source(1).read((), slice(0, SIZE), slice(0, SIZE))
    np.testing.assert_array_equal(pixels[0], photo(0))


@pytest.mark.parametrize("is_moved", [False, True])
def test_a_part_of_a_file_is_opened_again(
    kept: Loop, second: Loop, tmp_path: Path, *, is_moved: bool
) -> None:
    session = kept.session
    area = session.add_source(WorkArea(session.source(1), BOX))
    kept.until(lambda: area in session.desk.images.identities)
    session.import_labels(area, (), (discs(0)[8:136, 16:144] > 0).astype(np.uint8))
    save(kept)
    pixels, folder = arrays(session), close(kept)
    if is_moved:
        (kept.folder / "images").rename(tmp_path / "moved")
    opened(second, folder)
    if is_moved:
        assert second.state_of(area) == "missing"
        second.session.add_files([tmp_path / "moved" / "disc0.tif"])
    second.until(lambda: second.state_of(area) == second.state_of(1) == "checked")
    source = second.session.source(area)
    assert isinstance(source, WorkArea)
    assert source.box == BOX
    window = slice(0, 128), slice(0, 128)
    np.testing.assert_array_equal(source.read((), *window)[0], photo(0)[8:136, 16:144])
    same(pixels, arrays(second.session))
    save(second)
    assert len(second.session.desk.images) == 3


def test_a_part_of_a_layer_waits_for_its_layer_and_teaches_meanwhile(
    loop: Loop, second: Loop, tmp_path: Path
) -> None:
    begin_in(loop, tmp_path / "projects")
    session, layer = loop.session, Open()
    box = WorkBox((1, 8, 16), (2, 136, 144))
    area = session.add_source(WorkArea(layer, box))  # type: ignore[arg-type]
    loop.until(lambda: area in session.desk.images.identities)
    session.answer_task("classes")
    truth = (discs(1)[8:136, 16:144] > 0).astype(np.uint8)
    session.import_labels(area, (0,), truth)
    save(loop)
    opened(second, close(loop))
    assert second.state_of(area) == "missing"
    assert "Open layer in the viewer" in second.session.desk.images.state(area).note
    second.session.open(area)  # a click on its row says the same
    assert "Open layer in the viewer" in second.told[-1]
    assert second.session.desk.images.opened is None
    kept = second.session.source(area).read((0,), slice(0, 128), slice(0, 128))
    np.testing.assert_array_equal(kept, layer.read((1,), slice(8, 136), slice(16, 144)))
    second.session.add_source(Open())  # type: ignore[arg-type]
    second.until(lambda: second.state_of(area) == "checked")
    assert isinstance(second.session.source(area), WorkArea)
    save(second)
    assert folder_of(second)


def test_a_layer_is_found_in_its_file(loop: Loop, second: Loop, tmp_path: Path) -> None:
    begin_in(loop, tmp_path / "projects")
    layer, session = Open(), loop.session
    image = session.add_source(layer)  # type: ignore[arg-type]
    loop.until(lambda: image in session.desk.images.identities)
    session.answer_task("classes")
    session.import_labels(image, (1,), (discs(0) > 0).astype(np.uint8))
    folder = (save(loop), close(loop))[1]
    whole = slice(0, SIZE), slice(0, SIZE)
    how = {"metadata": {"axes": "TYX"}, "photometric": "minisblack"}
    planes = [layer.read((n,), *whole)[0] for n in range(layer.leading[0])]
    tifffile.imwrite(tmp_path / "stack.tif", np.stack(planes), **how)
    tifffile.imwrite(tmp_path / "other.tif", 255 - np.stack(planes), **how)
    opened(second, folder).session.locate(image, tmp_path / "other.tif")
    second.until(lambda: any("another one" in text for text in second.told))
    second.session.locate(image, tmp_path / "stack.tif")
    second.until(lambda: second.state_of(image) == "checked")
    opened(loop, (save(second), close(second))[1])
    assert loop.state_of(image) == "checked"
