"""Whether images are there is asked without waiting for the answer."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from napari_segloop.session.filesource import FileSource
from napari_segloop.session.imagelist import ImageList
from napari_segloop.session.lookout import Lookout

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class SlowDrive(FileSource):
    """A file on a drive that answers when it is let."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.may_answer, self.asked = threading.Event(), threading.Semaphore(0)

    def is_alive(self) -> bool:
        self.asked.release()
        assert self.may_answer.wait(60)
        return super().is_alive()


@pytest.fixture
def drive(tmp_path: Path) -> Iterator[SlowDrive]:
    drive = SlowDrive(tmp_path / "gone.tif")
    yield drive
    drive.may_answer.set()


def test_a_drive_that_does_not_answer_holds_up_nothing(drive: SlowDrive) -> None:
    images, changes = ImageList(), list[None]()
    images.add(drive)
    lookout = Lookout(images, lambda: changes.append(None))
    for _ in range(3):
        lookout.look()
        lookout.poll()
    assert drive.asked.acquire(timeout=60)
    assert images.state(1).status == "new"
    assert not changes
    drive.may_answer.set()
    while lookout.is_looking:
        lookout.poll()
    assert images.state(1).status == "missing"
    assert len(changes) == 1
    assert drive.asked.acquire(blocking=False)  # once more, for what changed meanwhile
    assert not drive.asked.acquire(blocking=False)  # one look at a time
    lookout.close()


def test_an_answer_of_an_image_that_was_taken_off_is_dropped(drive: SlowDrive) -> None:
    images, changes = ImageList(), list[None]()
    images.add(drive)
    lookout = Lookout(images, lambda: changes.append(None))
    lookout.look()
    assert drive.asked.acquire(timeout=60)
    images.remove(1)
    drive.may_answer.set()
    while lookout.is_looking:
        lookout.poll()
    assert not changes
    lookout.close()


def test_a_path_that_cannot_be_asked_for_is_no_image(tmp_path: Path) -> None:
    assert not FileSource(tmp_path / ("x" * 5000)).is_alive()
