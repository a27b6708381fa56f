"""Objects as two classes that a network can learn, interior and border, and back again.

Everything here is local but the connected components: an object's border depends on that object
and on what touches it. It does not know where the probabilities come from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.segmentation import watershed

from napari_segloop.core.errors import InputError
from napari_segloop.core.interiors import find_interiors
from napari_segloop.core.labels import check_label_plane

if TYPE_CHECKING:
    from napari_segloop.core.images import Array, Mask

BACKGROUND, INTERIOR, BORDER = 0, 1, 2
CLASSES = 3

Bytes = NDArray[np.uint8]
Ids = NDArray[np.uint16 | np.uint32]


@dataclass(frozen=True, slots=True)
class ObjectSettings:
    """How objects are grown from probabilities.

    Parameters
    ----------
    smallest_seed : float
        The evidence a seed needs, in pixels: the sum over its pixels of how far interior leads
        (1 for a sure pixel). A faint speck of ten pixels may weigh less than one sure pixel.
    smallest_object : int
        Objects of fewer pixels are left out.

    Raises
    ------
    InputError
        When a size is negative.
    """

    smallest_seed: float = 1.0
    smallest_object: int = 1

    def __post_init__(self) -> None:
        if self.smallest_seed < 0 or self.smallest_object < 0:
            raise InputError("sizes of at least 0 pixels", str(self), "Choose larger sizes.")


def objects_to_classes(ids: Array) -> Bytes:
    """Turn object ids into background, interior and border.

    The border is an object's inner rim, 2 pixels thick, or 1 in objects with an inner radius below
    6 pixels, so that touching objects have borders between them and small ones keep an interior.
    (Watershed puts the line between two objects half-way between their interiors: borders that
    differ by one pixel displace it by half a pixel, ones that differ by more would by more.)

    Where the rim cuts the interior into parts, it is thinned to 1 pixel, and then only the largest
    part (parts join along edges) is called interior: one object, one interior. Objects without
    depth (at most two pixels wide) are interior but where they touch another object, at least in
    one pixel; two such objects whose only pixels touch cannot be told apart again. An id in
    separate pieces counts as
    one object per piece. The edge of the plane is no border.

    Parameters
    ----------
    ids : (Y, X) ndarray of integer
        Object ids; 0 is background.

    Returns
    -------
    (Y, X) ndarray of uint8
        0 background, 1 interior, 2 border.

    Raises
    ------
    InputError
        When the ids are not one plane of whole numbers.

    References
    ----------
    Caicedo et al., "Evaluation of deep learning strategies for nucleus segmentation in
    fluorescence images", Cytometry A 2019, https://doi.org/10.1002/cyto.a.23863

    Examples
    --------
    >>> objects_to_classes(np.array([[0, 5, 5, 5, 0], [0, 5, 5, 5, 0], [0, 5, 5, 5, 0]]))[1]
    array([0, 2, 1, 2, 0], dtype=uint8)
    """
    ids = check_label_plane(ids)
    classes = np.where(ids != 0, BORDER, BACKGROUND).astype(np.uint8)
    classes[find_interiors(ids)] = INTERIOR
    return classes


def separate_objects(probabilities: Array, settings: ObjectSettings | None = None) -> Ids:
    """Grow objects from the probabilities of background, interior and border.

    Seeds are the connected pixels where interior is the likeliest class; the foreground is where
    interior and border together are likelier than background.

    Parameters
    ----------
    probabilities : (3, Y, X) ndarray of uint8
        255 is certain; background, interior, border.
    settings : ObjectSettings, optional
        Smallest sizes.

    Returns
    -------
    (Y, X) ndarray of uint16 or uint32
        Ids 1 to N in raster order of the objects' first pixels; see `grow_objects`.

    Raises
    ------
    InputError
        When there are not three planes of uint8.
    """
    background, interior, border = check_object_probabilities(probabilities)
    evidence = _lead(interior, np.maximum(background, border))
    foreground = background < interior.astype(np.uint16) + border
    return _grow(evidence, interior, foreground, settings or ObjectSettings())


def grow_objects(interior: Array, foreground: Array, settings: ObjectSettings | None = None) -> Ids:
    """Grow objects from their interiors.

    Seeds are the connected pixels (joined along edges) with an interior probability above one
    half; too faint ones are dropped (`ObjectSettings.smallest_seed`). A watershed floods the
    foreground from the seeds, likely interior first, so that objects meet where interior is least
    likely, or half-way where that is even. Foreground that no seed reaches is background.

    Parameters
    ----------
    interior : (Y, X) ndarray of float or uint8
        Probability of interior, 0 to 1 or 0 to 255.
    foreground : (Y, X) ndarray of bool, float or uint8
        Mask, or probability (above one half counts) of being in any object.
    settings : ObjectSettings, optional
        Smallest sizes.

    Returns
    -------
    (Y, X) ndarray of uint16 or uint32
        Ids 1 to N in raster order of the objects' first pixels; uint16 if they fit.

    Raises
    ------
    InputError
        When the planes differ in shape or hold something else.

    References
    ----------
    Vincent and Soille, "Watersheds in digital spaces", IEEE TPAMI 1991,
    https://doi.org/10.1109/34.87344

    Examples
    --------
    >>> grow_objects(np.array([[0.9, 0.1, 0.1, 0.9]]), np.ones((1, 4), bool), ObjectSettings(0.5))
    array([[1, 1, 2, 2]], dtype=uint16)
    """
    likely = _to_bytes(interior)
    inside = _to_bytes(foreground) > 127
    if likely.shape != inside.shape or likely.ndim != 2:
        raise InputError(
            "interior and foreground of one shape Y X",
            f"{likely.shape} and {inside.shape}",
            "Give two planes of one image.",
        )
    return _grow(_lead(likely, 255 - likely), likely, inside, settings or ObjectSettings())


def check_object_probabilities(probabilities: Array) -> Bytes:
    """Return the probabilities of background, interior and border, or say why they are none.

    Parameters
    ----------
    probabilities : (3, Y, X) ndarray of uint8
        255 is certain.

    Returns
    -------
    (3, Y, X) ndarray of uint8
        The same values.

    Raises
    ------
    InputError
        When there are not three planes of uint8.
    """
    if (
        probabilities.dtype != np.uint8
        or probabilities.ndim != 3
        or probabilities.shape[0] != CLASSES
    ):
        raise InputError(
            "three planes of uint8 (background, interior, border)",
            f"{probabilities.dtype} of shape {probabilities.shape}",
            "Predict with a model that was trained on objects.",
        )
    return probabilities.view(np.uint8)


def _grow(evidence: Bytes, interior: Bytes, foreground: Mask, settings: ObjectSettings) -> Ids:
    seeds, count = ndimage.label((evidence > 0) & foreground)
    inside = np.flatnonzero(seeds)
    weights = np.bincount(seeds.flat[inside], evidence.flat[inside], minlength=count + 1)
    seeds.flat[inside] *= (weights >= settings.smallest_seed * 255)[seeds.flat[inside]]
    grown: NDArray[np.int32] = watershed(  # type: ignore[no-untyped-call]
        255 - interior, seeds, mask=foreground, connectivity=2
    )
    return _in_raster_order(grown, settings.smallest_object)


def _in_raster_order(grown: NDArray[np.int32], smallest: int) -> Ids:
    inside = np.flatnonzero(grown)
    old = grown.ravel()[inside]
    sizes = np.bincount(old, minlength=1)
    first = np.full(sizes.size, grown.size, np.int64)
    first[old[::-1]] = inside[::-1]  # of equal ids the last assignment stays: the first pixel
    order = np.argsort(first, kind="stable")
    order = order[(sizes[order] > 0) & (sizes[order] >= smallest)]
    dtype = np.uint16 if order.size <= np.iinfo(np.uint16).max else np.uint32
    new: NDArray[np.unsignedinteger] = np.zeros(sizes.size, dtype)
    new[order] = np.arange(1, order.size + 1)
    ids: Ids = np.take(new, grown)
    return ids


def _lead(value: Bytes, other: Bytes) -> Bytes:
    return np.where(value > other, value - other, 0).astype(np.uint8, copy=False)


def _to_bytes(probability: Array) -> Bytes:
    if probability.dtype == np.uint8:
        return probability.view(np.uint8)
    if probability.dtype.kind not in "bf":
        raise InputError(
            "probabilities from 0 to 1, or uint8", f"dtype {probability.dtype}", "Convert them."
        )
    return np.rint(np.clip(probability.astype(np.float32), 0, 1) * 255).astype(np.uint8)
