"""Planes that nobody looks at are packed, read without unpacking, and come back as they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.session.truths import Truths
from tests.session.conftest import SIZE, discs

if TYPE_CHECKING:
    from tests.session.conftest import Loop

WINDOW = (slice(0, 20), slice(0, 30))


def test_what_rests_is_read_and_comes_back() -> None:
    truths, unsure = Truths(objects=False), np.arange(600, dtype=np.uint8).reshape(20, 30)
    for image in (1, 2, 3):
        truths.plane((image, ()), (40, 50))
    truths.plane((2, ()), (40, 50)).accept(WINDOW, 0)
    truths.set_uncertainty((2, ()), (40, 50), WINDOW, unsure)
    for image in (1, 2, 3):
        truths.settle((image, ()), opened=3)
    assert truths.uncertainty((3, ())) is None
    assert [key[0] for key, _ in truths.to_read()] == [1, 2, 3]
    assert [key[0] for key, _ in truths.to_read(checked=True)] == [2, 3]  # 3 is open
    ((_, plane),) = truths.to_read(2)
    assert plane.checked_pixels == 600
    assert plane is not truths.plane((2, ()), (40, 50))
    found = truths.uncertainty((2, ()))
    assert found is not None
    np.testing.assert_array_equal(found[WINDOW], unsure)


def test_first_masks_of_objects_have_an_id_each(loop: Loop) -> None:
    loop.add(2, task="objects")
    loop.session.make_first_masks(scope="all")
    loop.rest()
    for image in (1, 2):
        labels = loop.session.plane(image, ()).labels
        assert labels.shape == (SIZE, SIZE)
        assert len(np.unique(labels[discs(image - 1) > 0])) >= 8
