"""Planes that nobody looks at are packed, stay readable meanwhile, and come back as they were.

A thread that waits to be let shows what happens while a plane is being packed.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pytest
import tifffile

from napari_segloop.session.loop import LoopSession
from napari_segloop.session.parcels import Masks
from napari_segloop.session.reading import Reader
from napari_segloop.session.resting import Resting
from napari_segloop.session.scratch import Scratch
from napari_segloop.session.truths import Truths
from tests.session.conftest import SIZE, Loop, discs, photo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from napari_segloop.core.corrections import PlaneTruth
    from napari_segloop.core.errors import SegLoopError
    from napari_segloop.engine.client import Engine

SHAPE = (40, 50)
WINDOW = (slice(0, 20), slice(0, 30))
WHOLE = (slice(0, 40), slice(0, 50))
T = TypeVar("T")
KEY = (1, ())


class SlowReader(Reader):
    """A reader that hands over nothing before it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.may_work = threading.Event()

    def ask(
        self,
        read: Callable[[], T],
        then: Callable[[T], None],
        failed: Callable[[SegLoopError], None],
    ) -> None:
        def wait() -> T:
            assert self.may_work.wait(60)
            return read()

        super().ask(wait, then, failed)

    def finish(self, is_over: Callable[[], bool]) -> None:
        """Let it work until something has happened."""
        self.may_work.set()
        while not is_over():
            self.poll()


@pytest.fixture
def keeper() -> Iterator[SlowReader]:
    keeper = SlowReader()
    yield keeper
    keeper.may_work.set()
    keeper.close()


@pytest.fixture
def slow(keeper: SlowReader) -> Truths:
    return Truths(objects=False, resting=Resting(ask=keeper.ask))


def is_over(keeper: Reader) -> Callable[[], bool]:
    """Return whether all that was asked so far is done."""
    done = list[None]()
    keeper.ask(lambda: None, done.append, lambda _: None)
    return lambda: bool(done)


def paint(plane: PlaneTruth, value: int) -> None:
    labels, checked = plane.labels.copy(), plane.checked.copy()
    labels[WINDOW] = value
    plane.observe(labels, checked, WHOLE, epoch=0, declared=None)


def test_what_rests_is_read_and_comes_back() -> None:
    truths, unsure = Truths(objects=False), np.arange(600, dtype=np.uint8).reshape(20, 30)
    for image in (1, 2, 3):
        truths.plane((image, ()), SHAPE)
    truths.plane((2, ()), SHAPE).accept(WINDOW, 0)
    truths.plane((3, ()), SHAPE).accept(WINDOW, 0)
    truths.set_uncertainty((2, ()), SHAPE, WINDOW, unsure)
    for image in (1, 2):
        truths.rest(image)
    assert truths.uncertainty((3, ())) is None
    assert [key[0] for key, _ in truths.to_read()] == [1, 2, 3]
    assert [key[0] for key, _ in truths.to_read(checked=True)] == [2, 3]
    ((_, plane),) = truths.to_read(2)
    assert plane.checked_pixels == 600
    assert plane is not truths.plane((2, ()), SHAPE)
    found = truths.uncertainty((2, ()))
    assert found is not None
    np.testing.assert_array_equal(found[WINDOW], unsure)


def test_a_plane_is_what_it_was_until_it_is_packed(slow: Truths, keeper: SlowReader) -> None:
    plane = slow.plane(KEY, SHAPE)
    paint(plane, 1)
    slow.rest(1)
    assert slow.peek(KEY) is plane
    assert next(slow.to_read(checked=True))[1] is plane
    keeper.finish(is_over(keeper))
    found = slow.peek(KEY)
    assert found is not plane
    assert found is not None
    np.testing.assert_array_equal(found.labels, plane.labels)


def test_nothing_that_is_painted_while_a_plane_is_packed_is_lost(
    slow: Truths, keeper: SlowReader
) -> None:
    paint(slow.plane(KEY, SHAPE), 1)
    slow.rest(1)
    plane = slow.plane(KEY, SHAPE)  # its image is opened again
    paint(plane, 2)
    slow.set_uncertainty(KEY, SHAPE, WINDOW, np.full((20, 30), 7, np.uint8))
    keeper.finish(is_over(keeper))
    assert slow.plane(KEY, SHAPE) is plane
    slow.rest(1)
    paint(slow.plane(KEY, SHAPE), 3)
    slow.rest(1)  # twice, with a stroke between
    keeper.finish(is_over(keeper))
    found, unsure = slow.peek(KEY), slow.uncertainty(KEY)
    assert found is not None
    assert found is not plane
    assert found.labels[WINDOW].min() == 3
    assert unsure is not None
    assert unsure[WINDOW].min() == 7


def test_an_image_taken_off_while_it_is_packed_leaves_nothing(
    slow: Truths, keeper: SlowReader
) -> None:
    slow.plane(KEY, SHAPE)
    slow.rest(1)
    slow.forget(1)
    keeper.finish(is_over(keeper))
    assert not slow.keys()
    slow.plane(KEY, SHAPE)
    slow.rest(1)
    slow.begin_anew(objects=True)
    keeper.finish(is_over(keeper))
    assert slow.plane(KEY, SHAPE).labels.dtype == np.uint16


def noisy(seed: int) -> np.ndarray:  # type: ignore[type-arg]
    return np.random.default_rng(seed).integers(0, 3, SHAPE, dtype=np.uint8)


def filled(truths: Truths, number: int) -> None:
    for image in range(number):
        key = (image, (image % 3,))
        truths.plane(key, SHAPE).write(noisy(image), WHOLE, objects=False)
        truths.set_uncertainty(key, SHAPE, WHOLE, noisy(100 + image))
        truths.settle(key)


