"""Image pixels under what is checked, and around it, so that a project trains without its images.

They are read on the reader's thread, few at a time, and wait here until they are saved.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from napari_segloop.core.normalize import measure
from napari_segloop.core.touched import CHUNK, around, window_of
from napari_segloop.session.reading import ask_at_once
from napari_segloop.session.sources import SourcePlane, indices
from napari_segloop.session.stored import StoredSource
from napari_segloop.store.snapshots import PlaneChunk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_segloop.core.errors import SegLoopError
    from napari_segloop.core.images import Array
    from napari_segloop.core.normalize import Statistics
    from napari_segloop.core.touched import Piece
    from napari_segloop.session.desk import Desk, Key
    from napari_segloop.session.sources import ImageSource

MOST: Final = 64
"""Pieces that are read at once."""
SPARE: Final = 2
"""How many times the pieces' own pixels are read at most, so that a file is opened once."""


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    chunks: tuple[PlaneChunk, ...]
    statistics: Statistics


class Content:
    """What is read, and what waits to be saved.

    Parameters
    ----------
    desk : Desk
        Images and the reader.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._known = dict["Key", set["Piece"]]()
        self._wanted = dict["Key", set["Piece"]]()
        self._ready: tuple[PlaneChunk, ...] = ()
        self._is_reading = False
        self._asked = desk.reader.ask
        self._now_read: tuple[Key, list[Piece]] | None = None

    def __bool__(self) -> bool:
        """Say whether anything waits to be read or saved."""
        return bool(self._wanted or self._ready or self._is_reading)

    @property
    def is_ready(self) -> bool:
        """Whether pixels wait to be saved."""
        return bool(self._ready)

    def want(self, checked: Mapping[Key, frozenset[Piece]]) -> None:
        """Have pixels read where something is checked now.

        Parameters
        ----------
        checked : mapping of (int, tuple of int) to frozenset of (int, int)
            Pieces by plane; those that were saved before are not read again.
        """
        for key, pieces in checked.items():
            if key[0] in self._desk.images:
                shape = self._desk.images.source(key[0]).plane_shape
                new = around(pieces, shape) - self._known.get(key, set())
                if new:
                    self._wanted.setdefault(key, set()).update(new)
        self.ask()

    def ask(self) -> None:
        """Have the next pieces read, unless some are being read or wait."""
        while self._wanted and not self._is_reading and not self._ready:
            key = next(iter(self._wanted))
            pieces = sorted(self._wanted[key])[:MOST]
            self._wanted[key] -= set(pieces)
            if not self._wanted[key]:
                del self._wanted[key]
            images = self._desk.images
            if key[0] in images and not isinstance(images.source(key[0]), StoredSource):
                self._read(key, pieces)

    def read_now(self, *, is_now: bool) -> None:
        """Read here and now, because the end is near, or on the reader's thread again.

        Parameters
        ----------
        is_now : bool
            Which of the two.
        """
        self._asked = ask_at_once if is_now else self._desk.reader.ask
        if is_now and self._now_read is not None:  # nobody will poll for it
            key, pieces = self._now_read
            self._wanted.setdefault(key, set()).update(pieces)
            self._is_reading, self._now_read = False, None
        self.ask()

    def take(self) -> tuple[PlaneChunk, ...]:
        """Return what waits to be saved.

        Returns
        -------
        tuple of PlaneChunk
            Of images that are still in the list; put back or given to `saved` later.
        """
        taken, self._ready = self._ready, ()
        return tuple(each for each in taken if each.image in self._desk.images.identities)

    def put_back(self, chunks: tuple[PlaneChunk, ...]) -> None:
        """Let pixels wait that could not be saved.

        Parameters
        ----------
        chunks : tuple of PlaneChunk
            What `take` returned.
        """
        self._ready = chunks + self._ready

    def saved(self, chunks: tuple[PlaneChunk, ...]) -> None:
        """Take note of what is in the project.

        Parameters
        ----------
        chunks : tuple of PlaneChunk
            What `take` returned.
        """
        for each in chunks:
            pieces = self._known.setdefault((each.image, each.index), set())
            pieces.add((each.y // CHUNK, each.x // CHUNK))
        self.ask()

    def forget(self, image: int | None = None) -> None:
        """Take note that the pixels of an image are no longer in the project.

        Parameters
        ----------
        image : int, optional
            Its number; all when not given.
        """
        for part in (self._known, self._wanted):
            for key in [key for key in part if image in (None, key[0])]:
                del part[key]
        self._ready = tuple(each for each in self._ready if image not in (None, each.image))

    def _read(self, key: Key, pieces: list[Piece]) -> None:
        source, dtype = self._desk.images.source(key[0]), self._dtype(key[0])
        known = self._desk.images.statistics.get(key[0])
        self._is_reading, self._now_read = True, (key, pieces)

        def keep(found: _Read) -> None:
            self._is_reading, self._now_read = False, None
            if key[0] in self._desk.images and self._desk.images.source(key[0]) is source:
                self._desk.images.statistics[key[0]] = found.statistics
                self._ready += tuple(c for c in found.chunks if _dtype_of(c) == dtype)
            self.ask()

        def leave(_: SegLoopError) -> None:  # it is said when the pixels are needed
            self._is_reading, self._now_read = False, None
            self.ask()

        self._asked(partial(_read, source, key, pieces, known), keep, leave)

    def _dtype(self, image: int) -> str | None:
        identity = self._desk.images.identities.get(image)
        return None if identity is None else identity.shape.dtype


def _read(source: ImageSource, key: Key, pieces: list[Piece], known: Statistics | None) -> _Read:
    pixels = _pixels(source, key, pieces)
    chunks = tuple(
        PlaneChunk(*key, row * CHUNK, column * CHUNK, content=pixels[row, column])
        for row, column in pieces
    )
    statistics = known or measure([SourcePlane(source, index) for index in indices(source)])
    return _Read(chunks, statistics)


def _pixels(source: ImageSource, key: Key, pieces: list[Piece]) -> dict[Piece, Array]:
    """Read pieces, in one go where they lie side by side."""
    shape = source.plane_shape
    windows = {piece: window_of(piece, shape) for piece in pieces}
    top, left = (min(window[axis].start for window in windows.values()) for axis in (0, 1))
    bottom, right = (max(window[axis].stop for window in windows.values()) for axis in (0, 1))
    if (bottom - top) * (right - left) > SPARE * len(pieces) * CHUNK**2:
        return {piece: source.read(key[1], *window) for piece, window in windows.items()}
    whole = source.read(key[1], slice(top, bottom), slice(left, right))
    return {
        piece: whole[:, y.start - top : y.stop - top, x.start - left : x.stop - left].copy()
        for piece, (y, x) in windows.items()
    }


def _dtype_of(chunk: PlaneChunk) -> str | None:
    return None if chunk.content is None else chunk.content.dtype.newbyteorder("=").name
