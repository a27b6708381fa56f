"""Places to check before any network exists: spread over the plane, most of them with objects.

Without a network nothing says where the labels are wrong. What can be said is where they decide
something, at borders of the first masks, and that some background must be confirmed as well, or
nothing teaches what is none. The module knows one plane; images and models it does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from napari_segloop.core.errors import InputError
from napari_segloop.core.labels import border_band, check_label_plane
from napari_segloop.core.ranking import RankSettings
from napari_segloop.core.regions import Region

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from napari_segloop.core.images import Array, Labels, Mask

    Sums = NDArray[np.int64]
    Sort = Literal["border", "background", "anything"]

_BACKGROUND_EVERY: Final = 4
_EMPTY: Final = 0.02  # with less foreground a window is mostly background
_PLENTY: Final = 0.25  # of the best window's border: enough to judge
_WORDS: Final[dict[Sort, str]] = {
    "border": "objects of the first masks",
    "background": "mostly background, to be confirmed",
    "anything": "spread over the image",
}


def first_places(
    labels: Array,
    checked: Array | None = None,
    settings: RankSettings | None = None,
    index: tuple[int, ...] = (),
    seed: int = 0,
) -> list[Region]:
    """Choose windows to check in first masks.

    Three of four have borders of the first masks: those with at least a quarter of the most that
    a window has. The fourth is mostly background. Within each sort the first is drawn and each
    next one lies farthest from those chosen [1]_, so that any beginning of the list is spread.

    Parameters
    ----------
    labels : (Y, X) ndarray of integer
        First masks: classes or ids; may be empty.
    checked : (Y, X) ndarray of integer, optional
        0 not checked, 1 checked, 2 can't tell, 3 excluded: only 0 counts. None means all 0.
    settings : RankSettings, optional
        Window, number, and which share of a window must be unchecked.
    index : tuple of int
        The plane, copied into the regions.
    seed : int
        Fixes the choice.

    Returns
    -------
    list of Region
        In the order of checking, inside the plane, without overlap; scores fall from 1 and the
        expected error is 0, for nothing is known of errors.

    Raises
    ------
    InputError
        When the planes differ in shape or are no labels.

    References
    ----------
    .. [1] Eldar, Y. et al. (1997). The farthest point strategy for progressive image sampling.
       https://doi.org/10.1109/83.623193

    Examples
    --------
    >>> labels = np.zeros((64, 64), np.uint8)
    >>> labels[4:20, 40:60] = 1
    >>> places = first_places(labels, None, RankSettings(window=32, top=2))
    >>> [place.reason for place in places]
    ['objects of the first masks', 'mostly background, to be confirmed']
    """
    settings = settings or RankSettings()
    plane = check_label_plane(labels)
    if plane.size == 0:
        return []
    windows = _Windows(plane, _open(checked, plane), settings)
    rng = np.random.default_rng(seed)
    chosen = list(windows.choose(settings.top, rng))
    height, width = windows.size
    return [
        Region(y, x, height, width, 1 - place / len(chosen), 0.0, _WORDS[sort], index)
        for place, (y, x, sort) in enumerate(chosen)
    ]


def _open(checked: Array | None, plane: Labels) -> Mask:
    if checked is None:
        return np.ones(plane.shape, bool)
    if checked.shape != plane.shape:
        expected = f"a checked mask of shape {plane.shape}"
        raise InputError(expected, f"shape {checked.shape}", "Give the right file.")
    unchecked: Mask = check_label_plane(checked) == 0
    return unchecked


class _Windows:
    """Windows side by side with what they hold, and which are still free."""

    def __init__(self, plane: Labels, unchecked: Mask, settings: RankSettings) -> None:
        side = settings.side(plane)
        self.size = (min(side, plane.shape[0]), min(side, plane.shape[1]))
        spans = [_corners(n, side) for n, side in zip(plane.shape, self.size, strict=True)]
        grid = np.meshgrid(*spans, indexing="ij")
        self._corners = np.stack([axis.ravel() for axis in grid], axis=1)
        sums = [
            _box_sums(mask, spans, self.size)
            for mask in (unchecked, unchecked & (plane != 0), unchecked & border_band(plane, 1))
        ]
        pixels = self.size[0] * self.size[1]
        self._free = (sums[0] > 0) & (sums[0] >= settings.least_unchecked * pixels)
        self._empty = sums[1] < _EMPTY * sums[0]
        self._border = sums[2]
        self._distance = np.full(len(self._corners), np.inf)

    def choose(self, top: int, rng: np.random.Generator) -> Iterator[tuple[int, int, Sort]]:
        """Yield corners and what they are for, in the order of checking."""
        for number in range(top):
            sort, where = self._next(number)
            if not where.any():
                return
            y, x = self._take(where, rng)
            yield y, x, sort

    def _next(self, number: int) -> tuple[Sort, Mask]:
        """Choose among what is left: every fourth time background, else borders."""
        border, empty = self._free & self._plentiful(), self._free & self._empty
        sorts: Sequence[tuple[Sort, Mask]] = (("border", border), ("background", empty))
        if number % _BACKGROUND_EVERY == _BACKGROUND_EVERY - 1 or not border.any():
            sorts = sorts[::-1]
        if not self._border.any():
            sorts = ()
        found = (each for each in sorts if each[1].any())
        return next(found, ("anything", self._free))

    def _plentiful(self) -> Mask:
        most = self._border[self._free].max(initial=0)
        plentiful: Mask = self._border >= max(1, _PLENTY * most)
        return plentiful & ~self._empty

    def _take(self, where: Mask, rng: np.random.Generator) -> tuple[int, int]:
        """Draw among the windows farthest from those chosen."""
        farthest = where & (self._distance >= self._distance[where].max())
        place = int(rng.choice(np.flatnonzero(farthest)))
        self._free[place] = False
        away = np.linalg.norm(self._corners - self._corners[place], axis=1)
        self._distance = np.minimum(self._distance, away)
        y, x = self._corners[place].tolist()
        return y, x


def _corners(length: int, side: int) -> Sums:
    """List the corners of as many windows as fit, evenly from edge to edge."""
    count = length // side
    return np.arange(count) * (length - side) // max(1, count - 1)


def _box_sums(mask: Mask, spans: Sequence[Sums], size: tuple[int, int]) -> Sums:
    table = np.zeros((mask.shape[0] + 1, mask.shape[1] + 1), np.int64)
    table[1:, 1:] = mask.cumsum(axis=0, dtype=np.int64).cumsum(axis=1)
    (top, left), (bottom, right) = spans, [s + n for s, n in zip(spans, size, strict=True)]
    upper, lower = table[top], table[bottom]
    sums = lower[:, right] - lower[:, left] - upper[:, right] + upper[:, left]
    return np.asarray(sums.ravel(), np.int64)
