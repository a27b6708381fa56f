"""Patches: image and truth stay on top of each other, and only what is checked is cut for."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_segloop.core.holdout import UNKNOWN
from napari_segloop.core.normalize import Normalization, Statistics
from napari_segloop.core.patches import Batch, PatchSampler, TeachingImage
from napari_segloop.core.places import Places
from napari_segloop.core.ranges import Range, range_for

pytestmark = pytest.mark.usefixtures("one_thread")
CPU = torch.device("cpu")
PLAIN = Range(*[Normalization("file", (0.0,), (1.0,))] * 3)


Taught = tuple[np.ndarray, np.ndarray, Range]


def teaching(image: np.ndarray, truth: np.ndarray, numbers: Range = PLAIN) -> Taught:
    return image.astype(np.float32), truth.astype(np.int16), numbers


def squares(shape: tuple[int, int] = (200, 240), side: int = 40) -> np.ndarray:
    rows, columns = np.indices(shape)
    return ((rows // side + columns // side) % 2).astype(np.int16)


def batches(images: list[Taught], count: int, side: int = 64, seed: int = 0) -> list[Batch]:
    places = Places([truth for _, truth, _ in images])
    ready = [TeachingImage(*image, CPU) for image in images]
    sampler = PatchSampler(ready, places, side, 4, seed)
    return [sampler.draw() for _ in range(count)]


def test_shapes_and_types() -> None:
    truth = squares()
    image = np.stack([truth, truth, truth])
    three = Range(*[Normalization("file", (0.0,) * 3, (1.0,) * 3)] * 3)
    (batch,) = batches([teaching(image, truth, three)], 1, side=96)
    assert batch.images.shape == (4, 3, 96, 96)
    assert batch.images.dtype == torch.float32
    assert batch.truth.shape == (4, 96, 96)
    assert batch.truth.dtype == torch.int64


def test_truth_lies_on_its_pixels() -> None:
    truth = squares()
    for batch in batches([teaching(truth[None], truth)], 10):
        agree = (batch.images[:, 0] - batch.truth).abs() < 0.5
        assert agree.float().mean() > 0.97


@pytest.mark.parametrize("side", [400, 401, 402, 403])
def test_shrunken_patches_lie_on_their_truth_to_the_far_edge(side: int) -> None:
    ramp = np.indices((side, side)).max(0)
    off = []
    for batch in batches([teaching(ramp[None], ramp)], 40):
        far = (batch.truth > 0.75 * side) & (batch.truth < side - 4)
        off.append((batch.images[:, 0] - batch.truth)[far])
    assert abs(float(torch.cat(off).mean())) < 0.1


def test_the_same_seed_draws_the_same_patches_and_another_others() -> None:
    truth = squares()
    image = teaching(np.random.default_rng(0).normal(size=(1, *truth.shape)), truth)
    first, again, other = (batches([image], 2, seed=seed) for seed in (1, 1, 2))
    assert all(torch.equal(a.images, b.images) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[0].images, other[0].images)
    assert not torch.equal(first[0].images, first[1].images)


def test_unknown_truth_comes_through_and_no_other_value_is_made() -> None:
    truth = squares()
    truth[:, ::2] = UNKNOWN
    truth[truth == 1] = 7
    found = {
        v
        for batch in batches([teaching(truth[None], truth)], 5)
        for v in batch.truth.unique().tolist()
    }
    assert found == {UNKNOWN, 0, 7}


def test_images_without_truth_are_never_cut() -> None:
    truth = squares()
    nothing = np.full_like(truth, UNKNOWN)
    images = [teaching(np.full((1, *truth.shape), 99.0), nothing), teaching(truth[None], truth)]
    assert all(batch.images.max() <= 1.001 for batch in batches(images, 10))


@pytest.mark.parametrize("place", [(0, 0), (199, 239), (100, 3), (77, 120)], ids=str)
def test_patches_are_cut_where_something_is_checked(place: tuple[int, int]) -> None:
    truth = np.full((200, 240), UNKNOWN)
    y, x = place
    truth[max(0, y - 6) : y + 6, max(0, x - 6) : x + 6] = 1
    drawn = batches([teaching(squares()[None], truth)], 12)
    known = [bool((patch != UNKNOWN).any()) for batch in drawn for patch in batch.truth]
    assert np.mean(known) > 0.8


def test_a_patch_is_magnified_between_half_and_double() -> None:
    columns = np.broadcast_to(np.arange(300.0), (1, 300, 300))
    truth = np.zeros((300, 300))
    truth[100:200, 100:200] = 1
    slopes = []
    for batch in batches([teaching(columns, truth)], 20, side=32):
        y, x = torch.gradient(batch.images[:, 0], dim=(1, 2))
        slopes += torch.hypot(y, x).median(2).values.median(1).values.tolist()
    assert 0.45 < min(slopes) < 0.7
    assert 1.4 < max(slopes) < 2.1


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (5, 7), (33, 31), (64, 64)], ids=str)
def test_a_patch_may_be_larger_than_the_image(shape: tuple[int, int]) -> None:
    truth = np.zeros(shape)
    truth[0, 0] = 1
    for batch in batches([teaching(3 + truth[None], truth)], 4, side=96):
        assert batch.images.min() >= 2.999
        assert batch.images.max() <= 4.001
        assert (batch.truth != UNKNOWN).all()


def test_normalisation_is_varied_within_the_range() -> None:
    statistics = Statistics((1.0,), (0.5,), (0.0,), (2.0,))
    numbers = range_for(Normalization("between", (0.0,), (1.0,)), statistics)
    truth = squares()
    drawn = batches([teaching(np.zeros((1, *truth.shape)), truth, numbers)], 20)
    seen = torch.cat([batch.images.mean((1, 2, 3)) for batch in drawn])
    grey = numbers.used.centre[0]  # what 0 stands for
    ends = [(grey - n.centre[0]) / n.scale[0] for n in (numbers.first, numbers.second)]
    assert min(ends) - 1e-4 <= seen.min() < seen.max() <= max(ends) + 1e-4
    assert seen.max() - seen.min() > (max(ends) - min(ends)) / 2
