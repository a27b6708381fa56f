"""First masks against discs of known place and size."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from skimage import data

from napari_segloop.core.errors import InputError
from napari_segloop.core.firstmasks import (
    FirstMaskSettings,
    first_mask,
    suggest,
)

if TYPE_CHECKING:
    from napari_segloop.core.firstmasks import Method, Objects
    from napari_segloop.core.images import Array, Mask

RAW = FirstMaskSettings(smoothing=0, smallest=0, fill_holes=False)


def disc(centre: tuple[float, float], radius: float, shape: tuple[int, int] = (96, 128)) -> Mask:
    y, x = np.ogrid[: shape[0], : shape[1]]
    return np.hypot(y - centre[0], x - centre[1]) <= radius


def picture(mask: Mask, noise: float = 0.0) -> Array:
    rng = np.random.default_rng(0)
    return 40 + 100 * mask + rng.normal(0, 1, mask.shape) * noise


TWO = disc((30, 30), 14) | disc((60, 90), 20)


@pytest.mark.parametrize(
    "dtype", ["bool", "u1", ">u2", "<u2", ">i2", "i4", "u8", "f2", ">f4", "f4", "f8"]
)
def test_sharp_discs_are_found_exactly_in_every_dtype(dtype: str) -> None:
    image = TWO if dtype == "bool" else picture(TWO).astype(dtype)
    found = first_mask(image, RAW)
    assert found.dtype == np.uint8
    assert np.array_equal(found, TWO)


def test_the_cut_is_where_otsu_is_by_exhaustive_search() -> None:
    rng = np.random.default_rng(2)
    image = np.where(TWO, rng.normal(150, 25, TWO.shape), rng.normal(90, 25, TWO.shape))
    image = np.clip(np.rint(image), 0, 255).astype(np.uint8)
    spread = []
    for cut in range(1, 256):
        above = image >= cut
        weight = above.mean()
        means = [image[side].mean() if side.any() else 0 for side in (above, ~above)]
        spread.append(weight * (1 - weight) * (means[0] - means[1]) ** 2)
    assert np.array_equal(first_mask(image, RAW), image >= 1 + int(np.argmax(spread)))


def test_noisy_discs_have_nearly_the_analytic_area() -> None:
    found = first_mask(picture(TWO, noise=30), FirstMaskSettings())
    assert found.sum() == pytest.approx(np.pi * (14**2 + 20**2), rel=0.03)


@pytest.mark.parametrize("method", ["otsu", "local"])
def test_dark_objects_are_bright_ones_of_the_negated_image(method: Method) -> None:
    image = picture(TWO, noise=10)
    bright = FirstMaskSettings(method=method, separate=True)
    dark = replace(bright, objects="dark")
    assert np.array_equal(first_mask(-image, dark), first_mask(image, bright))


def test_local_survives_light_that_otsu_does_not() -> None:
    light = np.linspace(0, 200, 128)[None]
    image = picture(TWO, noise=3) + light
    dice = {}
    for settings in (FirstMaskSettings(), FirstMaskSettings(method="local", block=71)):
        found = first_mask(image, settings) > 0
        dice[settings.method] = 2 * (found & TWO).sum() / (found.sum() + TWO.sum())
    assert dice["local"] > 0.9
    assert dice["otsu"] < 0.7


def test_touching_discs_become_two_objects_of_half_the_area_each() -> None:
    touching = disc((48, 40), 20) | disc((48, 78), 20)
    ids = first_mask(picture(touching), replace(RAW, separate=True))
    assert ids.dtype == np.uint16
    assert np.array_equal(ids > 0, touching)
    areas = np.bincount(ids.ravel())[1:]
    assert len(areas) == 2
    assert areas[0] == pytest.approx(areas[1], rel=0.02)
    assert ids[48, 30] != ids[48, 88]
    assert first_mask(picture(touching), RAW).max() == 1


def test_touching_discs_are_one_object_with_an_id_where_they_are_not_separated() -> None:
    discs = disc((24, 20), 14) | disc((24, 46), 14) | disc((70, 100), 14)
    ids = first_mask(picture(discs), RAW, ids=True)
    assert np.array_equal(ids > 0, discs)
    assert ids.max() == 2
    assert ids[24, 20] == ids[24, 46] != ids[70, 100]


def test_holes_are_filled_only_when_asked() -> None:
    ring = disc((48, 64), 30) & ~disc((48, 64), 20)
    assert np.array_equal(first_mask(picture(ring), RAW), ring)
    filled = first_mask(picture(ring), replace(RAW, fill_holes=True))
    assert np.array_equal(filled, disc((48, 64), 30))


@pytest.mark.parametrize(
    ("smallest", "largest", "kept"),
    [
        pytest.param(0, None, [5, 10, 20], id="all"),
        pytest.param(100, None, [10, 20], id="no small"),
        pytest.param(0, 500, [5, 10], id="no large"),
        pytest.param(100, 500, [10], id="middle"),
        pytest.param(81, 317, [5, 10], id="limits belong to it"),
        pytest.param(82, 316, [], id="limits just missed"),
        pytest.param(5000, None, [], id="none"),
    ],
)
def test_sizes_are_pixels_and_both_limits_are_kept(
    smallest: int, largest: int | None, kept: list[int]
) -> None:
    discs = {5: disc((20, 20), 5), 10: disc((20, 60), 10), 20: disc((65, 90), 20)}
    assert [int(discs[r].sum()) for r in (5, 10)] == [81, 317]
    image = picture(np.any(list(discs.values()), axis=0))
    settings = replace(RAW, smallest=smallest, largest=largest, separate=True)
    ids = first_mask(image, settings)
    expected = np.any([discs[r] for r in kept], axis=0) if kept else np.zeros(image.shape, bool)
    assert np.array_equal(ids > 0, expected)
    assert np.array_equal(np.unique(ids), range(len(kept) + 1))


def test_ids_need_32_bits_past_65535_objects() -> None:
    image = np.zeros((514, 514), np.uint8)
    image[::2, ::2] = 200
    ids = first_mask(image, replace(RAW, separate=True))
    assert ids.dtype == np.uint32
    assert ids.max() == 257**2


@pytest.mark.parametrize("method", ["otsu", "local"])
@pytest.mark.parametrize("objects", ["bright", "dark"])
@pytest.mark.parametrize(
    "image",
    [
        pytest.param(np.full((20, 30), 7, np.uint16), id="constant"),
        pytest.param(np.zeros((1, 1)), id="one pixel"),
        pytest.param(np.full((5, 5), np.nan), id="nan"),
        pytest.param(np.full((5, 5), np.inf, np.float32), id="infinity"),
        pytest.param(np.where(np.eye(9) > 0, np.nan, 3.3), id="constant and nan"),
    ],
)
def test_images_without_contrast_have_no_objects(
    image: Array, objects: Objects, method: Method
) -> None:
    settings = FirstMaskSettings(method=method, objects=objects, smallest=0)
    found = first_mask(image, settings)
    assert found.shape == image.shape
    assert not found.any()
    assert suggest(image) == FirstMaskSettings()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf], ids=str)
@pytest.mark.parametrize("method", ["otsu", "local"])
def test_unknown_pixels_are_background_and_leave_the_rest_alone(
    value: float, method: Method
) -> None:
    image = picture(TWO, noise=5)
    damaged = image.copy()
    damaged[28:32, 28:32] = value
    settings = FirstMaskSettings(method=method, block=71)
    clean, found = first_mask(image, settings), first_mask(damaged, settings)
    assert not found[28:32, 28:32].any()
    far = ~disc((30, 30), 12)
    assert (clean != found)[far].mean() < 0.002


@pytest.mark.parametrize("size", [1e-300, 1e300, 1.7e308], ids=str)
def test_extreme_ranges_do_not_overflow(size: float) -> None:
    image = np.where(TWO, size, -size)
    assert np.array_equal(first_mask(image, RAW), TWO)


def test_a_large_offset_does_not_hide_a_small_contrast() -> None:
    image = (4_000_000_000 + 50 * TWO).astype(np.uint32)
    assert np.array_equal(first_mask(image, RAW), TWO)


def test_a_hot_pixel_does_not_take_the_cut_away() -> None:
    image = (300 + 300 * TWO).astype(np.uint16)
    image[5, 100] = 65535
    found = first_mask(image, replace(RAW, smoothing=1, smallest=30)) > 0
    assert 2 * (found & TWO).sum() / (found.sum() + TWO.sum()) > 0.95


@pytest.mark.parametrize(
    ("image", "method", "objects"),
    [
        pytest.param(picture(TWO, 5), "otsu", "bright", id="bright"),
        pytest.param(-picture(TWO, 5), "otsu", "dark", id="dark"),
        pytest.param(picture(TWO, 5) + np.linspace(0, 300, 128), "local", "bright", id="ramp"),
        pytest.param(-picture(TWO, 5) + np.linspace(0, 300, 128), "local", "dark", id="dark ramp"),
        pytest.param(picture(TWO, 5).astype(">f4"), "otsu", "bright", id="big-endian"),
    ],
)
def test_suggestions(image: Array, method: str, objects: str) -> None:
    suggested = suggest(image)
    assert (suggested.method, suggested.objects) == (method, objects)


def test_24_coins_on_an_uneven_background() -> None:
    image = data.coins()
    ids = first_mask(image, replace(suggest(image), smallest=100, separate=True))
    assert ids.max() == 24


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        pytest.param({"method": "magic"}, "method", id="method"),
        pytest.param({"objects": "grey"}, "objects", id="objects"),
        pytest.param({"smoothing": -1}, "smoothing", id="smoothing"),
        pytest.param({"smoothing": float("nan")}, "smoothing", id="nan"),
        pytest.param({"smallest": -1}, "smallest", id="smallest"),
        pytest.param({"smallest": 9, "largest": 8}, "largest", id="crossed"),
        pytest.param({"block": 1}, "block", id="block"),
    ],
)
def test_settings_check_themselves(changes: dict[str, Any], word: str) -> None:
    with pytest.raises(InputError, match=word):
        FirstMaskSettings(**changes)


@pytest.mark.parametrize(
    ("image", "word"),
    [
        pytest.param(np.zeros((2, 5, 5)), "channel", id="channels"),
        pytest.param(np.zeros((0, 5)), "pixels", id="empty"),
        pytest.param(np.zeros((5, 5), complex), "complex", id="complex"),
    ],
)
def test_what_is_no_plane_is_refused(image: Array, word: str) -> None:
    with pytest.raises(InputError, match=word):
        first_mask(image, FirstMaskSettings())
    with pytest.raises(InputError, match=word):
        suggest(image)
