"""What the user did, in order: strokes in two layers, and places that were accepted.

napari keeps an undo history for each layer, with contents that are private. Here only the order of
acts is kept and where each one was, as far as it is known. The module does not undo anything.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

Index = tuple[int, ...]
Window = tuple[slice, slice]
Where = tuple[Index, Window]
Kind = Literal["masks", "checked", "acceptance"]
LIMIT = 100
"""As many strokes as napari keeps for a layer."""


@dataclass(frozen=True, slots=True)
class Act:
    """Something that the user did.

    Parameters
    ----------
    kind : {"masks", "checked", "acceptance"}
        A stroke in one of two layers, or a place that was accepted or set aside.
    places : tuple of (index, window)
        Planes and windows that it touches; empty when not known.
    """

    kind: Kind
    places: tuple[Where, ...] = ()

    def touches(self, index: Index, window: Window) -> bool:
        """Say whether it may touch a window.

        Parameters
        ----------
        index : tuple of int
            The plane.
        window : tuple of slice
            Rows and columns.

        Returns
        -------
        bool
            True also when it is not known where the act was.
        """
        if not self.places:
            return True
        return any(index == own and _overlap(window, other) for own, other in self.places)


class Acts:
    """Acts that can be taken back, and those that were.

    Attributes
    ----------
    is_new : bool
        Whether the user did nothing yet since the image was opened.
    """

    def __init__(self) -> None:
        self._done: deque[Act] = deque(maxlen=2 * LIMIT)
        self._undone: deque[Act] = deque(maxlen=2 * LIMIT)
        self.is_new = True

    def add(self, act: Act) -> None:
        """Take note of an act; what was taken back before cannot be had again.

        Parameters
        ----------
        act : Act
            The newest.
        """
        self.is_new = False
        self._done.append(act)
        self._undone.clear()

    def last(self) -> Act | None:
        """Return the newest act.

        Returns
        -------
        Act or None
            None when there is none.
        """
        return self._done[-1] if self._done else None

    def take(self) -> None:
        """Count the newest act as taken back; it can be had again."""
        self._undone.append(self._done.pop())

    def take_answer(self) -> None:
        """Count the newest answer as taken back, also before strokes that came later."""
        for at in range(len(self._done) - 1, -1, -1):
            if self._done[at].kind == "acceptance":
                self._undone.append(self._done[at])
                del self._done[at]
                return

    def next(self) -> Act | None:
        """Return the act that was taken back last.

        Returns
        -------
        Act or None
            None when there is none.
        """
        return self._undone[-1] if self._undone else None

    def give_back(self) -> None:
        """Count the act that was taken back last as done again."""
        self._done.append(self._undone.pop())

    def touched(self, kind: Kind, index: Index, window: Window) -> bool:
        """Say whether a stroke in one layer, done or taken back, may touch a window.

        Parameters
        ----------
        kind : {"masks", "checked"}
            Which layer.
        index : tuple of int
            The plane.
        window : tuple of slice
            Rows and columns.

        Returns
        -------
        bool
            True also when it is not known where a stroke was.
        """
        acts = (*self._done, *self._undone)
        return any(act.kind == kind and act.touches(index, window) for act in acts)

    def forget(self, kind: Kind) -> None:
        """Drop the strokes in one layer, as its history was cleared.

        Parameters
        ----------
        kind : {"masks", "checked"}
            Which layer.
        """
        self._done = deque((a for a in self._done if a.kind != kind), maxlen=2 * LIMIT)
        self._undone = deque((a for a in self._undone if a.kind != kind), maxlen=2 * LIMIT)


def places_of(item: Sequence[object], ndim: int) -> tuple[Where, ...]:
    """Read where a stroke was off napari's event ``paint``.

    Its value is private and has changed before: what is not understood is not known.

    Parameters
    ----------
    item : sequence
        ``event.value``: atoms with a ``slice_key``, or tuples that begin with arrays of indices.
    ndim : int
        Axes of the layer.

    Returns
    -------
    tuple of (index, window)
        For each plane the box around all of its atoms; empty when not understood.
    """
    boxes = [_box(atom, ndim) for atom in item]
    if not boxes or any(box is None for box in boxes):
        return ()
    found = dict[Index, Window]()
    for box in boxes:
        for index, window in _planes(box or ()):
            found[index] = around(found[index], window) if index in found else window
    return tuple(found.items())


def _box(atom: object, ndim: int) -> tuple[slice, ...] | None:
    key = getattr(atom, "slice_key", None)
    if key is None and isinstance(atom, tuple) and atom and isinstance(atom[0], tuple):
        key = tuple(slice(int(axis.min()), int(axis.max()) + 1) for axis in atom[0] if axis.size)
    if not isinstance(key, tuple) or len(key) != ndim:
        return None
    return key if all(isinstance(part, slice) for part in key) else None


def _planes(box: tuple[slice, ...]) -> list[Where]:
    indices: list[Index] = [()]
    for axis in box[:-2]:
        indices = [(*index, at) for index in indices for at in range(axis.start, axis.stop)]
    return [(index, (box[-2], box[-1])) for index in indices]


def around(one: Window, other: Window) -> Window:
    """Return the smallest window that holds two.

    Parameters
    ----------
    one, other : tuple of slice
        Rows and columns.

    Returns
    -------
    tuple of slice
        Rows and columns.
    """
    rows, columns = (
        slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(one, other, strict=True)
    )
    return rows, columns


def _overlap(one: Window, other: Window) -> bool:
    return all(a.start < b.stop and b.start < a.stop for a, b in zip(one, other, strict=True))
