"""What is known of every plane: its truth, how unsure the network was, and places to check.

Planes are made when they are first needed. They rest when their image is closed, or after use when
it was not open: they are packed on another thread and stay as they are until that is done. The
module does not know layers, jobs or files.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.corrections import PlaneTruth
from napari_segloop.core.touched import pieces_with
from napari_segloop.session import parcels
from napari_segloop.session.parcels import TRUTH, UNSURE
from napari_segloop.session.places import Places
from napari_segloop.session.planestock import PlaneStock
from napari_segloop.session.unsaved import Unsaved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_segloop.core.errors import SegLoopError
    from napari_segloop.core.prediction import Bytes
    from napari_segloop.session.parcels import Parcel
    from napari_segloop.session.resting import Resting

Index = tuple[int, ...]
Key = tuple[int, Index]


class Truths(PlaneStock):
    """Planes of all images.

    Parameters
    ----------
    objects : bool
        Whether labels are ids; decides their dtype.
    resting : Resting, optional
        Where packed planes are; in memory when not given.
    """

    def __init__(self, *, objects: bool, resting: Resting | None = None) -> None:
        super().__init__(resting)
        self.places = Places()
        self.unsaved = Unsaved()
        self.begin_anew(objects=objects)

    def begin_anew(self, *, objects: bool) -> None:
        """Drop everything.

        Parameters
        ----------
        objects : bool
            Whether labels are ids from now on.
        """
        self._dtype = np.dtype(np.uint16 if objects else np.uint8)
        for image in {key[0] for key in (*self.keys(), *self._unsure, *self.places)}:
            self.forget(image)

    def plane(self, key: Key, shape: tuple[int, int]) -> PlaneTruth:
        """Return a plane, to be changed; empty when it is asked for the first time.

        Parameters
        ----------
        key : (int, tuple of int)
            Image and index.
        shape : (int, int)
            Rows and columns of a new one.

        Returns
        -------
        PlaneTruth
            The one and only of this plane, until it rests.

        Raises
        ------
        InputError
            When it rested in a file that is damaged.
        """
        self._going.pop(key, None)
        if key not in self._planes:
            plane = self.peek(key) or PlaneTruth(np.zeros(shape, self._dtype))
            plane.tell = partial(self.unsaved.note, (TRUTH, *key))
            self._planes[key] = plane
            self._resting.forget((TRUTH, *key))
        return self._planes[key]

    def items(
        self, image: int | None = None, *, stated: bool = False
    ) -> Iterator[tuple[Key, PlaneTruth]]:
        """Yield known planes, to be changed; those that rested rest again afterwards.

        Parameters
        ----------
        image : int, optional
            Of this image only.
        stated : bool
            Only those of which the user stands, or stood, behind something.

        Yields
        ------
        ((int, tuple of int), PlaneTruth)
            Key and plane.
        """
        for key in self.keys(image):
            parcel = self._resting.look((TRUTH, *key)) if stated else None
            if parcel is not None and not parcel.is_stated:
                continue
            rested = key not in self._planes or key in self._going
            yield key, self.plane(key, (0, 0))
            if rested:
                self.settle(key)

    def set_uncertainty(
        self, key: Key, shape: tuple[int, int], window: tuple[slice, slice], values: Bytes
    ) -> None:
        """Take note of how unsure the network was.

        Parameters
        ----------
        key : (int, tuple of int)
            Image and index.
        shape : (int, int)
            Of the plane.
        window : tuple of slice
            Which part.
        values : (h, w) ndarray of uint8
            Probability times 255.
        """
        self._going.pop(key, None)
        if key not in self._unsure:
            known = self.uncertainty(key)
            self._unsure[key] = np.zeros(shape, np.uint8) if known is None else known
            self._resting.forget((UNSURE, *key))
        changed = pieces_with(self._unsure[key][window] != values, window)
        self._unsure[key][window] = values
        self.unsaved.note((UNSURE, *key), changed)

    def settle(self, key: Key) -> None:
        """Let a plane rest; it is as it was until it is packed, or asked for again.

        Parameters
        ----------
        key : (int, tuple of int)
            Image and index.
        """
        plane, unsure = self._planes.get(key), self._unsure.get(key)
        if key in self._going or (plane is None and unsure is None):
            return
        self._going[key] = token = object()

        def keep(found: dict[str, Parcel]) -> None:
            if self._going.get(key) is not token:  # it was asked for meanwhile
                return
            for part in (self._going, self._planes, self._unsure):
                part.pop(key, None)
            for which, parcel in found.items():
                self._resting.put((which, *key), parcel)

        def stay(_: SegLoopError) -> None:
            self._going.pop(key, None)

        self._resting.ask(lambda: parcels.packed(plane, unsure), keep, stay)

    def rest(self, image: int) -> None:
        """Let all planes of an image rest that was closed.

        Parameters
        ----------
        image : int
            Its number.
        """
        for key in [key for key in {*self._planes, *self._unsure} if key[0] == image]:
            self.settle(key)

    def forget(self, image: int) -> None:
        """Drop all planes of an image.

        Parameters
        ----------
        image : int
            Its number.
        """
        for part in (self._planes, self._unsure, self._going, self.places):
            for key in [key for key in part if key[0] == image]:
                del part[key]
        self.unsaved.forget(image)
        for name in self._resting.names():
            if name[1] == image:
                self._resting.forget(name)
