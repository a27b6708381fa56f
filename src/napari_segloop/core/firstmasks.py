"""First masks by threshold: something to correct before any network exists.

A cut in the grey values, then holes, touching objects and sizes, in this order. The module sees
one channel of one plane; it does not know classes, files or what was checked.

References
----------
.. [1] Otsu, N. (1979). A threshold selection method from gray-level histograms.
   https://doi.org/10.1109/TSMC.1979.4310076
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from scipy import ndimage
from skimage import filters

from napari_segloop.core.errors import InputError
from napari_segloop.core.images import check_plane
from napari_segloop.core.medians import median_range
from napari_segloop.core.touching import separate_touching

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from napari_segloop.core.images import Array, Float, Labels, Mask

    Double = NDArray[np.float64]

Method = Literal["otsu", "local"]
Objects = Literal["bright", "dark"]

_BINS: Final = 1024  # one hot pixel in 16 bits still leaves the others some bins
_UNEVEN: Final = 0.18  # even backgrounds measured .01 to .12, uneven ones .23 to .31
_FLAT: Final = 1e-6  # rounding of float32, on values from 0 to 1
_EIGHT: Final = np.ones((3, 3), bool)


@dataclass(frozen=True, slots=True)
class FirstMaskSettings:
    """How to cut objects out of an image.

    Parameters
    ----------
    method : {"otsu", "local"}
        One cut for the whole image by Otsu's rule [1]_, or the same after the mean around each
        pixel was taken off, for uneven light.
    objects : {"bright", "dark"}
        Which side of the cut is objects.
    smoothing : float
        Standard deviation of the Gaussian blur before the cut, in pixels; 0 is none.
    fill_holes : bool
        Whether background enclosed by an object becomes object.
    smallest : int
        Objects with fewer pixels are dropped.
    largest : int or None
        Objects with more pixels are dropped; None keeps all.
    separate : bool
        Whether touching objects are cut apart at their necks, and the result holds ids.
    block : int or None
        Edge of the square whose mean is taken off by ``local``, in pixels, larger than the
        objects; None chooses a quarter of the image's shorter side.

    Raises
    ------
    InputError
        When a setting is out of its range or two contradict each other.

    Examples
    --------
    >>> FirstMaskSettings(smallest=50, largest=20)
    Traceback (most recent call last):
    napari_segloop.core.errors.InputError: Expected largest of at least smallest (50), got 20. ...
    """

    method: Method = "otsu"
    objects: Objects = "bright"
    smoothing: float = 1.0
    fill_holes: bool = True
    smallest: int = 16
    largest: int | None = None
    separate: bool = False
    block: int | None = None

    def __post_init__(self) -> None:
        _check_name("method", self.method, ("otsu", "local"))
        _check_name("objects", self.objects, ("bright", "dark"))
        if not 0 <= self.smoothing <= 1000:
            raise InputError("smoothing from 0 to 1000 pixels", f"{self.smoothing}", "Try 1.")
        if self.smallest < 0:
            raise InputError("smallest of 0 pixels or more", f"{self.smallest}", "Try 16.")
        if self.largest is not None and self.largest < self.smallest:
            expected = f"largest of at least smallest ({self.smallest})"
            raise InputError(expected, f"{self.largest}", "Swap or widen the two.")
        if self.block is not None and self.block < 3:
            remedy = "Take about twice an object's width."
            raise InputError("block of 3 pixels or more", f"{self.block}", remedy)


def first_mask(image: Array, settings: FirstMaskSettings, *, ids: bool = False) -> Labels:
    """Cut the objects out of one channel of a plane.

    Parameters
    ----------
    image : (Y, X) ndarray
        Real numbers of any dtype and byte order. NaN and infinity become background.
    settings : FirstMaskSettings
        What to cut and what to keep.
    ids : bool
        Whether each object has an id of its own also where touching ones stay one.

    Returns
    -------
    (Y, X) ndarray of int
        0 is background. Without ``separate`` and ``ids`` uint8 with 1 on objects; with one of them
        ids from 1, uint16 or, past 65,535 objects, uint32. A constant image has no objects.

    Raises
    ------
    InputError
        When it is no plane of real numbers.

    Examples
    --------
    >>> image = np.zeros((9, 9))
    >>> image[2:7, 2:7] = 10
    >>> int(first_mask(image, FirstMaskSettings(smoothing=0)).sum())
    25
    """
    values, known = _scaled(_check_image(image), settings.objects == "dark")
    values = _flattened(_smoothed(values, known, settings.smoothing), known, settings)
    mask = _above(values, known, settings)
    if settings.fill_holes:
        mask = ndimage.binary_fill_holes(mask) & known
    parts = separate_touching(mask) if settings.separate else ndimage.label(mask, _EIGHT)[0]
    kept = _sized(parts, settings.smallest, settings.largest)
    return kept if ids or settings.separate else (kept > 0).astype(np.uint8)


def suggest(image: Array) -> FirstMaskSettings:
    """Choose method and side from the image.

    Parameters
    ----------
    image : (Y, X) ndarray
        Real numbers of any dtype and byte order.

    Returns
    -------
    FirstMaskSettings
        ``local`` when the background, which is the larger of Otsu's two classes, is uneven: its
        medians in an 8 x 8 grid of blocks have a standard deviation of more than 0.18 times the
        distance of the two classes. Then the side of the cut that covers less than half of the
        image, since objects are usually the smaller part.

    Raises
    ------
    InputError
        When it is no plane of real numbers.

    Examples
    --------
    >>> image = np.full((64, 64), 200, np.uint8)
    >>> image[20:40, 20:40] = 30
    >>> suggest(image).objects
    'dark'
    """
    values, known = _scaled(_check_image(image), negate=False)
    values = _smoothed(values, known, FirstMaskSettings().smoothing)
    method: Method = "local" if _is_uneven(values, known) else "otsu"
    values = _flattened(values, known, FirstMaskSettings(method=method))
    above = values[known] >= _otsu(values[known])
    objects: Objects = "bright" if above.size == 0 or above.mean() <= 1 / 2 else "dark"
    return FirstMaskSettings(method=method, objects=objects)


def _check_name(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        expected = f"{name} {' or '.join(allowed)}"
        raise InputError(expected, repr(value), "Choose one of these words.")


def _check_image(image: Array) -> Array:
    if image.ndim != 2:
        raise InputError(
            "a plane with axes Y X", f"shape {image.shape}", "Choose one channel of one plane."
        )
    check_plane(image)
    return image


def _scaled(image: Array, negate: bool) -> tuple[Float, Mask]:
    """Spread the finite values over 0 to 1; the others, and a constant image, become 0."""
    values = image.astype(np.float64)
    known = np.isfinite(values)
    if not known.any():
        return np.zeros(image.shape, np.float32), known
    values = np.where(known, -values if negate else values, 0) / 2  # their range may not overflow
    values = _without_spikes(values, known)
    low, high = values[known].min(), values[known].max()
    values = np.where(known, values - low, 0) / ((high - low) or 1)
    return values.astype(np.float32), known


def _without_spikes(values: Double, known: Mask) -> Double:
    """Limit hot and dead pixels, or they would take up all of the histogram.

    Nothing may leave the range of the 3 x 3 medians by more than this range.
    """
    low, high = (value / 4 for value in median_range(values, known))
    if low == high:
        return values
    return 4 * np.clip(values / 4, 2 * low - high, 2 * high - low)


def _smoothed(values: Float, known: Mask, sigma: float) -> Float:
    """Blur the known pixels with known ones only."""
    if sigma == 0:
        return values
    if known.all():
        blurred: Float = ndimage.gaussian_filter(values, sigma)
        return blurred
    weight = ndimage.gaussian_filter(known.astype(np.float32), sigma)
    blurred = ndimage.gaussian_filter(np.where(known, values, 0), sigma)
    return _ratio(blurred, weight, known)


def _flattened(values: Float, known: Mask, settings: FirstMaskSettings) -> Float:
    """Take off the mean of the known pixels in the block around each pixel, for ``local``."""
    if settings.method == "otsu":
        return values
    block = settings.block or max(3, min(values.shape) // 4)
    weight = ndimage.uniform_filter(known.astype(np.float32), block)
    mean = ndimage.uniform_filter(np.where(known, values, 0), block)
    return values - _ratio(mean, weight, known)


def _ratio(total: Float, weight: Float, known: Mask) -> Float:
    return np.divide(total, weight, out=np.zeros_like(total), where=known & (weight > 0))


def _above(values: Float, known: Mask, settings: FirstMaskSettings) -> Mask:
    """Return what is above the cut; next to its surroundings an object is always brighter."""
    cut = _otsu(values[known])
    if settings.method == "local":
        cut = max(cut, _FLAT)
    above: Mask = known & (values >= cut)
    return above


def _otsu(values: Float) -> float:
    """Return the lowest value of Otsu's upper class; infinity when all values are equal."""
    if values.size == 0 or np.ptp(values) < _FLAT:
        return float(np.inf)
    counts, edges = np.histogram(values, _BINS)
    below = filters.threshold_otsu(hist=(counts, np.arange(_BINS)))  # type: ignore[no-untyped-call]
    return float(edges[int(below) + 1])


def _is_uneven(values: Float, known: Mask) -> bool:
    cut = _otsu(values[known])
    if not np.isfinite(cut):
        return False
    above = known & (values >= cut)
    below = known & ~above
    contrast = values[above].mean() - values[below].mean()
    larger = above if above.sum() > below.sum() else below
    medians = [np.median(block) for block in _blocks(np.where(larger, values, np.nan))]
    return bool(np.std(medians) > _UNEVEN * contrast)


def _blocks(values: Float) -> Iterator[Float]:
    """Yield what is known in each block of an 8 x 8 grid."""
    for row in np.array_split(values, min(8, values.shape[0])):
        for block in np.array_split(row, min(8, row.shape[1]), axis=1):
            if np.isfinite(block).any():
                yield block[np.isfinite(block)]


def _sized(ids: Labels, smallest: int, largest: int | None) -> Labels:
    sizes = np.bincount(ids.ravel())
    kept = (sizes >= max(smallest, 1)) & (sizes <= (ids.size if largest is None else largest))
    kept[0] = False
    dtype = np.uint16 if kept.sum() <= np.iinfo(np.uint16).max else np.uint32
    numbers: Labels = np.where(kept, np.cumsum(kept), 0).astype(dtype)
    return np.take(numbers, ids)
