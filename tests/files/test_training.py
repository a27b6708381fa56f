"""Whether images, labels and what is checked fit, by shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

from napari_segloop.core.errors import InputError
from napari_segloop.files.images import open_image, open_labels
from napari_segloop.files.training import check_pair, label_index, read_checked

if TYPE_CHECKING:
    from pathlib import Path


def saved(path: Path, shape: tuple[int, ...], axes: str | None) -> Path:
    options = {"ome": True, "metadata": {"axes": axes}} if axes else {"photometric": "minisblack"}
    tifffile.imwrite(path, np.zeros(shape, np.uint8), **options)
    return path


FITTING = [
    pytest.param((9, 8), None, (9, 8), None, id="YX"),
    pytest.param((5, 9, 8), "CYX", (9, 8), "CYX", id="z-as-channels"),
    pytest.param((2, 5, 9, 8), "TCYX", (2, 9, 8), "TCYX", id="time-and-channels"),
    pytest.param((2, 5, 9, 8), "TCYX", (2, 9, 8), "TYX", id="axes-of-the-labels-given"),
    pytest.param((9, 8), "CYX", (9, 8), "CYX", id="plain-beside-channels"),
    pytest.param((5, 9, 8), None, (5, 9, 8), None, id="planes"),
    pytest.param((1, 9, 8), None, (9, 8), None, id="single-plane"),
    pytest.param((9, 8), None, (1, 9, 8), None, id="single-plane-of-labels"),
]


@pytest.mark.parametrize(("shape", "given", "label_shape", "axes"), FITTING)
def test_fitting_labels(
    tmp_path: Path,
    shape: tuple[int, ...],
    given: str | None,
    label_shape: tuple[int, ...],
    axes: str | None,
) -> None:
    image = open_image(saved(tmp_path / "a.tif", shape, None), axes=given)
    labels = open_labels(saved(tmp_path / "l.tif", label_shape, None), axes=axes)
    check_pair(image, labels)
    found = {label_index(image, labels, index) for index in image.indices()}
    assert found == set(np.ndindex(labels.leading_shape))


REFUSED = [
    pytest.param((5, 9, 8), "ZYX", (9, 8), "--axes CYX", id="ZYX-with-YX"),
    pytest.param((5, 5, 9, 8), "TZYX", (5, 9, 8), "--axes TCYX", id="TZYX-with-TYX"),
    pytest.param((5, 9, 8), "CYX", (5, 9, 8), "same size", id="CYX-with-CYX"),
    pytest.param((9, 8), None, (8, 9), "same size", id="turned"),
    pytest.param((5, 9, 8), "ZYX", (4, 9, 8), "same size", id="a-plane-missing"),
]


@pytest.mark.parametrize(("shape", "image_axes", "label_shape", "remedy"), REFUSED)
def test_labels_that_do_not_fit_are_refused_with_both_shapes(
    tmp_path: Path,
    shape: tuple[int, ...],
    image_axes: str | None,
    label_shape: tuple[int, ...],
    remedy: str,
) -> None:
    image = open_image(saved(tmp_path / "a.tif", shape, image_axes))
    axes = "TYX" if len(label_shape) == 3 else None
    labels = open_labels(saved(tmp_path / "l.tif", label_shape, axes), axes=image_axes)
    with pytest.raises(InputError) as caught:
        check_pair(image, labels)
    for text in (str(shape), str(label_shape), remedy):
        assert text in str(caught.value)


def test_only_1_is_checked(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "c.tif", np.array([[0, 1], [2, 3]], np.uint8))
    mask = read_checked(open_labels(tmp_path / "c.tif"))
    np.testing.assert_array_equal(mask, [[False, True], [False, False]])


def test_other_checked_values_are_refused(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "c.tif", np.array([[0, 255]], np.uint8))
    with pytest.raises(InputError, match="the value 255"):
        read_checked(open_labels(tmp_path / "c.tif"))
