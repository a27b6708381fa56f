"""Given masks are doubted where they disagree with what the rest of them teach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_segloop.core.errors import InputError
from napari_segloop.core.events import TileDone
from napari_segloop.core.firstplaces import first_places
from napari_segloop.core.givenmasks import GivenMasks
from napari_segloop.core.images import ArrayPlane
from napari_segloop.core.normalize import from_file, measure
from napari_segloop.core.proofreading import Proofreader, proofread
from napari_segloop.core.ranking import RankSettings, rank_regions
from napari_segloop.samples.crystals import crystals
from tests.core.conftest import disc_image, drain

if TYPE_CHECKING:
    from napari_segloop.core.images import Array, Labels
    from napari_segloop.core.prediction import Bytes
    from napari_segloop.core.regions import Region


def given(image: Array, labels: Labels, checked: Labels | None = None) -> GivenMasks:
    plane = ArrayPlane(image)
    return GivenMasks(plane, labels, from_file(measure([plane]), "file"), checked)


def doubts(*masks: GivenMasks, objects: bool = False, seed: int = 0) -> list[Bytes]:
    found = drain(proofread(masks, Proofreader(objects=objects, seed=seed, device="cpu")))[1]
    assert found is not None
    return found


def share(places: list[Region], wrong: Array) -> float:
    """How much of what is wrong lies in some places."""
    covered = np.zeros(wrong.shape, bool)
    for place in places:
        covered[place.slices] = True
    return float((covered & wrong).sum() / wrong.sum())


def test_places_hold_what_was_planted_wrong_in_crystals() -> None:
    sample = crystals(0, (256, 256))
    truth = sample.ids.astype(np.uint16)
    ids, sizes = np.unique(truth[truth > 0], return_counts=True)
    middling = ids[np.argsort(sizes)[len(ids) // 2 :]][:2]
    labels = np.where(np.isin(truth, middling), 0, truth)  # two crystals are missing
    rows, columns = np.indices(labels.shape)
    empty = [(y, x) for y in range(16, 240, 4) for x in range(16, 240, 4)
             if not labels[y - 12 : y + 13, x - 12 : x + 13].any()]  # fmt: skip
    y, x = empty[len(empty) // 2]
    labels[(rows - y) ** 2 + (columns - x) ** 2 < 9**2] = 999  # and one is too many
    wrong = (labels > 0) != (truth > 0)
    settings = RankSettings(window=48, top=6, objects=True)
    found = doubts(given(sample.image, labels), objects=True)[0]
    assert found[wrong].mean() > 4 * found[~wrong].mean()
    places = rank_regions(found, labels, None, settings)
    spread = [share(first_places(labels, None, settings, seed=seed), wrong) for seed in range(4)]
    assert share(places, wrong) > max(0.3, 2 * float(np.mean(spread)))


@pytest.fixture(scope="module")
def discs() -> tuple[Array, Labels, Labels]:
    """Two images on top of each other, their classes, and those with a disc left out."""
    pairs = [disc_image(seed) for seed in (1, 2)]
    image = np.concatenate([each for each, _ in pairs])
    ids = [pairs[0][1], np.where(pairs[1][1] > 0, pairs[1][1] + 100, 0)]
    truth = np.concatenate(ids)
    return (
        image,
        (truth > 0).astype(np.uint8),
        np.where(truth == 103, 0, truth > 0).astype(np.uint8),
    )


def test_equal_seeds_give_equal_doubts_also_of_classes(
    discs: tuple[Array, Labels, Labels],
) -> None:
    image, truth, labels = discs
    first, again = (doubts(given(image, 7 * labels))[0] for _ in range(2))
    assert np.array_equal(first, again)
    wrong = truth != labels
    assert first[wrong].mean() > 128
    assert first[~wrong].mean() < 16


def test_what_has_no_number_or_is_excluded_is_never_doubted_and_teaches_nothing(
    discs: tuple[Array, Labels, Labels],
) -> None:
    image, _, labels = discs
    image, checked = image.astype(np.float32), np.zeros(labels.shape, np.uint8)
    image[:40], checked[200:] = np.nan, 3
    labels = labels.copy()
    labels[:40], labels[200:] = 1, 1
    found = doubts(given(image, labels, checked))[0]
    assert not found[:40].any()
    assert not found[204:].any()
    assert found[50:190].mean() < 40


def test_planes_teach_each_other(discs: tuple[Array, Labels, Labels]) -> None:
    image, truth, labels = discs
    halves = [given(image[part], labels[part]) for part in (slice(0, 128), slice(128, 256))]
    found = np.concatenate(doubts(*halves))
    wrong = truth != labels
    assert found[wrong].mean() > 128
    assert found[~wrong].mean() < 16


def test_a_class_that_only_one_block_has_is_not_doubted_for_that(
    discs: tuple[Array, Labels, Labels],
) -> None:
    image, truth, _ = discs
    labels = truth.copy()
    labels[70:80, 70:80] = 9
    found = doubts(given(image, labels))[0]
    assert not found[70:80, 70:80].any()


@pytest.mark.parametrize(
    ("labels", "word"),
    [
        pytest.param(np.zeros((64, 64), np.uint8), "one and the same label", id="all background"),
        pytest.param(np.arange(4096).reshape(64, 64), "32", id="ids without saying so"),
    ],
)
def test_masks_from_which_nothing_can_be_learnt_are_refused(labels: Labels, word: str) -> None:
    image = np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8)
    with pytest.raises(InputError, match=word):
        doubts(given(image, labels))


def test_a_constant_image_is_refused_and_a_constant_plane_among_others_says_nothing(
    discs: tuple[Array, Labels, Labels],
) -> None:
    labels = np.zeros((96, 96), np.uint8)
    labels[:, 40:] = 1
    flat = given(np.full((96, 96), 7, np.uint16), labels)
    with pytest.raises(InputError, match="no pixel to learn from"):
        doubts(flat)
    found = doubts(flat, given(*discs[:2]))
    assert not found[0].any()
    assert found[1].any()


def test_masks_of_another_size_are_refused() -> None:
    with pytest.raises(InputError, match=r"\(64, 64\)"):
        given(np.zeros((64, 64), np.uint8), np.zeros((64, 65), np.uint8))


def test_it_stops_when_asked_and_tells_of_each_tile(discs: tuple[Array, Labels, Labels]) -> None:
    image, _, labels = discs
    plane = given(image, labels)
    events, found = drain(proofread([plane], Proofreader(device="cpu"), lambda: True))
    assert (events, found) == ([], None)
    reader = Proofreader(device="cpu")
    assert drain(reader.learn([plane])) == ([TileDone(1, 1)], True)
    assert drain(reader.doubt(0, plane, lambda: True)) == ([], None)
