"""Truth: mapped, checked, and refused in words where nothing can be learnt from it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import ndimage

from napari_segloop.core.errors import InputError, TruthError
from napari_segloop.core.holdout import UNKNOWN, split
from napari_segloop.core.images import ArrayPlane, to_float
from napari_segloop.core.lesson import Lesson, TrainingImage, prepare_lesson
from napari_segloop.core.modelinfo import ModelInfo
from napari_segloop.core.normalize import Normalization, for_file, measure
from napari_segloop.core.settings import RULES, TrainSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_segloop.core.images import Array

SETTINGS = TrainSettings(steps=1)
OBJECTS = TrainSettings(steps=1, task="objects")


def noise(seed: int = 0, shape: tuple[int, ...] = (64, 64)) -> Array:
    pixels: Array = np.random.default_rng(seed).integers(0, 4000, shape, np.uint16)
    return pixels


def lesson(labels: Array, settings: TrainSettings = SETTINGS, **more: object) -> Lesson:
    return prepare_lesson([TrainingImage("a", noise(), labels, **more)], settings)


def halves(low: int, high: int, dtype: str = "uint8") -> Array:
    labels = np.full((64, 64), low, dtype)
    labels[:, 32:] = high
    return labels


VALUES = {
    "mask-0-255": (halves(0, 255), (0, 255)),
    "bool": (halves(0, 1).astype(bool), (0, 1)),
    "background-absent": (halves(1, 2), (0, 1, 2)),
    "uint16-300": (halves(0, 300, "uint16"), (0, 300)),
    "big-endian": (halves(0, 300, ">u2"), (0, 300)),
    "int64": (halves(7, 0, "int64"), (0, 7)),
    "float-of-whole-numbers": (halves(0, 2, "float32"), (0, 2)),
}


@pytest.mark.parametrize(("labels", "values"), VALUES.values(), ids=VALUES.keys())
def test_values_become_class_numbers_in_order(labels: Array, values: tuple[int, ...]) -> None:
    found = lesson(labels)
    assert found.values == values
    assert found.outputs == len(values)
    np.testing.assert_array_equal(np.array(values)[found.truths[0]], labels)


def test_all_images_share_the_values() -> None:
    images = [TrainingImage(str(v), noise(v), halves(0, v)) for v in (5, 3, 9)]
    assert prepare_lesson(images, SETTINGS).values == (0, 3, 5, 9)


def test_a_value_to_ignore_is_no_class_and_no_truth() -> None:
    labels = halves(0, 1)
    labels[:8] = 255
    found = lesson(labels, replace(SETTINGS, ignore=255))
    assert found.values == (0, 1)
    np.testing.assert_array_equal(found.truths[0] == UNKNOWN, labels == 255)


@pytest.mark.parametrize("odd", [np.nan, np.inf, 1e300])
def test_pixels_without_a_number_are_no_truth(odd: float) -> None:
    pixels = noise(shape=(2, 64, 64)).astype(float)
    pixels[1, 10:20, 5] = odd
    found = prepare_lesson([TrainingImage("a", pixels, halves(0, 1))], SETTINGS)
    assert np.argwhere(found.truths[0] == UNKNOWN).tolist() == [[y, 5] for y in range(10, 20)]
    assert all(np.isfinite(image).all() for image in found.images)


REFUSED = {
    "one-class": (halves(3, 3), None, "only the value 3.*background"),
    "only-background": (halves(0, 0), None, "only the value 0.*for example an object"),
    "nothing-checked": (halves(0, 1), np.zeros((64, 64), bool), "got none"),
    "one-class-checked": (halves(0, 1), halves(1, 0).astype(bool), "only the value 0"),
    "negative": (halves(0, -1, "int16"), None, "-1"),
    "too-many-values": (np.arange(4096).reshape(64, 64), None, "--task objects"),
    "fractions": (halves(0, 1) * 0.5, None, "0.5"),
}


@pytest.mark.parametrize(("labels", "checked", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_hopeless_truth_is_refused_with_what_to_do(
    labels: Array, checked: Array | None, words: str
) -> None:
    with pytest.raises(InputError, match=words) as error:
        lesson(labels, checked=checked)
    assert error.value.remedy


def test_all_pixels_nan_is_refused() -> None:
    pixels = np.full((64, 64), np.nan)
    with pytest.raises(TruthError, match="grey value"):
        prepare_lesson([TrainingImage("a", pixels, halves(0, 1))], SETTINGS)


def test_no_images_are_refused() -> None:
    with pytest.raises(TruthError):
        prepare_lesson([], SETTINGS)


@pytest.mark.parametrize(
    ("image", "labels", "checked", "words"),
    [
        pytest.param((3, 64, 64), (64, 64), None, "channel", id="other-channels"),
        pytest.param((64, 64), (64, 63), None, "labels", id="other-size"),
        pytest.param((64, 64), (1, 64, 64), None, "labels", id="stack-of-labels"),
        pytest.param((64, 64), (64, 64), (32, 64), "checked", id="checked-of-other-size"),
        pytest.param((0, 64), (0, 64), None, "pixels", id="empty"),
        pytest.param((2, 2, 64, 64), (64, 64), None, "C Y X", id="stack"),
    ],
)
def test_what_does_not_fit_is_refused(
    image: tuple[int, ...], labels: tuple[int, ...], checked: tuple[int, ...] | None, words: str
) -> None:
    odd = TrainingImage(
        "odd",
        np.zeros(image),
        np.zeros(labels, np.uint8),
        None if checked is None else np.ones(checked, bool),
    )
    with pytest.raises(InputError, match=words):
        prepare_lesson([TrainingImage("good", noise(), halves(0, 1)), odd], SETTINGS)


def scramble(labels: Array, keep: Array, top: int) -> Array:
    """The labels with other values wherever they are not kept."""
    odd = np.random.default_rng(9).integers(0, top, labels.shape, labels.dtype)
    scrambled: Array = np.where(keep, labels, odd)
    return scrambled


@pytest.mark.parametrize("task", ["classes", "objects"])
@pytest.mark.parametrize("share", [0.02, 0.5], ids=["sparse", "half"])
def test_labels_under_unchecked_pixels_teach_nothing(
    task: str, share: float, discs: Callable[..., tuple[Array, Array]]
) -> None:
    image, ids = discs(3)
    labels = ids if task == "objects" else (ids > 0).astype(ids.dtype)
    coarse = np.random.default_rng(1).random((16, 16)) < share * 2
    checked = np.kron(coarse, np.ones((8, 8), bool)).astype(bool)
    settings = OBJECTS if task == "objects" else SETTINGS
    found, other = (
        prepare_lesson([TrainingImage("a", image, item, checked)], settings)
        for item in (labels, scramble(labels, checked, 500))
    )
    assert (found.truths[0] != UNKNOWN).any()
    assert not (found.truths[0] != UNKNOWN)[~checked].any()
    np.testing.assert_array_equal(found.truths[0], other.truths[0])
    assert found.values == other.values
    assert found.split == other.split


def test_objects_become_background_interior_and_border(
    discs: Callable[..., tuple[Array, Array]],
) -> None:
    image, ids = discs(3)
    found = prepare_lesson([TrainingImage("a", image, ids)], OBJECTS)
    truth = found.truths[0]
    assert found.outputs == 3
    assert found.values == (0, 1)
    np.testing.assert_array_equal(truth == 0, ids == 0)
    for number in range(1, ids.max() + 1):
        assert 0 < (truth[ids == number] == 1).mean() < 1


def test_partly_checked_objects_teach_what_the_whole_would(
    discs: Callable[..., tuple[Array, Array]],
) -> None:
    image, ids = discs(3)
    checked = np.zeros(ids.shape, bool)
    checked[20:100, 30:110] = True
    whole = prepare_lesson([TrainingImage("a", image, ids)], OBJECTS).truths[0]
    part = prepare_lesson([TrainingImage("a", image, ids, checked)], OBJECTS).truths[0]
    known = part != UNKNOWN
    assert (part[known] == whole[known]).mean() > 0.99
    assert known[checked].mean() > 0.95


@pytest.mark.parametrize("rule", RULES)
def test_images_are_normalised_as_prediction_will(rule: str) -> None:
    images = [TrainingImage(str(i), noise(i) // (1 + i), halves(0, 1)) for i in range(3)]
    found = prepare_lesson(images, replace(SETTINGS, normalization=rule))
    for item, normalised in zip(images, found.images, strict=True):
        numbers = for_file(found.normalization, measure([ArrayPlane(item.image)]))
        expected = numbers.apply(to_float(item.image[None])[0])
        np.testing.assert_array_equal(normalised, expected)


@pytest.mark.parametrize("rule", RULES)
def test_another_model_sees_the_images_its_own_way(rule: str) -> None:
    other = Normalization(rule, (900.0,), (700.0,))
    item = TrainingImage("a", noise(), halves(0, 1))
    found = prepare_lesson([item], SETTINGS)
    expected = for_file(other, found.statistics[0]).apply(to_float(item.image[None])[0])
    np.testing.assert_allclose(found.images_for(other)[0], expected, atol=1e-4)
    assert found.images_for(found.normalization)[0] is found.images[0]


def test_statistics_of_the_file_come_before_those_of_the_plane() -> None:
    file = measure([ArrayPlane(noise(i)) for i in range(5)])
    item = TrainingImage("a", noise(), halves(0, 1), statistics=file)
    assert prepare_lesson([item], SETTINGS).statistics == (file,)


def test_test_blocks_and_the_guard_are_blanked_and_the_truth_stays() -> None:
    images = [TrainingImage("a", noise(1, (320, 320)), halves(0, 1).repeat(5, 0).repeat(5, 1))]
    found = prepare_lesson(images, SETTINGS)
    taught = found.teaching_truth()[0]
    assert found.split.test
    assert found.split.guard
    tested = np.zeros((320, 320), bool)
    for block in found.split.test:
        tested[block.window] = True
    near = ndimage.binary_dilation(tested, np.ones((3, 3)), found.split.guard)
    np.testing.assert_array_equal(taught, np.where(near, UNKNOWN, found.truths[0]))
    assert (found.truths[0] != UNKNOWN).all()


def test_the_start_models_blocks_keep_their_side() -> None:
    pixels, labels = noise(1, (640, 640)), halves(0, 1).repeat(10, 0).repeat(10, 1)
    parts = split([pixels[None]], [labels.astype(np.int16)])
    start = ModelInfo(
        "classes", "resnet18", 3, 1, (0, 1), Normalization("file", (0.0,), (1.0,)),
        teach_hashes=tuple(b.content for b in parts.test),
        test_hashes=tuple(b.content for b in parts.teach[:3]),
    )  # fmt: skip
    found = prepare_lesson([TrainingImage("a", pixels, labels)], SETTINGS, start)
    tested = {block.content for block in found.split.test}
    assert set(start.test_hashes) <= tested
    assert not tested & set(start.teach_hashes)


def test_what_a_model_was_not_taught_yet_is_new() -> None:
    image, labels = noise(shape=(320, 320)), np.zeros((320, 320), np.uint8)
    labels[::2] = 1
    first = prepare_lesson([TrainingImage("a", image, labels)], SETTINGS)
    taught = tuple(block.content for block in first.split.teach)
    start = ModelInfo("classes", "resnet18", 3, 1, (0, 1), first.normalization, teach_hashes=taught)
    corrected = labels.copy()
    block = first.split.teach[0]
    corrected[block.window] = 1 - corrected[block.window]
    images = [TrainingImage("a", image, corrected), TrainingImage("b", noise(1), halves(0, 1))]
    improved = prepare_lesson(images, SETTINGS, start)
    new = {(b.image, b.rows, b.columns) for b in improved.newest}
    assert new == {(0, block.rows, block.columns)} | {
        (b.image, b.rows, b.columns) for b in improved.split.teach if b.image == 1
    }
    assert prepare_lesson(images, replace(SETTINGS, afresh=True), start).newest == ()
    assert prepare_lesson(images, SETTINGS).newest == ()
