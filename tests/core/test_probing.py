"""Probing keeps what agrees, and does not let other work on the machine decide."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
import torch
from torch import nn

from napari_segloop.core.network import fold
from napari_segloop.core.probing import (
    _seconds,
    candidates,
    probe_prediction,
    probe_training,
    time_calls,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_segloop.core.modelfile import Model

pytestmark = pytest.mark.usefixtures("one_thread")
CPU = torch.device("cpu")


class Fragile(nn.Module):
    """Labels that rounding to eight bits of mantissa turns over."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 1, 1, bias=False)
        nn.init.ones_(self.first.weight)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        values = self.first(images)
        return torch.cat([values, torch.full_like(values, 1.001)], dim=1)


@pytest.mark.parametrize("kind", ["cpu", "cuda", "mps"])
def test_float32_is_always_tried_first(kind: str) -> None:
    formats = candidates(torch.device(kind))
    assert formats[0].precision == "float32"
    assert len(set(formats)) == len(formats)


def test_timings_are_sorted_and_hold_float32(untaught: Callable[..., Model]) -> None:
    network = fold(untaught().network)
    timings = probe_prediction(network, torch.randn(1, 1, 64, 64), CPU)
    assert [t.speed for t in timings] == sorted((t.speed for t in timings), reverse=True)
    assert "float32" in {t.format.precision for t in timings}
    assert {weight.dtype for weight in network.parameters()} == {torch.float32}


def test_a_format_that_disagrees_is_out() -> None:
    sample = torch.full((1, 1, 64, 64), 1.0005)  # below 1.001, but not as bfloat16
    assert {t.format.precision for t in probe_prediction(Fragile(), sample, CPU)} == {"float32"}


def test_waiting_is_time_on_the_wall_but_not_the_processors() -> None:
    def wait() -> None:
        time.sleep(0.05)

    assert time_calls(wait, CPU, repeats=1) >= 0.05
    assert _seconds(wait, CPU) < 0.03


def test_the_precision_of_training_is_the_same_each_time_and_threads_stay() -> None:
    torch.set_num_threads(2)
    found = set()
    for _ in range(3):
        probe_training.cache_clear()
        found.add(probe_training(CPU))
    assert len(found) == 1
    assert found <= {"float32", "bfloat16"}
    assert torch.get_num_threads() == 2
