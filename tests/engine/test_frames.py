"""Frames and packets: what goes in comes out, and nothing else is believed."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from napari_segloop.core.errors import InputError
from napari_segloop.engine.frames import (
    MAGIC,
    MAX_JSON,
    PIECE,
    PREFIX,
    Frame,
    FrameError,
    Packet,
    read_frame,
    write_frame,
)
from napari_segloop.engine.packets import Assembler, frames_of, read_packets

if TYPE_CHECKING:
    from pathlib import Path

    from napari_segloop.core.images import Array

NUMBERS = st.one_of(
    arrays.boolean_dtypes(),
    arrays.integer_dtypes(endianness="?"),
    arrays.unsigned_integer_dtypes(endianness="?"),
    arrays.floating_dtypes(endianness="?"),
)
PIXELS = arrays.arrays(NUMBERS, arrays.array_shapes(min_dims=0, max_dims=4, min_side=0))
HEADS = st.dictionaries(
    st.text(max_size=8).filter(lambda name: name not in ("type", "arrays")),
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text()),
)


def sent(*packets: Packet, inline: bool = True) -> io.BytesIO:
    stream = io.BytesIO()
    for packet in packets:
        for frame in frames_of(packet, inline=inline):
            write_frame(stream, frame)
    stream.seek(0)
    return stream


def raw(head: object, body: bytes = b"") -> bytes:
    text = json.dumps(head).encode()
    return PREFIX.pack(MAGIC, len(text), len(body)) + text + body


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(HEADS, st.lists(PIXELS, max_size=3)), max_size=3))
def test_packets_come_back_as_they_were(
    content: list[tuple[dict[str, object], list[Array]]],
) -> None:
    packets = [Packet({"type": "x"} | head, tuple(found)) for head, found in content]
    back = list(read_packets(sent(*packets)))
    assert [packet.head for packet in back] == [packet.head for packet in packets]
    for packet, again in zip(packets, back, strict=True):
        for array, copy in zip(packet.arrays, again.arrays, strict=True):
            assert copy.dtype.str == array.dtype.str
            np.testing.assert_array_equal(copy, array)


def test_a_large_array_goes_in_pieces_with_small_packets_between() -> None:
    large = np.arange(3 * PIECE // 4 + 5, dtype=np.uint32)[::-1]
    pieces = list(frames_of(Packet({"type": "large"}, (large,))))
    assert len(pieces) == 1 + 4
    assert all(len(piece.body) <= PIECE for piece in pieces)
    assembler, found = Assembler(), list[Packet]()
    for piece in pieces:
        for frame in (*frames_of(Packet({"type": "beat"})), piece):
            if (packet := assembler.feed(frame)) is not None:
                found.append(packet)
    assert [packet.head["type"] for packet in found] == ["beat"] * 5 + ["large"]
    np.testing.assert_array_equal(found[-1].arrays[0], large)


@pytest.mark.parametrize("inline", [True, False])
@pytest.mark.parametrize("order", ["C", "F"])
def test_an_array_in_a_file_is_named_to_the_same_machine_only(
    inline: bool, order: str, tmp_path: Path
) -> None:
    values = np.arange(5 * 60 * 700, dtype=">u2").reshape(5, 60, 700)
    (tmp_path / "pixels").write_bytes(bytes(37) + values.tobytes())
    mapped = np.memmap(tmp_path / "pixels", ">u2", "r", 37, values.shape)
    part = mapped[3] if order == "C" else mapped[3].T
    packet = Packet({"type": "x"}, (part,))
    named = [frame for frame in frames_of(packet, inline=inline) if "file" in frame.head]
    assert bool(named) is (order == "C" and not inline)
    (back,) = next(read_packets(sent(packet, inline=inline))).arrays
    np.testing.assert_array_equal(back, values[3] if order == "C" else values[3].T)
    assert back.flags.writeable is not bool(named)


def test_an_array_of_a_file_that_is_gone_is_sent(tmp_path: Path) -> None:
    np.save(tmp_path / "pixels.npy", np.arange(12))
    mapped = np.load(tmp_path / "pixels.npy", mmap_mode="r")
    (tmp_path / "pixels.npy").unlink()
    (back,) = next(read_packets(sent(Packet({"type": "x"}, (mapped,)), inline=False))).arrays
    np.testing.assert_array_equal(back, np.arange(12))


BROKEN = {
    "words": b"Welcome to this computer",
    "a-few-bytes": MAGIC + b"\0",
    "endless-header": PREFIX.pack(MAGIC, MAX_JSON + 1, 0),
    "endless-body": PREFIX.pack(MAGIC, 2, PIECE + 1) + b"{}",
    "half-a-frame": raw({"type": "x"}, b"abc")[:-1],
    "no-json": PREFIX.pack(MAGIC, 3, 0) + b"{a}",
    "deep-json": PREFIX.pack(MAGIC, 10**5, 0) + b"[" * 10**5,
    "a-list": raw([1]),
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
def test_what_is_no_frame_is_refused(content: bytes) -> None:
    with pytest.raises(FrameError):
        read_frame(io.BytesIO(content))


ARRAY = {"type": "array", "dtype": "<u2", "shape": [2]}
NONSENSE = {
    "no-type": [raw({"arrays": 0})],
    "count": [raw({"type": "x", "arrays": -1})],
    "count-of-text": [raw({"type": "x", "arrays": "1"})],
    "unannounced": [raw(ARRAY, b"abcd")],
    "a-piece-alone": [raw({"type": "piece"}, b"abcd")],
    "too-many-bytes": [raw({"type": "x", "arrays": 1}), raw(ARRAY, b"abcde")],
    "mixed": [raw({"type": "x", "arrays": 1}), raw({"type": "y", "arrays": 1})],
    "objects": [raw({"type": "x", "arrays": 1}), raw(ARRAY | {"dtype": "|O"})],
    "dates": [raw({"type": "x", "arrays": 1}), raw(ARRAY | {"dtype": "<M8[s]"})],
    "records": [raw({"type": "x", "arrays": 1}), raw(ARRAY | {"dtype": "u1,u1"})],
    "odd-size": [raw({"type": "x", "arrays": 1}), raw(ARRAY | {"dtype": "<i16"})],
    "negative": [raw({"type": "x", "arrays": 1}), raw(ARRAY | {"shape": [-1]})],
    "fraction": [raw({"type": "x", "arrays": 1}), raw(ARRAY | {"shape": [1.5]})],
    "huge": [raw({"type": "x", "arrays": 1}), raw(ARRAY | {"shape": [2**20, 2**20]})],
    "many-axes": [raw({"type": "x", "arrays": 1}), raw(ARRAY | {"shape": [1] * 9})],
    "no-file": [
        raw({"type": "x", "arrays": 1}),
        raw(ARRAY | {"file": "/nowhere/pixels", "offset": 0}),
    ],
    "relative-file": [
        raw({"type": "x", "arrays": 1}),
        raw(ARRAY | {"file": "pyproject.toml", "offset": 0}),
    ],
    "short-file": [
        raw({"type": "x", "arrays": 1}),
        raw(ARRAY | {"file": __file__, "offset": 2**40}),
    ],
}


@pytest.mark.parametrize("content", NONSENSE.values(), ids=NONSENSE.keys())
def test_what_is_no_packet_is_refused(content: list[bytes]) -> None:
    with pytest.raises(FrameError):
        list(read_packets(io.BytesIO(b"".join(content))))


def test_nothing_too_large_is_sent() -> None:
    with pytest.raises(FrameError):
        write_frame(io.BytesIO(), Frame({"text": "x" * MAX_JSON}))
    with pytest.raises(FrameError):
        write_frame(io.BytesIO(), Frame({}, bytes(PIECE + 1)))


@pytest.mark.parametrize("array", [np.array(["a"]), np.array([1j]), np.array([None])])
def test_what_holds_no_real_numbers_is_not_sent(array: Array) -> None:
    with pytest.raises(InputError):
        list(frames_of(Packet({"type": "x"}, (array,))))
