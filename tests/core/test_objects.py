"""Objects to classes and back: a round trip must give the same objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_segloop.core.errors import InputError
from napari_segloop.core.objects import (
    BORDER,
    INTERIOR,
    ObjectSettings,
    grow_objects,
    objects_to_classes,
    separate_objects,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from napari_segloop.core.images import Array


def discs(shape: tuple[int, int], centres_and_radii: Sequence[tuple[float, float, float]]) -> Array:
    """Discs painted one over the other, as a human would."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    ids = np.zeros(shape, np.int32)
    for number, (row, column, radius) in enumerate(centres_and_radii, start=1):
        ids[(y - row) ** 2 + (x - column) ** 2 <= radius**2] = number
    return ids


def random_discs(seed: int, shape: tuple[int, int] = (300, 280), count: int = 60) -> Array:
    rng = np.random.default_rng(seed)
    rows, columns = rng.uniform(-5, shape[0] + 5, count), rng.uniform(-5, shape[1] + 5, count)
    chosen = []
    for row, column, radius in zip(rows, columns, rng.uniform(5, 20, count), strict=True):
        if all(np.hypot(row - y, column - x) >= radius + r - 1 for y, x, r in chosen):
            chosen.append((row, column, radius))
    return discs(shape, chosen)


def one_hot(classes: Array) -> Array:
    return np.stack([(classes == value) * np.uint8(255) for value in range(3)])


def round_trip(ids: Array) -> Array:
    return separate_objects(one_hot(objects_to_classes(ids)))


def ious(truth: Array, grown: Array) -> NDArray[np.float64]:
    """Brute force: the best IoU of every true object."""
    best = []
    for value in np.unique(truth)[1:]:
        mine = truth == value
        others = [grown == other for other in np.unique(grown[mine]) if other]
        best.append(max(((mine & o).sum() / (mine | o).sum() for o in others), default=0))
    return np.array(best)


TOUCHING = {
    "pair": discs((40, 60), [(20, 20, 12), (20, 42, 11)]),
    "three": discs((60, 60), [(20, 20, 12), (20, 43, 12), (40, 31, 11)]),
    "small beside large": discs((80, 80), [(40, 30, 25), (40, 60, 5)]),
    "at the edge": discs((40, 40), [(0, 0, 12), (39, 39, 15), (0, 25, 13)]),
    "far apart": discs((60, 60), [(12, 12, 6), (45, 45, 9)]),
    "crowd 0": random_discs(0),
    "crowd 1": random_discs(1),
}


@pytest.mark.parametrize("ids", [pytest.param(v, id=k) for k, v in TOUCHING.items()])
def test_round_trip_gives_the_same_objects(ids: Array) -> None:
    grown = round_trip(ids)
    assert grown.max() == len(np.unique(ids)) - 1
    whole = np.bincount(ids.ravel())[np.unique(ids)[1:]] > 60  # smaller ones are cut off by others
    assert ious(ids, grown)[whole].min() > 0.9
    assert np.mean(ious(ids, grown)) > 0.95
    np.testing.assert_array_equal(grown > 0, ids > 0)


@pytest.mark.parametrize(
    "ids",
    [
        pytest.param([[0, 0, 0], [0, 9, 0], [0, 0, 0]], id="one pixel"),
        pytest.param([[9]], id="one pixel, no background"),
        pytest.param([[9, 9], [9, 9]], id="fills the plane"),
        pytest.param([[3, 3, 3, 3, 3]], id="line"),
        pytest.param([[3, 0, 0], [0, 3, 0], [0, 0, 3]], id="diagonal line"),
        pytest.param([[1, 1, 0, 5, 5], [1, 1, 0, 5, 5]], id="two small"),
        pytest.param([[1, 1, 5, 5], [1, 1, 5, 5]], id="two small that touch"),
        pytest.param([[1, 1, 70000, 70000]], id="large ids"),
        pytest.param([[2, 0, 0, 2]], id="pieces of one id"),
        pytest.param(np.zeros((4, 5), int).tolist(), id="empty"),
    ],
)
def test_small_objects_survive(ids: Array) -> None:
    ids = np.array(ids)
    pieces = 2 if ids.tolist() == [[2, 0, 0, 2]] else len(np.unique(ids[ids > 0]))
    grown = round_trip(ids)
    assert grown.max() == pieces
    np.testing.assert_array_equal(grown > 0, ids > 0)


