"""Copies of what is unsaved, taken a few milliseconds at a time, all of one moment in the end.

A piece that changes while others are copied is copied again; planes that rest are immutable and
are unpacked later, on the thread that writes. Where copies go is not known here.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from napari_segloop.core.touched import CHUNK, window_of
from napari_segloop.session.parcels import TRUTH
from napari_segloop.store.snapshots import PlaneChunk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari_segloop.core.checkstate import Pixels
    from napari_segloop.core.images import Array
    from napari_segloop.core.touched import Piece
    from napari_segloop.session.resting import Name, Packed
    from napari_segloop.session.truths import Truths

    Copy = dict[str, Array]

_NAMES: Final = ("labels", "prediction", "checked", "kind", "epoch")


@dataclass(slots=True)
class Taken:
    """What was taken of one plane.

    Parameters
    ----------
    shape : (int, int)
        Of the plane.
    copies : dict of (int, int) to dict of str to ndarray
        Pieces that were copied.
    packed : Parcel, StoredPlane or None
        Where the others are.
    pieces : set of (int, int)
        Which others.
    """

    shape: tuple[int, int]
    copies: dict[Piece, Copy]
    packed: Packed | None
    pieces: set[Piece]


class Taking:
    """Takes copies of what is unsaved.

    Parameters
    ----------
    truths : Truths
        The planes.
    is_known : callable
        Says of an image whether it can be saved; others wait.
    """

    def __init__(self, truths: Truths, is_known: Callable[[int], bool]) -> None:
        self._truths, self._is_known = truths, is_known
        self.taken = dict["Name", Taken]()

    def step(self, seconds: float) -> bool:
        """Copy for some time.

        Parameters
        ----------
        seconds : float
            How long; one piece is copied at least.

        Returns
        -------
        bool
            True when nothing is left that can be saved: all copies are of this moment.
        """
        end, unsaved, waiting = time.monotonic() + seconds, self._truths.unsaved, []
        is_over = True
        while unsaved and is_over:
            name, pieces = unsaved.take()
            if not self._is_known(name[1]):
                waiting.append((name, pieces))
                continue
            rest = self._take(name, pieces, end)
            waiting.append((name, rest))
            is_over = not rest
        for name, pieces in waiting:
            unsaved.put_back(name, pieces)
        return is_over

    def put_back(self) -> None:
        """Count everything as unsaved again."""
        for name, taken in self.taken.items():
            self._truths.unsaved.put_back(name, {*taken.copies, *taken.pieces})
        self.taken.clear()

    def _take(self, name: Name, pieces: set[Piece], end: float) -> set[Piece]:
        """Take pieces of one plane; return those for which there was no time."""
        which, *key = name
        plane, unsure = self._truths.live((key[0], key[1]))  # type: ignore[arg-type]  # image, index
        live: Pixels | Array | None
        live = unsure if which != TRUTH else None if plane is None else plane.pixels
        if live is None:
            self._take_packed(name, pieces)
            return set()
        shape = live.shape if which != TRUTH else live.labels.shape  # type: ignore[union-attr]
        taken = self.taken.setdefault(name, Taken((shape[0], shape[1]), {}, None, set()))
        while pieces:
            piece = pieces.pop()
            taken.pieces.discard(piece)
            taken.copies[piece] = _copy(live, piece, taken.shape)
            if time.monotonic() > end:
                break
        return pieces

    def _take_packed(self, name: Name, pieces: set[Piece]) -> None:
        packed = self._truths.parcel((name[1], name[2]), name[0])
        if packed is None:  # its image was taken off meanwhile
            return
        shape = packed.plane_shape
        taken = self.taken.setdefault(name, Taken(shape, {}, None, set()))
        taken.packed = packed
        taken.pieces |= pieces
        for piece in pieces:
            taken.copies.pop(piece, None)


def chunks_of(name: Name, taken: Taken) -> Iterator[PlaneChunk]:
    """Return the pieces of one plane as they are saved; on any thread.

    Parameters
    ----------
    name : (str, int, tuple of int)
        Which of a plane's arrays, and the plane.
    taken : Taken
        What was taken of it.

    Yields
    ------
    PlaneChunk
        One for each piece.

    Raises
    ------
    InputError
        When a plane that rests cannot be unpacked.
    """
    whole: Pixels | Array | None = None
    if taken.packed is not None and taken.pieces:
        whole = taken.packed.plane().pixels if name[0] == TRUTH else taken.packed.map()
    for piece in sorted({*taken.copies, *taken.pieces}):
        arrays = taken.copies.get(piece)
        if arrays is None:
            assert whole is not None  # all pieces without copies are in what rests
            arrays = _copy(whole, piece, taken.shape)
        yield PlaneChunk(name[1], name[2], piece[0] * CHUNK, piece[1] * CHUNK, **arrays)


def _copy(live: Pixels | Array, piece: Piece, shape: tuple[int, int]) -> Copy:
    window = window_of(piece, shape)
    if hasattr(live, "labels"):
        return {name: getattr(live, name)[window].copy() for name in _NAMES}
    return {"uncertainty": live[window].copy()}
