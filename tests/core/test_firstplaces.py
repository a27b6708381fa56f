"""Places before a network exists: spread, most with borders, some to confirm background."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_segloop.core.errors import InputError
from napari_segloop.core.firstplaces import first_places
from napari_segloop.core.ranking import RankSettings
from napari_segloop.core.windowsize import auto_window

if TYPE_CHECKING:
    from napari_segloop.core.images import Labels

SIDE = 32
SETTINGS = RankSettings(window=SIDE, top=8)


def discs_on_the_left(shape: tuple[int, int] = (256, 512)) -> Labels:
    y, x = np.mgrid[: shape[0], : shape[1]]
    labels = (np.hypot(y % 40 - 20, x % 40 - 20) < 10).astype(np.uint16)
    labels[:, shape[1] // 2 :] = 0
    return labels


@pytest.mark.parametrize("seed", range(3))
def test_three_of_four_have_borders_and_the_fourth_is_background(seed: int) -> None:
    labels = discs_on_the_left()
    places = first_places(labels, None, SETTINGS, seed=seed)
    has_object = [bool(labels[place.slices].any()) for place in places]
    assert has_object == [True, True, True, False] * 2
    assert ["background" in place.reason for place in places] == [not each for each in has_object]


@pytest.mark.parametrize("seed", range(3))
def test_places_lie_inside_without_overlap_and_fall_in_score(seed: int) -> None:
    labels = discs_on_the_left((250, 333))
    places = first_places(labels, None, RankSettings(window=SIDE, top=99), (2, 1), seed)
    seen = np.zeros(labels.shape, int)
    for place in places:
        assert seen[place.slices].shape == (SIDE, SIDE)
        seen[place.slices] += 1
        assert (place.index, place.expected_error) == ((2, 1), 0.0)
    assert seen.max() == 1
    assert len(places) == (250 // SIDE) * (333 // SIDE)
    scores = [place.score for place in places]
    assert scores[0] == 1
    assert all(before > after > 0 for before, after in pairwise(scores))


def test_the_seed_fixes_the_choice() -> None:
    labels = discs_on_the_left()
    one, same, other = (first_places(labels, None, SETTINGS, seed=seed) for seed in (1, 1, 2))
    assert one == same
    assert one != other


@pytest.mark.parametrize("value", [0, 5], ids=["no labels", "labels without borders"])
def test_without_borders_places_are_spread(value: int) -> None:
    places = first_places(np.full((256, 256), value), None, RankSettings(window=64, top=4))
    assert {place.reason for place in places} == {"spread over the image"}
    corners = np.array([(place.y, place.x) for place in places])
    away = np.abs(corners[:, None] - corners[None]).sum(axis=2)
    assert away[~np.eye(4, dtype=bool)].min() >= 128


def test_what_is_checked_is_not_offered_and_its_objects_do_not_count() -> None:
    labels = discs_on_the_left()
    checked = np.zeros(labels.shape, np.uint8)
    checked[:, :240] = 1
    checked[:128] = 3
    places = first_places(labels, checked, RankSettings(window=SIDE, top=99))
    assert places
    assert all((checked[place.slices] == 0).mean() >= 0.1 for place in places)
    assert not first_places(labels, np.ones_like(checked), SETTINGS)


def test_windows_are_sized_to_the_objects() -> None:
    labels = discs_on_the_left()
    assert {place.height for place in first_places(labels)} == {auto_window(labels)}


@pytest.mark.parametrize(
    ("shape", "size"), [((7, 5), (7, 5)), ((7, 300), (7, 32)), ((0, 5), None)], ids=str
)
def test_small_planes(shape: tuple[int, int], size: tuple[int, int] | None) -> None:
    places = first_places(np.ones(shape, np.uint8), None, SETTINGS)
    assert {(place.height, place.width) for place in places} == ({size} if size else set())


def test_no_plane_of_labels() -> None:
    with pytest.raises(InputError, match="Y X"):
        first_places(np.zeros((2, 9, 9), int))
    with pytest.raises(InputError, match="shape"):
        first_places(np.zeros((9, 9), int), np.zeros((9, 8), int))
