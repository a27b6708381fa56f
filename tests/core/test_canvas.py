"""Logits become bytes as a softmax over all of them would say."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.special import softmax

from napari_segloop.core.canvas import Canvas, reduce_logits
from napari_segloop.core.errormodel import AS_IT_SAYS
from napari_segloop.core.prediction import Wanted
from napari_segloop.core.tiling import Span, Tile

EVERY = np.ones((1, 1), bool)

pytestmark = pytest.mark.usefixtures("one_thread")


def logits(classes: int = 3, shape: tuple[int, int] = (20, 30), size: float = 5.0) -> torch.Tensor:
    return size * torch.randn(classes, *shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("classes", [2, 3, 32, 256])
@pytest.mark.parametrize("temperature", [0.2, 1.0, 3.0])
@pytest.mark.parametrize("size", [0.1, 5.0, 1000.0])
def test_uncertainty_is_one_minus_the_largest_probability(
    classes: int, temperature: float, size: float
) -> None:
    given = logits(classes, size=size)
    labels, uncertainty = reduce_logits(given, temperature)
    expected = softmax(given.numpy().astype(float) / temperature, axis=0)
    np.testing.assert_array_equal(labels.numpy(), expected.argmax(0))
    assert labels.dtype == uncertainty.dtype == torch.uint8
    assert np.abs(uncertainty.numpy() - 255 * (1 - expected.max(0))).max() <= 0.51


def test_half_precision_is_reduced_in_full() -> None:
    coarse = logits().bfloat16()
    for got, wanted in zip(
        reduce_logits(coarse, 2.0), reduce_logits(coarse.float(), 2.0), strict=True
    ):
        assert torch.equal(got, wanted)


def test_a_tile_fills_what_it_owns() -> None:
    canvas = Canvas((40, 50), 3, Wanted(uncertainty=True, probabilities=True))
    tile = Tile(Span(0, 32, 5, 25), Span(0, 64, 10, 40))
    read = logits(shape=(32, 64))
    canvas.put(tile, np.ones((20, 30), bool), read, 1.0)
    own = read[:, 5:25, 10:40]
    assert canvas.probabilities is not None
    assert canvas.uncertainty is not None
    outside = np.ones((40, 50), bool)
    outside[5:25, 10:40] = False
    assert not canvas.probabilities[:, outside].any()
    np.testing.assert_array_equal(canvas.labels[5:25, 10:40], own.argmax(0))
    expected = 255 * softmax(own.numpy(), axis=0)
    assert np.abs(canvas.probabilities[:, 5:25, 10:40] - expected).max() <= 0.51


def test_pixels_without_a_number_are_certain_background() -> None:
    canvas = Canvas((20, 30), 3, Wanted(uncertainty=True, probabilities=True))
    known = np.random.default_rng(0).random((20, 30)) < 0.5
    read = logits(shape=(32, 32))
    canvas.put(Tile(Span(0, 32, 0, 20), Span(0, 32, 0, 30)), known, read, 1.0)
    assert canvas.probabilities is not None
    assert canvas.uncertainty is not None
    assert not canvas.labels[~known].any()
    assert not canvas.uncertainty[~known].any()
    assert (canvas.probabilities[:, ~known] == np.array([[255], [0], [0]])).all()
    np.testing.assert_array_equal(canvas.labels[known], read.argmax(0).numpy()[:20, :30][known])


def test_numbers_that_say_what_the_network_says_change_nothing() -> None:
    given = logits()
    as_it_says = reduce_logits(given, 1.0, AS_IT_SAYS)[1].int()
    assert (as_it_says - reduce_logits(given, 1.0)[1].int()).abs().max() <= 1  # the floor


def test_tiles_agree_on_the_error_probability_at_their_border() -> None:
    """What a pixel depends on reaches into the halo, and no farther."""
    read, numbers = logits(shape=(32, 96)), (0.3, 0.5, 0.2, 0.4)
    whole = Canvas((32, 96), 3, Wanted())
    whole.put(Tile(Span(0, 32, 0, 32), Span(0, 96, 0, 96)), EVERY, read, 1.0, numbers)
    parts = Canvas((32, 96), 3, Wanted())
    for span in (Span(0, 64, 0, 50), Span(32, 96, 50, 96)):
        own = read[:, :, span.start : span.stop]
        parts.put(Tile(Span(0, 32, 0, 32), span), EVERY, own, 1.0, numbers)
    assert whole.uncertainty is not None
    assert parts.uncertainty is not None
    assert np.abs(whole.uncertainty.astype(int) - parts.uncertainty).max() <= 1  # rounding


def test_what_is_not_wanted_is_not_made() -> None:
    canvas = Canvas((20, 30), 3, Wanted(uncertainty=False, probabilities=False))
    assert canvas.uncertainty is None
    assert canvas.probabilities is None
