"""A plane's packed arrays, in memory or in a file, and the way back.

A parcel never changes, so any thread may read it. Where parcels are kept is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from napari_segloop.core.corrections import PackedPlane, PlaneTruth
from napari_segloop.core.packing import pack_map, unpack_map

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_segloop.core.images import Labels
    from napari_segloop.core.prediction import Bytes
    from napari_segloop.session.scratch import Piece, Scratch
    from napari_segloop.session.stored import StoredPlane

TRUTH: Final = "truth"
UNSURE: Final = "unsure"
_CHECKED: Final = 2
"""Which stream of a packed plane says what is checked."""
_KIND: Final = 3
"""And which one how it came to be."""


@dataclass(frozen=True, slots=True, eq=False)
class Parcel:
    """Packed arrays of one plane; stays readable, on any thread, as long as it is held.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns.
    dtype : str
        Of the arrays.
    lengths : tuple of int
        Bytes of each stream.
    content : tuple of bytes or Piece
        The streams, or where they lie one after the other.
    """

    shape: tuple[int, int]
    dtype: str
    lengths: tuple[int, ...]
    content: tuple[bytes, ...] | Piece = field(repr=False)

    @classmethod
    def of(cls, shape: tuple[int, int], dtype: str, *streams: bytes) -> Parcel:
        """Make one in memory.

        Parameters
        ----------
        shape : (int, int)
            Rows and columns.
        dtype : str
            Of the arrays.
        *streams : bytes
            Compressed arrays.

        Returns
        -------
        Parcel
            Its ``lengths`` are theirs.
        """
        return cls(shape, dtype, tuple(map(len, streams)), streams)

    @property
    def nbytes(self) -> int:
        """Bytes of the streams, wherever they are."""
        return sum(self.lengths)

    @property
    def plane_shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.shape

    @property
    def is_checked(self) -> bool:
        """Whether something of a plane is checked, excluded or cannot be told."""
        return bool(self.lengths[_CHECKED])

    @property
    def is_stated(self) -> bool:
        """Whether the user stands, or stood, behind something of a plane."""
        return bool(self.lengths[_CHECKED] or self.lengths[_KIND])

    def plane(self) -> PlaneTruth:
        """Unpack a plane.

        Returns
        -------
        PlaneTruth
            A new one.

        Raises
        ------
        InputError
            When the parcel cannot be read.
        """
        return PlaneTruth.unpack(PackedPlane(self.shape, self.dtype, *self.streams()))

    def map(self) -> Bytes:
        """Unpack how unsure the network was.

        Returns
        -------
        (Y, X) ndarray of uint8
            New and writable.

        Raises
        ------
        InputError
            When the parcel cannot be read.
        """
        (stream,) = self.streams()
        return unpack_map(stream, self.shape)

    def streams(self) -> tuple[bytes, ...]:
        """Return the compressed arrays.

        Returns
        -------
        tuple of bytes
            As they were given.

        Raises
        ------
        InputError
            When they are in a file that is damaged or gone.
        """
        if isinstance(self.content, tuple):
            return self.content
        whole = self.content.read()
        return tuple(whole[a:b] for a, b in pairwise(accumulate(self.lengths, initial=0)))

    def moved_to(self, scratch: Scratch) -> Parcel:
        """Write the streams into a file.

        Parameters
        ----------
        scratch : Scratch
            The file.

        Returns
        -------
        Parcel
            The same content, no longer in memory.

        Raises
        ------
        OutputError
            When it cannot be written.
        """
        piece = scratch.write(b"".join(self.streams()))
        return Parcel(self.shape, self.dtype, self.lengths, piece)


@dataclass(frozen=True, slots=True, eq=False)
class Masks:
    """Labels of a plane and what is checked in them, of the moment when this was made.

    Parameters
    ----------
    dtype : numpy dtype
        Of the labels.
    read : callable
        Returns the two (Y, X) arrays; on any thread.
    """

    dtype: np.dtype[np.generic]
    read: Callable[[], tuple[Labels, Bytes]]

    @classmethod
    def of(cls, plane: PlaneTruth | Parcel | StoredPlane) -> Masks:
        """Copy them, or unpack them later.

        Parameters
        ----------
        plane : PlaneTruth, Parcel or StoredPlane
            A plane that may be changed, or one that rests.

        Returns
        -------
        Masks
            Reading raises InputError when a parcel cannot be read.
        """
        if not isinstance(plane, PlaneTruth):
            return cls(np.dtype(plane.dtype), partial(_masks_in, plane))
        copies = plane.labels.copy(), plane.checked.copy()
        return cls(plane.labels.dtype, lambda: copies)


def packed(plane: PlaneTruth | None, unsure: Bytes | None) -> dict[str, Parcel]:
    """Pack what is known of a plane.

    Parameters
    ----------
    plane : PlaneTruth or None
        Torn where it is being changed; then nobody wants the result.
    unsure : (Y, X) ndarray of uint8 or None
        How unsure the network was.

    Returns
    -------
    dict of str to Parcel
        `TRUTH`, `UNSURE`, or both.
    """
    parcels = dict[str, Parcel]()
    if plane is not None:
        found = plane.pack()
        parcels[TRUTH] = Parcel.of(found.shape, found.dtype, *found.streams)
    if unsure is not None:
        shape = unsure.shape[0], unsure.shape[1]
        parcels[UNSURE] = Parcel.of(shape, "uint8", pack_map(unsure))
    return parcels


def _masks_in(parcel: Parcel | StoredPlane) -> tuple[Labels, Bytes]:
    plane = parcel.plane()
    return plane.labels, plane.checked