def test_every_object_keeps_one_interior_and_no_two_interiors_touch() -> None:
    ids = random_discs(2)
    interior = objects_to_classes(ids) == INTERIOR
    assert set(np.unique(ids[interior])) == set(np.unique(ids)) - {0}
    for first, second in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        both = interior[first] & interior[second]
        assert (ids[first][both] == ids[second][both]).all()


@pytest.mark.parametrize(
    ("radius", "thickness"), [pytest.param(4, 1, id="small"), pytest.param(20, 2, id="large")]
)
def test_border_adapts_to_the_object(radius: int, thickness: int) -> None:
    classes = objects_to_classes(discs((61, 61), [(30, 30, radius)]))
    assert (classes[30, 30:] == BORDER).sum() == thickness


@pytest.mark.parametrize("dtype", ["bool", "uint8", ">u2", "<i4", "uint64", ">i8"])
def test_dtypes_of_ids(dtype: str) -> None:
    ids = discs((30, 30), [(15, 15, 8)])
    np.testing.assert_array_equal(objects_to_classes(ids.astype(dtype)), objects_to_classes(ids))


def test_many_objects_get_uint32() -> None:
    plane = np.zeros((560, 560), np.uint8)
    plane[::2, ::2] = 255
    ids = grow_objects(plane, plane)
    assert ids.dtype == np.uint32
    assert ids.max() == 280 * 280
    assert grow_objects(plane[:100], plane[:100]).dtype == np.uint16


def test_ids_are_in_raster_order() -> None:
    grown = round_trip(TOUCHING["crowd 0"])
    first = [np.flatnonzero(grown == value)[0] for value in range(1, grown.max() + 1)]
    assert first == sorted(first)


def test_faint_specks_are_no_seeds() -> None:
    planes = np.zeros((3, 9, 9), np.uint8)
    planes[0] = 255
    planes[:, 4, 4] = 100, 130, 25
    assert separate_objects(planes).max() == 0
    assert separate_objects(planes, ObjectSettings(smallest_seed=0.05)).max() == 1


def test_small_objects_are_left_out_on_request() -> None:
    ids = discs((40, 60), [(20, 15, 10), (20, 45, 2)])
    grown = separate_objects(one_hot(objects_to_classes(ids)), ObjectSettings(smallest_object=20))
    np.testing.assert_array_equal(grown, ids == 1)


def test_foreground_without_seed_is_background() -> None:
    assert grow_objects(np.zeros((5, 5)), np.ones((5, 5), bool)).max() == 0


def test_objects_meet_where_interior_is_least_likely() -> None:
    interior = np.array([[1, 1, 0.4, 0.3, 0.1, 0.3, 1]])
    grown = grow_objects(interior, np.ones((1, 7), bool))
    assert grown[0, 3] == 1
    assert grown[0, 5] == 2


def test_uint8_and_float_agree() -> None:
    interior = (objects_to_classes(TOUCHING["three"]) == INTERIOR).astype(np.float64)
    mask = TOUCHING["three"] > 0
    as_bytes = grow_objects((interior * 255).astype(np.uint8), mask)
    np.testing.assert_array_equal(grow_objects(interior, mask), as_bytes)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda: objects_to_classes(np.zeros((2, 2))), id="float ids"),
        pytest.param(lambda: objects_to_classes(np.zeros((1, 2, 2), int)), id="three axes"),
        pytest.param(lambda: separate_objects(np.zeros((2, 4, 4), np.uint8)), id="two planes"),
        pytest.param(lambda: separate_objects(np.zeros((3, 4, 4))), id="float planes"),
        pytest.param(lambda: grow_objects(np.zeros((2, 2)), np.zeros((2, 3))), id="shapes"),
        pytest.param(lambda: ObjectSettings(smallest_object=-1), id="negative size"),
    ],
)
def test_bad_input_is_explained(wrong: Callable[[], object]) -> None:
    with pytest.raises(InputError, match="Expected"):
        wrong()
