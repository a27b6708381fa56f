"""How the things in a scene are lit: what they share, whatever their kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from napari_segloop.samples.scenefields import Field, Shape

Drawn = tuple["Field", NDArray[np.integer[Any] | np.bool_]]
"""An image, and the class of each pixel."""


@dataclass(frozen=True, slots=True, eq=False)
class Light:
    """What all things in a scene share.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns.
    size : float
        Typical size of the things in pixels.
    softness : float
        Width of an edge in pixels.
    polarity : int
        1 for bright things, -1 for dark ones.
    contrast : float
        Of things to background, in deviations.
    behind, within : (Y, X) ndarray of float
        Texture of the background and of the things.
    """

    shape: Shape
    size: float
    softness: float
    polarity: int
    contrast: float
    behind: Field
    within: Field

    @property
    def level(self) -> float:
        """Grey value of the things."""
        return self.polarity * self.contrast

    def over(self, image: Field, share: Field, inner: Field | float) -> Field:
        """Lay things on an image.

        Parameters
        ----------
        image : (Y, X) ndarray of float
            What is behind them.
        share : (Y, X) ndarray of float
            How much of each pixel they cover.
        inner : (Y, X) ndarray of float
            How they look.

        Returns
        -------
        (Y, X) ndarray of float
            Both.
        """
        return image * (1 - share) + inner * share


def happens(rng: np.random.Generator, share: float) -> bool:
    """Toss a coin.

    Parameters
    ----------
    rng : numpy Generator
        Source of chance.
    share : float
        How often it happens, 0 to 1.

    Returns
    -------
    bool
        Whether it does now.
    """
    return bool(rng.random() < share)
