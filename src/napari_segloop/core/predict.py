"""Predict one plane by a Plan: tile by tile, reduced on the device, never full-size logits.

`Predictor` carries out what a Plan fixes. It does not know files, nor which plane of a stack it
has in hand.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Self

import numpy as np
import torch
from torch import Tensor

from napari_segloop.core.canvas import Canvas
from napari_segloop.core.devices import (
    Format,
    choose_device,
    is_out_of_memory,
    keep_large_blocks,
    prepare,
    set_threads,
)
from napari_segloop.core.errors import InputError, ResourceError
from napari_segloop.core.events import TileDone
from napari_segloop.core.finishing import finish_objects
from napari_segloop.core.network import fold
from napari_segloop.core.passes import numbers_of, passes
from napari_segloop.core.prediction import Prediction, Wanted
from napari_segloop.core.tilereading import batches, read_tile
from napari_segloop.core.tiling import Tile, grid
from napari_segloop.core.truth import from_class_indices

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from napari_segloop.core.images import PlaneSource, ShouldStop
    from napari_segloop.core.modelfile import Model
    from napari_segloop.core.plan import Plan


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
        keep_large_blocks()
        self._format = Format(plan.precision, plan.layout)
        network = fold(model.network) if plan.folded else copy.deepcopy(model.network)
        self._network = prepare(network, self._format, self._device)

    def replanned(self, plan: Plan) -> Self:
        """Return a predictor for another plan that shares the network made ready.

        Parameters
        ----------
        plan : Plan
            For the same deployment: model, number format, layout and device.

        Returns
        -------
        Predictor
            As a new one, but at no cost.

        Raises
        ------
        InputError
            When the plan needs the network in another form.
        """
        if plan.deployment != self._plan.deployment:
            expected, got = f"a plan for {self._plan.deployment}", f"{plan.deployment}"
            raise InputError(expected, got, "Make a new predictor.")
        other = copy.copy(self)
        other._plan = plan  # noqa: SLF001  # its own class
        return other

    @property
    def plan(self) -> Plan:
        """How this predictor predicts."""
        return self._plan

    @property
    def task(self) -> str:
        """What the labels mean: ``classes`` or ``objects``."""
        return self._info.task

    @property
    def values(self) -> tuple[int, ...]:
        """Label value of each class, 0 first; ``(0, 1)`` for objects."""
        return self._info.values

    def predict(
        self,
        plane: PlaneSource,
        wanted: Wanted | None = None,
        should_stop: ShouldStop = lambda: False,
    ) -> Generator[TileDone, None, Prediction | None]:
        """Predict one plane, whole.

        Parameters
        ----------
        plane : PlaneSource
            Pixels; of the plan's shape.
        wanted : Wanted, optional
            Which results to make.
        should_stop : callable
            Asked at every tile.

        Returns
        -------
        Prediction or None
            None when stopped.

        Yields
        ------
        TileDone
            After each tile.

        Raises
        ------
        InputError
            When the plane does not fit the plan.
        ResourceError
            When memory did not suffice.
        """
        wanted, canvas, tiles = wanted or Wanted(), self.canvas(wanted), self.tiles()
        done = 0
        for batch in self.fill(canvas, plane, tiles, should_stop):
            done += len(batch)
            yield TileDone(done, len(tiles))
        return self.finish(canvas, wanted) if done == len(tiles) else None

    def tiles(self) -> list[Tile]:
        """Return the plan's tiles, row by row.

        Returns
        -------
        list of Tile
            They may be predicted in any order: each pixel has one owner.
        """
        return list(grid(self._plan.shape, self._plan.tile, self._plan.halo))

    def canvas(self, wanted: Wanted | None = None) -> Canvas:
        """Make an empty canvas for a plane.

        Parameters
        ----------
        wanted : Wanted, optional
            Which results to make.

        Returns
        -------
        Canvas
            To be filled.
        """
        return Canvas(self._plan.shape, self._info.outputs, self._needs(wanted or Wanted()))

    def fill(
        self,
        canvas: Canvas,
        plane: PlaneSource,
        tiles: Sequence[Tile],
        should_stop: ShouldStop = lambda: False,
    ) -> Iterator[list[Tile]]:
        """Predict some tiles of a plane, in the order given.

        Parameters
        ----------
        canvas : Canvas
            Filled tile by tile.
        plane : PlaneSource
            Pixels; of the plan's shape.
        tiles : sequence of Tile
            Some or all of `tiles`.
        should_stop : callable
            Asked at every tile.

        Yields
        ------
        list of Tile
            Those that were just finished.

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
        set_threads(self._plan.threads)
        for batch in batches(tiles, self._plan.batch):
            if should_stop():
                return
            self._predict_batch(plane, batch, canvas)
            yield batch

    def block(self, canvas: Canvas, tile: Tile) -> Prediction:
        """Return what a finished tile owns, for classes.

        Parameters
        ----------
        canvas : Canvas
            That the tile was predicted into.
        tile : Tile
            Which.

        Returns
        -------
        Prediction
            Of the tile's own pixels: the same as in the whole plane's.
        """
        own = tile.owned
        labels = from_class_indices(canvas.labels[own], self._info.values)
        uncertainty = None if canvas.uncertainty is None else canvas.uncertainty[own].copy()
        return Prediction(labels, uncertainty)

    def _needs(self, wanted: Wanted) -> Wanted:
        """Objects are separated on probabilities, so those are made for them in any case."""
        if self._info.task == "objects":
            return Wanted(uncertainty=False, probabilities=True)
        return wanted

    def _predict_batch(self, plane: PlaneSource, batch: list[Tile], canvas: Canvas) -> None:
        rule = self._plan.normalization
        windows, known = zip(*(read_tile(plane, tile, rule) for tile in batch), strict=True)
        stacked = torch.from_numpy(np.stack(windows))
        padded = torch.cat([stacked, stacked[:1].expand(self._plan.batch - len(batch), -1, -1, -1)])
        try:
            with torch.inference_mode():
                found = passes(self._forward, padded, batch, self._info, self._plan.quality)
                for tile, mask, answer in zip(batch, known, found, strict=True):
                    canvas.put(tile, mask, *answer)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            raise ResourceError(
                f"memory for a tile of {self._plan.tile} pixels", "too little",
                "Close other programs, or predict with --device cpu.",
            ) from error  # fmt: skip

    def _forward(self, windows: Tensor) -> Tensor:
        layout = self._format.memory_format
        logits: Tensor = self._network(
            windows.to(self._device, self._format.dtype, memory_format=layout)
        )
        return logits

    def finish(self, canvas: Canvas, wanted: Wanted | None = None) -> Prediction:
        """Return the results of a plane whose tiles are all done.

        Parameters
        ----------
        canvas : Canvas
            Filled.
        wanted : Wanted, optional
            Which results to make.

        Returns
        -------
        Prediction
            For objects they are separated here.
        """
        wanted = wanted or Wanted()
        if self._info.task == "objects":
            return finish_objects(canvas, wanted, numbers_of(self._info, self._plan.quality))
        labels = from_class_indices(canvas.labels, self._info.values)
        return Prediction(labels, canvas.uncertainty, canvas.probabilities)
