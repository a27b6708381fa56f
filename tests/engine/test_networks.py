"""Teaching and predicting in a real child: the same as in this process, and stopped when asked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest
import torch

from napari_segloop.core.errors import ModelError, TruthError
from napari_segloop.core.events import StepDone, TileDone
from napari_segloop.core.images import ArrayPlane
from napari_segloop.core.modelfile import model_from_bytes
from napari_segloop.core.normalize import for_file, measure
from napari_segloop.core.planning import make_plan
from napari_segloop.core.predict import Predictor
from napari_segloop.core.settings import PredictSettings, TrainSettings
from napari_segloop.engine import networks
from napari_segloop.engine.control import Control
from napari_segloop.engine.messages import JobBlock, JobDone, JobEvent
from napari_segloop.engine.requests import (
    FirstMaskRequest,
    ModelBlob,
    PredictAnswer,
    PredictRequest,
    TrainAnswer,
    TrainItem,
    TrainRequest,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_segloop.core.images import Array
    from napari_segloop.core.prediction import Prediction
    from tests.engine.conftest import Listener

QUICK = TrainSettings(
    encoder="resnet18", depth=3, patch=32, batch=4, steps=2, device="cpu", threads=1
)
TILED = PredictSettings(device="cpu", threads=1, precision="float32", largest_tile=320)


def squares(seed: int, shape: tuple[int, int]) -> tuple[Array, Array]:
    """Bright squares on noise, and their ids."""
    rng, ids = np.random.default_rng(seed), np.zeros(shape, np.uint16)
    corners = [(y, x) for y in range(8, shape[0] - 20, 32) for x in range(8, shape[1] - 20, 32)]
    for number, (y, x) in enumerate(corners, start=1):
        ids[y : y + 14, x : x + 14] = number
    image = 1000 + 600 * (ids > 0) + rng.normal(0, 80, shape)
    return image.astype(np.uint16)[None], ids


def train_request(settings: TrainSettings = QUICK, start: ModelBlob | None = None) -> TrainRequest:
    image, ids = squares(0, (128, 128))
    labels = ids if settings.task == "objects" else (ids > 0).astype(np.uint8)
    return TrainRequest((TrainItem("squares", image, labels),), settings, start)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def trained(usual: Listener) -> TrainAnswer:
    answer = usual.done(train_request(replace(QUICK, steps=40))).answer
    assert isinstance(answer, TrainAnswer)
    return answer


@pytest.fixture(scope="module")
def objects(usual: Listener) -> TrainAnswer:
    answer = usual.done(train_request(replace(QUICK, steps=40, task="objects"))).answer
    assert isinstance(answer, TrainAnswer)
    return answer


def here(blob: ModelBlob, image: Array, settings: PredictSettings = TILED) -> Prediction:
    """Predict in this process."""
    model, plane = model_from_bytes(blob.data), ArrayPlane(image)
    numbers = for_file(model.info.normalization, measure([plane]))
    job = Predictor(model, make_plan(model, plane, numbers, settings)).predict(plane)
    while True:
        try:
            next(job)
        except StopIteration as end:
            return cast("Prediction", end.value)


def blocks(listener: Listener, job: int, name: str) -> list[JobBlock]:
    found = [m for m in listener.of_job(job, JobBlock) if isinstance(m, JobBlock)]
    return [block for block in found if block.name == name]


def assembled(found: list[JobBlock], shape: tuple[int, int]) -> tuple[Array, Array]:
    """Pixels of all blocks, and how often each pixel came."""
    whole, times = np.zeros(shape, found[0].array.dtype), np.zeros(shape, int)
    for block in found:
        whole[block.window] = block.array
        times[block.window] += 1
    return whole, times


def test_training_says_what_it_does_and_answers_a_model(
    usual: Listener, trained: TrainAnswer
) -> None:
    assert trained.accepted
    assert trained.values == (0, 1)
    assert (trained.steps, trained.stopped) == (40, False)
    assert model_from_bytes(trained.model.data).id == trained.model.id
    steps = [
        m.event.step
        for m in usual.said
        if isinstance(m, JobEvent) and isinstance(m.event, StepDone)
    ]
    assert steps[:40] == list(range(1, 41))


def test_a_prediction_has_the_pixels_of_this_process_from_the_view_outwards(
    usual: Listener, trained: TrainAnswer
) -> None:
    image, _ = squares(1, (400, 700))
    request = PredictRequest(trained.model, image, TILED, view=(300, 500, 400, 700))
    done = usual.done(request)
    expected = here(trained.model, image)
    labels = blocks(usual, done.job, "labels")
    found, times = assembled(labels, (400, 700))
    assert (times == 1).all()
    np.testing.assert_array_equal(found, expected.labels)
    uncertainty, _ = assembled(blocks(usual, done.job, "uncertainty"), (400, 700))
    np.testing.assert_array_equal(uncertainty, expected.uncertainty)
    rows, columns = labels[0].window
    assert rows.start <= 350 < rows.stop
    assert columns.start <= 600 < columns.stop
    tiles = [m.event for m in usual.of_job(done.job, JobEvent) if isinstance(m, JobEvent)]
    assert tiles == [TileDone(n, len(labels)) for n in range(1, len(labels) + 1)]
    assert isinstance(done.answer, PredictAnswer)
    assert (done.answer.tiles, done.answer.stopped) == (len(labels), False)
    assert len(labels) > 2


@pytest.mark.parametrize("view", [(10, 20, 60, 90), (300, 500, 460, 640), (-50, 650, 40, 900)])
def test_a_view_is_as_good_as_the_whole(
    view: tuple[int, int, int, int], usual: Listener, trained: TrainAnswer
) -> None:
    image, _ = squares(1, (480, 700))
    request = PredictRequest(trained.model, image, TILED, view=view, view_only=True)
    done = usual.done(request)
    expected = np.zeros((480, 700), int)
    expected[max(view[0], 0) : view[2], view[1] : view[3]] = 1
    for name in ("labels", "uncertainty"):
        found, times = assembled(blocks(usual, done.job, name), (480, 700))
        np.testing.assert_array_equal(times, expected)
        whole = getattr(here(trained.model, image), name)
        close = np.abs(found.astype(int) - whole) <= 1
        assert close[times > 0].mean() > 0.99


def test_objects_come_whole_when_all_tiles_are_done(usual: Listener, objects: TrainAnswer) -> None:
    image, _ = squares(2, (300, 420))
    done = usual.done(PredictRequest(objects.model, image, TILED, view=(0, 0, 9, 9)))
    (block,) = blocks(usual, done.job, "labels")
    assert block.window == (slice(0, 300), slice(0, 420))
    np.testing.assert_array_equal(block.array, here(objects.model, image).labels)
    (uncertainty,) = blocks(usual, done.job, "uncertainty")
    assert uncertainty.array.dtype == np.uint8


@pytest.mark.parametrize("view", [(100, 200, 180, 260), (-50, 380, 40, 900)])
def test_objects_in_a_view_are_those_of_the_whole(
    view: tuple[int, int, int, int], usual: Listener, objects: TrainAnswer
) -> None:
    image, _ = squares(2, (300, 420))
    done = usual.done(PredictRequest(objects.model, image, TILED, view=view, view_only=True))
    (block,) = blocks(usual, done.job, "labels")
    rows, columns = block.window
    assert (rows.start, columns.start) == (max(view[0], 0), view[1])
    assert (rows.stop, columns.stop) == (view[2], min(view[3], 420))
    whole = here(objects.model, image).labels[block.window]
    assert ((block.array > 0) == (whole > 0)).mean() > 0.99


def test_a_stopped_training_answers_its_best_network(usual: Listener, trained: TrainAnswer) -> None:
    settings = replace(QUICK, steps=None, seconds=3600.0)
    job = usual.engine.submit(train_request(settings, trained.model))
    usual.until(
        lambda m: isinstance(m, JobEvent) and m.job == job and isinstance(m.event, StepDone)
    )
    usual.engine.cancel(job)
    done = usual.end_of(job)
    assert isinstance(done, JobDone)
    assert isinstance(done.answer, TrainAnswer)
    assert done.answer.stopped
    assert done.answer.model.data


def test_a_stopped_prediction_answers_within_a_tile(usual: Listener, trained: TrainAnswer) -> None:
    image, _ = squares(3, (1600, 1600))
    job = usual.engine.submit(PredictRequest(trained.model, image, TILED))
    usual.until(lambda m: isinstance(m, JobEvent) and m.job == job)
    usual.engine.cancel(job)
    done = usual.end_of(job)
    assert isinstance(done, JobDone)
    assert isinstance(done.answer, PredictAnswer)
    assert done.answer.stopped
    assert done.answer.tiles == len(blocks(usual, job, "labels")) > 0


def test_truth_of_one_class_is_refused_with_a_hint(usual: Listener) -> None:
    image, ids = squares(0, (128, 128))
    failed = usual.failed(TrainRequest((TrainItem("a", image, 0 * ids),), QUICK))
    assert type(failed.error) is TruthError
    assert failed.error.remedy


def test_an_image_of_other_channels_is_refused(usual: Listener, trained: TrainAnswer) -> None:
    image = np.zeros((3, 64, 64), np.uint8)
    failed = usual.failed(PredictRequest(trained.model, image, TILED))
    assert type(failed.error) is ModelError
    done = usual.done(PredictRequest(trained.model, image[:1], TILED))
    assert isinstance(done.answer, PredictAnswer)


def test_a_damaged_model_is_refused(usual: Listener) -> None:
    image = np.zeros((1, 64, 64), np.uint8)
    failed = usual.failed(PredictRequest(ModelBlob("x", b"no model"), image, TILED))
    assert type(failed.error) is ModelError


def test_light_jobs_are_answered_while_a_training_runs(usual: Listener) -> None:
    job = usual.engine.submit(train_request(replace(QUICK, steps=None, seconds=3600.0)))
    usual.until(lambda m: isinstance(m, JobEvent) and m.job == job)
    usual.done(FirstMaskRequest(squares(0, (64, 64))[0][0]))
    assert not usual.of_job(job, JobDone)
    usual.engine.cancel(job)
    usual.end_of(job)


@pytest.mark.parametrize(("usual_threads", "painting"), [(4, 3), (1, 1)])
def test_training_leaves_a_thread_while_the_user_paints(usual_threads: int, painting: int) -> None:
    control = Control()
    should_stop = networks._leaving_a_thread(control, usual_threads)
    counts = []
    for on in (False, True, False):
        control.painting = on
        assert not should_stop()
        counts.append(torch.get_num_threads())
    torch.set_num_threads(1)
    assert counts == [usual_threads, painting, usual_threads]
