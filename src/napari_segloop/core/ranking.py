"""Where to look first: windows with the most errors that a human can act on.

The network is unsure along every border, and nobody corrects a border by one pixel: the band on
both sides of predicted borders is left out of the score, though not out of the expected error. A
box sum finds small bad places that means over whole images hide. This module knows one plane at a
time; `merge` joins the planes of an image.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_segloop.core.errorplane import ErrorPlane, worst_box
from napari_segloop.core.errors import InputError
from napari_segloop.core.reasons import describe
from napari_segloop.core.regions import Region
from napari_segloop.core.windows import worst_windows
from napari_segloop.core.windowsize import SMALLEST_WINDOW, auto_window, fitting_window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from napari_segloop.core.images import Array

FEWEST_WINDOWS = 16
"""So many windows of ``auto`` size shall fit into a plane: two rounds of places."""
SELDOM_TOP = 6
"""Windows of rarely seen classes that a plane may add."""
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
    seldom : tuple of int
        Labels of classes that the model has rarely seen: their worst windows are offered, too,
        where others crowd them out.

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
    seldom: tuple[int, ...] = ()

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
        >>> import numpy as np
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
    >>> import numpy as np
    >>> uncertainty = np.zeros((100, 100), np.uint8)
    >>> uncertainty[40:50, 60:70] = 255
    >>> found = rank_regions(uncertainty, np.zeros((100, 100), np.uint8), None, RankSettings(32))
    >>> [(region.y, region.x, region.score) for region in found]
    [(18, 38, 100.0)]
    """
    settings = settings or RankSettings()
    plane = ErrorPlane(uncertainty, labels, checked, settings.margin)
    side = settings.side(plane.labels)
    size = (min(side, plane.shape[0]), min(side, plane.shape[1]))
    least = settings.least_unchecked * size[0] * size[1]
    corners = list(worst_windows(plane, size, settings.top, least))
    regions = [_region(plane, corner, size, settings, index) for corner in corners]
    if settings.seldom:
        few = ErrorPlane(uncertainty, labels, checked, settings.margin, settings.seldom)
        added = _of_seldom(few, size, least, corners)
        regions += [_region(few, corner, size, settings, index) for corner in added]
    return merge(regions, len(regions))


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
    plane = ErrorPlane(uncertainty, labels, checked, margin)

    def weigh(place: tuple[int, int, int, int]) -> tuple[float, float]:
        return plane.weigh(place[:2], place[2:])[1:]

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


def _of_seldom(few: ErrorPlane, size: Pair, least: float, taken: Sequence[Pair]) -> list[Pair]:
    """Return the worst windows of some labels that overlap none of those taken."""
    height, width = size
    return [
        (y, x)
        for y, x in worst_windows(few, size, SELDOM_TOP, least)
        if all(abs(y - top) >= height or abs(x - left) >= width for top, left in taken)
    ]


def _region(
    plane: ErrorPlane, corner: Pair, size: Pair, settings: RankSettings, index: Index
) -> Region:
    errors, score, expected = plane.weigh(corner, size)
    window = slice(corner[0], corner[0] + size[0]), slice(corner[1], corner[1] + size[1])
    labels, objects = plane.labels[window], settings.objects
    reason = describe(errors, labels, objects=objects, seldom=settings.seldom)
    return Region(*corner, *size, score, expected, reason, index, worst_box(errors))
