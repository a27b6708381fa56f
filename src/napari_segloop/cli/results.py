"""The files that a prediction becomes, written plane by plane.

Brings predictions and writers together; knows neither networks nor how files are laid out.
"""

from __future__ import annotations

import json
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.cli.machine import versions
from napari_segloop.core.labels import check_labels
from napari_segloop.files.ngff import ZarrOutput
from napari_segloop.files.omexml import Layout
from napari_segloop.files.writing import TiffOutput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from napari_segloop.core.images import Array
    from napari_segloop.core.modelinfo import ModelInfo
    from napari_segloop.core.plan import Plan
    from napari_segloop.core.prediction import Prediction, Wanted
    from napari_segloop.files.images import ImageFile
    from napari_segloop.files.outputs import Target

    Write = Callable[[str, Array], None]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of result of an image.

    Parameters
    ----------
    layout : Layout
        Axes, lengths and channels.
    dtype : numpy dtype
        What is stored.
    ids : bool
        Whether the values are ids, which must differ from plane to plane.
    """

    layout: Layout
    dtype: np.dtype[np.generic]
    ids: bool = False


def kinds(info: ModelInfo, image: ImageFile, wanted: Wanted) -> dict[str, Kind]:
    """Return which results an image gets, by the name of the prediction's field.

    Parameters
    ----------
    info : ModelInfo
        Its values decide the dtype of the labels.
    image : ImageFile
        Gives axes and pixel size.
    wanted : Wanted
        What is made beside the labels.

    Returns
    -------
    dict of str to Kind
        "labels", and perhaps "uncertainty" and "probabilities".
    """
    size = image.pixel_size
    plain = Layout(image.leading_axes, image.leading_shape, image.plane_shape, pixel_size=size)
    byte = np.dtype(np.uint8)
    found = {"labels": Kind(plain, label_dtype(info), info.task == "objects")}
    if wanted.uncertainty:
        found["uncertainty"] = Kind(plain, byte)
    if wanted.probabilities:
        stacked = Layout(plain.axes, plain.lengths, plain.plane_shape, info.outputs, size)
        found["probabilities"] = Kind(stacked, byte)
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
    target: Target, found: Mapping[str, Kind], provenance: str
) -> Iterator[Callable[[Prediction], None]]:
    """Open the files of one image; they get their names when all planes are written.

    Parameters
    ----------
    target : Target
        Where they go.
    found : mapping of str to Kind
        Which there are.
    provenance : str
        JSON, kept in every file.

    Yields
    ------
    callable
        Writes the prediction of the next plane.
    """
    with ExitStack() as stack:
        write = _open(stack, target, found, provenance)
        ids = _Numbering()

        def write_plane(prediction: Prediction) -> None:
            for name in found:
                plane: Array = getattr(prediction, name)
                write(name, ids.apart(plane) if found[name].ids else plane)

        yield write_plane


def _open(stack: ExitStack, target: Target, found: Mapping[str, Kind], provenance: str) -> Write:
    if target.zarr:
        return _open_zarr(stack, target, found, provenance)
    files = {
        name: stack.enter_context(
            TiffOutput(getattr(target, name), kind.layout, kind.dtype, provenance)
        )
        for name, kind in found.items()
    }
    return lambda name, plane: files[name].write(plane)


def _open_zarr(
    stack: ExitStack, target: Target, found: Mapping[str, Kind], provenance: str
) -> Write:
    groups = {name: getattr(target, name).relative_to(target.root).as_posix() for name in found}
    store = stack.enter_context(
        ZarrOutput(
            target.root,
            {groups[name]: kind.layout for name, kind in found.items()},
            {groups[name]: kind.dtype for name, kind in found.items()},
            provenance,
        )
    )
    return lambda name, plane: store.write(groups[name], plane)


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
    record = {"plan": asdict(plan), "model": model, "image": image.name, "versions": versions()}
    return json.dumps(record, sort_keys=True)
