"""Small arrays as text inside a JSON document, and the checks of what comes back from there.

What the numbers mean is not known here.
"""

from __future__ import annotations

import base64
import zlib
from typing import TYPE_CHECKING, Final

import numpy as np

from napari_segloop.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_segloop.core.estimate import Counts
    from napari_segloop.core.images import Array

MOST_CLASSES: Final = 256
LARGEST_PIECE: Final = 1 << 24
"""Bytes that one text may unpack to; a spot check of ids takes 64 KiB."""
COUNTS: Final = np.dtype("<i8")
LABELS: Final = {name: np.dtype(name).newbyteorder("<") for name in ("uint8", "uint16", "uint32")}


def packed(array: Array, dtype: np.dtype[np.generic]) -> str:
    """Return an array as text.

    Parameters
    ----------
    array : ndarray of integer
        Small.
    dtype : numpy dtype
        As which it is kept; every value fits.

    Returns
    -------
    str
        Compressed, ASCII.

    Examples
    --------
    >>> text = packed(np.array([[3, 0]]), COUNTS)
    >>> unpacked(text, COUNTS, (1, 2)).tolist()
    [[3, 0]]
    """
    return base64.b64encode(zlib.compress(array.astype(dtype).tobytes())).decode()


def unpacked(text: object, dtype: np.dtype[np.generic], shape: tuple[int, ...]) -> Array:
    """Return the array of a text; no more is unpacked than is expected.

    Parameters
    ----------
    text : object
        Perhaps one of `packed`.
    dtype : numpy dtype
        As which it was kept.
    shape : tuple of int
        That it must have.

    Returns
    -------
    ndarray
        Read-only.

    Raises
    ------
    InputError
        When it is another array, or none.
    """
    size = int(np.prod(shape)) * dtype.itemsize
    if not isinstance(text, str) or size > LARGEST_PIECE:
        raise absurd(f"a packed text of at most {LARGEST_PIECE} bytes", text)
    try:
        data = zlib.decompressobj().decompress(base64.b64decode(text, validate=True), size + 1)
    except (ValueError, zlib.error) as error:
        raise absurd("a packed text", str(error)) from error
    if len(data) != size:
        raise absurd(f"{size} bytes", f"{len(data)}")
    return np.frombuffer(data, dtype).reshape(shape)


def counted(counts: Array, pixels: int) -> Counts:
    """Refuse counts that cannot be.

    Parameters
    ----------
    counts : ndarray of integer
        Of pixels.
    pixels : int
        As many as there are.

    Returns
    -------
    ndarray of int64
        The same.

    Raises
    ------
    InputError
        When some are below 0, or all together none or too many.
    """
    if int(counts.min(initial=0)) < 0 or not 0 < int(counts.sum(dtype=float)) <= pixels:
        raise absurd(f"counts of 1 to {pixels} pixels", f"{counts.sum(dtype=float):g}")
    return counts.astype(np.int64)


def parts_of(note: object, count: int) -> Sequence[object]:
    """Return the parts of a note.

    Parameters
    ----------
    note : object
        Perhaps a list.
    count : int
        Parts that it must have.

    Returns
    -------
    sequence of object
        Unchecked.

    Raises
    ------
    InputError
        When it has others.
    """
    if not isinstance(note, list | tuple) or len(note) != count:
        raise absurd(f"a note of {count} parts", note)
    return note


def number_in(value: object) -> int:
    """Return the number of a version.

    Parameters
    ----------
    value : object
        Perhaps one.

    Returns
    -------
    int
        From 1.

    Raises
    ------
    InputError
        When it is none.
    """
    if type(value) is not int or value < 1:
        raise absurd("a version", value)
    return value


def values_in(values: object) -> tuple[int, ...]:
    """Return the label values of classes.

    Parameters
    ----------
    values : object
        Perhaps a list.

    Returns
    -------
    tuple of int
        Ascending, 0 first.

    Raises
    ------
    InputError
        When they are none.
    """
    found = tuple(values) if isinstance(values, list | tuple) else ()
    if any(type(each) is not int for each in found) or not 0 < len(found) <= MOST_CLASSES:
        raise absurd("label values", values)
    if found[0] != 0 or list(found) != sorted(set(found)):
        raise absurd("rising label values from 0", values)
    return found


def absurd(expected: str, got: object) -> InputError:
    """Return the error of a note that makes no sense.

    Parameters
    ----------
    expected : str
        What should be there.
    got : object
        What is.

    Returns
    -------
    InputError
        To be raised.
    """
    return InputError(expected, f"{got!r}"[:80], "Predict the image again.")
