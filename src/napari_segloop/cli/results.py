"""The files that a prediction becomes, written plane by plane.

Brings predictions and writers together; knows neither networks nor how files are laid out.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.cli.machine import versions
from napari_segloop.core.labels import check_labels
from napari_segloop.files.results import Results

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from napari_segloop.core.images import Array
    from napari_segloop.core.modelinfo import ModelInfo
    from napari_segloop.core.plan import Plan
    from napari_segloop.core.prediction import Prediction, Wanted
    from napari_segloop.files.images import ImageFile
    from napari_segloop.files.outputs import Target
    from napari_segloop.files.results import Kind


def kinds(info: ModelInfo, wanted: Wanted) -> dict[Kind, np.dtype[np.generic]]:
    """Return which results an image gets, and the dtype of each.

    Parameters
    ----------
    info : ModelInfo
        Its values decide the dtype of the labels.
    wanted : Wanted
        What is made beside the labels.

    Returns
    -------
    dict of str to numpy dtype
        "labels", and perhaps "uncertainty" and "probabilities".
    """
    byte = np.dtype(np.uint8)
    found: dict[Kind, np.dtype[np.generic]] = {"labels": label_dtype(info)}
    if wanted.uncertainty:
        found["uncertainty"] = byte
    if wanted.probabilities:
        found["probabilities"] = byte
    return found


def label_dtype(info: ModelInfo) -> np.dtype[np.generic]:
    """Return the smallest dtype for a model's labels; ids begin as uint16.

    Parameters
    ----------
    info : ModelInfo
        The model.

    Returns
    -------
    numpy dtype
        uint8, uint16 or uint32.
    """
    if info.task == "objects":
        return np.dtype(np.uint16)
    return np.dtype(np.min_scalar_type(max(info.values)))


@contextmanager
def open_results(
    target: Target, image: ImageFile, info: ModelInfo, wanted: Wanted, provenance: str
) -> Iterator[Callable[[Prediction], None]]:
    """Open the files of one image; they get their names when all planes are written.

    Parameters
    ----------
    target : Target
        Where they go.
    image : ImageFile
        The input.
    info : ModelInfo
        Of the model that predicts.
    wanted : Wanted
        What is made beside the labels.
    provenance : str
        JSON, kept in every file.

    Yields
    ------
    callable
        Writes the prediction of the next plane.
    """
    found = kinds(info, wanted)
    ids = _Numbering()
    with Results(target, image, found, info.outputs, provenance) as results:

        def write_plane(prediction: Prediction) -> None:
            for kind in found:
                plane: Array = getattr(prediction, kind)
                numbered = kind == "labels" and info.task == "objects"
                results.write(kind, ids.apart(plane) if numbered else plane)

        yield write_plane


class _Numbering:
    """Keeps the ids of different planes apart: they go on counting."""

    def __init__(self) -> None:
        self._last = 0

    def apart(self, ids: Array) -> Array:
        ids = check_labels(ids)
        if self._last:
            ids = np.where(ids > 0, ids.astype(np.uint32) + np.uint32(self._last), np.uint32(0))
        self._last = max(self._last, int(ids.max(initial=0)))
        return ids


def provenance_of(plan: Plan, info: ModelInfo, image: Path) -> str:
    """Return how a result came about, as JSON without times, so that equal runs give equal bytes.

    Parameters
    ----------
    plan : Plan
        Fixes every pixel.
    info : ModelInfo
        The model's task, values and score.
    image : Path
        Its name is kept.

    Returns
    -------
    str
        One line of sorted JSON.
    """
    model = {"id": plan.model, "task": info.task, "values": info.values, "score": info.score}
    if info.original is not None:  # by this id the project's versions know it
        model["original"] = info.original
    record = {"plan": asdict(plan), "model": model, "image": image.name, "versions": versions()}
    return json.dumps(record, sort_keys=True)
