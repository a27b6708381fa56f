"""Where a simulated user looks: windows that fit beside each other, by four rules."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import entropy

from napari_segloop.core.errors import InputError
from napari_segloop.core.firstplaces import first_places
from napari_segloop.core.ranking import RankSettings, rank_regions
from napari_segloop.core.regions import STRATEGIES
from napari_segloop.core.strategies import Sight, choose_places, entropy_map

RANKING = RankSettings(window=32)
RNG = np.random.default_rng(7)


def sight(shape: tuple[int, int] = (160, 128), *, network: bool = True) -> Sight:
    """A plane of a common class and a rare one, a fifth of it checked."""
    truth = np.zeros(shape, np.uint8)
    truth[20:120, 10:60] = 1
    truth[140:143, 100:104] = 2
    checked = np.zeros(shape, np.uint8)
    checked[:32] = 1
    noise = RNG.integers(0, 255, shape).astype(np.uint8)
    return Sight(truth, checked, truth, *((noise, noise.T.copy().T) if network else ()))


@pytest.mark.parametrize("how", STRATEGIES)
@pytest.mark.parametrize("network", [True, False], ids=["network", "first masks"])
def test_places_are_unchecked_apart_and_fixed_by_the_seed(how: str, network: bool) -> None:
    planes = [sight(network=network), sight((96, 96), network=network)]
    places = choose_places(how, planes, RANKING, 10, seed=1)
    assert 5 < len(places) <= 10
    assert places == choose_places(how, planes, RANKING, 10, seed=1)
    for number, plane in enumerate(planes):
        offered = np.zeros(plane.truth.shape, int)
        for region in (region for at, region in places if at == number):
            assert offered[region.slices].shape == (32, 32)
            offered[region.slices] += 1
            assert (plane.checked[region.slices] == 0).mean() >= RANKING.least_unchecked
        assert offered.max(initial=0) <= 1


def test_what_the_loop_offers_is_what_the_dock_offers() -> None:
    plane = sight()
    ranked = rank_regions(plane.uncertainty, plane.labels, plane.checked, RANKING)[:4]
    assert [region for _, region in choose_places("ranked", [plane], RANKING, 4, 0)] == ranked
    plane = sight(network=False)
    first = first_places(plane.labels, plane.checked, RANKING, seed=5)[:4]
    assert [region for _, region in choose_places("ranked", [plane], RANKING, 4, 5)] == first


def test_half_of_the_foreground_aware_places_are_centred_on_a_class_all_classes_alike() -> None:
    planes, found = [sight(), sight((96, 96))], {1: 0, 2: 0}
    for seed in range(30):
        for number, region in choose_places("foreground", planes, RANKING, 2, seed)[:1]:
            middle = planes[number].truth[region.y + 16, region.x + 16]
            value = int(region.reason[-1])
            assert middle == value or region.y + 32 == 160  # at the edge, off its middle
            assert (planes[number].truth[region.slices] == value).any()
            found[value] += 1
    assert sum(found.values()) == 30
    assert min(found.values()) >= 8  # class 2 has 12 pixels of 29,696


def test_random_places_are_anywhere() -> None:
    plane = replace_checked(sight((64, 96)), 0)
    drawn = [choose_places("random", [plane], RANKING, 1, seed)[0][1] for seed in range(300)]
    corners = np.array([(region.y, region.x) for region in drawn])
    assert corners.min(axis=0).tolist() <= [2, 3]
    assert corners.max(axis=0).tolist() >= [30, 61]
    np.testing.assert_allclose(corners.mean(axis=0), [16, 32], atol=4)


def test_entropy_goes_where_the_network_is_undecided() -> None:
    plane = sight()
    undecided = np.zeros_like(plane.entropy)
    undecided[100:116, 70:86] = 200
    (_, region), *_ = choose_places("entropy", [replace(plane, entropy=undecided)], RANKING, 3, 0)
    assert max(region.y - 100, region.x - 70) <= 0
    assert region.score == pytest.approx(16 * 16 * 200 / 255)


@pytest.mark.parametrize("how", STRATEGIES)
def test_nothing_is_offered_where_all_is_checked(how: str) -> None:
    assert choose_places(how, [replace_checked(sight(), 1)], RANKING, 3, 0) == []


def test_another_strategy_is_refused() -> None:
    with pytest.raises(InputError, match="ranked, foreground"):
        choose_places("guess", [sight()], RANKING, 3, 0)


def test_entropy_of_probabilities() -> None:
    shares = RNG.dirichlet(np.ones(4), (9, 7)).transpose(2, 0, 1)
    wanted = 255 * entropy(shares, axis=0) / np.log(4)
    found = entropy_map(np.rint(255 * shares).astype(np.uint8))
    assert np.abs(found - wanted).max() < 5


def replace_checked(plane: Sight, value: int) -> Sight:
    return replace(plane, checked=np.full_like(plane.checked, value))
