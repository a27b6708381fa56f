"""Small pictures of places: only of those that are looked at, of any image, and never an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

from napari_segloop.core.regions import Region
from napari_segloop.session.state import Place
from napari_segloop.session.thumbnails import OUTLINE, SIDE
from tests.session.conftest import SIZE, WHOLE

if TYPE_CHECKING:
    from napari_segloop.core.images import Array
    from tests.session.conftest import Loop

ROWS, COLUMNS = np.mgrid[:SIZE, :SIZE]


def place(image: int, y: int = 0, x: int = 0, side: int = 48) -> Place:
    return Place(image, Region(y, x, side, side, 1.0, 1.0, "inside 1"))


def add(loop: Loop, pixels: Array, **more: object) -> int:
    images, before = loop.session.desk.images, len(loop.session.desk.images)
    path = loop.folder / f"image{before}.tif"
    tifffile.imwrite(path, pixels, **more)
    loop.session.add_files([path])
    loop.until(lambda: len(images) > before and images.states[-1].planes)
    return images.states[-1].id


def picture(loop: Loop, wanted: Place) -> Array:
    thumbnails = loop.session.thumbnails
    thumbnails.want([wanted])
    loop.until(lambda: thumbnails.picture(wanted) is not None)
    return thumbnails.picture(wanted)


def test_a_picture_shows_the_place(loop: Loop) -> None:
    image = add(loop, (100 * ROWS + COLUMNS).astype(np.uint16))
    made = picture(loop, place(image, 20, 40))
    assert (made.shape, made.dtype) == ((48, 48, 3), np.uint8)
    assert (made[..., 0] == made[..., 2]).all()  # grey
    assert (np.diff(made[:, 0, 0].astype(int)) >= 0).all()  # brighter downwards, as the image
    assert made.min() < 5
    assert made.max() > 250


def test_a_large_place_is_made_small_by_means(loop: Loop) -> None:
    chess = ((ROWS + COLUMNS) % 2 * 200).astype(np.uint8)
    chess[:8] = 0
    chess[-8:] = 200
    made = picture(loop, place(add(loop, chess), side=SIZE))
    assert max(made.shape[:2]) <= SIDE
    middle = made[made.shape[0] // 2, ..., 0].astype(int)
    assert np.ptp(middle) <= 255 / 3 + 1  # means of three by three
    assert made[0].max() < made[-1].min()


def test_colours_stay_colours(loop: Loop) -> None:
    red = np.zeros((SIZE, SIZE, 3), np.uint8)
    red[..., 0], red[::2, :, 1] = 200, 100
    made = picture(loop, place(add(loop, red, photometric="rgb")))
    assert made[..., 0].min() == 255
    assert made[..., 2].max() == 0


def test_of_many_channels_the_first_one_is_shown(loop: Loop) -> None:
    planes = np.stack([COLUMNS, 3 * ROWS]).astype(np.uint16)
    image = add(loop, planes, metadata={"axes": "CYX"}, ome=True)
    assert loop.session.source(image).channels == 2
    made = picture(loop, place(image))
    assert (made == made[:1]).all()
    assert made[0, -1, 0] > made[0, 0, 0]


def test_what_is_no_number_is_no_trouble(loop: Loop) -> None:
    pixels = (ROWS / SIZE).astype(np.float32)
    pixels[::7], pixels[3::7] = np.nan, np.inf
    assert picture(loop, place(add(loop, pixels))).shape == (48, 48, 3)


@pytest.mark.parametrize("rests", [False, True], ids=["in use", "packed"])
def test_outlines_of_labels_are_drawn_in(loop: Loop, rests: bool) -> None:
    image = add(loop, COLUMNS.astype(np.uint8))
    loop.session.answer_task("classes")
    labels = np.zeros((SIZE, SIZE), np.uint8)
    labels[10:30, 10:30] = 1
    loop.session.desk.put_labels((image, ()), WHOLE, labels, whole=True)
    if rests:
        loop.session.desk.truths.settle((image, ()))
        loop.until(lambda: loop.session.desk.truths.parcel((image, ())) is not None)
    made = picture(loop, place(image))
    is_line = (made == OUTLINE).all(axis=2)
    assert is_line[9:31, 9:11].any(axis=1).all()
    assert not is_line[12:28, 12:28].any()
    assert not is_line[32:].any()


def test_only_what_is_looked_at_is_made_and_kept(loop: Loop) -> None:
    image = add(loop, COLUMNS.astype(np.uint8))
    thumbnails, told = loop.session.thumbnails, list[Place]()
    thumbnails.ready.connect(told.append)
    first, second, third = (place(image, 40 * n) for n in range(3))
    thumbnails.want([first])
    thumbnails.want([second, third], [first])
    loop.until(lambda: len(told) == 3)
    assert set(told) == {first, second, third}  # the first one was being made
    thumbnails.want([second, third], [first])
    assert len(told) == 3
    thumbnails.want([second])
    assert thumbnails.picture(first) is None
    assert thumbnails.picture(second) is not None


def test_an_image_that_cannot_be_read_has_no_picture_and_no_error(loop: Loop) -> None:
    good, bad = add(loop, COLUMNS.astype(np.uint8)), add(loop, ROWS.astype(np.uint8))
    loop.rest()
    told = list(loop.told)
    loop.session.source(bad).path.unlink()
    lost, outside, there = place(bad), place(99), place(good)
    loop.session.thumbnails.want([lost, outside, there])
    loop.until(lambda: loop.session.thumbnails.picture(there) is not None)
    assert loop.session.thumbnails.picture(lost) is None
    assert loop.session.thumbnails.picture(outside) is None
    assert loop.told == told
