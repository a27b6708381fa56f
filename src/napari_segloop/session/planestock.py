"""Planes to be looked at: those that may be changed, those that rest, and those in a project.

What changes them, and when they rest, is not known here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_segloop.core.corrections import PlaneTruth
from napari_segloop.session.parcels import TRUTH, UNSURE
from napari_segloop.session.resting import Resting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_segloop.core.prediction import Bytes
    from napari_segloop.session.resting import Packed
    from napari_segloop.session.stored import StoredPlane

Index = tuple[int, ...]
Key = tuple[int, Index]


class PlaneStock:
    """Planes of all images.

    Parameters
    ----------
    resting : Resting, optional
        Where packed planes are; in memory when not given.
    """

    def __init__(self, resting: Resting | None = None) -> None:
        self._resting = resting or Resting()
        self._planes = dict[Key, PlaneTruth]()
        self._unsure = dict[Key, "Bytes"]()
        self._going = dict[Key, object]()

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

    def stated(self) -> list[Key]:
        """Return the planes of which the user stands, or stood, behind something.

        Returns
        -------
        list of (int, tuple of int)
            In order.
        """
        found = []
        for key in self.keys():
            plane = self._planes.get(key)
            parcel = self.parcel(key) if plane is None else None
            if (parcel is not None and parcel.is_stated) or (plane is not None and plane.is_stated):
                found.append(key)
        return found

    def doubted(self) -> list[Key]:
        """Return the planes of which is known how unsure the network was.

        Returns
        -------
        list of (int, tuple of int)
            In order.
        """
        resting = (name[1:] for name in self._resting.names() if name[0] == UNSURE)
        return sorted({*self._unsure, *resting})

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
