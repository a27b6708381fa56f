"""The uncertainty of objects, on planes small enough to reckon by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_segloop.core.errors import InputError
from napari_segloop.core.object_uncertainty import object_uncertainty

if TYPE_CHECKING:
    from napari_segloop.core.images import Array


def planes(background: list[int], interior: list[int], border: list[int]) -> Array:
    return np.array([[background], [interior], [border]], np.uint8)


def test_without_contact_it_is_the_error_of_the_foreground() -> None:
    found = object_uncertainty(
        planes([255, 200, 55, 0], [0, 55, 0, 255], [0, 0, 200, 0]), np.array([[0, 0, 3, 3]])
    )
    assert found.tolist() == [[0, 55, 55, 0]]


def test_a_sure_line_is_unsure_only_beside_it() -> None:
    interior = [255, 255, 255, 255, 0, 0, 255, 255, 255]
    border = [255 - value for value in interior]
    ids = np.array([[1, 1, 1, 1, 1, 2, 2, 2, 2]])
    found = object_uncertainty(planes([0] * 9, interior, border), ids)
    assert found.tolist() == [[0, 0, 0, 0, 128, 128, 0, 0, 0]]


def test_a_needless_line_makes_the_smaller_object_unsure() -> None:
    interior = [255] * 4 + [204, 204] + [255] * 2
    border = [0] * 4 + [51, 51] + [0] * 2
    ids = np.array([[900, 900, 900, 900, 900, 70000, 70000, 70000]])
    found = object_uncertainty(planes([0] * 8, interior, border), ids)
    assert found.tolist() == [[0, 0, 0, 0, 26, 204, 204, 204]]


@pytest.mark.parametrize("ids", [np.zeros((4, 4), int), np.ones((4, 4), ">u4")])
def test_uniform_planes(ids: Array) -> None:
    probabilities = np.full((3, 4, 4), 85, np.uint8)
    found = object_uncertainty(probabilities, ids)
    assert found.dtype == np.uint8
    assert (found == (170 if ids[0, 0] == 0 else 85)).all()


def test_shapes_must_fit() -> None:
    with pytest.raises(InputError, match="shape"):
        object_uncertainty(np.zeros((3, 4, 4), np.uint8), np.zeros((4, 5), int))
