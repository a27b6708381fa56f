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
from napari_segloop.session.resting import Resting
from napari_segloop.session.unsaved import Unsaved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_segloop.core.errors import SegLoopError
    from napari_segloop.core.prediction import Bytes
    from napari_segloop.session.parcels import Parcel
    from napari_segloop.session.resting import Packed
    from napari_segloop.session.stored import StoredPlane

Index = tuple[int, ...]
Key = tuple[int, Index]


class Truths:
    """Planes of all images.

    Parameters
    ----------
    objects : bool
        Whether labels are ids; decides their dtype.
    resting : Resting, optional
        Where packed planes are; in memory when not given.
    """

    def __init__(self, *, objects: bool, resting: Resting | None = None) -> None:
        self._resting = resting or Resting()
        self._planes = dict[Key, PlaneTruth]()
        self._unsure = dict[Key, "Bytes"]()
        self._going = dict[Key, object]()
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

    def peek(self, key: Key) -> PlaneTruth | None:
        """Return a plane, not to be changed; one that rests goes on resting.

        Parameters
        ----------
        key : (int, tuple of int)
            Image and index.

        Returns
        -------
        PlaneTruth or None
            Perhaps a copy; None when nothing is known of it.

        Raises
        ------
        InputError
            When it rests in a file that is damaged.
        """
        if key in self._planes:
            return self._planes[key]
        parcel = self.parcel(key)
        return None if parcel is None else parcel.plane()

    def parcel(self, key: Key, which: str = TRUTH) -> Packed | None:
        """Return a plane as it rests; it never changes, so that any thread may unpack it.

        Parameters
        ----------
        key : (int, tuple of int)
            Image and index.
        which : {"truth", "unsure"}
            What of it.

        Returns
        -------
        Parcel, StoredPlane or None
            None when it does not rest.
        """
        return self._resting.look((which, *key))

    def live(self, key: Key) -> tuple[PlaneTruth | None, Bytes | None]:
        """Return what of a plane does not rest, not to be changed.

        Parameters
        ----------
        key : (int, tuple of int)
            Image and index.

        Returns
        -------
        PlaneTruth or None, (Y, X) ndarray of uint8 or None
            Its truth, and how unsure the network was.
        """
        return self._planes.get(key), self._unsure.get(key)

    def lay(self, key: Key, plane: StoredPlane, *, unsure: bool) -> None:
        """Take over a plane of a project, which is read when it is asked for.

        Parameters
        ----------
        key : (int, tuple of int)
            Image and index.
        plane : StoredPlane
            Where it lies.
        unsure : bool
            Whether it is known how unsure the network was.
        """
        self._resting.put((TRUTH, *key), plane)
        if unsure:
            self._resting.put((UNSURE, *key), plane)

    def stated(self, image: int) -> list[Key]:
        """Return the planes of which the user stands, or stood, behind something.

        Parameters
        ----------
        image : int
            Its number.

        Returns
        -------
        list of (int, tuple of int)
            In order.
        """
        found = []
        for key in self.keys(image):
            plane = self._planes.get(key)
            parcel = self.parcel(key) if plane is None else None
            if (parcel is not None and parcel.is_stated) or (plane is not None and plane.is_stated):
                found.append(key)
        return found

    def doubted(self, image: int) -> list[Key]:
        """Return the planes of which is known how unsure the network was.

        Parameters
        ----------
        image : int
            Its number.

        Returns
        -------
        list of (int, tuple of int)
            In order.
        """
        resting = (name[1:] for name in self._resting.names() if name[0] == UNSURE)
        return sorted(key for key in {*self._unsure, *resting} if key[0] == image)

    def keys(self, image: int | None = None) -> list[Key]:
        """Return the planes that are known.

        Parameters
        ----------
        image : int, optional
            Of this image only.

        Returns
        -------
        list of (int, tuple of int)
            In order.
        """
        resting = (name[1:] for name in self._resting.names() if name[0] == TRUTH)
        return sorted(key for key in {*self._planes, *resting} if image in (None, key[0]))

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

    def to_read(
        self, image: int | None = None, *, checked: bool = False
    ) -> Iterator[tuple[Key, PlaneTruth]]:
        """Yield known planes, not to be changed: those that rest go on resting, which is faster.

        Parameters
        ----------
        image : int, optional
            Of this image only.
        checked : bool
            Only those of which something is checked, excluded or cannot be told.

        Yields
        ------
        ((int, tuple of int), PlaneTruth)
            Key and plane, perhaps a copy.
        """
        for key in self.keys(image):
            parcel = self.parcel(key)
            if parcel is None:
                yield key, self._planes[key]
            elif parcel.is_checked or not checked:
                yield key, parcel.plane()

    def uncertainty(self, key: Key) -> Bytes | None:
        """Return how unsure the network was about a plane, not to be changed.

        Parameters
        ----------
        key : (int, tuple of int)
            Image and index.

        Returns
        -------
        (Y, X) ndarray of uint8 or None
            None before it was predicted.
        """
        if key in self._unsure:
            return self._unsure[key]
        parcel = self.parcel(key, UNSURE)
        return None if parcel is None else parcel.map()

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
