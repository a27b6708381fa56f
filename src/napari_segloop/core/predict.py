"""Predict one plane by a Plan: tile by tile, reduced on the device, never full-size logits.

`make_plan` fixes everything that could change a pixel; `Predictor` carries it out. Neither knows
files or which plane of a stack it has in hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_segloop.core.devices import (
    Format,
    choose_device,
    prepare,
    probe_prediction,
    set_threads,
)
from napari_segloop.core.errors import InputError, ModelError, ResourceError
from napari_segloop.core.events import TileDone
from napari_segloop.core.images import Float, Labels, Mask, PlaneSource, ShouldStop, to_float
from napari_segloop.core.network import fold
from napari_segloop.core.object_uncertainty import object_uncertainty
from napari_segloop.core.objects import separate_objects
from napari_segloop.core.plan import Plan
from napari_segloop.core.settings import PredictSettings
from napari_segloop.core.tiling import Tile, fit_tile, grid
from napari_segloop.core.truth import from_class_indices

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from napari_segloop.core.modelfile import Model
    from napari_segloop.core.normalize import Normalization

HALO = 32
EXACT_HALO = 512  # half of the receptive field of a resnet34 U-Net, on the grid
LARGEST_TILE = 1088
LARGEST_EXACT_TILE = 2048
SAMPLE = 256  # side of the window on which number formats are compared
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
    shape = plane.shape[1], plane.shape[2]
    chosen = _choose_format(model, plane, normalization, settings, device)
    halo = EXACT_HALO if settings.exact else HALO
    largest = settings.largest_tile or (LARGEST_EXACT_TILE if settings.exact else LARGEST_TILE)
    return Plan(
        model=model.id,
        normalization=normalization,
        shape=shape,
        tile=fit_tile(shape, largest, halo),
        halo=halo,
        batch=1,
        precision=chosen.precision,
        layout=chosen.layout,
        device=device.type,
        threads=threads,
        torch=str(torch.__version__),
    )


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
    if plane.shape[0] != model.info.channels:
        raise ModelError(
            f"an image of {model.info.channels} channel(s), like the model's training images",
            f"{plane.shape[0]}",
            "Select channels with --channels, or name the axes with --axes.",
        )


class Predictor:
    """A model made ready for one plan.

    Parameters
    ----------
    model : Model
        The model that the plan names.
    plan : Plan
        How to predict.

    Raises
    ------
    InputError
        When the plan is for another model or another kind of device.
    """

    def __init__(self, model: Model, plan: Plan) -> None:
        if plan.model != model.id:
            raise InputError(
                f"model {plan.model[:12]}, for which the plan was made",
                f"model {model.id[:12]}",
                "Predict with the model of the plan.",
            )
        self._plan = plan
        self._info = model.info
        self._device = choose_device(plan.device)
        self._format = Format(plan.precision, plan.layout)
        network = fold(model.network) if plan.folded else model.network
        self._network = prepare(network, self._format, self._device)

    @property
    def plan(self) -> Plan:
        """How this predictor predicts."""
        return self._plan

    def predict(
        self,
        plane: PlaneSource,
        wanted: Wanted | None = None,
        should_stop: ShouldStop = lambda: False,
    ) -> Generator[TileDone, None, Prediction | None]:
        """Predict one plane.

        Parameters
        ----------
        plane : PlaneSource
            Pixels; of the plan's shape.
        wanted : Wanted, optional
            Which results to make.
        should_stop : callable
            Asked at every tile.

        Yields
        ------
        TileDone
            After each tile.

        Returns
        -------
        Prediction or None
            None when stopped.

        Raises
        ------
        InputError
            When the plane does not fit the plan.
        ResourceError
            When memory did not suffice.
        """
        if plane.shape[1:] != self._plan.shape:
            raise InputError(
                f"a plane of {self._plan.shape} pixels", f"{plane.shape[1:]}", "Make a new plan."
            )
        wanted = wanted or Wanted()
        set_threads(self._plan.threads)
        canvas = _Canvas(self._plan.shape, self._info.outputs, self._needs(wanted))
        tiles = list(grid(self._plan.shape, self._plan.tile, self._plan.halo))
        done = 0
        for batch in _batches(tiles, self._plan.batch):
            if should_stop():
                return None
            self._predict_batch(plane, batch, canvas)
            done += len(batch)
            yield TileDone(done, len(tiles))
        return self._finish(canvas, wanted)

    def _needs(self, wanted: Wanted) -> Wanted:
        """Objects are separated on probabilities, so those are made for them in any case."""
        if self._info.task == "objects":
            return Wanted(uncertainty=False, probabilities=True)
        return wanted

    def _predict_batch(self, plane: PlaneSource, batch: list[Tile], canvas: _Canvas) -> None:
        windows, known = zip(*(self._read(plane, tile) for tile in batch), strict=True)
        stacked = torch.from_numpy(np.stack(windows))
        padded = torch.cat([stacked, stacked[:1].expand(self._plan.batch - len(batch), -1, -1, -1)])
        try:
            with torch.inference_mode():
                logits = self._forward(padded)
                for tile, mask, item in zip(batch, known, logits, strict=False):
                    canvas.put(tile, mask, _own(item, tile), self._info.temperature)
        except (torch.OutOfMemoryError, MemoryError) as error:
            raise ResourceError(
                f"memory for a tile of {self._plan.tile} pixels", "too little",
                "Close other programs, or predict with --device cpu.",
            ) from error  # fmt: skip

    def _read(self, plane: PlaneSource, tile: Tile) -> tuple[Float, Mask]:
        """Read a tile; what lies beyond the image is its mirror image."""
        _, rows, columns = plane.shape
        r, c = tile.rows, tile.columns
        window = plane.read(slice(r.start, min(r.stop, rows)), slice(c.start, min(c.stop, columns)))
        values, known = to_float(window)
        values = self._plan.normalization.apply(values)
        beyond = (0, max(0, r.stop - rows)), (0, max(0, c.stop - columns))
        own = known[r.own_start - r.start : r.own_stop - r.start,
                    c.own_start - c.start : c.own_stop - c.start]  # fmt: skip
        return np.pad(values, ((0, 0), *beyond), mode="reflect"), own

    def _forward(self, windows: Tensor) -> Tensor:
        layout = self._format.memory_format
        logits: Tensor = self._network(
            windows.to(self._device, self._format.dtype, memory_format=layout)
        )
        return logits

    def _finish(self, canvas: _Canvas, wanted: Wanted) -> Prediction:
        if self._info.task == "objects":
            return _finish_objects(canvas, wanted)
        labels = from_class_indices(canvas.labels, self._info.values)
        return Prediction(labels, canvas.uncertainty, canvas.probabilities)


class _Canvas:
    """Full-size results, uint8 only; tiles are reduced into it."""

    def __init__(self, shape: tuple[int, int], outputs: int, wanted: Wanted) -> None:
        self.labels = np.zeros(shape, np.uint8 if outputs <= 256 else np.uint16)
        self.uncertainty = np.zeros(shape, np.uint8) if wanted.uncertainty else None
        self.probabilities = np.zeros((outputs, *shape), np.uint8) if wanted.probabilities else None
        self.known: Mask = np.ones(shape, bool)

    def put(self, tile: Tile, known: Mask, logits: Tensor, temperature: float) -> None:
        """Reduce a tile's logits on its device and keep labels and probabilities."""
        r, c = tile.rows, tile.columns
        window = slice(r.own_start, r.own_stop), slice(c.own_start, c.own_stop)
        labels, uncertainty = reduce_logits(logits, temperature)
        self.labels[window] = labels.cpu().numpy()
        if self.uncertainty is not None:
            self.uncertainty[window] = uncertainty.cpu().numpy()
        if self.probabilities is not None:
            self.probabilities[:, *window] = _to_bytes(
                (logits.float() / temperature).softmax(0)
            ).cpu().numpy()  # fmt: skip
        if not known.all():
            self._clear(window, ~known)

    def _clear(self, window: tuple[slice, slice], unknown: Mask) -> None:
        """Pixels without a number are an excluded area: background, and not uncertain."""
        self.labels[window][unknown] = 0
        if self.uncertainty is not None:
            self.uncertainty[window][unknown] = 0
        if self.probabilities is not None:
            self.probabilities[:, *window][:, unknown] = 0
            self.probabilities[0, *window][unknown] = 255


