"""A plane of error probabilities, read window by window as what a human can act on.

Not the band along predicted borders, which nobody corrects by one pixel, and nothing that is
checked. Which windows are offered is :mod:`napari_segloop.core.ranking`'s concern.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from napari_segloop.core.errors import InputError
from napari_segloop.core.labels import border_band, check_label_plane

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_segloop.core.images import Array, Labels, Mask

Pair = tuple[int, int]

BOX: Final = 9
"""Pixels: about the smallest thing that one notices, and between the boxes of the error model."""


class ErrorPlane:
    """Error probabilities of a plane.

    Parameters
    ----------
    uncertainty, labels, checked : (Y, X) ndarray
        As for `ranking.rank_regions`.
    margin : int
        Width in pixels of the band left out on both sides of predicted borders.
    only : tuple of int
        Labels outside which nothing counts; all count when empty.

    Raises
    ------
    InputError
        When the planes differ in shape, or the uncertainty is not uint8.
    """

    def __init__(
        self,
        uncertainty: Array,
        labels: Array,
        checked: Array | None,
        margin: int,
        only: tuple[int, ...] = (),
    ) -> None:
        self.labels = check_label_plane(labels)
        self.uncertainty = _check_uncertainty(uncertainty, self.labels.shape)
        self.checked = None if checked is None else _check_shape(checked, self.labels.shape)
        self.shape = (self.labels.shape[0], self.labels.shape[1])
        self._margin, self._only = margin, only

    def _unchecked(self, rows: slice, columns: slice) -> Mask:
        if self.checked is None:
            return np.ones(self.labels[rows, columns].shape, bool)
        unchecked: Mask = self.checked[rows, columns] == 0
        return unchecked

    def read(self, rows: slice, columns: slice) -> tuple[NDArray[np.uint8], Mask]:
        """Return a window.

        Parameters
        ----------
        rows, columns : slice
            The window, in pixels.

        Returns
        -------
        errors : (rows, columns) ndarray of uint8
            Probabilities times 255 off the border bands; 0 on them and where checked.
        unchecked : (rows, columns) ndarray of bool
            What nobody has checked.
        """
        unchecked = self._unchecked(rows, columns)
        y, x = (max(0, part.start - self._margin) for part in (rows, columns))
        wide = self.labels[y : rows.stop + self._margin, x : columns.stop + self._margin]
        band = border_band(wide, self._margin)[rows.start - y :, columns.start - x :]
        counts: Mask = unchecked & ~band[: unchecked.shape[0], : unchecked.shape[1]]
        if self._only:
            counts &= np.isin(self.labels[rows, columns], self._only)
        return self.uncertainty[rows, columns] * counts, unchecked

    def weigh(self, corner: Pair, size: Pair) -> tuple[NDArray[np.uint8], float, float]:
        """Weigh a window.

        Parameters
        ----------
        corner, size : (int, int)
            In pixels.

        Returns
        -------
        errors : (rows, columns) ndarray of uint8
            Those that a human can act on.
        score, expected : float
            Their sum, and that of all errors expected where nobody has checked, in pixels.
        """
        window = slice(corner[0], corner[0] + size[0]), slice(corner[1], corner[1] + size[1])
        errors, unchecked = self.read(*window)
        score = float(errors.sum(dtype=np.int64)) / 255
        expected = float((self.uncertainty[window] * unchecked).sum(dtype=np.int64)) / 255
        return errors, score, expected


def worst_box(errors: NDArray[np.uint8]) -> float:
    """Return the largest mean error probability of a box of 9 pixels.

    Parameters
    ----------
    errors : (Y, X) ndarray of uint8
        Error probability times 255 where a human can act, 0 elsewhere. The zeros count: one pixel
        is not worth a look.

    Returns
    -------
    float
        From 0 to 1, above 0 if any pixel is; boxes are as small as a plane that is smaller.

    Examples
    --------
    >>> errors = np.zeros((64, 64), np.uint8)
    >>> errors[20:37, 30:64] = 51
    >>> round(worst_box(errors), 4), round(worst_box(errors[:25]), 4)
    (0.2, 0.1111)
    """
    if not errors.any():
        return 0.0
    from scipy import ndimage  # noqa: PLC0415  # slow, and opening the dock needs none of it

    size = tuple(min(BOX, length) for length in errors.shape)
    # A box that reaches over the edge meets zeros, so that one inside is never worse.
    means: NDArray[np.float64] = ndimage.uniform_filter(
        errors.astype(np.float64), size, mode="constant"
    )
    return min(1.0, float(means.max()) / 255)


def _check_uncertainty(uncertainty: Array, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    if uncertainty.dtype != np.uint8 or uncertainty.shape != shape:
        raise InputError(
            f"uncertainty of uint8 and shape {shape}",
            f"{uncertainty.dtype} of shape {uncertainty.shape}",
            "Give the uncertainty that was predicted with these labels.",
        )
    return uncertainty.view(np.uint8)


def _check_shape(checked: Array, shape: tuple[int, ...]) -> Labels:
    if checked.shape != shape:
        raise InputError(
            f"a checked mask of shape {shape}", f"shape {checked.shape}", "Give the right file."
        )
    return check_label_plane(checked)
