"""Where to look first: windows with the most errors that a human can act on.

The network is unsure along every border, and nobody corrects a border by one pixel: the band on
both sides of predicted borders is left out of the score, though not out of the expected error. A
box sum finds small bad places that means over whole images hide. This module knows one plane at a
time; `merge` joins the planes of an image.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.errors import InputError
from napari_segloop.core.labels import border_band, check_label_plane
from napari_segloop.core.reasons import describe
from napari_segloop.core.regions import Region
from napari_segloop.core.windows import worst_box, worst_windows
from napari_segloop.core.windowsize import SMALLEST_WINDOW, auto_window, fitting_window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from napari_segloop.core.images import Array, Labels, Mask

Index = tuple[int, ...]
Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class RankSettings:
    """How places to check are chosen.

    Parameters
    ----------
    window : int, optional
        Side of a window in pixels; None sizes it to the objects (`auto_window`).
    top : int
        Largest number of regions.
    margin : int
        Width in pixels of the band left out on both sides of predicted borders.
    least_unchecked : float
        Share of a window that must still be unchecked for it to be offered.
    objects : bool
        Whether labels are ids, for the words of the reason.
    least : int
        So many windows shall fit side by side: one that is sized to the objects is made smaller
        for it, but not below 32 pixels.

    Raises
    ------
    InputError
        When a number makes no sense.
    """

    window: int | None = None
    top: int = 24
    margin: int = 2
    least_unchecked: float = 0.1
    objects: bool = False
    least: int = 1

    def __post_init__(self) -> None:
        counts = (1 if self.window is None else self.window, self.top, self.least)
        if min(counts) < 1 or self.margin < 0 or not 0 <= self.least_unchecked <= 1:
            raise InputError(
                "a window and a number of regions of at least 1, a margin of at least 0 and a "
                "share from 0 to 1",
                str(self),
                "Choose other numbers.",
            )

    def side(self, labels: Array) -> int:
        """Return the side of the windows of a plane.

        Parameters
        ----------
        labels : (Y, X) ndarray of integer
            Predicted classes or ids, or first masks.

        Returns
        -------
        int
            In pixels; may be larger than a plane's shorter side.

        Examples
        --------
        >>> whole = np.ones((512, 512), np.uint8)
        >>> RankSettings().side(whole), RankSettings(least=16).side(whole)
        (512, 128)
        """
        if self.window is not None:
            return self.window
        usual = auto_window(labels)
        if self.least == 1:
            return usual
        return min(usual, max(fitting_window(labels.shape, self.least), SMALLEST_WINDOW))


def rank_regions(
    uncertainty: Array,
    labels: Array,
    checked: Array | None = None,
    settings: RankSettings | None = None,
    index: Index = (),
) -> list[Region]:
    """Choose the windows that most need checking.

    The score of a window is the sum of the error probabilities over its unchecked pixels outside
    the border bands. The best window is taken, windows that overlap it are dropped, and so on.
    On planes of up to 4 million pixels every position is tried; on larger ones those on a grid
    (an eighth of a window apart at most), the best of which is then moved by single pixels to
    the largest score nearby. Of equal scores the upper, then the left one comes first.

    Parameters
    ----------
    uncertainty : (Y, X) ndarray of uint8
        Probability times 255 that a pixel's label is wrong.
    labels : (Y, X) ndarray of integer
        Predicted classes or ids.
    checked : (Y, X) ndarray of integer, optional
        0 not checked, 1 checked, 2 can't tell, 3 excluded: only 0 counts. None means all 0.
    settings : RankSettings, optional
        Window, number, margin.
    index : tuple of int
        The plane, copied into the regions.

    Returns
    -------
    list of Region
        Worst first, inside the plane, without overlap; windows that score 0 or are checked but
        for a tiny share are not offered. A plane smaller than the window is one region.

    Raises
    ------
    InputError
        When the planes differ in shape, or the uncertainty is not uint8.

    References
    ----------
    Viola and Jones, "Rapid object detection using a boosted cascade of simple features",
    CVPR 2001, https://doi.org/10.1109/CVPR.2001.990517 (integral images).

    Examples
    --------
    >>> uncertainty = np.zeros((100, 100), np.uint8)
    >>> uncertainty[40:50, 60:70] = 255
    >>> found = rank_regions(uncertainty, np.zeros((100, 100), np.uint8), None, RankSettings(32))
    >>> [(region.y, region.x, region.score) for region in found]
    [(18, 38, 100.0)]
    """
    settings = settings or RankSettings()
    plane = _Plane(uncertainty, labels, checked, settings.margin)
    side = settings.side(plane.labels)
    size = (min(side, plane.shape[0]), min(side, plane.shape[1]))
    least = settings.least_unchecked * size[0] * size[1]
    corners = worst_windows(plane, size, settings.top, least)
    regions = [_region(plane, corner, size, settings.objects, index) for corner in corners]
    return merge(regions, settings.top)


def weigher(
    uncertainty: Array, labels: Array, checked: Array | None = None, margin: int = 2
) -> Callable[[tuple[int, int, int, int]], tuple[float, float]]:
    """Return what weighs any place of a plane as `rank_regions` weighs its windows.

    Parameters
    ----------
    uncertainty, labels, checked : (Y, X) ndarray
        As for `rank_regions`.
    margin : int
        Width in pixels of the band left out on both sides of predicted borders.

    Returns
    -------
    callable
        From row, column, height and width to score and expected error.
    """
    plane = _Plane(uncertainty, labels, checked, margin)

    def weigh(place: tuple[int, int, int, int]) -> tuple[float, float]:
        return _weights(plane, place[:2], place[2:])[1:]

    return weigh


def merge(regions: Iterable[Region], top: int) -> list[Region]:
    """Join the regions of several planes, worst first.

    Parameters
    ----------
    regions : iterable of Region
        Regions of any planes of one image.
    top : int
        How many to keep.

    Returns
    -------
    list of Region
        At most ``top``, by falling score, then by plane, row and column.

    Examples
    --------
    >>> better, worse = Region(0, 0, 8, 8, 1, 1, ""), Region(0, 0, 8, 8, 2, 2, "", (1,))
    >>> [region.index for region in merge([better, worse], 5)]
    [(1,), ()]
    """
    return sorted(regions, key=worst_first)[:top]


def worst_first(region: Region) -> tuple[float, tuple[int, ...], int, int]:
    """Return the key that sorts regions worst first.

    Parameters
    ----------
    region : Region
        The region.

    Returns
    -------
    tuple
        Negative score, plane, row, column.
    """
    return -region.score, region.index, region.y, region.x


class _Plane:
    """Error probabilities, read window by window as what a human can act on."""

    def __init__(
        self, uncertainty: Array, labels: Array, checked: Array | None, margin: int
    ) -> None:
        self.labels = check_label_plane(labels)
        self.uncertainty = _check_uncertainty(uncertainty, self.labels.shape)
        self.checked = None if checked is None else _check_shape(checked, self.labels.shape)
        self.shape = (self.labels.shape[0], self.labels.shape[1])
        self._margin = margin

    def unchecked(self, rows: slice, columns: slice) -> Mask:
        if self.checked is None:
            return np.ones(self.labels[rows, columns].shape, bool)
        unchecked: Mask = self.checked[rows, columns] == 0
        return unchecked

    def read(self, rows: slice, columns: slice) -> tuple[NDArray[np.uint8], Mask]:
        """Return the probabilities off the border bands, 0 elsewhere, and what is unchecked."""
        unchecked = self.unchecked(rows, columns)
        y, x = (max(0, part.start - self._margin) for part in (rows, columns))
        wide = self.labels[y : rows.stop + self._margin, x : columns.stop + self._margin]
        band = border_band(wide, self._margin)[rows.start - y :, columns.start - x :]
        counts = unchecked & ~band[: unchecked.shape[0], : unchecked.shape[1]]
        return self.uncertainty[rows, columns] * counts, unchecked


def _region(plane: _Plane, corner: Pair, size: Pair, objects: bool, index: Index) -> Region:
    errors, score, expected = _weights(plane, corner, size)
    window = slice(corner[0], corner[0] + size[0]), slice(corner[1], corner[1] + size[1])
    reason = describe(errors, plane.labels[window], objects=objects)
    return Region(*corner, *size, score, expected, reason, index, worst_box(errors))


def _weights(plane: _Plane, corner: Pair, size: Pair) -> tuple[NDArray[np.uint8], float, float]:
    """Return the errors that a human can act on in a window, their sum, and that of all."""
    window = slice(corner[0], corner[0] + size[0]), slice(corner[1], corner[1] + size[1])
    errors, unchecked = plane.read(*window)
    score = float(errors.sum(dtype=np.int64)) / 255
    expected = float((plane.uncertainty[window] * unchecked).sum(dtype=np.int64)) / 255
    return errors, score, expected


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
