"""Normalisation numbers against numpy on the whole image, and on images that no rule likes."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_segloop.core.errors import ModelError
from napari_segloop.core.images import ArrayPlane, to_float
from napari_segloop.core.normalize import (
    LIMIT,
    Normalization,
    Statistics,
    between,
    for_file,
    from_file,
    from_training,
    is_unlike,
    measure,
    own_numbers,
)
from napari_segloop.core.settings import RULES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_segloop.core.images import Array


@pytest.fixture(autouse=True)
def _no_warning() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def plane(shape: tuple[int, ...] = (2, 40, 50), seed: int = 0, scale: float = 1.0) -> Array:
    pixels: Array = np.random.default_rng(seed).gamma(4, 100, shape) * scale
    return pixels


def of(*planes: Array) -> Statistics:
    return measure([ArrayPlane(item) for item in planes])


def apply(numbers: Normalization, pixels: Array) -> Array:
    return numbers.apply(to_float(pixels)[0])


def test_statistics_are_those_of_each_channel() -> None:
    first, second = plane(seed=0), plane(seed=1)
    both = np.concatenate([first.reshape(2, -1), second.reshape(2, -1)], axis=1)
    found = of(first, second)
    np.testing.assert_allclose(found.mean, both.mean(1), rtol=1e-6)
    np.testing.assert_allclose(found.deviation, both.std(1), rtol=1e-6)
    np.testing.assert_allclose(found.low, np.percentile(both, 1, axis=1), rtol=0.02)
    np.testing.assert_allclose(found.high, np.percentile(both, 99, axis=1), rtol=0.02)


def test_the_rule_file_gives_mean_0_and_deviation_1() -> None:
    pixels = plane()
    values = apply(from_file(of(pixels), "file"), pixels)
    np.testing.assert_allclose(values.mean((1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(values.std((1, 2)), 1, rtol=1e-4)


def test_the_rule_percentile_puts_98_percent_between_minus_2_and_2() -> None:
    pixels = plane()
    values = apply(from_file(of(pixels), "percentile"), pixels)
    assert 0.975 < (np.abs(values) <= 2).mean() < 0.985


def test_training_images_count_the_same_whatever_their_size() -> None:
    small, large = plane((1, 10, 10), seed=1), plane((1, 40, 50), seed=2, scale=3)
    pooled = from_training([of(small), of(large)])
    mixture = np.concatenate([np.repeat(small.ravel(), 20), large.ravel()])
    np.testing.assert_allclose(pooled.centre, mixture.mean(), rtol=1e-6)
    np.testing.assert_allclose(pooled.scale, mixture.std(), rtol=1e-6)


@pytest.mark.parametrize("dtype", [">u2", ">f4", ">f8", "int16", "float64"])
def test_byte_order_and_width_do_not_matter(dtype: str) -> None:
    pixels = plane().astype(np.uint16)
    assert of(pixels.astype(dtype)) == of(pixels)


@pytest.mark.parametrize("shape", [(1, 1), (5, 7), (33, 31), (1, 400)])
def test_small_images_have_numbers(shape: tuple[int, int]) -> None:
    pixels = plane((1, *shape))
    np.testing.assert_allclose(of(pixels).mean, pixels.mean(), rtol=1e-6)
    assert np.isfinite(apply(from_file(of(pixels), "file"), pixels)).all()


def test_a_large_plane_is_sampled_evenly_and_always_the_same() -> None:
    rows = np.linspace(0, 1000, 3000, dtype=np.float32)[:, None]
    pixels = np.broadcast_to(rows, (1, 3000, 2000))
    found = of(pixels)
    assert found == of(pixels)
    np.testing.assert_allclose(found.mean, 500, rtol=0.01)
    np.testing.assert_allclose(found.deviation, 1000 / np.sqrt(12), rtol=0.05)


def test_of_many_planes_the_first_and_the_last_are_read_and_not_all() -> None:
    read = set()

    class Watched(ArrayPlane):
        def read(self, rows: slice, columns: slice) -> Array:
            read.add(id(self))
            return super().read(rows, columns)

    planes = [Watched(np.full((4, 4), i)) for i in range(100)]
    assert measure(planes).mean[0] == pytest.approx(49.5, abs=1)
    assert {id(planes[0]), id(planes[-1])} <= read
    assert len(read) == 16


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("value", [0, 7, 65535, -3e4, 1e-9, 3e38])
def test_a_constant_image_becomes_constant_and_finite(rule: str, value: float) -> None:
    pixels = np.full((1, 30, 30), value)
    pooled = from_training([of(pixels)])
    numbers = for_file(Normalization(rule, pooled.centre, pooled.scale), of(pixels))
    np.testing.assert_allclose(apply(numbers, pixels), 0, atol=1e-3)


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_pixels_without_a_number_do_not_count(odd: float) -> None:
    pixels = plane((1, 20, 20))
    spoilt = pixels.copy()
    spoilt[0, :5] = odd
    np.testing.assert_allclose(of(spoilt).mean, pixels[0, 5:].mean(), rtol=1e-6)
    assert np.isfinite(apply(from_file(of(spoilt), "file"), spoilt)).all()


def test_an_image_of_nan_has_numbers() -> None:
    pixels = np.full((2, 8, 8), np.nan)
    assert of(pixels) == Statistics((0, 0), (0, 0), (0, 0), (0, 0))
    assert (apply(from_file(of(pixels), "file"), pixels) == 0).all()


@pytest.mark.parametrize("hot", [1e30, -1e30, 3e38])
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("shape", [(1, 12, 12), (1, 200, 200)], ids=str)
def test_one_hot_pixel_hides_nothing(shape: tuple[int, ...], rule: str, hot: float) -> None:
    pixels = plane(shape)
    spoilt = pixels.copy()
    spoilt[0, 3, 4] = hot
    model = from_training([of(pixels)])
    model = Normalization(rule, model.centre, model.scale)
    values = apply(for_file(model, of(spoilt)), spoilt)
    assert values.std() > 0.05
    assert values[0, 3, 4] == np.sign(hot) * LIMIT


@pytest.mark.parametrize("unit", [1e-12, 1e-9, 1e9], ids=["picoampere", "nanometre", "counts"])
def test_the_unit_of_the_grey_values_does_not_matter(unit: float) -> None:
    pixels = plane((1, 40, 40))
    plain = apply(from_file(of(pixels), "file"), pixels)
    scaled = apply(from_file(of(pixels * unit), "file"), pixels * unit)
    np.testing.assert_allclose(scaled, plain, atol=1e-3)


def test_values_stay_within_the_limit() -> None:
    numbers = Normalization("file", (0.0,), (1e-20,))
    values = apply(numbers, np.array([[[3e38, -3e38, 0.0, np.nan, np.inf, -np.inf]]]))
    assert values.ravel().tolist() == [LIMIT, -LIMIT, 0.0, 0.0, LIMIT, -LIMIT]


def test_between_two_numbers_lie_straight_centres_and_even_factors() -> None:
    first, second = Normalization("a", (0.0,), (1.0,)), Normalization("b", (10.0,), (100.0,))
    assert between(first, second, 0.0) == first
    assert between(first, second, 1.0) == Normalization("a", (10.0,), (100.0,))
    assert between(first, second, 0.5) == Normalization("a", (5.0,), (10.0,))


MODEL = Normalization("training", (100.0,), (20.0,))
FILES = {
    "the-same": (100.0, 20.0, False),
    "dimmer": (60.0, 10.0, False),
    "mostly-empty": (80.0, 3.0, False),
    "sixteen-bits": (25600.0, 5120.0, True),
    "zero-to-one": (0.4, 0.08, True),
    "constant": (25600.0, 0.0, False),
}


@pytest.mark.parametrize(("mean", "deviation", "unlike"), FILES.values(), ids=FILES.keys())
def test_another_scale_is_known_from_another_exposure(
    mean: float, deviation: float, unlike: bool
) -> None:
    statistics = Statistics((mean,), (deviation,), (mean,), (mean,))
    assert is_unlike(MODEL, statistics) is unlike
    expected = own_numbers(MODEL, statistics) if unlike else MODEL
    assert for_file(MODEL, statistics) == expected


def test_a_file_of_other_channels_is_refused_with_both_numbers() -> None:
    rgb = Statistics((1.0,) * 3, (1.0,) * 3, (0.0,) * 3, (2.0,) * 3)
    for rule in RULES:
        with pytest.raises(ModelError, match=r"1 channel\(s\).*got 3"):
            for_file(Normalization(rule, (0.0,), (1.0,)), rgb)


def test_a_constant_channel_takes_the_models_scale() -> None:
    model = Normalization("between", (100.0, 50.0), (20.0, 10.0))
    empty = Statistics((100.0, 0.0), (20.0, 0.0), (0.0, 0.0), (0.0, 0.0))
    numbers = for_file(model, empty)
    assert numbers.scale == pytest.approx((20.0, 10.0))
    assert np.abs(apply(numbers, np.zeros((2, 4, 4)))[1]).max() < LIMIT
