"""What a filled canvas of objects becomes: ids, and how likely a pixel has the wrong one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from napari_segloop.core.canvas import to_bytes
from napari_segloop.core.doubt import error_probability
from napari_segloop.core.object_uncertainty import object_uncertainty
from napari_segloop.core.objects import separate_objects
from napari_segloop.core.prediction import Bytes, Prediction, Wanted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_segloop.core.canvas import Canvas


def finish_objects(canvas: Canvas, wanted: Wanted, numbers: Sequence[float] | None) -> Prediction:
    """Separate the objects of a plane.

    Parameters
    ----------
    canvas : Canvas
        Filled, with probabilities.
    wanted : Wanted
        Which results to make.
    numbers : sequence of float or None
        Turn doubt into error probability (`core.errormodel`).

    Returns
    -------
    Prediction
        Of the whole plane.
    """
    if canvas.probabilities is None:
        msg = "objects are separated on probabilities"
        raise ValueError(msg)
    ids = separate_objects(canvas.probabilities)
    doubt = object_uncertainty(canvas.probabilities, ids) if wanted.uncertainty else None
    if doubt is not None and numbers is not None:
        doubt = _calibrated(doubt, numbers)
    if doubt is not None and canvas.unknown is not None:
        doubt[canvas.unknown] = 0
    return Prediction(ids, doubt, canvas.probabilities if wanted.probabilities else None)


def _calibrated(doubt: Bytes, numbers: Sequence[float]) -> Bytes:
    stated = torch.from_numpy(doubt).float() / 255
    found: Bytes = to_bytes(error_probability(stated, numbers)).numpy()
    return found
