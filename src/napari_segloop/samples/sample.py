"""An image and everything that is true about it.

The truth is exact because it was there before the image. A sample does not know how it was made,
nor who shows it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_segloop.core.images import Array, Float, Mask


@dataclass(frozen=True, slots=True)
class ObjectTruth:
    """One object on one plane, as it was made: geometry, not counted pixels.

    Parameters
    ----------
    index : tuple of int
        The plane: one number for each leading axis of the truth.
    id : int
        Identity, the same on all planes of a stack and all frames of a movie.
    kind : str
        ``facetted``, ``plate``, ``needle``, ``blob`` or ``bubble``.
    class_value : int
        Its value in the class map.
    y_um, x_um : float
        Centre, from the middle of the first pixel; may lie outside the image.
    z_um : float
        Depth; larger is nearer to the camera.
    area_um2 : float
        Area of the whole outline, also of the part beyond the image's edge.
    equivalent_diameter_um : float
        Diameter of the disc of this area.
    feret_max_um, feret_min_um : float
        Largest and smallest distance of two parallel tangents.
    defocus_um : float
        Depth relative to the focal plane.
    focus : float
        1 is sharp; one half at the depth of field.
    outlined : bool
        Whether it is sharp enough to be part of the truth.
    cut : bool
        Whether it reaches beyond the image's edge, so that its size cannot be measured.
    visible : float
        Fraction of its pixels in the image on which it is the topmost; 0 when not outlined.
    """

    index: tuple[int, ...]
    id: int
    kind: str
    class_value: int
    y_um: float
    x_um: float
    z_um: float
    area_um2: float
    equivalent_diameter_um: float
    feret_max_um: float
    feret_min_um: float
    defocus_um: float
    focus: float
    outlined: bool
    cut: bool
    visible: float


@dataclass(frozen=True, slots=True, eq=False)
class ObjectMask:
    """The whole mask of one outlined object on one plane, also where another covers it.

    Parameters
    ----------
    index : tuple of int
        The plane: one number for each leading axis of the truth.
    id : int
        The object's identity.
    y, x : int
        Upper left corner of the mask in the image, in pixels.
    mask : (h, w) ndarray of bool
        True on the object.
    """

    index: tuple[int, ...]
    id: int
    y: int
    x: int
    mask: Mask

    @property
    def slices(self) -> tuple[slice, slice]:
        """The mask's place as ``(rows, columns)`` slices of its plane."""
        height, width = self.mask.shape
        return slice(self.y, self.y + height), slice(self.x, self.x + width)


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A made image with its exact truth.

    Parameters
    ----------
    image : ndarray
        The pixels, read-only, with the axes ``axes``.
    axes : str
        ``YX``, ``ZYX`` or ``TCYX``.
    pixel_size_um : float
        Edge of a pixel, in micrometres.
    z_step_um : float or None
        Distance of two planes of a stack, in micrometres.
    classes : (..., Y, X) ndarray of uint8
        Class of the topmost object, see ``CLASS_NAMES``; the image's axes without channels.
    ids : (..., Y, X) ndarray of uint16
        Identity of the topmost object, 0 is background.
    overlap : (..., Y, X) ndarray of uint8
        How many outlined objects lie on each pixel.
    focus : (..., Y, X) ndarray of float32
        Focus of the topmost object, 1 is sharp; 0 on background.
    table : tuple of ObjectTruth
        One row per object and plane.
    masks : tuple of ObjectMask
        The whole masks, also below others.
    channels : tuple of str
        Names of the channels; one for images without a channel axis.
    seed : int or None
        What it was made from; None when a generator was handed in.
    """

    image: Array
    axes: str
    pixel_size_um: float
    z_step_um: float | None
    classes: NDArray[np.uint8]
    ids: NDArray[np.uint16]
    overlap: NDArray[np.uint8]
    focus: Float
    table: tuple[ObjectTruth, ...]
    masks: tuple[ObjectMask, ...]
    channels: tuple[str, ...]
    seed: int | None

    def __post_init__(self) -> None:
        for array in (self.image, self.classes, self.ids, self.overlap, self.focus):
            array.flags.writeable = False


def columns(table: tuple[ObjectTruth, ...]) -> dict[str, Array]:
    """Return a table of objects column by column.

    Parameters
    ----------
    table : tuple of ObjectTruth
        The rows.

    Returns
    -------
    dict of str to (N,) ndarray
        One array per column; ``index`` as text, its numbers joined by ``;``.
    """
    names = [field.name for field in fields(ObjectTruth) if field.name != "index"]
    index = np.array([";".join(map(str, row.index)) for row in table], dtype=str)
    return {"index": index} | {
        name: np.array([getattr(row, name) for row in table]) for name in names
    }
