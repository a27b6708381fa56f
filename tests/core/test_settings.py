"""Settings refuse what makes no sense, before anything is computed."""

from __future__ import annotations

import math
from typing import Any

import pytest

from napari_segloop.core.errors import InputError
from napari_segloop.core.settings import PredictSettings, TrainSettings

TRAIN = {
    "unknown-task": {"task": "instances"},
    "unknown-device": {"device": "tpu"},
    "unknown-rule": {"normalization": "zscore"},
    "no-steps": {"steps": 0},
    "negative-steps": {"steps": -5},
    "steps-and-seconds": {"seconds": 60.0},
    "neither-steps-nor-seconds": {"steps": None},
    "endless-seconds": {"steps": None, "seconds": math.inf},
    "seconds-not-a-number": {"steps": None, "seconds": math.nan},
    "no-threads": {"threads": 0},
    "no-batch": {"batch": 0},
    "no-learning-rate": {"learning_rate": 0.0},
    "endless-learning-rate": {"learning_rate": math.inf},
    "patch-off-grid": {"patch": 100},
    "patch-too-small": {"patch": 16},
    "one-value-for-batchnorm": {"patch": 32, "batch": 1},
    "depth-too-small": {"depth": 2},
    "depth-too-large": {"depth": 6},
    "negative-seed": {"seed": -1},
    "seed-too-large": {"seed": 2**63},
}
PREDICT: dict[str, dict[str, Any]] = {
    "unknown-device": {"device": "gpu"},
    "unknown-precision": {"precision": "int8"},
    "tile-too-small": {"largest_tile": 128},
    "no-threads": {"threads": 0},
}


@pytest.mark.parametrize("changes", TRAIN.values(), ids=TRAIN.keys())
def test_training_refuses(changes: dict[str, Any]) -> None:
    with pytest.raises(InputError) as error:
        TrainSettings(**{"steps": 10} | changes)
    assert all((error.value.expected, error.value.got, error.value.remedy.endswith(".")))


@pytest.mark.parametrize("changes", PREDICT.values(), ids=PREDICT.keys())
def test_prediction_refuses(changes: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        PredictSettings(**changes)


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"steps": 1}, id="one-step"),
        pytest.param({"seconds": 0.5}, id="half-a-second"),
        pytest.param({"steps": 1, "seed": 2**63 - 1}, id="largest-seed"),
        pytest.param({"steps": 1, "patch": 32, "batch": 2}, id="smallest-patches"),
        pytest.param({"steps": 1, "patch": 64, "batch": 1}, id="one-patch"),
    ],
)
def test_training_accepts(settings: dict[str, Any]) -> None:
    assert TrainSettings(**settings) == TrainSettings(**settings)


def test_settings_are_frozen() -> None:
    with pytest.raises(AttributeError):
        TrainSettings(steps=1).steps = 2  # type: ignore[misc]
