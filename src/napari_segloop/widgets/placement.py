"""Where a layer lies in the world: scale, position, units, copied from an image to what we make.

Knows transforms and axes; not what the layers show.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_segloop.files.pixelsize import micrometres

if TYPE_CHECKING:
    from napari.layers import Layer
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """The arguments that put a new layer where an image is.

    Parameters
    ----------
    scale, translate : tuple of float
        One number for each axis.
    rotate, shear, affine : ndarray
        As napari takes them.
    units, axis_labels : tuple of str
        One for each axis.
    """

    scale: tuple[float, ...]
    translate: tuple[float, ...]
    rotate: Matrix
    shear: Matrix
    affine: Matrix
    units: tuple[str, ...]
    axis_labels: tuple[str, ...]

    @classmethod
    def of(cls, layer: Layer, without: int | None = None) -> Placement:
        """Read it off a layer.

        Parameters
        ----------
        layer : napari.layers.Layer
            The image.
        without : int, optional
            An axis that the new layer does not have: the channels.

        Returns
        -------
        Placement
            For a layer without that axis.
        """
        kept = [axis for axis in range(layer.ndim) if axis != without]
        grid = np.ix_(kept, kept)
        affine = np.ix_([*kept, layer.ndim], [*kept, layer.ndim])
        return cls(
            scale=tuple(float(layer.scale[axis]) for axis in kept),
            translate=tuple(float(layer.translate[axis]) for axis in kept),
            rotate=np.asarray(layer.rotate)[grid],
            shear=_shear_matrix(layer)[grid],
            affine=np.asarray(layer.affine.affine_matrix)[affine],
            units=tuple(str(layer.units[axis]) for axis in kept),
            axis_labels=tuple(str(layer.axis_labels[axis]) for axis in kept),
        )

    @property
    def letters(self) -> str:
        """A letter for each axis: its label's first one where that is known, else Q."""
        firsts = [label[:1].upper() for label in self.axis_labels]
        return "".join(first if first in set("TZYX") else "Q" for first in firsts)

    @property
    def pixel_size(self) -> tuple[float, float] | None:
        """Height and width of a pixel in micrometres; None where units are no lengths."""
        pairs = zip(self.scale[-2:], self.units[-2:], strict=True)
        y, x = (micrometres(abs(scale), unit) for scale, unit in pairs)
        return None if y is None or x is None else (y, x)

    def difference(self, other: Placement) -> str:
        """Name what keeps two placements of one shape from being the same.

        Parameters
        ----------
        other : Placement
            Of as many axes.

        Returns
        -------
        str
            "units", "scale", "translate", "rotate", "shear" or "affine"; empty when they lie on
            each other within half a pixel.
        """
        if self.units != other.units:
            return "units"
        if np.any(np.abs(np.subtract(self.translate, other.translate)) > np.abs(self.scale) / 2):
            return "translate"
        names = ("scale", "rotate", "shear", "affine")
        pairs = ((name, getattr(self, name), getattr(other, name)) for name in names)
        return next((name for name, a, b in pairs if not np.allclose(a, b, 1e-4, 1e-9)), "")

    def moved(self, offset: tuple[int, ...]) -> Placement:
        """Return the placement of a box that begins at some pixel of the image.

        Parameters
        ----------
        offset : tuple of int
            The box's first pixel, for each axis.

        Returns
        -------
        Placement
            The same with another position.
        """
        linear = self.rotate @ self.shear @ np.diag(self.scale)
        shift = linear @ np.asarray(offset, float)
        translate = tuple(float(t) for t in np.asarray(self.translate) + shift)
        return Placement(
            self.scale,
            translate,
            self.rotate,
            self.shear,
            self.affine,
            self.units,
            self.axis_labels,
        )

    def arguments(self) -> dict[str, Any]:
        """Return what a layer's constructor takes.

        Returns
        -------
        dict
            By name.
        """
        names = ("scale", "translate", "rotate", "shear", "affine", "units", "axis_labels")
        return {name: getattr(self, name) for name in names}


def _shear_matrix(layer: Layer) -> Matrix:
    """Return the shear as a matrix; napari hands it out as its upper triangle."""
    shear = np.asarray(layer.shear, float)
    if shear.ndim == 2:
        return shear
    matrix = np.eye(layer.ndim)
    matrix[np.triu_indices(layer.ndim, 1)] = shear
    return matrix
