"""Between which numbers the normalisation of a training image is varied while it teaches.

A network that has seen one image normalised with the numbers of all and with its own is at home
with every file in between. The module knows numbers, not pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.normalize import (
    Normalization,
    Statistics,
    between,
    for_file,
    own_numbers,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers that an image is normalised with, and between which others teaching varies them.

    Parameters
    ----------
    used : Normalization
        What prediction uses.
    first, second : Normalization
        Both ends; equal to `used` when nothing is varied.
    """

    used: Normalization
    first: Normalization
    second: Normalization

    def change(self, place: float) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
        """Return how normalised values change when other numbers of the range are used.

        Parameters
        ----------
        place : float
            0 for the first end, 1 for the second.

        Returns
        -------
        gain, offset : (C, 1, 1) ndarray of float32
            To multiply by and to add; None where nothing changes.
        """
        if self.first == self.second == self.used:
            return None
        new = between(self.first, self.second, place)
        scale, centre = np.array(new.scale), np.array(new.centre)
        gain = np.array(self.used.scale) / scale
        offset = (np.array(self.used.centre) - centre) / scale
        return gain.astype(np.float32)[:, None, None], offset.astype(np.float32)[:, None, None]


def range_for(model: Normalization, statistics: Statistics) -> Range:
    """Return the numbers for a training image and what they are varied between.

    Parameters
    ----------
    model : Normalization
        The rule, and the numbers of all training images.
    statistics : Statistics
        Of the image's file.

    Returns
    -------
    Range
        From the training images' numbers to the file's own for the rule "between".
    """
    used = for_file(model, statistics)
    if used.rule != "between":
        return Range(used, used, used)
    return Range(used, model, own_numbers(model, statistics))
