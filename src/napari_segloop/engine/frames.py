"""How two processes talk over a pipe: frames of a checked header, sorted JSON and raw bytes.

A packet is one frame, followed by its arrays: inline in pieces of at most 4 MiB, or as a
reference to a file that the other side opens read-only. There is no pickle. Nothing here knows
what the packets mean.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from napari_segloop.core.errors import SegLoopError

if TYPE_CHECKING:
    from napari_segloop.core.images import Array

MAGIC = b"SGLP"
PREFIX = struct.Struct(">4sII")  # magic, length of the JSON, length of the body
MAX_JSON = 2**20
PIECE = 4 * 2**20
Json = dict[str, object]


class FrameError(SegLoopError):
    """What came through the pipe is not what the other side may send."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One unit on the pipe.

    Parameters
    ----------
    head : dict
        JSON-ready.
    body : bytes or memoryview
        At most 4 MiB.
    """

    head: Json
    body: bytes | memoryview = b""


@dataclass(frozen=True, slots=True, eq=False)
class Packet:
    """A message with its arrays; ``head["type"]`` says what it is.

    Parameters
    ----------
    head : dict
        JSON-ready, less than 1 MiB.
    arrays : tuple of ndarray
        Of booleans, integers or floating-point numbers.
    """

    head: Json
    arrays: tuple[Array, ...] = field(default=())


def write_frame(stream: BinaryIO, frame: Frame) -> None:
    """Write a frame and flush.

    Parameters
    ----------
    stream : binary file
        A pipe.
    frame : Frame
        What to write.

    Raises
    ------
    FrameError
        When its header or body is too large.
    OSError
        When nobody listens any more.
    """
    text, size = pack_head(frame.head), memoryview(frame.body).nbytes
    if size > PIECE:
        raise FrameError(f"a body of at most {PIECE} bytes", f"{size}", "Send it in pieces.")
    stream.write(PREFIX.pack(MAGIC, len(text), size) + text)
    stream.write(frame.body)
    stream.flush()


def pack_head(head: Json) -> bytes:
    """Return a header as sorted JSON.

    Parameters
    ----------
    head : dict
        JSON-ready.

    Returns
    -------
    bytes
        UTF-8.

    Raises
    ------
    FrameError
        When it is longer than 1 MiB.
    """
    text = json.dumps(head, sort_keys=True, separators=(",", ":")).encode()
    if len(text) > MAX_JSON:
        raise FrameError(
            f"a header of at most {MAX_JSON} bytes", f"{len(text)}", "Ask for less at once."
        )
    return text


def read_frame(stream: BinaryIO) -> Frame | None:
    """Read the next frame.

    Parameters
    ----------
    stream : binary file
        A buffered pipe.

    Returns
    -------
    Frame or None
        None when the stream ends between two frames.

    Raises
    ------
    FrameError
        When it is no frame, ends within one, or is larger than allowed.
    """
    start = stream.read(PREFIX.size)
    if not start:
        return None
    text_size, body_size = _sizes(start, stream)
    text, body = stream.read(text_size), stream.read(body_size)
    if len(text) + len(body) != text_size + body_size:
        raise _broken(f"an end after {len(text) + len(body)} of {text_size + body_size} bytes")
    return Frame(_parse(text), body)


def _sizes(start: bytes, stream: BinaryIO) -> tuple[int, int]:
    if start[: len(MAGIC)] != MAGIC[: len(start)]:
        more = stream.peek(1) if hasattr(stream, "peek") else b""
        raise _broken(repr((start + more)[:80].decode("utf-8", "replace")))
    if len(start) < PREFIX.size:
        raise _broken(f"an end after {len(start)} bytes of a frame's start")
    _, text, body = PREFIX.unpack(start)
    if text > MAX_JSON or body > PIECE:
        raise _broken(f"a frame of {text} and {body} bytes")
    return text, body


def _parse(text: bytes) -> Json:
    try:
        head = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _broken(f"no JSON ({str(error)[:80]})") from error
    if not isinstance(head, dict):
        raise _broken(f"JSON of {type(head).__name__}")
    return head


def _broken(got: str) -> FrameError:
    return FrameError(
        "frames of the computing process",
        got,
        "Start it again; if it runs on another computer, its login may print nothing.",
    )
