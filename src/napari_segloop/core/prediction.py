"""What is asked of a prediction and what comes back, without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from napari_segloop.core.images import Labels

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What the network says about one plane.

    Parameters
    ----------
    labels : (Y, X) ndarray of uint8, uint16 or uint32
        Label values of the training labels, or object ids.
    uncertainty : (Y, X) ndarray of uint8 or None
        Value / 255 is the probability that the pixel's label is wrong.
    probabilities : (K, Y, X) ndarray of uint8 or None
        Value / 255 is the calibrated probability of each class.
    """

    labels: Labels
    uncertainty: Bytes | None = None
    probabilities: Bytes | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which results to make beside the labels."""

    uncertainty: bool = True
    probabilities: bool = False
