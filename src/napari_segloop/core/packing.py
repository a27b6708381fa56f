"""A plane's arrays as few compressed bytes, for planes that nobody looks at now.

Mostly empty arrays become tiny, empty ones nothing at all. Where the bytes are kept is not known.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from napari_segloop.core.checkstate import EXCLUDED, Kind, Pixels
from napari_segloop.core.errors import InputError

if TYPE_CHECKING:
    from napari_segloop.core.images import Labels
    from napari_segloop.core.prediction import Bytes

_DTYPES: Final = ("uint8", "uint16", "uint32")
_LEVEL: Final = 1  # a tenth larger than level 6, four times as fast


@dataclass(frozen=True, slots=True)
class PackedPlane:
    """A plane in compressed form.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns.
    dtype : {"uint8", "uint16", "uint32"}
        Of the labels.
    labels, prediction, checked, kind, epoch : bytes
        zlib streams of little-endian arrays in row order; empty for an array of zeros. The
        prediction is stored as its bitwise difference from the labels.
    """

    shape: tuple[int, int]
    dtype: str
    labels: bytes = field(repr=False)
    prediction: bytes = field(repr=False)
    checked: bytes = field(repr=False)
    kind: bytes = field(repr=False)
    epoch: bytes = field(repr=False)

    @property
    def streams(self) -> tuple[bytes, ...]:
        """The content, in the order of the parameters."""
        return self.labels, self.prediction, self.checked, self.kind, self.epoch

    @property
    def nbytes(self) -> int:
        """Memory that the content takes, in bytes."""
        return sum(map(len, self.streams))


def pack(pixels: Pixels) -> PackedPlane:
    """Compress a plane.

    Parameters
    ----------
    pixels : Pixels
        Its arrays.

    Returns
    -------
    PackedPlane
        What `unpack` reads.

    Examples
    --------
    >>> labels = np.zeros((512, 512), np.uint8)
    >>> pack(Pixels(labels, labels, labels, labels, labels)).nbytes
    0
    """
    shape = (pixels.labels.shape[0], pixels.labels.shape[1])
    differs = pixels.labels ^ pixels.prediction
    arrays = (pixels.labels, differs, pixels.checked, pixels.kind, pixels.epoch)
    return PackedPlane(shape, pixels.labels.dtype.name, *map(_squeeze, arrays))


def unpack(packed: PackedPlane) -> Pixels:
    """Return the arrays of a packed plane.

    Parameters
    ----------
    packed : PackedPlane
        Perhaps read from a file.

    Returns
    -------
    Pixels
        New arrays.

    Raises
    ------
    InputError
        When the content is damaged.
    """
    rows, columns = packed.shape
    if packed.dtype not in _DTYPES or rows < 0 or columns < 0:
        raise _damaged(f"{packed.dtype} of {packed.shape}")
    labels = _expand(packed.labels, packed.shape, packed.dtype)
    prediction = _expand(packed.prediction, packed.shape, packed.dtype) ^ labels
    checked, kind, epoch = (
        _expand(stream, packed.shape, "uint8").astype(np.uint8, copy=False)
        for stream in (packed.checked, packed.kind, packed.epoch)
    )
    return check_states(Pixels(labels, prediction, checked, kind, epoch))


def check_states(pixels: Pixels) -> Pixels:
    """Refuse arrays from a file that no plane can have.

    Parameters
    ----------
    pixels : Pixels
        Of a plane.

    Returns
    -------
    Pixels
        The same.

    Raises
    ------
    InputError
        When a state does not exist.
    """
    if pixels.checked.max(initial=0) > EXCLUDED or pixels.kind.max(initial=0) > max(Kind):
        raise _damaged("states that do not exist")
    return pixels


def pack_map(values: Bytes) -> bytes:
    """Compress a map of how unsure the network was.

    Parameters
    ----------
    values : (Y, X) ndarray of uint8
        Too noisy for more than runs: two to five times as fast as the level of the planes, for
        less than twice the size.

    Returns
    -------
    bytes
        What `unpack_map` reads.
    """
    machine = zlib.compressobj(_LEVEL, strategy=zlib.Z_RLE)
    return machine.compress(values.tobytes()) + machine.flush()


def unpack_map(stream: bytes, shape: tuple[int, int]) -> Bytes:
    """Return a packed map.

    Parameters
    ----------
    stream : bytes
        What `pack_map` returned.
    shape : (int, int)
        Rows and columns.

    Returns
    -------
    (Y, X) ndarray of uint8
        New and writable.

    Raises
    ------
    InputError
        When the content is damaged.
    """
    return _expand(stream, shape, "uint8").astype(np.uint8, copy=False)


def _squeeze(array: Labels) -> bytes:
    if not array.any():
        return b""
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    return zlib.compress(little.view(np.uint8).reshape(-1).data, _LEVEL)


def _expand(stream: bytes, shape: tuple[int, int], dtype: str) -> Labels:
    if not stream:
        return np.zeros(shape, dtype)
    size = math.prod(shape) * np.dtype(dtype).itemsize
    machine = zlib.decompressobj()
    try:
        content = machine.decompress(stream, size + 1)  # never more, whatever the stream says
    except zlib.error as error:
        raise _damaged(str(error)) from error
    if len(content) != size or not machine.eof:
        raise _damaged(f"{len(content)} bytes for {size}")
    stored: Labels = np.frombuffer(content, np.dtype(dtype).newbyteorder("<")).reshape(shape)
    return stored.astype(dtype)


def _damaged(got: str) -> InputError:
    return InputError("a plane as it was packed", got, "Restore an earlier state.")
