"""A plane and masks that somebody else made, read window by window as class numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from napari_segloop.core.errors import InputError
from napari_segloop.core.truth import IGNORED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_segloop.core.images import Labels, PlaneSource
    from napari_segloop.core.normalize import Normalization

CHECKED: Final = 1  # what is more than that is unknown


@dataclass(frozen=True, slots=True, eq=False)
class GivenMasks:
    """A plane and masks that somebody else made.

    Parameters
    ----------
    plane : PlaneSource
        Pixels.
    labels : (Y, X) ndarray of integer
        Class values or ids.
    numbers : Normalization
        Of the image.
    checked : (Y, X) ndarray of integer, optional
        0 not checked, 1 checked, 2 can't tell, 3 excluded: of the last two nothing is learnt.
    """

    plane: PlaneSource
    labels: Labels
    numbers: Normalization
    checked: Labels | None = None

    def __post_init__(self) -> None:
        for what in (self.labels, self.checked):
            if what is not None and what.shape != self.plane.shape[1:]:
                raise InputError(
                    f"masks of {self.plane.shape[1:]} pixels, as the image",
                    f"{what.shape}",
                    "Give those of this image.",
                )

    def classes(
        self, values: Sequence[int] | None, rows: slice, columns: slice
    ) -> NDArray[np.uint8]:
        """Return class numbers of a window.

        Parameters
        ----------
        values : sequence of int or None
            Label value of each class, sorted; None tells only background from objects.
        rows, columns : slice
            In pixels; what lies beyond the plane is its mirror image.

        Returns
        -------
        (h, w) ndarray of uint8
            `IGNORED` for values that are no class, and where nothing is stated.
        """
        labels = self.labels[rows, columns]
        if values is None:
            found = (labels != 0).astype(np.uint8)
        else:
            places = np.searchsorted(values, labels).clip(max=len(values) - 1)
            is_known = np.asarray(values)[places] == labels
            found = np.where(is_known, places, IGNORED).astype(np.uint8)
        if self.checked is not None:
            found[self.checked[rows, columns] > CHECKED] = IGNORED
        return _mirrored(found, rows, columns)


def _mirrored(classes: NDArray[np.uint8], rows: slice, columns: slice) -> NDArray[np.uint8]:
    """Mirror what lies beyond the plane, as tiles of its pixels are."""
    lengths = (part.stop - part.start for part in (rows, columns))
    beyond = [(0, all_of_it - n) for all_of_it, n in zip(lengths, classes.shape, strict=True)]
    mirrored: NDArray[np.uint8] = np.pad(classes, beyond, mode="reflect")
    return mirrored
