"""Images that go away, change or raise: one message, nothing lost, and the next step works."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

from napari_segloop.core.errors import InputError
from napari_segloop.session.state import Version
from napari_segloop.session.versions import Facts
from tests.session.conftest import discs, photo

if TYPE_CHECKING:
    from pathlib import Path

    from napari_segloop.core.images import Array
    from napari_segloop.engine.requests import ModelBlob
    from tests.session.conftest import Loop

WHOLE = (slice(0, 160), slice(0, 160))


class Oddity(Exception):
    """What a foreign library might raise."""


class Open:
    """A source as an open layer is one; it can be taken away, and may raise at its last plane."""

    where, axes, channels, leading = "open layer", "Q", 1, (3,)
    plane_shape, pixel_size, gone = (160, 160), None, "its layer was removed"

    def __init__(self, name: str = "layer", seed: int = 0, *, raises: bool = False) -> None:
        self.name, self._photo, self._raises, self.is_here = name, photo(seed), raises, True

    def read(self, index: tuple[int, ...], rows: slice, columns: slice) -> Array:
        if self._raises and index == (2,):
            raise Oddity("no chunk")
        return self._photo[None, rows, columns].copy()

    def is_alive(self) -> bool:
        return self.is_here


@pytest.fixture
def opened(loop: Loop) -> tuple[Loop, Open, int]:
    source = Open()
    image = loop.session.add_source(source)  # type: ignore[arg-type]
    loop.until(lambda: loop.session.desk.images.state(image).planes)
    loop.session.answer_task("classes")
    loop.session.set_view(image, (0,), (0, 0, 160, 160))
    return loop, source, image


def test_an_image_removed_while_it_is_read_leaves_no_job(opened: tuple[Loop, Open, int]) -> None:
    loop, _, image = opened
    for act in (loop.session.train, lambda: loop.session.make_first_masks(scope="all")):
        loop.session.import_labels(image, (0,), (discs(0) > 0).astype(np.uint8))
        act()
        loop.session.remove(image)
        loop.rest()
        image = loop.session.add_source(Open())  # type: ignore[arg-type]
        loop.until(lambda image=image: loop.session.desk.images.state(image).planes)


def test_stop_while_planes_are_read_ends_the_job(opened: tuple[Loop, Open, int]) -> None:
    loop, _, _ = opened
    loop.session.make_first_masks(scope="all")
    loop.until(lambda: loop.session.errands[0].jobs)
    loop.session.errands[0].read((1, (1,)), lambda _: None)
    loop.session.stop()
    loop.rest()
    assert not loop.session.state.jobs


def test_a_plane_that_raises_is_left_out_and_reading_goes_on(loop: Loop) -> None:
    image = loop.session.add_source(Open(raises=True))  # type: ignore[arg-type]
    loop.until(lambda: loop.session.desk.images.state(image).planes)
    loop.session.answer_task("classes")
    loop.session.desk.images.statistics[image] = object()  # type: ignore[assignment]
    loop.session.make_first_masks(scope="all")
    loop.rest()
    assert "no chunk" in "".join(loop.told)
    assert sorted(loop.session.planes(image)) == [(0,), (1,)]


def test_a_file_replaced_by_another_shape_is_refused(loop: Loop) -> None:
    loop.add(2)
    tifffile.imwrite(loop.folder / "images" / "disc1.tif", np.zeros((40, 50), np.uint8))
    loop.session.make_first_masks(scope="all")
    loop.rest()
    assert "other content under its name" in "".join(loop.told)
    assert "add the new one again" in str(loop.session.state.told)
    assert loop.session.queue.places
    assert {place.image for place in loop.session.queue.places} == {1}


def test_a_layer_removed_and_added_again_has_its_masks(opened: tuple[Loop, Open, int]) -> None:
    loop, source, image = opened
    session = loop.session
    loop.until(lambda: session.desk.images.identities)
    session.import_labels(image, (1,), (discs(0) > 0).astype(np.uint8))
    source.is_here = False
    session.desk.lookout.look()
    for other in (Open(seed=1), Open("another")):
        session.add_source(other)  # type: ignore[arg-type]
    again = Open()
    session.add_source(again)  # type: ignore[arg-type]
    loop.until(lambda: session.source(image) is again)
    assert len(session.state.images) == 3
    assert loop.state_of(image) == "checked"
    assert session.plane(image, (1,)).checked_pixels == 160 * 160
    assert "is known" in loop.told[-1]


def test_the_same_layer_is_listed_once(opened: tuple[Loop, Open, int]) -> None:
    loop, source, image = opened
    loop.session.add_source(source)  # type: ignore[arg-type]
    loop.until(lambda: "in the list already" in "".join(loop.told))
    assert [state.id for state in loop.session.state.images] == [image]
    assert loop.session.desk.images.opened == image


def test_another_answer_leaves_nothing_of_the_first(opened: tuple[Loop, Open, int]) -> None:
    loop, _, image = opened
    session = loop.session
    session.import_labels(image, (0,), (discs(0) > 0).astype(np.uint8))
    version = Version(0, "m", None, 0.9, None, accepted=True, created="")
    blob: ModelBlob = object.__new__(_Blob)
    session.desk.versions.add(blob, Facts("classes", 1, (0, 1)), version)
    session.make_first_masks(scope="all")
    session.answer_task("objects")
    loop.rest()
    assert loop.state_of(image) == "new"
    assert session.state.images[0].checked_pixels == session.accepted == session.checked == 0
    assert not session.planes(image)
    assert session.state.version is None
    session.use_version(1)
    assert "kinds of area" in session.state.told.text
    assert session.state.version is None


class _Blob:
    id, data = "m", b"m"


def test_a_copy_that_cannot_be_written_is_said(loop: Loop, tmp_path: Path) -> None:
    session = loop.session
    version = Version(0, "m", None, 0.9, None, accepted=True, created="")
    session.desk.versions.add(_Blob(), Facts("classes", 1, (0, 1)), version)  # type: ignore[arg-type]
    session.save_model(1, tmp_path / "nowhere" / "x.segloop")
    loop.rest()
    assert session.state.told.level == "error"
    assert "x.segloop" in session.state.told.text


def test_a_version_whose_file_is_gone_is_said_and_another_stays_in_use(loop: Loop) -> None:
    session = loop.session
    loop.add(1)
    version = Version(0, "m", None, 0.9, None, accepted=True, created="")
    for _ in range(2):
        session.desk.versions.add(_Blob(), Facts("classes", 1, (0, 1)), version)  # type: ignore[arg-type]
    loop.until(lambda: session.desk.versions.path(1).exists())
    session.desk.versions.path(1).unlink()
    session.use_version(1)
    loop.rest()
    assert "still there" in session.state.told.remedy
    assert session.state.version == 2


def test_a_version_that_cannot_be_written_is_kept_and_written_later(loop: Loop) -> None:
    session, folder = loop.session, loop.folder / "models"
    folder.write_text("in the way")
    version = Version(0, "m", None, 0.9, None, accepted=True, created="")
    session.desk.versions.add(_Blob(), Facts("classes", 1, (0, 1)), version)  # type: ignore[arg-type]
    loop.until(lambda: loop.told)
    assert "kept in memory" in session.state.told.remedy
    session.save_model(1, loop.folder / "elsewhere.segloop")
    loop.rest()
    assert (loop.folder / "elsewhere.segloop").read_bytes() == b"m"
    folder.unlink()
    session.desk.versions.add(_Blob(), Facts("classes", 1, (0, 1)), version)  # type: ignore[arg-type]
    loop.until(lambda: all(session.desk.versions.path(n).exists() for n in (1, 2)))


def test_an_image_that_is_shown_bare_is_said_to_need_a_work_area(loop: Loop) -> None:
    loop.add(1)
    loop.session.view = None
    loop.session.make_first_masks()
    assert "work area" in loop.session.state.told.text


def test_an_unusable_image_stays_so(loop: Loop) -> None:
    (loop.folder / "bad.tif").write_bytes(b"II*\0nothing")
    loop.session.add_files([loop.folder / "bad.tif"])
    loop.until(lambda: loop.session.state.images and loop.state_of(1) == "missing")
    loop.session.desk.lookout.look()
    loop.until(lambda: not loop.session.desk.lookout.is_looking)
    assert loop.state_of(1) == "missing"
    with pytest.raises(InputError):
        loop.session.source(1).read((), *WHOLE)
