"""Images unlike what a model learnt are known by their looks; others of the same kind are not."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import ndimage

from napari_segloop.core.appearance import CHANNELS, COUNT, look_at, windows_of
from napari_segloop.core.errors import ModelError
from napari_segloop.core.familiarity import (
    FORMER,
    LARGEST,
    Familiarity,
    familiar_with,
    unlikeness,
)
from napari_segloop.core.images import ArrayPlane
from napari_segloop.core.lesson import TrainingImage, prepare_lesson
from napari_segloop.core.looks import RULE, inversion
from napari_segloop.core.modelinfo import ModelInfo
from napari_segloop.core.normalize import Normalization, for_file, from_file, measure
from napari_segloop.core.settings import TrainSettings
from napari_segloop.samples.crystals import crystals
from napari_segloop.samples.settings import CrystalSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_segloop.core.familiarity import Unlike
    from napari_segloop.core.images import Array
    from napari_segloop.core.lesson import Lesson

SETTINGS = TrainSettings(steps=1)
SIDE = 320
LOOK = (0.0,) * COUNT


@cache
def made(seed: int, side: int = SIDE) -> tuple[Array, Array]:
    """Make an image of crystals, and where they are."""
    sample = crystals(seed, (side, side), CrystalSettings(bits=8))
    return sample.image, (sample.classes == 1).astype(np.uint8)


def lesson(*images: Array) -> Lesson:
    labels = np.zeros(images[0].shape[-2:], np.uint8)
    labels[:, : labels.shape[1] // 2] = 1
    items = [TrainingImage(str(k), image, labels) for k, image in enumerate(images)]
    return prepare_lesson(items, SETTINGS)


@cache
def learnt(count: int = 3) -> tuple[Normalization, Familiarity]:
    taught = lesson(*(made(seed)[0] for seed in range(count)))
    return taught.normalization, familiar_with(taught)


def compared(image: Array, count: int = 3) -> Unlike:
    numbers, familiar = learnt(count)
    plane = ArrayPlane(image)
    return unlikeness(familiar, plane, for_file(numbers, measure([plane])))


def noise(image: Array) -> Array:
    chance = np.random.default_rng(0)
    return chance.normal(image.mean(), image.std(), image.shape).clip(0, 255).astype(np.uint8)


def impulses(image: Array) -> Array:
    drawn = np.random.default_rng(0).random(image.shape)
    return np.select([drawn < 0.05, drawn > 0.95], [0, 255], image.mean()).astype(np.uint8)


ALIKE: dict[str, Callable[[Array], Array]] = {
    "dimmer": lambda image: (image * 0.7).astype(np.uint8),
    "brighter": lambda image: (image * 0.8 + 45).astype(np.uint8),
    "a-little-softer": lambda image: ndimage.gaussian_filter(image, 0.8),
    "sixteen-bits": lambda image: image.astype(np.uint16) * 200,
    "turned": lambda image: image.T[::-1],
    "a-part-of-it": lambda image: image[:200, :250],
}
OTHERS: dict[str, tuple[Callable[[Array], Array], str]] = {
    "noise": (noise, "noisier"),
    "salt-and-pepper": (impulses, "noisier"),
    "inverted": (lambda image: 255 - image, "bright where what it learnt is dark"),
    "blurred": (lambda image: ndimage.gaussian_filter(image, 8), "more blurred|darker"),
    "empty": (lambda image: np.full_like(image, image.mean()), "hardly any structure"),
    "constant": (lambda image: np.full_like(image, 255), "hardly any structure"),
}


@pytest.mark.parametrize("count", [1, 3])
def test_of_unseen_images_of_the_same_kind_one_in_twenty_is_flagged_at_most(count: int) -> None:
    assert sum(compared(made(seed)[0], count).score > 1 for seed in range(10, 30)) <= 1


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("change", ALIKE.values(), ids=ALIKE.keys())
def test_ordinary_differences_are_familiar(change: Callable[[Array], Array], count: int) -> None:
    scores = [compared(change(made(seed)[0]), count).score for seed in range(10, 13)]
    assert max(scores) < 1


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(("change", "reason"), OTHERS.values(), ids=OTHERS.keys())
def test_what_it_never_learnt_is_unlike_and_the_reason_is_said(
    change: Callable[[Array], Array], reason: str, count: int
) -> None:
    found = compared(change(made(10)[0]), count)
    assert found.score > 1
    assert any(words in found.reason for words in reason.split("|")), found


def test_what_taught_it_is_familiar() -> None:
    assert max(compared(made(seed)[0]).score for seed in range(3)) < 0.2


def test_places_of_one_file_do_not_say_how_far_files_differ() -> None:
    image = made(0, 512)[0]
    whole = measure([ArrayPlane(image)])
    parts = [
        TrainingImage(str(x), image[:, x : x + 256], made(0, 512)[1][:, x : x + 256], None, whole)
        for x in (0, 256)
    ]
    assert familiar_with(prepare_lesson(parts, SETTINGS)).allowance == RULE.floors[0]
    assert learnt(3)[1].allowance < RULE.floors[0]


def test_files_that_lie_far_apart_widen_the_limit() -> None:
    alike, apart = (
        familiar_with(lesson(made(0)[0], one)) for one in (made(1)[0], noise(made(1)[0]))
    )
    assert alike.allowance == pytest.approx(RULE.floors[1], abs=1e-3)
    assert apart.allowance > RULE.floors[0], "wider than for one file"


@pytest.mark.parametrize("bright", [True, False], ids=["bright-lines", "dark-lines"])
def test_an_image_without_skewed_values_is_known_to_be_inverted(bright: bool) -> None:
    """Thin lines on grain of both signs: what the histogram does not tell, ridges do."""
    looks = []
    for seed in range(2):
        chance = np.random.default_rng(seed)
        lines = np.abs(ndimage.gaussian_filter(chance.normal(size=(256, 256)), 8)) < 0.002
        grain = ndimage.gaussian_filter(chance.normal(size=lines.shape), 2)
        image = ndimage.gaussian_filter(lines.astype(float), 1) * 4 + grain / grain.std()
        looks.append(look_of(image if bright else -image))
        looks.append(look_of(-image if bright else image))
    taught, opposite, unseen, inverted = looks
    assert inversion(unseen, taught[None]) < 0.5
    assert inversion(inverted, taught[None]) > 1
    assert inversion(opposite, taught[None]) > 1


def look_of(image: Array) -> Array:
    plane = ArrayPlane(image.astype(np.float32))
    return look_at(plane, from_file(measure([plane]), "file"))


def test_exposure_does_not_count() -> None:
    image = made(10)[0].astype(np.float32)
    looks = [look_of(image), look_of(image * 30 + 700)]
    assert np.allclose(*looks, atol=1e-3)


def test_channels_are_looked_at_one_by_one() -> None:
    pair = [np.stack([made(seed)[0], made(seed + 40)[0][::-1]]) for seed in range(4)]
    taught = lesson(*pair[:3])
    familiar = familiar_with(taught)
    for image, is_unlike in ((pair[3], False), (np.stack([*map(noise, pair[3])]), True)):
        plane = ArrayPlane(image)
        found = unlikeness(familiar, plane, for_file(taught.normalization, measure([plane])))
        assert (found.score > 1) == is_unlike, found


@pytest.mark.parametrize("shape", [(5, 7), (64, 300), (1, 1), (20, 600)], ids=str)
def test_images_of_any_size_have_a_look(shape: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 255, shape).astype(np.uint8)
    look = look_at(ArrayPlane(image), Normalization("file", (127.0,), (70.0,)))
    assert look.shape == (1, COUNT)
    assert np.isfinite(look).all()


def test_pixels_without_a_number_do_not_matter_much() -> None:
    image = made(10)[0].astype(np.float32)
    image[100:110] = np.nan
    assert compared(image).score < 1


def test_a_plane_is_looked_at_in_four_windows_at_most() -> None:
    assert len(windows_of(30_000, 30_000)) == 4
    assert all(y.stop <= 300 and x.stop <= 30_000 for y, x in windows_of(300, 30_000))


def test_it_is_small_whatever_was_taught() -> None:
    many = np.stack([made(seed)[0][:64, :64] for seed in range(12)])
    familiar = familiar_with(lesson(*[np.roll(many, k, axis=0) for k in range(20)]))
    assert familiar.channels == CHANNELS
    assert familiar.fits(12)
    assert len(json.dumps(asdict(familiar))) < 10 * LARGEST


INFO = ModelInfo("classes", "resnet18", 3, 1, (0, 1), Normalization("between", (1.0,), (1.0,)))


def test_it_is_kept_with_the_model() -> None:
    info = replace(INFO, familiar=learnt()[1])
    assert ModelInfo.from_json(info.to_json()) == info
    assert info.to_json(identity=True) != INFO.to_json(identity=True)


def test_models_from_before_it_keep_their_ids() -> None:
    assert "familiar" not in INFO.to_json()
    assert ModelInfo.from_json(INFO.to_json()).familiar is None


def kept(**changes: object) -> dict[str, object]:
    return {"looks": [[0.0] * COUNT], "allowance": 1.0} | changes


FORMER_MODEL = {"looks": [[0.5] * FORMER, [0.25] * FORMER], "allowance": 1.9}


def test_models_with_numbers_of_the_former_kind_keep_their_ids_and_say_nothing() -> None:
    text = json.dumps(json.loads(INFO.to_json()) | {"familiar": FORMER_MODEL}, sort_keys=True)
    info = ModelInfo.from_json(text)
    assert info.to_json() == text
    assert json.loads(info.to_json(identity=True))["familiar"] == FORMER_MODEL
    assert info.familiar
    assert info.familiar.is_former
    assert not learnt()[1].is_former
    plane = ArrayPlane(noise(made(10)[0]))
    assert unlikeness(info.familiar, plane, from_file(measure([plane]), "file")).score == 0


@pytest.mark.parametrize("channels", range(1, CHANNELS + 1))
def test_looks_of_today_are_not_taken_for_former_ones(channels: int) -> None:
    today, former = (Familiarity(((0.0,) * count * channels,)) for count in (COUNT, FORMER))
    assert (today.is_former, former.is_former) == (False, True)
    assert today.fits(channels)
    assert former.fits(channels)


ABSURD = {
    "a-list": [1],
    "no-looks": kept(looks=[]),
    "an-empty-look": kept(looks=[[]]),
    "half-a-look": kept(looks=[[0.0] * 7]),
    "looks-of-two-lengths": kept(looks=[[0.0] * COUNT, [0.0] * 2 * COUNT]),
    "looks-without-end": kept(looks=[[0.0] * COUNT] * (LARGEST // COUNT + 1)),
    "of-two-channels": kept(looks=[[0.0] * 2 * COUNT]),
    "of-a-thousand-channels": kept(looks=[[0.0] * 1000 * COUNT]),
    "not-a-number": kept(looks=[[float("nan"), *LOOK[1:]]]),
    "huge": kept(looks=[[1e9, *LOOK[1:]]]),
    "text": kept(looks=[["a" for _ in LOOK]]),
    "allowance-0": kept(allowance=0.0),
    "allowance-endless": kept(allowance=float("inf")),
    "without-allowance": {"looks": [LOOK]},
    "with-more": kept(colour="red"),
}


@pytest.mark.parametrize("absurd", ABSURD.values(), ids=ABSURD.keys())
def test_absurd_looks_are_refused(absurd: object) -> None:
    text = json.dumps(json.loads(INFO.to_json()) | {"familiar": absurd})
    with pytest.raises(ModelError) as error:
        ModelInfo.from_json(text)
    assert len(str(error.value)) < 500
