"""What is true about one plane: class, identity, overlap and focus of every pixel.

Made from geometry, never from the image, so that it is exact. This module does not know light.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.samples.sample import ObjectMask, ObjectTruth
from napari_segloop.samples.settings import CLASS_OF_KIND, CrystalSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_segloop.core.images import Float, Mask
    from napari_segloop.samples.population import Body


@dataclass(frozen=True, slots=True, eq=False)
class PlaneTruth:
    """The truth of one plane; see ``Sample`` for the fields."""

    classes: NDArray[np.uint8]
    ids: NDArray[np.uint16]
    overlap: NDArray[np.uint8]
    focus: Float
    rows: tuple[ObjectTruth, ...]
    masks: tuple[ObjectMask, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One object on one plane.

    Parameters
    ----------
    body : Body
        The object.
    slices : (slice, slice)
        A rectangle of the plane that holds all of it that lies in the plane.
    mask : (h, w) ndarray of bool
        The object in this rectangle.
    defocus_um : float
        Signed distance from the focal plane.
    focus : float
        1 is sharp.
    """

    body: Body
    slices: tuple[slice, slice]
    mask: Mask
    defocus_um: float
    focus: float


def plane_truth(
    index: tuple[int, ...],
    seen: Sequence[Seen],
    shape: tuple[int, int],
    settings: CrystalSettings,
) -> PlaneTruth:
    """Return the truth of one plane.

    Parameters
    ----------
    index : tuple of int
        The plane.
    seen : sequence of Seen
        The objects, the farthest first, so that the nearest is topmost.
    shape : (int, int)
        Rows and columns.
    settings : CrystalSettings
        The blur limit and the pixel size.

    Returns
    -------
    PlaneTruth
        With one row per object that has a pixel in the plane.
    """
    present = [one for one in seen if one.mask.any()]
    outlined = [one for one in present if is_outlined(one.body, one.defocus_um, settings)]
    classes, ids = np.zeros(shape, np.uint8), np.zeros(shape, np.uint16)
    overlap, focus = np.zeros(shape, np.uint8), np.zeros(shape, np.float32)
    for one in outlined:
        classes[one.slices][one.mask] = CLASS_OF_KIND[one.body.kind]
        ids[one.slices][one.mask] = one.body.id
        focus[one.slices][one.mask] = one.focus
        overlap[one.slices] += one.mask
    rows = tuple(_row(index, one, ids, settings) for one in present)
    masks = tuple(_tight(index, one) for one in outlined)
    return PlaneTruth(classes, ids, overlap, focus, rows, masks)


def is_outlined(body: Body, defocus_um: float, settings: CrystalSettings) -> bool:
    """Say whether an object is sharp enough, for its size, to be part of the truth.

    Parameters
    ----------
    body : Body
        The object.
    defocus_um : float
        Its distance from the focal plane, in micrometres.
    settings : CrystalSettings
        The blur and its limit.

    Returns
    -------
    bool
        False where nobody could draw its outline.
    """
    blur_um = settings.blur_per_um * abs(defocus_um)
    return blur_um <= settings.blur_limit * body.outline.feret_min


def _row(
    index: tuple[int, ...], one: Seen, ids: NDArray[np.uint16], settings: CrystalSettings
) -> ObjectTruth:
    body, outline = one.body, one.body.outline
    topmost = one.mask & (ids[one.slices] == body.id)
    return ObjectTruth(
        index=index,
        id=body.id,
        kind=body.kind,
        class_value=CLASS_OF_KIND[body.kind],
        y_um=body.y,
        x_um=body.x,
        z_um=body.z,
        area_um2=outline.area,
        equivalent_diameter_um=float(np.sqrt(4 * outline.area / np.pi)),
        feret_max_um=outline.feret_max,
        feret_min_um=outline.feret_min,
        defocus_um=one.defocus_um,
        focus=one.focus,
        outlined=is_outlined(body, one.defocus_um, settings),
        cut=_is_cut(body, ids.shape, settings.pixel_size_um),
        visible=float(topmost.sum() / one.mask.sum()),
    )


def _is_cut(body: Body, shape: tuple[int, ...], pixel_size_um: float) -> bool:
    y_low, y_high, x_low, x_high = body.outline.bounds
    bottom, right = ((length - 0.5) * pixel_size_um for length in shape)
    edge = -0.5 * pixel_size_um
    over_y = body.y + y_low < edge or body.y + y_high > bottom
    return over_y or body.x + x_low < edge or body.x + x_high > right


def _tight(index: tuple[int, ...], one: Seen) -> ObjectMask:
    rows = np.flatnonzero(one.mask.any(axis=1))
    columns = np.flatnonzero(one.mask.any(axis=0))
    mask = one.mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].copy()
    mask.flags.writeable = False
    y, x = one.slices[0].start + int(rows[0]), one.slices[1].start + int(columns[0])
    return ObjectMask(index, one.body.id, y, x, mask)
