"""The arrays of one plane: labels, what was predicted, what is checked, why and since when.

They are looked at, counted and copied out here. What changes them is not known here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core import judging
from napari_segloop.core.checkstate import (
    CHECKED,
    Change,
    Kind,
    Pixels,
    PlaneSnapshot,
    Window,
    check_opinion,
    clip_window,
    plain_labels,
)
from napari_segloop.core.labels import check_label_plane

if TYPE_CHECKING:
    from napari_segloop.core.classes import ClassTable
    from napari_segloop.core.images import Array, Labels, Mask
    from napari_segloop.core.prediction import Bytes


class PlaneArrays:
    """What is known of one plane; arrays are read-only outside.

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
    """

    def __init__(self, labels: Array, checked: Array | None = None, *, epoch: int = 0) -> None:
        seen = plain_labels(check_label_plane(labels))
        states = [np.zeros(seen.shape, np.uint8) for _ in range(3)]
        self.pixels = Pixels(seen, seen.copy(), *states)
        if checked is not None:
            shown = check_opinion(checked, self.shape)
            judging.judge_brush(self.pixels, shown, shown > 0, epoch)
            self.pixels.kind[shown == CHECKED] = Kind.ACCEPTED

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.pixels.labels.shape
        return rows, columns

    @property
    def labels(self) -> Labels:
        """What was last seen in, or written to, the labels layer."""
        return self.pixels.labels

    @property
    def prediction(self) -> Labels:
        """What predictions last wrote there; what they held back is not in it."""
        return self.pixels.prediction

    @property
    def checked(self) -> Bytes:
        """0 not checked, 1 checked, 2 can't tell, 3 excluded."""
        return self.pixels.checked

    @property
    def kind(self) -> Bytes:
        """How each pixel came to be checked (`Kind`)."""
        return self.pixels.kind

    @property
    def epoch(self) -> Bytes:
        """Epoch of the class table when each pixel was checked."""
        return self.pixels.epoch

    @property
    def nbytes(self) -> int:
        """Memory that the arrays take, in bytes."""
        return 2 * self.labels.nbytes + 3 * self.checked.nbytes

    @property
    def checked_pixels(self) -> int:
        """Number of pixels that a human stands behind."""
        return int(np.count_nonzero(self.checked == CHECKED))

    @property
    def is_stated(self) -> bool:
        """Whether anybody stands, or stood, behind anything."""
        return bool(self.checked.any() or self.kind.any())

    def snapshot(self, window: Window) -> PlaneSnapshot:
        """Copy the state of a window.

        Parameters
        ----------
        window : tuple of (slice, slice)
            The place.

        Returns
        -------
        PlaneSnapshot
            For `restore`.
        """
        window = clip_window(window, self.shape)
        pixels = self.pixels.at(window)
        states = (state.copy() for state in (pixels.checked, pixels.kind, pixels.epoch))
        return PlaneSnapshot(window, pixels.labels.copy(), *states)

    def truth(self, table: ClassTable, objects: bool) -> Mask:
        """Mark what may teach.

        Parameters
        ----------
        table : ClassTable
            The classes, now.
        objects : bool
            Whether labels are ids.

        Returns
        -------
        (Y, X) ndarray of bool
            Checked pixels; without background that was checked before the newest class came, for
            it may hold some of that class, until it is accepted or brushed again. Ids say nothing
            of their class, so this holds for objects as well.
        """
        del objects
        return judging.find_truth(self.pixels, table)

    def needs(self, labels: Labels) -> np.dtype[np.generic]:
        """Return the dtype that the plane needs before a prediction is written.

        Parameters
        ----------
        labels : (h, w) ndarray of integer
            The prediction.

        Returns
        -------
        numpy dtype
            At least the plane's own; enough for its values and for as many new ids.
        """
        values = judging.distinct(labels)
        ids = len(values) + len(judging.distinct(self.labels))
        needed = np.min_scalar_type(max(ids, *values, 0))
        return max(needed, self.labels.dtype, key=lambda dtype: dtype.itemsize)

    def change_at(self, window: Window, undeclared: tuple[int, ...] = ()) -> Change:
        """Return what a window of the layers must show.

        Parameters
        ----------
        window : tuple of (slice, slice)
            Plain bounds inside the plane.
        undeclared : tuple of int
            Values that were not taken over, if labels must be reverted.

        Returns
        -------
        Change
            Copies.
        """
        labels = self.labels[window].copy() if undeclared else None
        return Change(window, self.checked[window].copy(), labels, undeclared)
