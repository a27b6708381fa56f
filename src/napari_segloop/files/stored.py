"""A stored array as every format hands it over: pixels by index, axes, pixel size.

Also the one place where the many ways in which a file can be broken become one error.
"""

from __future__ import annotations

import struct
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from xml.etree.ElementTree import ParseError

from napari_segloop.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import numpy as np

    from napari_segloop.core.images import Array
    from napari_segloop.files.pixelsize import PixelSize

Key = tuple[int | slice, ...]

BROKEN = (
    OSError,
    ValueError,
    RuntimeError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    SyntaxError,
    MemoryError,
    EOFError,
    struct.error,
    zlib.error,
    ParseError,
)
"""What the readers raise on damaged files; imagecodecs' errors are RuntimeErrors."""

AT_ONCE = 2**33
"""Bytes: what is decoded at once has to fit in memory."""
BIG = 2**31
INFLATION = 1100
"""Bytes out per byte in: deflate reaches 1032 at most, so more is a false size."""


class Pixels(Protocol):
    """An array that is read by index and need not fit in memory."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The stored shape."""

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The stored dtype."""

    @property
    def chunks(self) -> tuple[int, ...]:
        """What is decoded at once; ones where any element can be read alone."""

    def __getitem__(self, key: Key) -> Array: ...


@dataclass(frozen=True, slots=True)
class Stored:
    """An array in a file.

    Parameters
    ----------
    pixels : Pixels
        The elements.
    axes : str
        One letter for each axis.
    pixel_size : PixelSize, optional
        None when the file does not say.
    colours : int, optional
        How many samples of the axis S are colours; the rest is opacity. None keeps all.
    close : callable
        Lets go of the file.
    """

    pixels: Pixels
    axes: str
    pixel_size: PixelSize | None = None
    colours: int | None = None
    close: Callable[[], None] = lambda: None


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what readers raise on missing and damaged files into one kind of error.

    Parameters
    ----------
    path : Path
        The file that is read.

    Yields
    ------
    None
        Read inside.

    Raises
    ------
    InputError
        Naming the file.
    """
    try:
        yield
    except InputError as error:
        error.file = error.file or str(path)
        raise
    except FileNotFoundError as error:
        raise InputError("a file", "none", "Check the path.", str(path)) from error
    except PermissionError as error:
        remedy = "Ask for the right to read it."
        raise InputError("a readable file", "no permission", remedy, str(path)) from error
    except BROKEN as error:
        raise InputError(
            "a complete image file",
            f"one that cannot be read ({_first_line(error)})",
            "Copy or export it again; its suffix must say what it is.",
            str(path),
        ) from error


def check_size(path: Path, plane_bytes: int, file_bytes: int) -> None:
    """Refuse sizes that the file cannot hold.

    Parameters
    ----------
    path : Path
        The file.
    plane_bytes : int
        What one plane takes in memory by the file's header.
    file_bytes : int
        The length of the file.

    Raises
    ------
    InputError
        When a plane over 2 GiB would have to be packed more tightly than is possible.
    """
    if plane_bytes > max(BIG, INFLATION * file_bytes):
        raise InputError(
            "an image as large as its file says",
            f"{file_bytes} bytes that claim a plane of {plane_bytes} bytes",
            "Export it again.",
            str(path),
        )


def check_chunk(path: Path, chunk_bytes: int) -> None:
    """Refuse files of which no part can be read alone.

    Parameters
    ----------
    path : Path
        The file.
    chunk_bytes : int
        What is decoded at once.

    Raises
    ------
    InputError
        Above 8 GiB.
    """
    if chunk_bytes > AT_ONCE:
        raise InputError(
            f"an image in tiles or chunks of at most {AT_ONCE} bytes",
            f"{chunk_bytes} bytes at once",
            "Save it in tiles, for example as OME-Zarr.",
            str(path),
        )


def _first_line(error: BaseException) -> str:
    """Return what a reader said, on one short line."""
    text = str(error).strip().splitlines()
    return (text[0] if text else type(error).__name__)[:160]
