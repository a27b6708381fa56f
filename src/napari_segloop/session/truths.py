"""What is known of every plane: its truth, how unsure the network was, and places to check.

Planes are made when they are first needed and packed when their image is closed, or after use when
it was not open. The module does not know layers, jobs or files.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.corrections import PackedPlane, PlaneTruth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_segloop.core.prediction import Bytes
    from napari_segloop.core.regions import Region

Index = tuple[int, ...]
Key = tuple[int, Index]


class Truths:
    """Planes of all images.

    Parameters
    ----------
    objects : bool
        Whether labels are ids; decides their dtype.
    """

    def __init__(self, *, objects: bool) -> None:
        self._dtype = np.dtype(np.uint16 if objects else np.uint8)
        self._planes = dict[Key, PlaneTruth]()
        self._packed = dict[Key, PackedPlane]()
        self._unsure = dict[Key, "Bytes"]()
        self._unsure_packed = dict[Key, tuple[tuple[int, int], bytes]]()
        self.places = dict[Key, "list[Region]"]()

    def plane(self, key: Key, shape: tuple[int, int]) -> PlaneTruth:
        """Return a plane, empty when it is asked for the first time.

        Parameters
        ----------
        key : (int, tuple of int)
            Image and index.
        shape : (int, int)
            Rows and columns of a new one.

        Returns
        -------
        PlaneTruth
            The one and only of this plane.
        """
        if key in self._packed:
            self._planes[key] = PlaneTruth.unpack(self._packed.pop(key))
        if key not in self._planes:
            self._planes[key] = PlaneTruth(np.zeros(shape, self._dtype))
        return self._planes[key]

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
        keys = {*self._planes, *self._packed}
        return sorted(key for key in keys if image in (None, key[0]))

    def items(self, image: int | None = None) -> Iterator[tuple[Key, PlaneTruth]]:
        """Yield known planes, to be changed; packed ones are packed again afterwards.

        Parameters
        ----------
        image : int, optional
            Of this image only.

        Yields
        ------
        ((int, tuple of int), PlaneTruth)
            Key and plane.
        """
        for key in self.keys(image):
            was_packed = key in self._packed
            yield key, self.plane(key, (0, 0))
            if was_packed:
                self._pack(key)

    def to_read(
        self, image: int | None = None, *, checked: bool = False
    ) -> Iterator[tuple[Key, PlaneTruth]]:
        """Yield known planes, not to be changed: packed ones stay packed, which is much faster.

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
            packed = self._packed.get(key)
            if packed is None:
                yield key, self._planes[key]
            elif packed.checked or not checked:
                yield key, PlaneTruth.unpack(packed)

    def uncertainty(self, key: Key) -> Bytes | None:
        """Return how unsure the network was about a plane.

        Parameters
        ----------
        key : (int, tuple of int)
            Image and index.

        Returns
        -------
        (Y, X) ndarray of uint8 or None
            None before it was predicted.
        """
        if key in self._unsure_packed:
            shape, data = self._unsure_packed.pop(key)
            found = np.frombuffer(bytearray(zlib.decompress(data)), np.uint8)
            self._unsure[key] = found.reshape(shape)
        return self._unsure.get(key)

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
        if self.uncertainty(key) is None:
            self._unsure[key] = np.zeros(shape, np.uint8)
        self._unsure[key][window] = values

    def settle(self, key: Key, opened: int | None) -> None:
        """Pack a plane after use, unless its image is open.

        Parameters
        ----------
        key : (int, tuple of int)
            Image and index.
        opened : int or None
            The image that is open.
        """
        if key[0] != opened:
            self._pack(key)

    def rest(self, image: int) -> None:
        """Pack the planes of an image that was closed.

        Parameters
        ----------
        image : int
            Its number.
        """
        for key in self.keys(image):
            self._pack(key)

    def forget_place(self, key: Key, region: Region) -> None:
        """Drop a place that was judged, so that later queues do not offer it again.

        Parameters
        ----------
        key : (int, tuple of int)
            Image and index.
        region : Region
            The place.
        """
        self.places[key] = [each for each in self.places.get(key, []) if each != region]

    def remember_place(self, key: Key, region: Region) -> None:
        """Offer a place again.

        Parameters
        ----------
        key : (int, tuple of int)
            Image and index.
        region : Region
            The place.
        """
        self.forget_place(key, region)
        self.places[key].append(region)

    def forget(self, image: int) -> None:
        """Drop all planes of an image.

        Parameters
        ----------
        image : int
            Its number.
        """
        parts = (self._planes, self._packed, self._unsure, self._unsure_packed, self.places)
        for part in parts:
            for key in [key for key in part if key[0] == image]:
                del part[key]

    def _pack(self, key: Key) -> None:
        if key in self._planes:
            self._packed[key] = self._planes.pop(key).pack()
        if key in self._unsure:
            values = self._unsure.pop(key)
            self._unsure_packed[key] = (values.shape, _squeeze(values))


def _squeeze(values: Bytes) -> bytes:
    """Compress runs only: two to five times as fast as level 1, for less than twice the size."""
    machine = zlib.compressobj(1, strategy=zlib.Z_RLE)
    return machine.compress(values.tobytes()) + machine.flush()
