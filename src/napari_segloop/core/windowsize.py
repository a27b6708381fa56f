"""How large a place to check is: sized to the objects of a plane, or so that some fit in it.

Scores and regions are not known here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.labels import check_label_plane

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_segloop.core.images import Array, Labels

SMALLEST_WINDOW, LARGEST_WINDOW, USUAL_WINDOW = 32, 512, 128
OBJECTS_ACROSS = 4
"""A window is four typical objects wide: enough to judge one among its neighbours."""
CHORD_OF_DISC = 8 / (3 * np.pi)
"""Length-weighted mean chord of a disc of diameter 1."""
LINES = 512


def auto_window(labels: Array) -> int:
    """Choose a window sized to the objects of a plane.

    Four times the typical diameter, rounded up to a multiple of 8, from 32 to 512 pixels. The
    typical diameter is that of discs with the same chords: the mean length of the runs of one
    label along at most 512 rows and 512 columns, weighted by length so that specks do not count,
    over 8 / (3 pi), its value for a disc of diameter 1. A plane without labels gets 128.

    Parameters
    ----------
    labels : (Y, X) ndarray of integer
        Predicted classes or ids; 0 is background.

    Returns
    -------
    int
        Side of the window in pixels, never larger than the plane's longer side.

    References
    ----------
    Underwood, "Quantitative stereology", Addison-Wesley 1970 (mean intercept length).

    Examples
    --------
    >>> y, x = np.mgrid[:200, :200]
    >>> auto_window((y - 100) ** 2 + (x - 100) ** 2 < 10**2)
    80
    """
    labels = check_label_plane(labels)
    runs = np.concatenate([_runs(_lines(labels)), _runs(_lines(labels.T))])
    window = USUAL_WINDOW
    if runs.size:
        chord = float((runs**2).sum() / runs.sum())
        window = 8 * int(np.ceil(OBJECTS_ACROSS * chord / CHORD_OF_DISC / 8))
    return int(min(max(window, SMALLEST_WINDOW), LARGEST_WINDOW, max(labels.shape)))


def fitting_window(shape: tuple[int, ...], least: int) -> int:
    """Return the largest side of which so many windows fit side by side.

    Parameters
    ----------
    shape : tuple of int
        Of the plane.
    least : int
        How many windows.

    Returns
    -------
    int
        A multiple of 8, at least 8.
    """
    side = 8 * (max(shape) // 8)
    while side > 8 and (shape[0] // side) * (shape[1] // side) < least:
        side -= 8
    return side


def _lines(labels: Labels) -> Labels:
    """Take at most 512 rows, evenly spaced."""
    return labels[:: -(-max(labels.shape[0], 1) // LINES)]


def _runs(lines: Labels) -> NDArray[np.float64]:
    """Measure the runs of equal labels along rows, without those of 0."""
    starts = np.ones(lines.shape, bool)
    starts[:, 1:] = lines[:, 1:] != lines[:, :-1]
    first = np.flatnonzero(starts)
    lengths = np.diff(first, append=lines.size)[lines.ravel()[first] != 0]
    return np.asarray(lengths, np.float64)
