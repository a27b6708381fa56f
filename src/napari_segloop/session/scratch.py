"""One file for what memory has no room for: pieces of bytes, written, checked and read back.

The file is gone when it is closed, also when the program is killed. What the pieces mean is not
known here.
"""

from __future__ import annotations

import tempfile
import threading
import weakref
import zlib
from collections import deque
from contextlib import suppress
from typing import IO, TYPE_CHECKING

from napari_segloop.core.errors import InputError, OutputError

if TYPE_CHECKING:
    from pathlib import Path


class Piece:
    """Where some bytes lie; its room is used again once nobody holds it any more.

    Parameters
    ----------
    scratch : Scratch
        The file.
    start, length : int
        In bytes.
    checksum : int
        CRC-32 of the content.
    """

    __slots__ = ("__weakref__", "_scratch", "checksum", "length", "start")

    def __init__(self, scratch: Scratch, start: int, length: int, checksum: int) -> None:
        self._scratch = scratch
        self.start, self.length, self.checksum = start, length, checksum

    def read(self) -> bytes:
        """Read what was written.

        Returns
        -------
        bytes
            Exactly that.

        Raises
        ------
        InputError
            When the file is damaged, cannot be read, or was closed.
        """
        return self._scratch.read(self)


class Scratch:
    """A file that is made when it is first written; all of it may be called from any thread.

    Parameters
    ----------
    folder : Path
        Where it lies; made when it is needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: IO[bytes] | None = None
        self._lock = threading.Lock()
        self._left = deque[tuple[int, int]]()  # given up, perhaps while the lock is held
        self._free = list[tuple[int, int]]()  # start and length, sorted, none touching the next
        self._is_closed = False
        self.size = 0  # bytes in use, gaps included

    def write(self, content: bytes) -> Piece:
        """Write bytes where there is room.

        Parameters
        ----------
        content : bytes
            At least one.

        Returns
        -------
        Piece
            Keep it as long as the content is needed.

        Raises
        ------
        OutputError
            When the disk is full, the folder cannot be written, or the file was closed.
        """
        with self._lock:
            self._take_back()
            start = self._room_for(len(content))
            try:
                self._put(start, content)
            except OSError as error:
                self._release(start, len(content))
                raise _unwritable(error.strerror or str(error), self._folder) from error
        piece = Piece(self, start, len(content), zlib.crc32(content))
        weakref.finalize(piece, self._left.append, (start, len(content))).atexit = False
        return piece

    def read(self, piece: Piece) -> bytes:
        """Read a piece of this file, see `Piece.read`.

        Parameters
        ----------
        piece : Piece
            Of this file.

        Returns
        -------
        bytes
            Its content.

        Raises
        ------
        InputError
            When it cannot be read as it was written.
        """
        try:
            with self._lock:
                content = self._get(piece)
        except OSError as error:
            raise _unreadable(error.strerror or str(error), self._folder) from error
        if len(content) != piece.length or zlib.crc32(content) != piece.checksum:
            raise _unreadable("other content", self._folder)
        return content

    def close(self) -> None:
        """Remove the file; nothing can be written or read any more."""
        with self._lock:
            self._is_closed = True
            if self._file is not None:
                self._file.close()
                self._file = None
        with suppress(OSError):  # models lie in it, or it was never made
            self._folder.rmdir()

    def _put(self, start: int, content: bytes) -> None:
        if self._is_closed:
            raise OSError("the file is closed")
        if self._file is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = tempfile.TemporaryFile(dir=self._folder, buffering=0)  # noqa: SIM115  # kept
        self._file.seek(start)
        rest = memoryview(content)
        while rest:
            rest = rest[self._file.write(rest) :]

    def _get(self, piece: Piece) -> bytes:
        if self._file is None:
            raise OSError("the file is closed")
        self._file.seek(piece.start)
        parts, missing = list[bytes](), piece.length
        while missing and (part := self._file.read(missing)):
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def _room_for(self, length: int) -> int:
        """Return the first gap that is large enough, or the end."""
        for at, (start, room) in enumerate(self._free):
            if room >= length:
                rest = [(start + length, room - length)] if room > length else []
                self._free[at : at + 1] = rest
                return start
        start, self.size = self.size, self.size + length
        return start

    def _take_back(self) -> None:
        while self._left:
            self._release(*self._left.popleft())

    def _release(self, start: int, length: int) -> None:
        """Join a gap with those that touch it; one at the end is none."""
        joined = list[tuple[int, int]]()
        for gap in sorted([*self._free, (start, length)]):
            if joined and sum(joined[-1]) == gap[0]:
                joined[-1] = (joined[-1][0], joined[-1][1] + gap[1])
            else:
                joined.append(gap)
        if sum(joined[-1]) == self.size:
            self.size = joined.pop()[0]
        self._free = joined


def _unwritable(got: str, folder: Path) -> OutputError:
    remedy = (
        "Nothing is lost: masks stay in memory. Free some space on this disk, or remove images "
        "from the list, before memory is full."
    )
    return OutputError("room for masks that memory should not hold", got, remedy, str(folder))


def _unreadable(got: str, folder: Path) -> InputError:
    return InputError("masks as they were put aside", got, "Predict this plane again.", str(folder))
