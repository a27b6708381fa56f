"""What counts as an image plane, and its pixels as float32."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from napari_segloop.core.errors import InputError
from napari_segloop.core.images import ArrayPlane, check_dtype, check_plane, to_float

REAL = [
    "bool", "uint8", "int8", "uint16", ">u2", "int16", ">i2", "uint32", "int32", "uint64", "int64",
    "float16", "float32", ">f4", "float64", ">f8",
]  # fmt: skip
NOT_REAL = ["complex64", "U4", "S4", "O", "M8[s]", "m8[s]", "V3"]


@pytest.mark.parametrize("dtype", REAL)
def test_every_real_dtype_becomes_native_float32(dtype: str) -> None:
    pixels = np.array([[0, 1], [1, 0]]).astype(dtype)
    values, known = to_float(ArrayPlane(pixels).read(slice(0, 2), slice(0, 2)))
    assert values.dtype == np.float32
    assert values.dtype.isnative
    assert values.tolist() == [[[0.0, 1.0], [1.0, 0.0]]]
    assert known.all()


@pytest.mark.parametrize("dtype", NOT_REAL)
def test_other_dtypes_are_refused(dtype: str) -> None:
    with pytest.raises(InputError, match="dtype"):
        check_dtype(np.dtype(dtype))


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        pytest.param((5, 7), (1, 5, 7), id="grey"),
        pytest.param((3, 5, 7), (3, 5, 7), id="rgb"),
        pytest.param((1, 1), (1, 1, 1), id="one-pixel"),
    ],
)
def test_a_plane_gets_a_channel_axis(shape: tuple[int, ...], expected: tuple[int, ...]) -> None:
    assert check_plane(np.zeros(shape)).shape == expected
    assert ArrayPlane(np.zeros(shape)).shape == expected


@pytest.mark.parametrize(
    "shape",
    [
        pytest.param((), id="scalar"),
        pytest.param((4,), id="line"),
        pytest.param((2, 2, 2, 2), id="stack"),
        pytest.param((0, 5), id="no-rows"),
        pytest.param((0, 5, 5), id="no-channels"),
        pytest.param((2, 5, 0), id="no-columns"),
    ],
)
def test_other_shapes_are_refused_with_the_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError) as error:
        check_plane(np.zeros(shape))
    assert str(shape) in error.value.got


def test_a_window_is_read_as_stored() -> None:
    pixels = np.arange(2 * 5 * 7, dtype=">i2").reshape(2, 5, 7)
    window = ArrayPlane(pixels).read(slice(1, 4), slice(2, 6))
    assert window.dtype == pixels.dtype
    np.testing.assert_array_equal(window, pixels[:, 1:4, 2:6])


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf, 1e300, -1e300])
def test_a_pixel_without_a_number_in_any_channel_is_unknown(odd: float) -> None:
    pixels = np.ones((2, 3, 3))
    pixels[1, 0, 2] = odd
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        values, known = to_float(pixels)
    assert np.argwhere(~known).tolist() == [[0, 2]]
    assert values[0, 0, 2] == 1


def test_the_callers_pixels_stay_as_they_are() -> None:
    pixels: Any = np.ones((1, 2, 2), np.float32)
    values, _ = to_float(pixels)
    values[:] = 9
    assert (pixels == 1).all()
