"""Fix everything that could change a pixel of a prediction: model and image in, Plan out.

Number formats are timed on a window of the image at hand. Planning predicts nothing itself.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from napari_segloop.core.devices import Format, choose_device, keep_large_blocks, set_threads
from napari_segloop.core.images import check_channel_count, to_float
from napari_segloop.core.network import fold
from napari_segloop.core.plan import Plan
from napari_segloop.core.probing import probe_prediction
from napari_segloop.core.settings import PredictSettings
from napari_segloop.core.tiling import fit_tile

if TYPE_CHECKING:
    from napari_segloop.core.images import Float, PlaneSource
    from napari_segloop.core.modelfile import Model
    from napari_segloop.core.normalize import Normalization

HALO = 112  # the smallest multiple of 16 that leaves no seams (docs/decisions/0005)
EXACT_HALO = 512  # half of the receptive field of a resnet34 U-Net, on the grid
LARGEST_TILE = 2048  # about one gigabyte of memory for a resnet34 U-Net of depth 4
SAMPLE = 192  # side of the window on which number formats are compared


def make_plan(
    model: Model,
    plane: PlaneSource,
    normalization: Normalization,
    settings: PredictSettings | None = None,
) -> Plan:
    """Fix how an image is predicted; all its planes share the plan.

    Parameters
    ----------
    model : Model
        The model.
    plane : PlaneSource
        One plane of the image, for its shape and a window to compare number formats on.
    normalization : Normalization
        Numbers for this file.
    settings : PredictSettings, optional
        What the user asked for.

    Returns
    -------
    Plan
        Frozen.

    Raises
    ------
    ModelError
        When the image has other channels than the model.
    InputError
        When the device is not there.
    """
    settings = settings or PredictSettings()
    check_channels(model, plane)
    device, threads = choose_device(settings.device), set_threads(settings.threads)
    keep_large_blocks()
    shape = plane.shape[1], plane.shape[2]
    chosen = _choose_format(model, plane, normalization, settings, device)
    halo = EXACT_HALO if settings.exact else HALO
    return Plan(
        model=model.id,
        normalization=normalization,
        shape=shape,
        tile=fit_tile(shape, settings.largest_tile or LARGEST_TILE, halo),
        halo=halo,
        batch=1,
        precision=chosen.precision,
        layout=chosen.layout,
        device=device.type,
        threads=threads,
        torch=str(torch.__version__),
        quality=settings.quality,
    )


def replan(
    plan: Plan, shape: tuple[int, int], normalization: Normalization, largest: int | None = None
) -> Plan:
    """Fix how another image is predicted; model, number format, halo and threads stay.

    Parameters
    ----------
    plan : Plan
        Of an image with the same channels.
    shape : tuple of int
        Rows and columns of a plane.
    normalization : Normalization
        Numbers for the file.
    largest : int, optional
        Upper limit of a tile's side in pixels, halo included.

    Returns
    -------
    Plan
        Frozen.
    """
    tile = fit_tile(shape, largest or LARGEST_TILE, plan.halo)
    return replace(plan, normalization=normalization, shape=shape, tile=tile)


def check_channels(model: Model, plane: PlaneSource) -> None:
    """Refuse an image with other channels than the model was trained on.

    Parameters
    ----------
    model : Model
        The model.
    plane : PlaneSource
        A plane of the image.

    Raises
    ------
    ModelError
        With both numbers.
    """
    check_channel_count(model.info.channels, plane.shape[0])


def _choose_format(
    model: Model,
    plane: PlaneSource,
    normalization: Normalization,
    settings: PredictSettings,
    device: torch.device,
) -> Format:
    if settings.exact:
        return Format("float32", "channels_last")
    if settings.precision:
        return Format(settings.precision, "channels_last")
    sample = torch.from_numpy(_sample(plane, normalization))[None]
    return probe_prediction(fold(model.network), sample, device)[0].format


def _sample(plane: PlaneSource, normalization: Normalization) -> Float:
    """Read a window in the middle of the image, mirrored to a fixed size."""
    _, rows, columns = plane.shape
    y, x = max(0, (rows - SAMPLE) // 2), max(0, (columns - SAMPLE) // 2)
    window = plane.read(slice(y, min(y + SAMPLE, rows)), slice(x, min(x + SAMPLE, columns)))
    values = normalization.apply(to_float(window)[0])
    beyond = [(0, SAMPLE - length) for length in values.shape[1:]]
    return np.pad(values, ((0, 0), *beyond), mode="reflect")
