"""Means over boxes are those of scipy, and probabilities are what the numbers say."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage

from napari_segloop.core.doubt import box_mean, error_probability
from napari_segloop.core.errormodel import AS_IT_SAYS, stated_by

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize("side", [1, 3, 5, 17, 21])
@pytest.mark.parametrize("shape", [(40, 53), (1, 7), (300, 2)])
def test_a_box_ends_at_the_edge(side: int, shape: tuple[int, int]) -> None:
    values = np.random.default_rng(0).random(shape)
    inside = ndimage.uniform_filter(np.ones(shape), side, mode="constant")
    expected = ndimage.uniform_filter(values, side, mode="constant") / inside
    found = box_mean(torch.from_numpy(values).float(), side)
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-6)


def test_an_even_doubt_is_stated_as_the_numbers_say() -> None:
    numbers, doubt = (0.5, 0.7, 0.1, 0.3), 0.2
    found = error_probability(torch.full((30, 30), doubt), numbers)
    odds = np.full((1, 3), np.log(doubt / (1 - doubt)), np.float32)
    np.testing.assert_allclose(found.numpy(), stated_by(numbers, odds)[0], atol=1e-5)


def test_what_the_network_says_stays() -> None:
    doubt = torch.rand(50, 60) * 0.5 + 0.01
    torch.testing.assert_close(error_probability(doubt, AS_IT_SAYS), doubt)
