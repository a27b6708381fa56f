"""Masks of another tool are judged by each other while the first places are walked already."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
import tifffile

from napari_segloop.core.reasons import OTHERS
from napari_segloop.session.given import Given
from tests.session.conftest import SIZE, discs

if TYPE_CHECKING:
    from tests.session.conftest import Loop

MISSING = 4
"""The disc of the first image that the other tool did not find."""


def take_over(loop: Loop, *, empty: bool = False) -> np.ndarray:
    """Take masks of two images from files; return where those of the first are wrong."""
    pairs = []
    for image in (1, 2):
        ids = discs(image - 1)
        found = (ids > 0) & (ids != (MISSING if image == 1 else 0)) & (not empty)
        pairs.append((image, loop.folder / f"given{image}.tif"))
        tifffile.imwrite(pairs[-1][1], found.astype(np.uint8))
    loop.session.import_files(pairs, "nothing")
    wrong: np.ndarray = discs(0) == MISSING
    return wrong


def test_first_places_come_at_once_and_where_masks_disagree_when_that_is_known(loop: Loop) -> None:
    loop.add()
    wrong, session = take_over(loop), loop.session
    session.window = 48
    loop.until(lambda: session.queue.places)
    assert session.running("proofread") is not None
    assert not any(OTHERS in place.region.reason for place in session.queue.places)
    session.start_checking()
    here = session.queue.here
    loop.rest()
    assert session.queue.here == here  # nobody is moved
    first = next(p for p in session.queue.places if p != here and OTHERS in p.region.reason)
    assert first.image == 1
    assert wrong[first.region.slices].sum() > 0.5 * wrong.sum()
    unsure = session.uncertainty(1, ())
    assert unsure is not None
    assert unsure[wrong].mean() > 128
    assert any(write.image == 1 and write.uncertainty is not None for write in loop.writes)
    # Other masks forget what was said against these, and are judged anew.
    session.import_labels(1, (), (discs(0) > 0).astype(np.uint8), "nothing")
    unsure = session.uncertainty(1, ())
    assert unsure is not None
    assert not unsure.any()
    assert session.desk.given.take(session.desk) == [(1, ()), (2, ())]


@pytest.mark.parametrize("how", ["stopped", "nothing to learn from"])
def test_without_an_answer_the_first_places_stay(loop: Loop, how: str) -> None:
    loop.add()
    session = loop.session
    take_over(loop, empty=how != "stopped")
    loop.until(lambda: session.running("proofread"))
    queue = session.queue
    if how == "stopped":
        session.stop()
    loop.rest()
    assert queue.places
    assert session.queue == queue
    assert loop.told == []
    assert session.uncertainty(1, ()) is None


def test_what_is_trusted_as_a_whole_is_not_judged(loop: Loop) -> None:
    loop.add()
    loop.check_truth(1)
    loop.session.look_for_places()
    loop.rest()
    assert loop.session.uncertainty(1, ()) is None


def test_planes_are_judged_once_together_and_never_beside_a_version() -> None:
    shapes = {1: (SIZE, SIZE), 2: (5000, 5000), 3: (SIZE, SIZE)}
    images = SimpleNamespace(
        used=lambda: shapes, source=lambda image: SimpleNamespace(plane_shape=shapes[image])
    )
    desk = cast("Any", SimpleNamespace(images=images, versions=SimpleNamespace(states=())))
    given = Given()
    assert given.take(desk) == []
    for image in (3, 1, 2, 4):  # the second is too large, the fourth is gone
        given.add((image, ()))
    assert given.take(desk) == [(1, ()), (3, ())]
    assert given.take(desk) == []
    given.add((1, (7,)))
    desk.versions.states = ("version 1",)
    assert given.take(desk) == []
