"""The jobs that need torch: teach and predict, with the last models and plans kept ready.

It knows requests and core; pipes and queues are the worker's.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import torch

from napari_segloop.core.devices import available_threads
from napari_segloop.core.estimate import LEVELS, histogram
from napari_segloop.core.events import Event, TileDone
from napari_segloop.core.familiarity import unlikeness
from napari_segloop.core.images import ArrayPlane
from napari_segloop.core.lesson import TrainingImage
from napari_segloop.core.modelfile import Model, model_bytes, model_from_bytes
from napari_segloop.core.normalize import for_file, measure
from napari_segloop.core.planning import check_channels, make_plan, replan
from napari_segloop.core.predict import Predictor
from napari_segloop.core.tiling import from_middle
from napari_segloop.core.train import fit
from napari_segloop.engine.excerpt import Excerpt, excerpt_of
from napari_segloop.engine.requests import (
    ModelBlob,
    PredictAnswer,
    PredictRequest,
    TrainAnswer,
    TrainItem,
    TrainRequest,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Hashable

    from napari_segloop.core.estimate import Counts
    from napari_segloop.core.images import ShouldStop
    from napari_segloop.core.normalize import Normalization, Statistics
    from napari_segloop.core.plan import Plan
    from napari_segloop.core.prediction import Prediction
    from napari_segloop.core.settings import PredictSettings
    from napari_segloop.core.tiling import Tile
    from napari_segloop.core.trainresult import TrainResult
    from napari_segloop.engine.control import Control
    from napari_segloop.engine.jobs import Block, Work

KEPT = 2
Key = TypeVar("Key", bound="Hashable")
Kept = TypeVar("Kept")


class Networks:
    """Models and predictors that were used last."""

    def __init__(self) -> None:
        self._models: dict[str, Model] = {}
        self._predictors: dict[Hashable, Predictor] = {}
        self._formats: dict[tuple[str, PredictSettings], Plan] = {}

    def train(self, request: TrainRequest, control: Control) -> Work:
        """Teach a network.

        Parameters
        ----------
        request : TrainRequest
            Planes and settings.
        control : Control
            Asked at every step; while the user paints, one thread is left to them.

        Returns
        -------
        TrainAnswer
            With the content of the model's file.

        Yields
        ------
        Event
            Those of `fit`.
        """
        self._predictors.clear()  # their memory is training's now
        start = self._model(request.start) if request.start else None
        should_stop = _leaving_a_thread(control, request.settings.threads)
        images = [_training_image(item) for item in request.items]
        result = yield from fit(images, request.settings, start, should_stop)
        return _answer(result, request.start)

    def predict(self, request: PredictRequest, control: Control) -> Work:
        """Predict a plane, what the user sees first.

        Parameters
        ----------
        request : PredictRequest
            Model, plane and view.
        control : Control
            Asked at every tile.

        Returns
        -------
        PredictAnswer
            How it went.

        Yields
        ------
        TileDone or Block
            Finished pixels; for objects when all tiles are done.
        """
        started, model = time.monotonic(), self._model(request.model)
        part = excerpt_of(request)
        numbers = for_file(model.info.normalization, _statistics(request))
        predictor = self._predictor(model, part.plane, numbers, request)
        tiles = from_middle(predictor.tiles(), part.middle)
        paint = _paint_objects if model.info.task == "objects" else _paint_classes
        stated = np.zeros((len(model.info.values), LEVELS), np.int64)
        done = yield from paint(predictor, part, tiles, control.should_stop, stated)
        seconds, stopped = time.monotonic() - started, done < len(tiles)
        told = None if stopped or request.view_only else stated
        unlike = "" if request.view_only else _unlike(model, part.plane, numbers)
        return PredictAnswer(stopped, done, seconds, told, unlike)

    def _model(self, blob: ModelBlob) -> Model:
        return _kept(self._models, blob.id, lambda: model_from_bytes(blob.data))

    def _predictor(
        self, model: Model, plane: ArrayPlane, numbers: Normalization, request: PredictRequest
    ) -> Predictor:
        plan = self._plan(model, plane, numbers, request)
        ready = _kept(self._predictors, plan.deployment, lambda: Predictor(model, plan))
        return ready.replanned(plan)

    def _plan(
        self, model: Model, plane: ArrayPlane, numbers: Normalization, request: PredictRequest
    ) -> Plan:
        """Make a plan; the number format is timed once a model, so that planes are alike."""
        key = request.model.id, replace(request.settings, largest_tile=None)
        if key not in self._formats:
            self._formats[key] = make_plan(model, plane, numbers, request.settings)
        check_channels(model, plane)
        shape = plane.shape[1], plane.shape[2]
        return replan(self._formats[key], shape, numbers, request.settings.largest_tile)


def _unlike(model: Model, plane: ArrayPlane, numbers: Normalization) -> str:
    """Say what makes a plane unlike what the model learnt; empty where nothing does."""
    if model.info.familiar is None:
        return ""
    found = unlikeness(model.info.familiar, plane, numbers)
    return found.reason if found.score > 1 else ""


def _statistics(request: PredictRequest) -> Statistics:
    return request.statistics or measure([ArrayPlane(request.image)])


def _paint_classes(
    predictor: Predictor,
    part: Excerpt,
    tiles: list[Tile],
    should_stop: ShouldStop,
    stated: Counts,
) -> Generator[Event | Block, None, int]:
    """Give each tile as soon as it is done, and count its pixels."""
    canvas, done = predictor.canvas(), 0
    for batch in predictor.fill(canvas, part.plane, tiles, should_stop):
        for tile in batch:
            found = predictor.block(canvas, tile)
            _count(found, predictor.values, stated)
            yield from part.blocks(found, tile.owned)
        done += len(batch)
        yield TileDone(done, len(tiles))
    return done


def _paint_objects(
    predictor: Predictor,
    part: Excerpt,
    tiles: list[Tile],
    should_stop: ShouldStop,
    stated: Counts,
) -> Generator[Event | Block, None, int]:
    """Give all at the end: an object may lie in several tiles."""
    canvas, done = predictor.canvas(), 0
    for batch in predictor.fill(canvas, part.plane, tiles, should_stop):
        done += len(batch)
        yield TileDone(done, len(tiles))
    if done == len(tiles):
        _, rows, columns = part.plane.shape
        found = predictor.finish(canvas)
        _count(found, predictor.values, stated)
        yield from part.blocks(found, (slice(0, rows), slice(0, columns)))
    return done


def _count(found: Prediction, values: tuple[int, ...], stated: Counts) -> None:
    """Count pixels by predicted class and uncertainty."""
    if found.uncertainty is not None:
        stated += histogram(found.labels, found.uncertainty, values)


def _leaving_a_thread(control: Control, threads: int | None) -> ShouldStop:
    """Return the question whether to stop, which also sets the threads of training."""
    usual = threads or available_threads()

    def should_stop() -> bool:
        wanted = max(1, usual - 1) if control.painting else usual
        if torch.get_num_threads() != wanted:
            torch.set_num_threads(wanted)
        return control.should_stop()

    return should_stop


def _training_image(item: TrainItem) -> TrainingImage:
    return TrainingImage(
        item.name,
        item.image,
        item.labels,
        item.checked,
        item.statistics,
        item.pixel_size,
        stack=item.stack,
        drawn=item.drawn,
    )


def _answer(result: TrainResult, start: ModelBlob | None) -> TrainAnswer:
    kept = start is not None and not result.accepted
    return TrainAnswer(
        model=start if start and kept else _blob(result.model),
        candidate=_blob(result.candidate) if result.candidate else None,
        accepted=result.accepted,
        score=result.score,
        start_score=result.start_score,
        steps=result.steps,
        seconds=result.seconds,
        stopped=result.stopped,
        dice=result.dice,
        values=result.model.info.values,
        device=result.device,
        verdict=result.verdict,
    )


def _blob(model: Model) -> ModelBlob:
    return ModelBlob(model.id, model_bytes(model))


def _kept(shelf: dict[Key, Kept], key: Key, make: Callable[[], Kept]) -> Kept:
    """Return what was made before, and keep the last few."""
    found = shelf.pop(key) if key in shelf else make()
    shelf[key] = found
    while len(shelf) > KEPT:
        shelf.pop(next(iter(shelf)))
    return found