def test_planes_beyond_the_budget_are_in_a_file(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path / "scratch")
    resting = Resting(scratch, budget=2000)
    truths = Truths(objects=False, resting=resting)
    filled(truths, 12)
    assert resting.kept_bytes <= 2000
    assert scratch.size > 4000
    paint(truths.plane((0, (0,)), SHAPE), 2)
    truths.settle((0, (0,)))
    for image in range(1, 12):
        plane, unsure = (
            truths.peek((image, (image % 3,))),
            truths.uncertainty((image, (image % 3,))),
        )
        assert plane is not None
        assert unsure is not None
        np.testing.assert_array_equal(plane.labels, noisy(image))
        np.testing.assert_array_equal(unsure, noisy(100 + image))
    first = truths.peek((0, (0,)))
    assert first is not None
    assert first.labels[WINDOW].min() == 2
    assert [key[0] for key, _ in truths.to_read(checked=True)] == [0]
    before = scratch.size
    for image in range(12):
        truths.forget(image)
    filled(truths, 12)
    assert scratch.size <= before  # room is used again


def test_a_disk_that_is_full_is_said_once_and_nothing_is_lost(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    told = list["SegLoopError"]()
    resting = Resting(Scratch(tmp_path / "file" / "folder"), tell=told.append, budget=2000)
    truths = Truths(objects=False, resting=resting)
    filled(truths, 6)
    assert len(told) == 1
    assert "Nothing is lost" in told[0].remedy
    assert resting.kept_bytes > 2000
    for key, plane in truths.to_read():
        np.testing.assert_array_equal(plane.labels, noisy(key[0]))


def test_a_plane_asked_for_while_it_is_put_away_is_as_it_was(
    keeper: SlowReader, tmp_path: Path
) -> None:
    truths = Truths(objects=False, resting=Resting(Scratch(tmp_path), keeper.ask, budget=0))
    filled(truths, 1)
    keeper.finish(is_over(keeper))  # packed; the file waits
    keeper.may_work.clear()
    plane = truths.plane((0, (0,)), SHAPE)
    paint(plane, 2)
    keeper.finish(is_over(keeper))
    assert truths.plane((0, (0,)), SHAPE) is plane
    masks = Masks.of(plane)
    truths.settle((0, (0,)))
    keeper.finish(is_over(keeper))
    keeper.finish(is_over(keeper))
    parcel = truths.parcel((0, (0,)))
    assert parcel is not None
    assert not isinstance(parcel.content, tuple)  # in the file
    away = Masks.of(parcel)
    truths.forget(0)
    for each in (masks, away):
        assert each.read()[0][WINDOW].min() == 2


def test_first_masks_of_objects_have_an_id_each(loop: Loop) -> None:
    loop.add(2, task="objects")
    loop.session.make_first_masks(scope="all")
    loop.rest()
    for image in (1, 2):
        labels = loop.session.plane(image, ()).labels
        assert labels.shape == (SIZE, SIZE)
        assert len(np.unique(labels[discs(image - 1) > 0])) >= 8


def test_images_are_opened_closed_and_taken_off_while_they_are_packed(loop: Loop) -> None:
    session = loop.session
    first, second = loop.add(2)
    for image in (first, second):
        loop.check_truth(image)
    for value in (1, 0, 1):
        session.open(second)  # packs the first
        session.open(first)
        loop.paint(first, np.full((SIZE, SIZE), value, np.uint8), WINDOW)
    session.left()
    session.remove(second)
    truths = session.desk.truths
    loop.until(lambda: not truths._planes)
    assert truths.keys() == [(first, ())]
    session.open(first)
    plane = session.plane(first, ())
    assert plane.labels[WINDOW].min() == 1
    assert plane.checked_pixels == SIZE * SIZE


def test_a_stack_is_predicted_into_a_file_while_it_is_looked_at(
    engine: Engine, tmp_path: Path
) -> None:
    session = LoopSession(tmp_path / "models", engine, budget=1000)
    session.settings = replace(session.settings, encoder="resnet18", patch=64, depth=3, threads=1)
    loop = Loop(session, tmp_path)
    stack = np.stack([photo(seed) for seed in range(4)])
    tifffile.imwrite(tmp_path / "stack.tif", stack, metadata={"axes": "ZYX"})
    session.answer_task("classes")
    session.add_files([tmp_path / "stack.tif"])
    loop.until(lambda: session.desk.images.opened == 1)
    session.desk.looked_at = 1  # as its layers say when they are too large
    session.set_view(1, (0,), (0, 0, SIZE, SIZE))
    session.import_labels(1, (0,), (discs(0) > 0).astype(np.uint8))
    loop.train()
    session.predict("stack")
    loop.rest()
    truths = session.desk.truths
    loop.until(lambda: not truths._planes and truths._resting.kept_bytes <= 1000)
    assert session.scratch.size > 1000
    assert session.state.images[0].checked_pixels == SIZE * SIZE
    for z in range(4):
        assert session.desk.predicted[1, (z,)] == session.state.version
        plane, unsure = truths.peek((1, (z,))), truths.uncertainty((1, (z,)))
        assert plane is not None
        assert unsure is not None
        assert unsure.any()
        assert plane.checked_pixels == (SIZE * SIZE if z == 0 else 0)
    first = truths.peek((1, (0,)))
    assert first is not None
    np.testing.assert_array_equal(first.labels, discs(0) > 0)
    session.save_masks(tmp_path / "saved")
    loop.rest()
    saved = tifffile.imread(tmp_path / "saved" / "masks" / "stack.tif")
    np.testing.assert_array_equal(saved[0], discs(0) > 0)
    assert not truths._planes
    session.desk.close()
    session.scratch.close()
