"""What is kept for each pixel of a plane: its label, the prediction, and who stands behind it.

Plain arrays and frozen values; the rules by which they change are in
`napari_segloop.core.judging`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum
from typing import TYPE_CHECKING, Final

import numpy as np

from napari_segloop.core.errors import InputError
from napari_segloop.core.labels import check_label_plane
from napari_segloop.core.truth import LARGEST

if TYPE_CHECKING:
    from napari_segloop.core.images import Array, Labels, Mask
    from napari_segloop.core.prediction import Bytes

Window = tuple[slice, slice]

NOT_CHECKED: Final = 0
CHECKED: Final = 1
CANT_TELL: Final = 2
EXCLUDED: Final = 3
"""The four values of a ``checked`` layer."""


class Kind(IntEnum):
    """How a pixel came to be checked.

    What is not checked has ``NONE``, but for background that is set aside because a class came
    later (`napari_segloop.core.judging.set_aside`).
    """

    NONE = 0
    CHANGED = 1
    BRUSHED = 2
    ACCEPTED = 3


@dataclass(slots=True)
class Pixels:
    """The arrays of a plane or of a window of it, changed in place.

    Parameters
    ----------
    labels : (Y, X) ndarray of unsigned integer
        What was in the labels layer when it was last seen.
    prediction : (Y, X) ndarray of the same dtype
        What was last written there by a prediction. Where a prediction was held back, because the
        pixel was checked, it stays the one that the user saw when correcting it.
    checked : (Y, X) ndarray of uint8
        0 to 3.
    kind : (Y, X) ndarray of uint8
        `Kind`; 0 wherever ``checked`` is 2 or 3, and where it is 0 and nothing was set aside.
    epoch : (Y, X) ndarray of uint8
        Epoch of the class table when the pixel was checked.
    """

    labels: Labels
    prediction: Labels
    checked: Bytes
    kind: Bytes
    epoch: Bytes

    def at(self, window: Window) -> Pixels:
        """Return views of a window.

        Parameters
        ----------
        window : tuple of (slice, slice)
            Rows and columns.

        Returns
        -------
        Pixels
            What is written into it is written here.
        """
        return Pixels(*(getattr(self, field.name)[window] for field in fields(self)))

    def copy(self) -> Pixels:
        """Copy all arrays.

        Returns
        -------
        Pixels
            The same content.
        """
        return Pixels(*(getattr(self, field.name).copy() for field in fields(self)))

    def differs(self, other: Pixels) -> Mask:
        """Mark where two planes are not the same.

        Parameters
        ----------
        other : Pixels
            Of the same shape; labels perhaps in another dtype.

        Returns
        -------
        (Y, X) ndarray of bool
            True where any of the arrays differ.
        """
        differs = np.zeros(self.labels.shape, bool)
        for field in fields(self):
            differs |= getattr(self, field.name) != getattr(other, field.name)
        return differs

    def mark(self, where: Mask, checked: int, kind: Kind, epoch: int) -> None:
        """Set the state of some pixels.

        Parameters
        ----------
        where : (Y, X) ndarray of bool
            Which.
        checked : int
            0 to 3.
        kind : Kind
            How they came to be checked.
        epoch : int
            0 to 255.
        """
        self.checked[where] = checked
        self.kind[where] = kind
        self.epoch[where] = epoch

    def widen(self, dtype: np.dtype[np.generic]) -> None:
        """Keep labels in a larger dtype.

        Parameters
        ----------
        dtype : numpy dtype
            Of unsigned integers; a smaller one than now changes nothing.
        """
        if dtype.itemsize > self.labels.dtype.itemsize:
            self.labels = self.labels.astype(dtype)
            self.prediction = self.prediction.astype(dtype)


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """What must be put into the layers.

    Parameters
    ----------
    window : tuple of (slice, slice)
        Where; empty when something was learnt but the layers show it already.
    checked : (h, w) ndarray of uint8
        For the ``checked`` layer.
    labels : (h, w) ndarray or None
        For the labels layer; None when nothing must be reverted there.
    undeclared : tuple of int
        Label values that were reverted because no class has them, ascending.
    """

    window: Window
    checked: Bytes
    labels: Labels | None = None
    undeclared: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class PlaneSnapshot:
    """A window of a plane at one moment; nobody changes it.

    Parameters
    ----------
    window : tuple of (slice, slice)
        Where.
    labels : (h, w) ndarray
        Content of the labels layer.
    checked, kind, epoch : (h, w) ndarray of uint8
        As in `Pixels`.
    """

    window: Window
    labels: Labels
    checked: Bytes
    kind: Bytes
    epoch: Bytes


def clip_window(window: Window, shape: tuple[int, int]) -> Window:
    """Return a window with plain bounds inside a plane.

    Parameters
    ----------
    window : tuple of (slice, slice)
        Rows and columns, without steps; None and negative bounds mean what they do for arrays.
    shape : (int, int)
        Of the plane.

    Returns
    -------
    tuple of (slice, slice)
        Bounds from 0 to the shape.

    Raises
    ------
    InputError
        For a step.

    Examples
    --------
    >>> clip_window((slice(None), slice(3, 99)), (5, 8))
    (slice(0, 5, None), slice(3, 8, None))
    """
    bounds = [part.indices(length) for part, length in zip(window, shape, strict=True)]
    if any(step != 1 for _, _, step in bounds):
        raise InputError("a window of whole rows and columns", str(window), "Leave out the step.")
    rows, columns = (slice(start, max(start, stop)) for start, stop, _ in bounds)
    return rows, columns


def bounding_window(mask: Mask, origin: Window) -> Window:
    """Return the smallest window around the marked pixels.

    Parameters
    ----------
    mask : (h, w) ndarray of bool
        Marked pixels.
    origin : tuple of (slice, slice)
        The window that the mask shows.

    Returns
    -------
    tuple of (slice, slice)
        In the plane's pixels; empty when nothing is marked.
    """
    rows, columns = (np.asarray(mask.any(axis=axis)) for axis in (1, 0))
    return _span(rows, origin[0].start), _span(columns, origin[1].start)


def plain_labels(labels: Labels) -> Labels:
    """Return a copy of labels in uint8, uint16 or uint32.

    Parameters
    ----------
    labels : (Y, X) ndarray of integer
        Any integers from 0 to 4,294,967,295.

    Returns
    -------
    (Y, X) ndarray
        Unsigned dtypes of up to 32 bits stay; of others the smallest that holds the values.

    Raises
    ------
    InputError
        When a value is outside.
    """
    if labels.dtype.kind == "u" and labels.dtype.itemsize <= 4:
        return labels.astype(labels.dtype.newbyteorder("="))
    low, high = (int(labels.min()), int(labels.max())) if labels.size else (0, 0)
    if low < 0 or high > LARGEST:
        wrong = low if low < 0 else high
        raise InputError(f"labels from 0 to {LARGEST}", f"{wrong}", "Change these labels.")
    return labels.astype(np.min_scalar_type(high))


def check_opinion(checked: Array, shape: tuple[int, int]) -> Labels:
    """Refuse what cannot be in a ``checked`` layer.

    Parameters
    ----------
    checked : (Y, X) ndarray of integer or bool
        An opinion that came with labels.
    shape : (int, int)
        Of the labels.

    Returns
    -------
    (Y, X) ndarray of integer
        With values from 0 to 3.

    Raises
    ------
    InputError
        When it has another shape or other values.
    """
    if checked.shape != shape or checked.dtype.kind not in "bui":
        expected = f"what is checked as whole numbers of shape {shape}"
        raise InputError(expected, f"{checked.dtype} of {checked.shape}", "Give the right file.")
    shown = check_label_plane(checked)
    if shown.size and not 0 <= int(shown.min()) <= int(shown.max()) <= EXCLUDED:
        values = f"{shown.min()} to {shown.max()}"
        raise InputError("checked values from 0 to 3", values, "Give the right file.")
    return shown


def _span(marked: Mask, start: int) -> slice:
    places = np.flatnonzero(marked)
    if places.size == 0:
        return slice(start, start)
    return slice(start + int(places[0]), start + int(places[-1]) + 1)