def reduce_logits(logits: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """Turn logits into labels and the probability that each label is wrong.

    Parameters
    ----------
    logits : (K, Y, X) Tensor
        Any precision, on any device.
    temperature : float
        Divides the logits.

    Returns
    -------
    labels : (Y, X) Tensor of uint8
        Position of the largest logit.
    uncertainty : (Y, X) Tensor of uint8
        255 times one minus the largest probability.
    """
    values = logits.float()
    top, labels = values.max(0)
    total = ((values - top) / temperature).exp_().sum(0)
    return labels.to(torch.uint8), _to_bytes(1 - 1 / total)


def _to_bytes(probabilities: Tensor) -> Tensor:
    return (probabilities * 255).round_().to(torch.uint8)


def _own(logits: Tensor, tile: Tile) -> Tensor:
    r, c = tile.rows, tile.columns
    return logits[:, r.own_start - r.start : r.own_stop - r.start,
                  c.own_start - c.start : c.own_stop - c.start]  # fmt: skip


def _batches(tiles: Iterable[Tile], size: int) -> Iterator[list[Tile]]:
    iterator = iter(tiles)
    while batch := list(islice(iterator, size)):
        yield batch


def _finish_objects(canvas: _Canvas, wanted: Wanted) -> Prediction:
    if canvas.probabilities is None:
        msg = "objects are separated on probabilities"
        raise ValueError(msg)
    ids = separate_objects(canvas.probabilities)
    uncertainty = object_uncertainty(canvas.probabilities, ids) if wanted.uncertainty else None
    return Prediction(ids, uncertainty, canvas.probabilities if wanted.probabilities else None)


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
