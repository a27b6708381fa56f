"""Which parts of two stacks of labels may have changed, found by checksums a little at a time.

napari says too little about edits (scripts and undo on hidden layers say nothing), so content is
what counts. A checksum of each strip of rows is kept, four bytes for each 128 kB, and strips are
looked at in turn: hinted windows first, then the plane in view, then all others. What a change
means is not known here.
"""

from __future__ import annotations

import time
import zlib
from collections import deque
from itertools import islice
from math import prod
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from napari_segloop.core.images import Labels

Index = tuple[int, ...]
Window = tuple[slice, slice]
Where = tuple[Index, Window]
STRIP = 1 << 17
"""Bytes of labels that are looked at at once."""
SCAN_SECONDS = 0.003
"""Of each turn; a quarter of it when nothing has changed for a while."""
QUIET = 100  # turns
NEVER = -1


class Watch:
    """Checksums of a stack of labels and of its companion, at first those of zeros.

    Parameters
    ----------
    shape : tuple of int
        Leading axes, rows and columns.
    itemsize : int
        Bytes of a label.
    """

    def __init__(self, shape: tuple[int, ...], itemsize: int) -> None:
        self._leading, (self._rows, self._columns) = shape[:-2], shape[-2:]
        self._height = max(1, min(self._rows, STRIP // max(1, self._columns * itemsize)))
        strips = -(-self._rows // self._height)
        self._planes = prod(self._leading)
        self._sums = np.empty((self._planes, strips, 2), np.int64)
        self._sums[:] = [self._zeros(strip, itemsize) for strip in range(strips)]
        self._turn = self._forever()
        self._view: deque[tuple[int, int]] = deque()

    def forget(self, index: Index | None = None) -> None:
        """Count a plane as not yet looked at.

        Parameters
        ----------
        index : tuple of int, optional
            Which plane; all by default.
        """
        if index is None:
            self._sums[:] = NEVER
        else:
            self._sums[self._number(index)] = NEVER

    def view(self, index: Index) -> None:
        """Look at this plane before the others.

        Parameters
        ----------
        index : tuple of int
            The plane that the user sees.
        """
        number = self._number(index)
        if self._view and self._view[0][0] != number:
            self._view.clear()
        waiting = set(self._view)
        strips = ((number, strip) for strip in range(self._sums.shape[1]))
        self._view.extend(each for each in strips if each not in waiting)

    def changed(self, labels: Labels, checked: Labels, seconds: float) -> Iterator[Where]:
        """Look at strips for some time and yield those that are not as they were.

        Parameters
        ----------
        labels, checked : (..., Y, X) ndarray
            The stacks as they are now.
        seconds : float
            When to stop; one strip at least is looked at.

        Yields
        ------
        (tuple of int, tuple of slice)
            Plane and window. A strip is taken as known once the next one is asked for, with the
            content that it has then.
        """
        end = time.perf_counter() + seconds
        for number, strip in islice(self._alternating(), self._sums[..., 0].size):
            yield from self._differs(labels, checked, number, strip)
            if time.perf_counter() > end:
                return

    def all_changed(self, labels: Labels, checked: Labels) -> Iterator[Where]:
        """Look at everything, as `changed` does.

        Parameters
        ----------
        labels, checked : (..., Y, X) ndarray
            The stacks as they are now.

        Yields
        ------
        (tuple of int, tuple of slice)
            Plane and window.
        """
        yield from self._each(labels, checked, self._once())

    def is_known(self, labels: Labels, checked: Labels, where: Where) -> bool:
        """Say whether a window holds what it held when it was last looked at.

        Parameters
        ----------
        labels, checked : (..., Y, X) ndarray
            The stacks as they are now.
        where : (tuple of int, tuple of slice)
            Plane and window.

        Returns
        -------
        bool
            False also when it was never looked at.
        """
        number = self._number(where[0])
        return all(
            self._sum(labels, checked, number, strip) == tuple(self._sums[number, strip])
            for strip in self._strips(where[1][0])
        )

    def settle(self, labels: Labels, checked: Labels, where: Where) -> None:
        """Take a window as known with the content that it has now.

        Parameters
        ----------
        labels, checked : (..., Y, X) ndarray
            The stacks as they are now.
        where : (tuple of int, tuple of slice)
            Plane and window.
        """
        number = self._number(where[0])
        for strip in self._strips(where[1][0]):
            self._sums[number, strip] = self._sum(labels, checked, number, strip)

    def _each(
        self, labels: Labels, checked: Labels, strips: Iterable[tuple[int, int]]
    ) -> Iterator[Where]:
        for number, strip in strips:
            yield from self._differs(labels, checked, number, strip)

    def _differs(self, labels: Labels, checked: Labels, number: int, strip: int) -> Iterator[Where]:
        if self._sum(labels, checked, number, strip) != tuple(self._sums[number, strip]):
            yield self._where(number, strip)
            self._sums[number, strip] = self._sum(labels, checked, number, strip)

    def _sum(self, labels: Labels, checked: Labels, number: int, strip: int) -> tuple[int, int]:
        index, (rows, _) = self._where(number, strip)
        return zlib.crc32(labels[index][rows].data), zlib.crc32(checked[index][rows].data)

    def _zeros(self, strip: int, itemsize: int) -> tuple[int, int]:
        rows = min(self._rows, (strip + 1) * self._height) - strip * self._height
        pixels = rows * self._columns
        return zlib.crc32(bytes(pixels * itemsize)), zlib.crc32(bytes(pixels))

    def _where(self, number: int, strip: int) -> Where:
        index = tuple(int(i) for i in np.unravel_index(number, self._leading or (1,)))
        start = strip * self._height
        rows = slice(start, min(self._rows, start + self._height))
        return index[: len(self._leading)], (rows, slice(0, self._columns))

    def _number(self, index: Index) -> int:
        return int(np.ravel_multi_index(index, self._leading)) if index else 0

    def _strips(self, rows: slice) -> range:
        return range(rows.start // self._height, (rows.stop - 1) // self._height + 1)

    def _once(self) -> Iterator[tuple[int, int]]:
        for number in range(self._planes):
            for strip in range(self._sums.shape[1]):
                yield number, strip

    def _alternating(self) -> Iterator[tuple[int, int]]:
        """Yield strips of the plane in view and of all planes in turn; neither starves."""
        while True:
            if self._view:
                yield self._view.popleft()
            yield next(self._turn)

    def _forever(self) -> Iterator[tuple[int, int]]:
        while True:
            yield from self._once()
