"""Planes as an array that napari can show: they are read when they are looked at.

napari asks for a shape, a dtype and indexing; more than that a stack larger than memory need not
have. The module does not know layers.
"""

from __future__ import annotations

import operator
from collections import OrderedDict
from itertools import product
from math import prod
from types import EllipsisType
from typing import TYPE_CHECKING, SupportsIndex

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import DTypeLike

    from napari_segloop.core.images import Array, PlaneSource
    from napari_segloop.files.stacks import ImageFile

KEPT = 4
"""Planes that stay open; the file keeps small ones in memory."""
Index = tuple[int, ...]
Part = SupportsIndex | slice | EllipsisType


class Lazy:
    """Planes behind leading axes as an array; what a window of a plane holds, others say.

    Parameters
    ----------
    leading : tuple of int
        Lengths of the axes before rows and columns.
    shown : tuple of int
        Rows, columns, and colours if any.
    dtype : numpy dtype
        Of the pixels.
    """

    def __init__(self, leading: Index, shown: tuple[int, ...], dtype: np.dtype[np.generic]) -> None:
        self._leading = leading
        self.shape: tuple[int, ...] = (*leading, *shown)
        self.ndim = len(self.shape)
        self.size: int = prod(self.shape)
        self.dtype: np.dtype[np.generic] = np.dtype(dtype)

    @property
    def nbytes(self) -> int:
        """Bytes that it would take in memory."""
        return self.size * int(self.dtype.itemsize)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Part | tuple[Part, ...]) -> Array:
        parts = _whole_key(key, self.ndim)
        count = len(self._leading)
        ranges = [_numbers(p, n) for p, n in zip(parts[:count], self._leading, strict=True)]
        windows = [self._window(index, parts[count:]) for index in product(*ranges)]
        kept = tuple(
            len(numbers)
            for part, numbers in zip(parts, ranges, strict=False)
            if isinstance(part, slice)
        )
        if not windows:
            empty = np.empty((*kept, *self.shape[count:]), self.dtype)
            return np.asarray(empty[(..., *parts[count:])])
        return np.stack(windows).reshape((*kept, *windows[0].shape))

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Array:
        return np.asarray(self[...], dtype=dtype)

    def _window(self, index: Index, rest: tuple[int | slice, ...]) -> Array:
        """Return what is asked for of a plane; overridden."""
        raise NotImplementedError


class LazyStack(Lazy):
    """One channel of an image file, or its colours, as an array that is read when indexed.

    Parameters
    ----------
    image : ImageFile
        The file; nothing is read yet.
    channel : int or None
        Which channel; None for all of them as a last axis.
    """

    def __init__(self, image: ImageFile, channel: int | None) -> None:
        last = () if channel is not None else (image.channels,)
        super().__init__(image.leading_shape, (*image.plane_shape, *last), image.dtype)
        self._image, self._channel = image, channel
        self._planes: OrderedDict[Index, PlaneSource] = OrderedDict()

    def _window(self, index: Index, rest: tuple[int | slice, ...]) -> Array:
        """Read rows and columns as slices, so that only what is asked for is decoded."""
        pairs = zip(rest, self._image.plane_shape, strict=False)
        rows, columns = (_as_slice(part, length) for part, length in pairs)
        pixels = self._plane(index).read(_forward(rows), _forward(columns))
        picked = pixels[:, :: rows.step, :: columns.step]
        shown = np.moveaxis(picked, 0, -1) if self._channel is None else picked[self._channel]
        drop = tuple(0 if isinstance(part, int) else slice(None) for part in rest[:2])
        return np.asarray(shown[(*drop, *rest[2:])])

    def _plane(self, index: Index) -> PlaneSource:
        if index not in self._planes:
            self._planes[index] = self._image.plane(index)
        self._planes.move_to_end(index)
        while len(self._planes) > KEPT:
            self._planes.popitem(last=False)
        return self._planes[index]


class LazyPlanes(Lazy):
    """What is known of the planes of an image, asked for when it is looked at.

    Parameters
    ----------
    leading : tuple of int
        Lengths of the axes before rows and columns.
    plane_shape : (int, int)
        Rows and columns.
    dtype : numpy dtype
        Large enough for all values.
    read : callable
        Returns the (Y, X) content of a plane, or None where nothing is known.
    """

    def __init__(
        self,
        leading: Index,
        plane_shape: tuple[int, int],
        dtype: np.dtype[np.generic],
        read: Callable[[Index], Array | None],
    ) -> None:
        super().__init__(leading, plane_shape, dtype)
        self._read = read
        self._empty = np.broadcast_to(np.zeros((), self.dtype), plane_shape)
        self._kept: OrderedDict[Index, Array] = OrderedDict()

    def forget(self, index: Index) -> None:
        """Ask for a plane again when it is looked at.

        Parameters
        ----------
        index : tuple of int
            A plane that changed.
        """
        self._kept.pop(index, None)

    def _window(self, index: Index, rest: tuple[int | slice, ...]) -> Array:
        if index not in self._kept:
            found = self._read(index)
            self._kept[index] = self._empty if found is None else found
        self._kept.move_to_end(index)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return np.asarray(self._kept[index][rest], self.dtype)


def _whole_key(key: Part | tuple[Part, ...], ndim: int) -> tuple[int | slice, ...]:
    """Return one integer or slice for each axis."""
    given: list[Part] = list(key) if isinstance(key, tuple) else [key]
    place = next((i for i, part in enumerate(given) if part is Ellipsis), len(given))
    after = given[place + 1 :]
    missing = ndim - place - len(after)
    whole = [*given[:place], *[slice(None)] * missing, *after]
    return tuple(_plain(part) for part in whole)


def _plain(part: Part) -> int | slice:
    if isinstance(part, slice | EllipsisType):
        return part if isinstance(part, slice) else slice(None)
    return operator.index(part)


def _numbers(part: int | slice, length: int) -> range:
    if isinstance(part, slice):
        return range(length)[part]
    return range(length)[part : part + 1] if part >= 0 else range(length + part, length + part + 1)


def _as_slice(part: int | slice, length: int) -> slice:
    if isinstance(part, int):
        start = part % length
        return slice(start, start + 1, 1)
    return slice(*part.indices(length))


def _forward(part: slice) -> slice:
    return slice(part.start, part.stop)
