"""Models on disk: half the size, the same predictions, known by the id of the original."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from napari_segloop.core.errors import ModelError
from napari_segloop.core.images import ArrayPlane
from napari_segloop.core.lesson import TrainingImage
from napari_segloop.core.settings import PredictSettings, TrainSettings
from napari_segloop.store.halving import identify
from napari_segloop.store.models import Models
from napari_segloop.store.records import StoreError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from napari_segloop.core.modelfile import Model


def result_of(job: Generator[Any, None, Any]) -> Any:  # noqa: ANN401
    while True:
        try:
            next(job)
        except StopIteration as end:
            return end.value


def discs(seed: int, side: int = 128) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    rows, columns = np.indices((side, side))
    labels = np.zeros((side, side), np.uint8)
    for y, x in rng.integers(8, side - 8, (12, 2)):
        labels[np.hypot(rows - y, columns - x) < 8] = 1
    image = 1000 + 600.0 * labels + rng.normal(0, 100, labels.shape)
    return image.clip(0).astype(np.uint16), labels


@pytest.fixture(scope="module")
def model() -> Model:
    """A network that learnt discs well."""
    images = [TrainingImage(f"discs {seed}", *discs(seed)) for seed in (0, 1)]
    settings = TrainSettings(
        encoder="resnet18", depth=3, patch=64, batch=4, steps=30, device="cpu", threads=2
    )
    fit = import_module("napari_segloop.core.train").fit
    taught: Model = result_of(fit(images, settings)).model
    return taught


@pytest.fixture(scope="module")
def data(model: Model) -> bytes:
    content: bytes = import_module("napari_segloop.core.modelfile").model_bytes(model)
    return content


@pytest.fixture
def models(tmp_path: Path, model: Model, data: bytes) -> Models:
    kept = Models(tmp_path / "models")
    kept.put(model.id, data)
    return kept


def loaded(data: bytes) -> Model:
    found: Model = import_module("napari_segloop.core.modelfile").model_from_bytes(data)
    return found


def predicted(model: Model, image: np.ndarray) -> np.ndarray:
    planning, predict = (
        import_module(f"napari_segloop.core.{name}") for name in ("planning", "predict")
    )
    plane = ArrayPlane(image)
    plan = planning.make_plan(model, plane, model.info.normalization, PredictSettings("cpu", 2))
    labels: np.ndarray = result_of(predict.Predictor(model, plan).predict(plane)).labels
    return labels


def test_a_model_takes_half_the_space(models: Models, model: Model, data: bytes) -> None:
    assert models.ids() == (model.id,)
    assert models.size() == models.path(model.id).stat().st_size < 0.55 * len(data)


def test_its_predictions_are_those_of_the_original(models: Models, model: Model) -> None:
    image, truth = discs(7, 256)
    before, after = predicted(model, image), predicted(loaded(models.get(model.id)), image)
    assert np.mean(before == truth) > 0.9
    assert np.mean(before != after) < 0.005


def test_it_says_which_model_it_is_a_copy_of(models: Models, model: Model, data: bytes) -> None:
    kept = loaded(models.get(model.id))
    assert kept.info.original == model.id == identify(data) == identify(models.get(model.id))
    assert kept.id != model.id
    assert models.info(model.id).score == model.info.score
    assert kept.info.to_json(identity=True) == model.info.to_json(identity=True)


def test_a_file_in_the_folder_is_a_model_file(models: Models, model: Model) -> None:
    read = import_module("napari_segloop.core.modelfile").load_model(models.path(model.id))
    assert read.id == loaded(models.get(model.id)).id


def test_a_copy_of_a_copy_loses_nothing(models: Models, model: Model, tmp_path: Path) -> None:
    once = models.get(model.id)
    again = Models(tmp_path / "other")
    again.put(model.id, once)
    assert loaded(again.get(model.id)).id == loaded(once).id  # of weights and header


def test_what_was_taught_from_a_copy_names_the_original(models: Models, model: Model) -> None:
    settings = TrainSettings(
        encoder="resnet18", depth=3, patch=32, batch=4, steps=1, device="cpu", threads=2
    )
    fit = import_module("napari_segloop.core.train").fit
    images = [TrainingImage("discs", *discs(2))]
    result = result_of(fit(images, settings, loaded(models.get(model.id))))
    assert (result.candidate or result.model).info.start == model.id


@pytest.mark.parametrize("place", [9, 2000, -9], ids=["header", "metadata", "weights"])
def test_one_wrong_bit_is_found(models: Models, model: Model, place: int) -> None:
    path = models.path(model.id)
    content = bytearray(path.read_bytes())
    content[place] ^= 4
    path.write_bytes(content)
    assert models.faults_of(model.id)
    with pytest.raises(StoreError, match="a model as it was kept"):
        models.get(model.id)


def test_a_damaged_file_is_written_again(models: Models, model: Model, data: bytes) -> None:
    models.path(model.id).write_bytes(b"nothing")
    models.put(model.id, data)
    assert models.faults_of(model.id) == []


@pytest.mark.parametrize("name", ["../x", "a" * 63, "A" * 64, "/etc/passwd"])
def test_an_id_cannot_lead_elsewhere(models: Models, name: str) -> None:
    with pytest.raises(StoreError, match="64 hexadecimal digits"):
        models.get(name)


def test_what_was_pruned_is_said(models: Models, model: Model) -> None:
    models.delete(model.id)
    with pytest.raises(StoreError, match="pruned or lost"):
        models.get(model.id)


def test_what_is_no_model_is_not_kept(tmp_path: Path) -> None:
    models = Models(tmp_path / "models")
    with pytest.raises(ModelError):
        models.put("a" * 64, b"\x80\x04pickle")
    assert models.ids() == ()


def test_a_read_only_project_takes_none(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(StoreError, match="read-only"):
        Models(tmp_path, is_read_only=True).put("a" * 64, data)
