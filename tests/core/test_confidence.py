"""The temperature with which labels were drawn is found again."""

from __future__ import annotations

import pytest
import torch

from napari_segloop.core.confidence import COLDEST, HOTTEST, fit_temperature

pytestmark = pytest.mark.usefixtures("one_thread")


def drawn(
    temperature: float, classes: int, count: int = 40_000
) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    logits = 4 * torch.randn(count, classes, generator=generator)
    probabilities = (logits / temperature).softmax(1)
    return logits, torch.multinomial(probabilities, 1, generator=generator)[:, 0]


@pytest.mark.parametrize("classes", [2, 5])
@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0, 5.0])
def test_a_known_temperature_is_recovered(temperature: float, classes: int) -> None:
    assert fit_temperature(*drawn(temperature, classes)) == pytest.approx(temperature, rel=0.08)


def test_without_pixels_it_is_one() -> None:
    assert fit_temperature(torch.zeros(0, 2), torch.zeros(0, dtype=torch.int64)) == 1.0


@pytest.mark.parametrize(
    ("wrong", "low", "high"),
    [
        pytest.param(0, COLDEST, 1.0, id="always-right"),
        pytest.param(1, 0.99 * HOTTEST, HOTTEST, id="always-wrong"),
    ],
)
def test_it_stays_within_its_limits(wrong: int, low: float, high: float) -> None:
    logits = torch.tensor([[5.0, 0.0]]).repeat(100, 1)
    assert low <= fit_temperature(logits, torch.full((100,), wrong)) <= high


@pytest.mark.parametrize("odd", [torch.nan, torch.inf])
def test_even_nonsense_gives_a_number(odd: float) -> None:
    logits, truth = drawn(1.0, 2, 100)
    logits[::3] = odd
    assert COLDEST <= fit_temperature(logits, truth) <= HOTTEST
