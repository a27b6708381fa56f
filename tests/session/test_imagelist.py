"""The image list: states, numbers, and what is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

from napari_segloop.core.errors import InputError
from napari_segloop.session.filesource import FileSource
from napari_segloop.session.imagelist import ImageList

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{name}.tif" for name in "abc"]
    for path in paths:
        tifffile.imwrite(path, np.zeros((3, 20, 30), np.uint16), metadata={"axes": "ZYX"})
    return paths


@pytest.fixture
def images(files: list[Path]) -> ImageList:
    images = ImageList()
    for path in files:
        images.add(FileSource(path), planes=3)
    return images


def test_rows_in_the_order_of_adding(images: ImageList) -> None:
    assert [(s.id, s.name, s.status) for s in images.states] == [
        (1, "a", "new"), (2, "b", "new"), (3, "c", "new")
    ]  # fmt: skip


def test_numbers_are_not_used_twice(images: ImageList, files: list[Path]) -> None:
    images.remove(3)
    assert images.add(FileSource(files[2])) == 4


def test_a_file_is_in_the_list_once(images: ImageList, files: list[Path]) -> None:
    with pytest.raises(InputError, match="not in the list yet"):
        images.add(FileSource(files[0]))


def test_an_excluded_image_takes_no_part_and_comes_back_as_it_was(images: ImageList) -> None:
    images.change(2, status="checked")
    assert images.exclude(2, is_excluded=True)
    assert list(images.used()) == [1, 3]
    assert not images.exclude(2, is_excluded=True)
    images.exclude(2, is_excluded=False)
    assert images.state(2).status == "checked"


def test_a_file_that_is_gone_is_missing_until_it_is_back(
    images: ImageList, files: list[Path]
) -> None:
    content, source = files[0].read_bytes(), images.source(1)
    files[0].unlink()
    assert images.look(source, source.is_alive())
    assert images.state(1).status == "missing"
    assert "gone" in images.state(1).note
    assert not images.look(source, source.is_alive())
    files[0].write_bytes(content)
    assert images.look(source, source.is_alive())
    assert (images.state(1).status, images.state(1).note) == ("new", "")
    assert not images.look(FileSource(files[0]), alive=False)  # off the list by now


def test_a_file_is_a_source_of_planes(files: list[Path]) -> None:
    stack = np.arange(3 * 20 * 30, dtype=np.uint16).reshape(3, 20, 30)
    tifffile.imwrite(files[0], stack, metadata={"axes": "ZYX"})
    source = FileSource(files[0])
    assert (source.leading, source.plane_shape, source.channels) == ((3,), (20, 30), 1)
    window = source.read((2,), slice(4, 9), slice(1, 30))
    np.testing.assert_array_equal(window, stack[None, 2, 4:9, 1:30])
    window[:] = 0  # a copy
    assert source.read((2,), slice(4, 5), slice(1, 2)).item() == stack[2, 4, 1]


def test_two_hundred_images(tmp_path: Path) -> None:
    images = ImageList()
    for number in range(200):
        images.add(FileSource(tmp_path / f"{number}.tif"))
    assert len(images.states) == len({state.id for state in images.states}) == 200


def test_an_image_that_is_not_there(images: ImageList) -> None:
    with pytest.raises(InputError):
        images.source(9)
