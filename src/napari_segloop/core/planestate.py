"""The state of one plane as it changes: with the classes, in dtype, packed and unpacked.

Whoever wants to know which pieces changed is told. How a plane changes by what the user and the
network say is the subject of `napari_segloop.core.corrections`.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

import numpy as np

from napari_segloop.core import judging
from napari_segloop.core.checkstate import Change, Pixels, Window, bounding_window, clip_window
from napari_segloop.core.packing import PackedPlane, check_states, pack, unpack
from napari_segloop.core.planearrays import PlaneArrays
from napari_segloop.core.touched import Piece, pieces_with

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


def _nobody(pieces: frozenset[Piece]) -> None:
    """Listen to nothing."""


class PlaneState(PlaneArrays):
    """What is known of one plane, and who is told when it changes.

    Parameters
    ----------
    labels, checked : (Y, X) ndarray of integer
    epoch : int
        As `PlaneArrays` has them.

    Attributes
    ----------
    tell : callable
        Called with the pieces of the plane (`napari_segloop.core.touched`) whose content is no
        longer what it was.
    """

    tell: Callable[[frozenset[Piece]], None] = staticmethod(_nobody)

    def widen(self, dtype: np.dtype[np.generic]) -> None:
        """Keep labels in a larger dtype, as the layer does.

        Parameters
        ----------
        dtype : numpy dtype
            What `needs` returned.
        """
        self.pixels.widen(dtype)

    def pack(self) -> PackedPlane:
        """Compress the plane.

        Returns
        -------
        PackedPlane
            Small where little is checked.
        """
        return pack(self.pixels)

    @classmethod
    def unpack(cls, packed: PackedPlane) -> Self:
        """Return the plane that was packed.

        Parameters
        ----------
        packed : PackedPlane
            What `pack` returned.

        Returns
        -------
        PlaneTruth
            Equal to it.

        Raises
        ------
        InputError
            When the content is damaged.
        """
        return cls.of(unpack(packed))

    @classmethod
    def of(cls, pixels: Pixels) -> Self:
        """Return the plane that has these arrays.

        Parameters
        ----------
        pixels : Pixels
            Taken as they are, perhaps from a file.

        Returns
        -------
        PlaneTruth
            A new one.

        Raises
        ------
        InputError
            When they hold states that do not exist.
        """
        plane = cls.__new__(cls)
        plane.pixels = check_states(pixels)
        return plane

    def follow(self, newest: int) -> Change | None:
        """Follow a class that came or went.

        Background that was checked before the newest class came is set aside: shown as not
        checked, so that brushing over it says something. It comes back when that class is deleted.

        Parameters
        ----------
        newest : int
            Epoch of the newest class.

        Returns
        -------
        Change or None
            What to put into the ``checked`` layer; None when nothing changed.
        """
        whole = clip_window(np.s_[:, :], self.shape)
        with self.noting(whole):
            changed = judging.set_aside(self.pixels, newest)
        return self.change_at(bounding_window(changed, whole)) if changed.any() else None

    def remap(self, mapping: Mapping[int, int], dropped: frozenset[int]) -> bool:
        """Follow classes that were merged or deleted.

        Parameters
        ----------
        mapping : mapping of int to int
            New values of old ones; others stay.
        dropped : frozenset of int
            Values that are gone: they become background that is not checked.

        Returns
        -------
        bool
            Whether anything changed, and the layers must be written anew from ``labels`` and
            ``checked``.
        """
        values = {**mapping, **dict.fromkeys(dropped, 0)}
        with self.noting(clip_window(np.s_[:, :], self.shape)):
            return judging.remap(self.pixels, values, dropped)

    @contextmanager
    def noting(self, window: Window) -> Iterator[None]:
        """Tell which pieces are different after something was done.

        Parameters
        ----------
        window : tuple of (slice, slice)
            Where; plain bounds.

        Yields
        ------
        None
            Change the plane meanwhile.
        """
        before = self.pixels.at(window).copy()
        try:
            yield
        finally:
            changed = pieces_with(self.pixels.at(window).differs(before), window)
            if changed:
                self.tell(changed)
