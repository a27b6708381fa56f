"""A simulated user who corrects one region and pays for it in seconds.

What it leaves wrong it vouches for: the whole region becomes checked, as a region that a user
accepts does, and the residual errors along borders become truth for training. Only scores on
images that it never touched are fair. It does not know how regions are chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from napari_segloop.core.errors import InputError
from napari_segloop.core.labels import check_label_plane, compact

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_segloop.core.images import Array, Labels, Mask
    from napari_segloop.core.regions import Region

    Points = NDArray[np.float64]

EVERYWHERE = np.ones((3, 3), bool)
CANT_TELL = 2


@dataclass(frozen=True, slots=True)
class AnnotatorSettings:
    """How carefully and how fast the simulated user works.

    Parameters
    ----------
    margin : int
        Borders that are off by up to so many pixels are left as they are.
    look : float
        Seconds to look at a region, and again at every error.
    stroke : float
        Pixels a second while painting.
    travel : float
        Pixels a second from error to error.
    objects : bool
        Whether labels are ids.

    Raises
    ------
    InputError
        When a number makes no sense.
    """

    margin: int = 2
    look: float = 0.2
    stroke: float = 400.0
    travel: float = 800.0
    objects: bool = False

    def __post_init__(self) -> None:
        if self.margin < 0 or self.look < 0 or min(self.stroke, self.travel) <= 0:
            raise InputError(
                "a margin and a look of at least 0 and speeds above 0",
                str(self),
                "Choose other numbers.",
            )


@dataclass(frozen=True, slots=True)
class Correction:
    """A plane after a region was corrected.

    Parameters
    ----------
    labels : (Y, X) ndarray of integer
        The labels; a wider dtype only if new ids or classes do not fit.
    checked : (Y, X) ndarray of uint8
        1 in the region, where it was 0.
    changed_pixels : int
        How many pixels of the labels changed.
    seconds : float
        What it cost.
    strokes : int
        Connected errors that were painted over.
    """

    labels: Labels
    checked: NDArray[np.uint8]
    changed_pixels: int
    seconds: float
    strokes: int


def correct(
    labels: Array,
    truth: Array,
    checked: Array | None,
    region: Region,
    settings: AnnotatorSettings | None = None,
) -> Correction:
    """Correct a region as a careful but not pedantic user would.

    Every error is fixed except displaced borders: a pixel is left wrong if within ``margin``
    pixels of it its true label was predicted and its predicted label is true. So an outline that
    is off by two pixels stays, while a thin membrane that was missed altogether is painted and a
    sliver of a false object erased, although all of them lie near borders. Pixels that are "can't
    tell" or excluded keep their labels and their mark.

    True objects keep the id of the predicted object that overlaps them most (one to one, over the
    whole plane, so that objects cut by the region keep their id outside); the others get new ids
    above all that exist. The cost is a look at the region and at each connected error, the way
    between errors (from the region's middle, always to the nearest) and a stroke with a brush as
    wide as the error: its area over twice its largest depth.

    Parameters
    ----------
    labels : (Y, X) ndarray of integer
        Predicted classes or ids.
    truth : (Y, X) ndarray of integer
        True classes or ids.
    checked : (Y, X) ndarray of integer or None
        0 not checked, 1 checked, 2 can't tell, 3 excluded; None means all 0.
    region : Region
        Where to work.
    settings : AnnotatorSettings, optional
        Margin and speeds.

    Returns
    -------
    Correction
        New arrays; the given ones are not changed.

    Raises
    ------
    InputError
        When the planes differ in shape or are not whole numbers.

    Examples
    --------
    >>> from napari_segloop.core.regions import Region
    >>> truth = np.zeros((20, 20), np.uint8)
    >>> truth[5:15, 5:15] = 1
    >>> done = correct(np.zeros_like(truth), truth, None, Region(0, 0, 20, 20, 1, 1, ""))
    >>> done.changed_pixels, int(done.checked.sum())
    (100, 400)
    """
    settings = settings or AnnotatorSettings()
    labels, truth = check_label_plane(labels), check_label_plane(truth)
    marks = _copy_checked(checked, labels.shape)
    _check_shapes(labels, truth, marks)
    wanted = _with_predicted_ids(labels, truth) if settings.objects else truth
    errors = _errors(labels, wanted, marks, region, settings.margin)
    marks[region.slices][marks[region.slices] == 0] = 1
    corrected = _widened(labels, wanted[errors])
    corrected[errors] = wanted[errors]
    seconds, strokes = _cost(errors, region, settings)
    return Correction(corrected, marks, int(errors.sum()), seconds, strokes)


def _copy_checked(checked: Array | None, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    return np.zeros(shape, np.uint8) if checked is None else checked.astype(np.uint8)


def _check_shapes(labels: Labels, truth: Labels, marks: NDArray[np.uint8]) -> None:
    if not labels.shape == truth.shape == marks.shape:
        raise InputError(
            f"truth and checked of the labels' shape {labels.shape}",
            f"{truth.shape} and {marks.shape}",
            "Give planes of one image.",
        )


def _errors(
    labels: Labels, wanted: Labels, marks: NDArray[np.uint8], region: Region, margin: int
) -> Mask:
    """Mark the pixels of the region that the user changes."""
    outer = tuple(slice(max(0, part.start - margin), part.stop + margin) for part in region.slices)
    found, sought = labels[outer], wanted[outer]
    displaced = _near(found, sought, margin) & _near(sought, found, margin)
    wrong = (found != sought) & (marks[outer] < CANT_TELL) & ~displaced
    errors = np.zeros(labels.shape, bool)
    errors[outer] = wrong
    inner = np.zeros(labels.shape, bool)
    inner[region.slices] = True
    return errors & inner


def _near(labels: Labels, values: Labels, margin: int) -> Mask:
    """Mark the pixels whose value the labels have within the margin, in all eight directions."""
    found = np.zeros(labels.shape, bool)
    rows, columns = labels.shape
    padded = np.pad(labels, margin, mode="edge")
    for y in range(2 * margin + 1):
        for x in range(2 * margin + 1):
            found |= padded[y : y + rows, x : x + columns] == values
    return found


def _with_predicted_ids(labels: Labels, truth: Labels) -> Labels:
    """Give the true objects the ids of their predicted objects, or ids that nobody has."""
    (predicted, first), (true, second) = compact(labels), compact(truth)
    both = (labels != 0) & (truth != 0)
    codes, shared = np.unique(second[both] * predicted.size + first[both], return_counts=True)
    ids = np.zeros(true.size, np.int64)
    taken = np.zeros(predicted.size, bool)
    for code in codes[np.argsort(-shared, kind="stable")].tolist():
        row, column = divmod(code, predicted.size)
        if not ids[row] and not taken[column]:
            ids[row], taken[column] = predicted[column], True
    fresh = (ids == 0) & (true != 0)
    ids[fresh] = int(labels.max(initial=0)) + 1 + np.arange(np.count_nonzero(fresh))
    return ids[second]


def _widened(labels: Labels, values: Labels) -> Labels:
    """Copy labels into the smallest dtype that also holds the values."""
    ends = (
        [np.min_scalar_type(int(end)) for end in (values.min(), values.max())]
        if values.size
        else []
    )
    return labels.astype(np.result_type(labels.dtype, *ends))


def _cost(errors: Mask, region: Region, settings: AnnotatorSettings) -> tuple[float, int]:
    """Return the seconds of a correction, and how many strokes it took."""
    parts, count = ndimage.label(errors[region.slices], EVERYWHERE)
    seconds = float(settings.look * (1 + count))
    if not count:
        return seconds, 0
    numbers = np.arange(1, count + 1)
    places = np.array(ndimage.center_of_mass(parts > 0, parts, numbers))
    way = _way(np.array([region.height, region.width]) / 2, places)
    seconds += way / settings.travel + _strokes(parts, numbers) / settings.stroke
    return seconds, int(count)


def _strokes(parts: NDArray[np.int32], numbers: NDArray[np.int64]) -> float:
    """Add up the lengths of the strokes, in pixels: area over the brush's width."""
    areas = np.bincount(parts.ravel())[1:]
    depths = ndimage.distance_transform_edt(np.pad(parts > 0, 1))[1:-1, 1:-1]
    widths = 2 * ndimage.maximum(depths, parts, numbers)
    return float((areas / widths).sum())


def _way(start: Points, places: Points) -> float:
    """Measure the way from place to place, always to the nearest that is left."""
    length, at = 0.0, start
    left = places
    while len(left):
        distances = np.hypot(*(left - at).T)
        nearest = int(distances.argmin())
        length += float(distances[nearest])
        at, left = left[nearest], np.delete(left, nearest, axis=0)
    return length
