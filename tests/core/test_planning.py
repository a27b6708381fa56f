"""A plan fixes what the settings ask for, and refuses what the model was not made for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from napari_segloop.core.devices import available_threads
from napari_segloop.core.errors import InputError, ModelError
from napari_segloop.core.images import ArrayPlane
from napari_segloop.core.normalize import Normalization
from napari_segloop.core.planning import check_channels, make_plan, replan
from napari_segloop.core.settings import PredictSettings
from napari_segloop.core.tiling import STRIDE, grid

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_segloop.core.modelfile import Model
    from napari_segloop.core.plan import Plan

pytestmark = pytest.mark.usefixtures("one_thread")
NUMBERS = Normalization("file", (0.0,), (1.0,))


@pytest.fixture(scope="module")
def model(untaught: Callable[..., Model]) -> Model:
    return untaught()


def plan_for(model: Model, shape: tuple[int, int] = (100, 120), **settings: object) -> Plan:
    asked = PredictSettings(**{"device": "cpu", "threads": 1, "precision": "float32"} | settings)
    return make_plan(model, ArrayPlane(np.zeros(shape, np.uint8)), NUMBERS, asked)


@pytest.mark.parametrize("shape", [(1, 1), (5, 7), (33, 31), (100, 5000), (6000, 6000)], ids=str)
@pytest.mark.parametrize("exact", [False, True])
def test_the_tiles_of_a_plan_cover_the_plane(
    model: Model, shape: tuple[int, int], exact: bool
) -> None:
    plan = plan_for(model, shape, exact=exact)
    assert plan.shape == shape
    assert all(side % STRIDE == 0 for side in plan.tile)
    pixels = sum(
        (t.rows.own_stop - t.rows.own_start) * (t.columns.own_stop - t.columns.own_start)
        for t in grid(shape, plan.tile, plan.halo)
    )
    assert pixels == shape[0] * shape[1]


def test_a_plan_names_model_numbers_and_software(model: Model) -> None:
    plan = plan_for(model)
    assert plan.model == model.id
    assert plan.normalization == NUMBERS
    assert plan.torch == torch.__version__
    assert (plan.device, plan.threads) == ("cpu", 1)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_wanted_precision_is_kept(model: Model, precision: str) -> None:
    assert plan_for(model, precision=precision).precision == precision


def test_exact_is_float32_with_a_wider_halo(model: Model) -> None:
    exact, usual = plan_for(model, exact=True, precision="bfloat16"), plan_for(model)
    assert exact.precision == "float32"
    assert exact.halo > usual.halo


def test_a_smaller_largest_tile_makes_smaller_tiles(model: Model) -> None:
    shape = (3000, 3000)
    small = plan_for(model, shape, largest_tile=512)
    assert small.tile[0] * small.tile[1] < np.prod(plan_for(model, shape).tile)


@pytest.mark.parametrize(
    ("shape", "fill"),
    [
        pytest.param((1, 1), 0.0, id="one-pixel"),
        pytest.param((5, 7), np.nan, id="nan"),
        pytest.param((300, 40), 3.0, id="constant"),
    ],
)
def test_formats_are_probed_on_any_image(model: Model, shape: tuple[int, int], fill: float) -> None:
    plan = make_plan(
        model, ArrayPlane(np.full(shape, fill)), NUMBERS, PredictSettings(device="cpu")
    )
    assert plan.precision in {"float32", "bfloat16"}
    assert plan.threads == available_threads()


@pytest.mark.parametrize("channels", [1, 3])
def test_other_channels_are_refused_with_both_numbers(
    channels: int, untaught: Callable[..., Model]
) -> None:
    other = untaught(channels=2)
    plane = ArrayPlane(np.zeros((channels, 40, 40)))
    with pytest.raises(ModelError, match=rf"2 channel\(s\).*got {channels}"):
        check_channels(other, plane)
    with pytest.raises(ModelError):
        make_plan(other, plane, NUMBERS, PredictSettings(device="cpu"))


@pytest.mark.skipif(torch.cuda.is_available(), reason="the device is there")
def test_a_missing_device_is_refused(model: Model) -> None:
    with pytest.raises(InputError, match="cuda"):
        plan_for(model, device="cuda")


def test_a_plan_for_another_plane_is_the_one_that_would_be_made(model: Model) -> None:
    first, second = plan_for(model, (300, 400)), plan_for(model, (900, 500), largest_tile=512)
    assert replan(first, (900, 500), second.normalization, 512) == second
    assert replan(second, (300, 400), first.normalization) == first
