"""Packets taken apart into frames and put together again, array by array.

Every number in an array's description is checked before memory is asked for. Frames of packets
without arrays may come between those of a large one, so that a beat never waits for pixels.
"""

from __future__ import annotations

import math
import mmap
import re
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from napari_segloop.core.errors import InputError
from napari_segloop.engine.frames import PIECE, Frame, FrameError, Packet, read_frame

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_segloop.core.images import Array
    from napari_segloop.engine.frames import Json

MAX_ARRAYS = 100_000
MAX_AXES = 8
MAX_BYTES = 2**36
DTYPE = re.compile(r"\|[bui]1|[<>][uif]([2481]|16)")


def check_array(array: Array) -> None:
    """Refuse an array that may not go through the pipe.

    Parameters
    ----------
    array : ndarray
        Any.

    Raises
    ------
    InputError
        When it holds no real numbers, or is too large.
    """
    if not DTYPE.fullmatch(array.dtype.str) or array.ndim > MAX_AXES or array.nbytes > MAX_BYTES:
        raise InputError(
            "an array of integers or floating-point numbers of at most 64 GiB",
            f"{array.dtype} of shape {array.shape}",
            "Convert it, or work on a part of it.",
        )


def frames_of(packet: Packet, *, inline: bool = True) -> Iterator[Frame]:
    """Take a packet apart.

    Parameters
    ----------
    packet : Packet
        What to send.
    inline : bool
        Send pixels even of arrays that lie in a file; the other side may be another computer.

    Yields
    ------
    Frame
        In order.

    Raises
    ------
    InputError
        When an array may not be sent.
    """
    yield Frame(packet.head | {"arrays": len(packet.arrays)})
    for array in packet.arrays:
        check_array(array)
        about: Json = {"type": "array", "dtype": array.dtype.str, "shape": list(array.shape)}
        place = None if inline else _in_file(array)
        if place is not None:
            yield Frame(about | {"file": place[0], "offset": place[1]})
        else:
            yield from _pieces(array, about)


def _pieces(array: Array, about: Json) -> Iterator[Frame]:
    whole = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
    yield Frame(about, whole[:PIECE])
    for start in range(PIECE, len(whole), PIECE):
        yield Frame({"type": "piece"}, whole[start : start + PIECE])


def _in_file(array: Array) -> tuple[str, int] | None:
    """Return file and offset of an array that is mapped from one, as it lies there."""
    if not isinstance(array, np.memmap) or array.filename is None or array.mode == "c":
        return None
    mapped = _mapping(array)
    if mapped is None or not array.flags.c_contiguous or array.size == 0:
        return None
    first = array.offset - array.offset % mmap.ALLOCATIONGRANULARITY
    path, begin = Path(array.filename).absolute(), np.frombuffer(mapped, np.uint8).ctypes.data
    offset = first + array.ctypes.data - begin
    is_there = path.is_file() and path.stat().st_size >= offset + array.nbytes
    return (str(path), offset) if is_there else None


def _mapping(array: Array) -> mmap.mmap | None:
    base: object = array
    while isinstance(base, np.ndarray):
        base = base.base
    return base if isinstance(base, mmap.mmap) else None


def read_packets(stream: BinaryIO) -> Iterator[Packet]:
    """Read packets until the stream ends.

    Parameters
    ----------
    stream : binary file
        A buffered pipe.

    Yields
    ------
    Packet
        Each as soon as it is whole.

    Raises
    ------
    FrameError
        When something else came.
    """
    assembler = Assembler()
    while (frame := read_frame(stream)) is not None:
        if (packet := assembler.feed(frame)) is not None:
            yield packet


class Assembler:
    """Puts packets together from the frames of one stream."""

    def __init__(self) -> None:
        self._head: Json = {}
        self._missing = 0
        self._arrays: list[Array] = []
        self._open: memoryview | None = None

    def feed(self, frame: Frame) -> Packet | None:
        """Take the next frame.

        Parameters
        ----------
        frame : Frame
            Of the stream.

        Returns
        -------
        Packet or None
            A packet that is whole now.

        Raises
        ------
        FrameError
            When the frame makes no sense here.
        """
        kind = frame.head.get("type")
        if kind == "array":
            self._begin(frame)
        elif kind == "piece":
            self._append(memoryview(frame.body))
        else:
            return self._start(frame)
        return self._take() if self._missing == 0 and self._open is None else None

    def _start(self, frame: Frame) -> Packet | None:
        head = dict(frame.head)
        count = _natural(head.pop("arrays", 0), MAX_ARRAYS)
        if not isinstance(head.get("type"), str):
            raise _nonsense("a packet without a type")
        if count == 0:
            return Packet(head)
        if self._missing or self._open is not None:
            raise _nonsense("arrays of two packets mixed")
        self._head, self._missing, self._arrays = head, count, []
        return None

    def _begin(self, frame: Frame) -> None:
        if not self._missing or self._open is not None:
            raise _nonsense("an array that nobody announced")
        dtype, shape = _described(frame.head)
        self._missing -= 1
        if "file" in frame.head:
            self._arrays.append(_from_file(frame.head, dtype, shape))
            return
        array = _allocate(dtype, shape)
        self._arrays.append(array)
        self._open = array.reshape(-1).view(np.uint8).data
        self._append(memoryview(frame.body))

    def _append(self, piece: memoryview) -> None:
        if self._open is None or len(piece) > len(self._open):
            raise _nonsense("more bytes than announced")
        self._open[: len(piece)] = piece
        self._open = self._open[len(piece) :] if len(piece) < len(self._open) else None

    def _take(self) -> Packet:
        packet = Packet(self._head, tuple(self._arrays))
        self._head, self._arrays = {}, []
        return packet


def _described(head: Json) -> tuple[np.dtype[np.generic], tuple[int, ...]]:
    name, shape = head.get("dtype"), head.get("shape")
    if not isinstance(name, str) or not DTYPE.fullmatch(name):
        raise _nonsense(f"dtype {name!r}")
    if not isinstance(shape, list) or len(shape) > MAX_AXES:
        raise _nonsense(f"shape {shape!r}")
    try:
        dtype = np.dtype(name)
    except TypeError as error:
        raise _nonsense(f"dtype {name!r}") from error
    lengths = tuple(_natural(length, MAX_BYTES) for length in shape)
    _natural(math.prod(lengths) * dtype.itemsize, MAX_BYTES)
    return dtype, lengths


def _allocate(dtype: np.dtype[np.generic], shape: tuple[int, ...]) -> Array:
    try:
        return np.empty(shape, dtype)
    except (MemoryError, ValueError) as error:
        raise _nonsense(f"{dtype} of shape {shape}, for which there is no memory") from error


def _from_file(head: Json, dtype: np.dtype[np.generic], shape: tuple[int, ...]) -> Array:
    path, offset = Path(str(head["file"])), _natural(head.get("offset"), 2**62)
    try:
        if not path.is_absolute() or not path.is_file():
            raise _nonsense(f"no file {path}")
        return np.memmap(path, dtype, "r", offset, shape)
    except (OSError, ValueError) as error:
        raise _nonsense(f"{path}, which cannot be read ({error})") from error


def _natural(value: object, largest: int) -> int:
    if type(value) is not int or not 0 <= value <= largest:
        raise _nonsense(f"the number {value!r}")
    return value


def _nonsense(got: str) -> FrameError:
    return FrameError("a sound packet", got, "Start the computing process again.")
