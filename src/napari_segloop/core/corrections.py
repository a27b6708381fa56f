"""What is checked in one plane, found by comparing content and never by listening to strokes.

A plane remembers what it last saw in the labels layer and in the ``checked`` layer. A pixel is
judged only when its content is new; so undo, redo, fill, hidden layers and scripts all count, and a
correction stays checked when a later prediction agrees with it. The module does not know layers,
images or files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core import judging
from napari_segloop.core.checkstate import (
    CANT_TELL,
    CHECKED,
    EXCLUDED,
    NOT_CHECKED,
    Change,
    Kind,
    PlaneSnapshot,
    Window,
    bounding_window,
    clip_window,
)
from napari_segloop.core.errors import InputError
from napari_segloop.core.labels import check_label_plane
from napari_segloop.core.objectids import fit_objects
from napari_segloop.core.packing import PackedPlane
from napari_segloop.core.planestate import PlaneState
from napari_segloop.core.touched import pieces_with

if TYPE_CHECKING:
    from napari_segloop.core.classes import ClassTable
    from napari_segloop.core.images import Array, Labels

__all__ = [
    "CANT_TELL",
    "CHECKED",
    "EXCLUDED",
    "NOT_CHECKED",
    "Change",
    "Kind",
    "PackedPlane",
    "PlaneSnapshot",
    "PlaneTruth",
]


class PlaneTruth(PlaneState):
    """The truth of one plane; arrays are read-only outside.

    Parameters
    ----------
    labels : (Y, X) ndarray of integer
        Content that the labels layer was created with: the first prediction. Copied.
    checked : (Y, X) ndarray of integer, optional
        0 to 3, for labels that came with an opinion; 1 counts as accepted. None: nothing is.
    epoch : int
        Of the class table, for what is checked from the start.

    Raises
    ------
    InputError
        When these are no planes of one shape, or values are out of range.

    Examples
    --------
    >>> plane, window = PlaneTruth(np.zeros((4, 6), np.uint8)), (slice(0, 4), slice(0, 6))
    >>> labels, checked = plane.labels.copy(), plane.checked.copy()
    >>> labels[1, 2:4] = 1
    >>> plane.observe(labels, checked, window, epoch=0, declared=frozenset({1})).checked
    array([[1, 1]], dtype=uint8)
    >>> plane.checked_pixels
    2
    """

    def observe(
        self,
        labels: Labels,
        checked: Labels,
        window: Window,
        *,
        epoch: int,
        declared: frozenset[int] | None,
        newest: int = 0,
    ) -> Change | None:
        """Find what is new in the layers and judge it.

        Labels first, then what was painted into the ``checked`` layer, which has the last word.
        Values that no class has, and ``checked`` values other than 0 to 3, are not taken over.

        Parameters
        ----------
        labels, checked : (Y, X) ndarray of integer
            The layers' content, of the whole plane; any integer dtype.
        window : tuple of (slice, slice)
            Where to look.
        epoch : int
            Of the class table, now.
        declared : frozenset of int or None
            Values of the classes; None for objects, where every id will do.
        newest : int
            Epoch of the newest class (`follow`).

        Returns
        -------
        Change or None
            What to put into the layers at once, or None when nothing in the window is new.

        Raises
        ------
        InputError
            When a layer has another shape than the plane.
        """
        self._check_shapes(labels, checked)
        box = self._news(labels, checked, clip_window(window, self.shape))
        if box is None:
            return None
        with self.noting(box):
            live, shown, before = labels[box], checked[box], self.pixels.at(box)
            painted, seen = live != before.labels, before.checked.copy()
            differs = painted & (live != before.prediction)  # undo may bring back any prediction
            foreign, undeclared = judging.find_undeclared(live, differs, declared)
            painted &= ~foreign
            self.pixels.widen(np.min_scalar_type(int(live[painted].max(initial=0))))
            pixels = self.pixels.at(box)
            pixels.labels[painted] = live[painted]
            judging.judge_labels(pixels, painted, epoch)
            judging.judge_brush(pixels, shown, (shown != seen) & (shown >= 0) & (shown <= 3), epoch)
            judging.set_aside(pixels, newest)
        where = bounding_window(foreign | (shown != pixels.checked), box)
        return self.change_at(where, undeclared)

    def accept(self, window: Window, epoch: int) -> Change:
        """Say that a window is right; excluded pixels and those that can't be told stay so.

        Parameters
        ----------
        window : tuple of (slice, slice)
            The place.
        epoch : int
            Of the class table, now.

        Returns
        -------
        Change
            What to put into the ``checked`` layer.
        """
        window = clip_window(window, self.shape)
        with self.noting(window):
            judging.accept(self.pixels.at(window), epoch)
        return self.change_at(window)

    def cant_tell(self, window: Window, epoch: int) -> Change:
        """Say that nobody can tell a window; what was changed or brushed there stays.

        Parameters
        ----------
        window : tuple of (slice, slice)
            The place.
        epoch : int
            Of the class table, now.

        Returns
        -------
        Change
            What to put into the ``checked`` layer.
        """
        window = clip_window(window, self.shape)
        with self.noting(window):
            judging.cannot_tell(self.pixels.at(window))
        return self.change_at(window)

    def restore(
        self, before: PlaneSnapshot, after: PlaneSnapshot | None = None, newest: int = 0
    ) -> Change:
        """Return to an earlier state of what is checked; labels stay as they are.

        Parameters
        ----------
        before : PlaneSnapshot
            Taken of this plane. Where a label was changed since, the pixel counts as changed.
        after : PlaneSnapshot, optional
            Taken right after what is to be taken back: what the user stated since stays.
        newest : int
            Epoch of the newest class (`follow`).

        Returns
        -------
        Change
            What to put into the ``checked`` layer.
        """
        pixels = self.pixels.at(before.window)
        with self.noting(before.window):
            judging.take_back(pixels, before, after)
            judging.set_aside(pixels, newest)
        return self.change_at(before.window)

    def write(
        self, labels: Labels, window: Window, *, objects: bool, table: ClassTable | None = None
    ) -> Labels:
        """Take over a new prediction where nobody stated anything.

        Parameters
        ----------
        labels : (h, w) ndarray of integer
            Predicted classes or ids.
        window : tuple of (slice, slice)
            Where they belong.
        objects : bool
            Whether labels are ids: then whole objects that the user corrected stay, accepted ones
            keep their id, and the others get ids that are free in the whole plane
            (`napari_segloop.core.objectids`).
        table : ClassTable, optional
            Classes that came before background was checked are not written there, even after that
            background was set aside for a later one (`follow`).

        Returns
        -------
        (h, w) ndarray
            What to put into the labels layer, in the plane's dtype.

        Raises
        ------
        InputError
            When shapes differ or the values do not fit the plane's dtype (`widen`).
        """
        window = clip_window(window, self.shape)
        pixels = self.pixels.at(window)
        new = _check_prediction(labels, pixels.labels.shape)
        kept = pixels.checked != NOT_CHECKED
        if objects and new.size:
            new, kept = fit_objects(self.pixels, new, window)
        elif table is not None:
            new = judging.without_older(pixels, new, table)
        _check_fit(new[~kept], self.labels.dtype)
        changed = ~kept & ((pixels.labels != new) | (pixels.prediction != new))
        self.tell(pieces_with(changed, window))
        for array in (pixels.labels, pixels.prediction):
            np.copyto(array, new, where=~kept, casting="unsafe")  # checked above
        return pixels.labels.copy()

    def _news(self, labels: Array, checked: Array, window: Window) -> Window | None:
        """Return the box around what is new in the window."""
        pixels = self.pixels.at(window)
        new = (labels[window] != pixels.labels) | (checked[window] != pixels.checked)
        return bounding_window(new, window) if new.any() else None

    def _check_shapes(self, *layers: Array) -> None:
        for layer in layers:
            if layer.shape != self.shape:
                raise InputError(
                    f"layers of shape {self.shape}", f"{layer.shape}", "Open the image again."
                )


def _check_prediction(labels: Array, shape: tuple[int, ...]) -> Labels:
    if labels.shape != shape:
        raise InputError(
            f"a prediction of shape {shape}", f"{labels.shape}", "Predict this window again."
        )
    return check_label_plane(labels)


def _check_fit(values: Labels, dtype: np.dtype[np.generic]) -> None:
    low, high = int(values.min(initial=0)), int(values.max(initial=0))
    largest = int(np.iinfo(np.zeros(0, dtype).dtype).max)
    if low < 0 or high > largest:
        got = f"{low if low < 0 else high}"
        remedy = "Widen the labels to uint16 or uint32 first."
        raise InputError(f"labels from 0 to {largest}, which {dtype} holds", got, remedy)
