"""First masks as the user set them, and as many places to check as a round needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import ndimage

from napari_segloop.core.firstmasks import FirstMaskSettings
from napari_segloop.session.advice import PLACES_A_ROUND
from tests.session.conftest import SIZE

if TYPE_CHECKING:
    from napari_segloop.session.sources import ImageSource
    from tests.session.conftest import Loop


class Touching:
    """Two discs that touch, as an image that needs no file."""

    name, where, axes, leading, plane_shape, channels = "two", "memory", "", (), (SIZE, SIZE), 1
    pixel_size, gone = None, ""

    def is_alive(self) -> bool:
        return True

    def read(self, _index: tuple[int, ...], rows: slice, columns: slice) -> np.ndarray:
        y, x = np.mgrid[:SIZE, :SIZE]
        discs = (np.hypot(y - 80, x - 55) < 28) | (np.hypot(y - 80, x - 105) < 28)
        return (discs * 100 + 50).astype(np.uint8)[None, rows, columns]


def add(loop: Loop, task: str) -> int:
    source: ImageSource = Touching()
    image = loop.session.add_source(source)
    loop.session.open(image)
    loop.session.answer_task(task)
    loop.session.set_view(image, (), (0, 0, SIZE, SIZE))
    return image


@pytest.mark.parametrize("separate", [True, False])
def test_objects_are_separated_as_the_user_wants(loop: Loop, separate: bool) -> None:  # data
    image = add(loop, "objects")
    loop.session.make_first_masks(FirstMaskSettings(separate=separate))
    loop.rest()
    ids = loop.session.plane(image, ()).labels
    assert len(np.unique(ids[ids > 0])) == (2 if separate else 1)
    assert ndimage.label(ids > 0)[1] == 1


def test_areas_are_one_class_whatever_is_separated(loop: Loop) -> None:
    image = add(loop, "classes")
    loop.session.make_first_masks(FirstMaskSettings(separate=True))
    loop.rest()
    assert set(np.unique(loop.session.plane(image, ()).labels)) == {0, 1}


def test_a_class_deleted_while_first_masks_are_made_is_not_in_them(loop: Loop) -> None:
    image = add(loop, "classes")
    loop.session.add_class("rim")
    loop.session.make_first_masks()
    loop.session.delete_class(1)
    loop.rest()
    assert set(np.unique(loop.session.plane(image, ()).labels)) == {0, 2}


def test_only_the_job_that_was_meant_is_stopped(loop: Loop) -> None:
    session = loop.session
    loop.add(2)
    session.make_first_masks(scope="all")
    loop.check_truth(1)
    session.train(seconds=60)
    masking, training = session.state.jobs
    assert [masking.kind, training.kind] == ["first_mask", "train"]
    session.stop(training.id)
    loop.rest()
    assert session.state.version is None
    assert loop.state_of(2) == "predicted"
    assert not session.desk.images.state(2).by_version


def test_large_objects_leave_enough_places_for_a_round(loop: Loop) -> None:
    add(loop, "classes")
    loop.session.make_first_masks()
    loop.rest()
    assert len(loop.session.queue.places) >= PLACES_A_ROUND
