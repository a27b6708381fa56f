"""A stack in a file as an array that napari can show: planes are read when they are looked at.

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
    from numpy.typing import DTypeLike

    from napari_segloop.core.images import Array, PlaneSource
    from napari_segloop.files.stacks import ImageFile

KEPT = 4
"""Planes that stay open; the file keeps small ones in memory."""
Index = tuple[int, ...]
Part = SupportsIndex | slice | EllipsisType


class LazyStack:
    """One channel of an image file, or its colours, as an array that is read when indexed.

    Parameters
    ----------
    image : ImageFile
        The file; nothing is read yet.
    channel : int or None
        Which channel; None for all of them as a last axis.
    """

    def __init__(self, image: ImageFile, channel: int | None) -> None:
        self._image, self._channel = image, channel
        self._leading = image.leading_shape
        last = () if channel is not None else (image.channels,)
        self.shape: tuple[int, ...] = (*self._leading, *image.plane_shape, *last)
        self.ndim = len(self.shape)
        self.size: int = prod(self.shape)
        self.dtype: np.dtype[np.generic] = np.dtype(image.dtype)
        self._planes: OrderedDict[Index, PlaneSource] = OrderedDict()

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
        return np.stack(windows).reshape(*kept, *windows[0].shape)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Array:
        return np.asarray(self[...], dtype=dtype)

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
