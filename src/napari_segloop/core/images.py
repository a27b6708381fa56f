"""What counts as an image plane, and how the core reads one.

A plane is ``(C, Y, X)``; every room hands planes to the core in this shape. This module does not
know files, axes names or normalisation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from napari_segloop.core.errors import InputError, ModelError

Array = NDArray[np.generic]
Mask = NDArray[np.bool_]
Labels = NDArray[np.integer]
Float = NDArray[np.float32]
ShouldStop = Callable[[], bool]


class PlaneSource(Protocol):
    """A plane that is read window by window, so that it need not fit in memory."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, rows, columns."""

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The stored dtype."""

    def read(self, rows: slice, columns: slice) -> Array:
        """Return a window in the stored dtype.

        Parameters
        ----------
        rows, columns : slice
            The window, in pixels, inside the plane.

        Returns
        -------
        (C, rows, columns) ndarray
            All channels of the window.
        """


class ArrayPlane:
    """A plane that is in memory already.

    Parameters
    ----------
    array : (C, Y, X) or (Y, X) ndarray
        The pixels; real numbers.

    Raises
    ------
    InputError
        When it is no image plane: wrong number of axes, no pixels, or a dtype without numbers.

    Examples
    --------
    >>> ArrayPlane(np.zeros((4, 6), np.uint8)).shape
    (1, 4, 6)
    """

    def __init__(self, array: Array) -> None:
        self._array = check_plane(array)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, rows, columns."""
        channels, rows, columns = self._array.shape
        return channels, rows, columns

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The stored dtype."""
        return self._array.dtype

    def read(self, rows: slice, columns: slice) -> Array:
        """Return the window ``(C, rows, columns)``.

        Parameters
        ----------
        rows, columns : slice
            The window, in pixels, inside the plane.

        Returns
        -------
        ndarray
            A view in the stored dtype.
        """
        return self._array[:, rows, columns]


def check_plane(array: Array) -> Array:
    """Return the array as ``(C, Y, X)`` or say why it is no image plane.

    Parameters
    ----------
    array : (C, Y, X) or (Y, X) ndarray
        The pixels.

    Returns
    -------
    (C, Y, X) ndarray
        The same pixels, without a copy.

    Raises
    ------
    InputError
        Wrong number of axes, no pixels, or a dtype that holds no real numbers.

    Examples
    --------
    >>> check_plane(np.zeros((2, 0, 3)))
    Traceback (most recent call last):
    napari_segloop.core.errors.InputError: Expected an image with pixels, got shape (2, 0, 3). ...
    """
    check_dtype(array.dtype)
    plane = array[None] if array.ndim == 2 else array
    if plane.ndim != 3:
        raise InputError(
            "a plane with axes C Y X", f"shape {array.shape}", "Name the axes with --axes."
        )
    if plane.size == 0:
        raise InputError("an image with pixels", f"shape {array.shape}", "Leave this file out.")
    return plane


def check_dtype(dtype: np.dtype[np.generic]) -> None:
    """Refuse dtypes that hold no real numbers.

    Parameters
    ----------
    dtype : numpy dtype
        What the file or array stores.

    Raises
    ------
    InputError
        For complex numbers, text, objects and records.
    """
    if dtype.kind not in "buif":
        raise InputError(
            "an image of integers or floating-point numbers",
            f"dtype {dtype}",
            "Convert it, for example to uint16.",
        )


def check_channel_count(expected: int, got: int) -> None:
    """Refuse an image with other channels than a model was trained on.

    Parameters
    ----------
    expected, got : int
        Channels of the model and of the image.

    Raises
    ------
    ModelError
        With both numbers.
    """
    if got != expected:
        raise ModelError(
            f"an image of {expected} channel(s), like the model's training images",
            f"{got}",
            "Select channels with --channels, or name the axes with --axes.",
        )


def to_float(window: Array) -> tuple[Float, Mask]:
    """Return a window as native float32 and say which pixels hold a number.

    Parameters
    ----------
    window : (C, Y, X) ndarray
        Any supported dtype and byte order.

    Returns
    -------
    values : (C, Y, X) ndarray of float32
        NaN and infinity kept; what is too large for float32 becomes infinity.
    known : (Y, X) ndarray of bool
        True where every channel is finite; the rest counts as an excluded area: never truth,
        predicted as background and never ranked.
    """
    with np.errstate(over="ignore"):
        values = window.astype(np.float32)
    if window.dtype.kind != "f":
        return values, np.ones(window.shape[1:], bool)
    return values, np.asarray(np.isfinite(values).all(axis=0))


def grey(plane: Array) -> Array:
    """Return one channel to threshold: the mean of RGB, else the first.

    Parameters
    ----------
    plane : (C, Y, X) ndarray
        Pixels.

    Returns
    -------
    (Y, X) ndarray
        In the plane's dtype, or float32 for RGB.
    """
    if plane.shape[0] == 3 and plane.dtype == np.uint8:
        mean: Array = plane.mean(axis=0, dtype=np.float32)
        return mean
    first: Array = plane[0]
    return first
