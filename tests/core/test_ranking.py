"""Ranked windows against an exhaustive greedy search."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_segloop.core import windows
from napari_segloop.core.errorplane import BOX, ErrorPlane, worst_box
from napari_segloop.core.errors import InputError
from napari_segloop.core.labels import border_band
from napari_segloop.core.ranking import RankSettings, merge, rank_regions
from napari_segloop.core.regions import Region
from napari_segloop.core.windowsize import auto_window

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_segloop.core.images import Array

Planes = tuple["Array", "Array", "Array"]


def planes(seed: int = 0, shape: tuple[int, int] = (90, 110)) -> Planes:
    rng = np.random.default_rng(seed)
    labels = np.kron(rng.integers(0, 3, (9, 11)), np.ones((10, 10), int))[: shape[0], : shape[1]]
    uncertainty = (rng.beta(0.3, 3, shape) * 255).astype(np.uint8)
    checked = np.kron(rng.choice([0, 0, 0, 1, 2, 3], (6, 6)), np.ones((15, 19), int))
    return uncertainty, labels, checked[: shape[0], : shape[1]]


def greedy(planes: Planes, side: int, top: int, least: float) -> list[tuple[int, int, int]]:
    """Try every position again after every choice."""
    uncertainty, labels, checked = planes
    band = border_band(labels, 2)
    errors = np.where((checked == 0) & ~band, uncertainty, 0).astype(int)
    height, width = (min(side, n) for n in labels.shape)
    found: list[tuple[int, int, int]] = []
    while len(found) < top:
        best = (0, 0, 0)
        for y in range(labels.shape[0] - height + 1):
            for x in range(labels.shape[1] - width + 1):
                window = np.s_[y : y + height, x : x + width]
                near = any(abs(y - v) < height and abs(x - u) < width for v, u, _ in found)
                if not near and (checked[window] == 0).mean() >= least:
                    best = max(best, (int(errors[window].sum()), -y, -x))
        if best[0] == 0:
            break
        found.append((-best[1], -best[2], best[0]))
    return found


@pytest.mark.parametrize("side", [8, 24, 40, 200])
def test_against_the_exhaustive_search(side: int) -> None:
    expected = greedy(planes(), side, 5, 0.3)
    regions = rank_regions(*planes(), RankSettings(side, 5, least_unchecked=0.3))
    assert [(r.y, r.x) for r in regions] == [(y, x) for y, x, _ in expected]
    np.testing.assert_allclose([r.score for r in regions], [s / 255 for _, _, s in expected])


def test_a_coarse_grid_finds_nearly_as_much(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = rank_regions(*planes(), RankSettings(40, 3))
    monkeypatch.setattr(windows, "LARGEST_GRID", 500)
    monkeypatch.setattr(windows, "STRIP", 1000)
    coarse = rank_regions(*planes(), RankSettings(40, 3))
    assert windows._cell((90, 110), (40, 40)) == 5
    assert coarse[0].score >= 0.97 * exact[0].score
    check_regions(coarse, (90, 110))


def check_regions(regions: list[Region], shape: tuple[int, int]) -> None:
    covered = np.zeros(shape, int)
    for region in regions:
        assert region.y >= 0
        assert region.x >= 0
        assert region.y + region.height <= shape[0]
        assert region.x + region.width <= shape[1]
        covered[region.slices] += 1
    assert covered.max(initial=0) <= 1
    assert [r.score for r in regions] == sorted((r.score for r in regions), reverse=True)


def test_a_window_is_compared_with_the_few_beside_it_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "LARGEST_GRID", 500)
    search = windows._Search(ErrorPlane(np.full((400, 400), 9, np.uint8),
                                        np.zeros((400, 400), np.uint8), None, 0),
                             (16, 16), 2, 0)  # fmt: skip
    for y in range(0, 400, 16):
        for x in range(0, 400, 16):
            search.take((y, x))
    assert len(list(search._taken_near((200, 200)))) == 25
    assert search.refine((200, 200)) is None


@pytest.mark.parametrize("grid", [50, 1 << 22])
@pytest.mark.parametrize("shape", [(1, 1), (1, 70), (33, 20), (64, 64), (75, 101)])
def test_regions_are_inside_and_apart(
    shape: tuple[int, int], grid: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows, "LARGEST_GRID", grid)
    rng = np.random.default_rng(1)
    uncertainty = rng.integers(1, 255, shape).astype(np.uint8)
    regions = rank_regions(uncertainty, np.zeros(shape, np.uint8), None, RankSettings(24, 50))
    assert regions
    check_regions(regions, shape)


def test_expected_error_counts_all_unchecked_pixels_and_the_score_leaves_borders_out() -> None:
    labels = np.zeros((40, 40), np.uint8)
    labels[:, 20:] = 1
    uncertainty = np.full((40, 40), 51, np.uint8)
    checked = np.zeros((40, 40), np.uint8)
    checked[:10] = 1
    (region,) = rank_regions(uncertainty, labels, checked, RankSettings(40), index=(3, 1))
    assert region.expected_error == pytest.approx(30 * 40 / 5)
    assert region.score == pytest.approx(30 * 36 / 5)
    assert region.index == (3, 1)


@pytest.mark.parametrize("value", [1, 2, 3])
def test_nothing_is_offered_where_all_is_settled(value: int) -> None:
    uncertainty, labels, _ = planes()
    assert rank_regions(uncertainty, labels, np.full(labels.shape, value)) == []
    nearly = np.full(labels.shape, value)
    nearly[:5, :5] = 0
    assert rank_regions(uncertainty, labels, nearly, RankSettings(64)) == []


def test_zero_uncertainty_offers_nothing() -> None:
    assert rank_regions(np.zeros((50, 50), np.uint8), np.zeros((50, 50), int)) == []


def test_an_empty_plane_offers_nothing() -> None:
    assert rank_regions(np.zeros((0, 5), np.uint8), np.zeros((0, 5), int)) == []


@pytest.mark.parametrize("dtype", ["bool", ">u2", "<u4", "int64"])
def test_dtypes_of_labels(dtype: str) -> None:
    uncertainty, labels, checked = planes()
    binary = labels > 1
    plain = rank_regions(uncertainty, binary.astype(np.uint8), checked, RankSettings(24))
    assert rank_regions(uncertainty, binary.astype(dtype), checked, RankSettings(24)) == plain


@pytest.mark.parametrize("diameter", [12, 30, 60])
def test_window_is_four_diameters(diameter: int) -> None:
    y, x = np.mgrid[:600, :600]
    step = 2 * diameter
    labels = ((y % step - diameter) ** 2 + (x % step - diameter) ** 2) < (diameter / 2) ** 2
    assert auto_window(labels) == pytest.approx(4 * diameter, abs=8)
    numbers = labels * (1 + y // step * 600 + x // step)
    assert auto_window(numbers) == auto_window(labels)


@pytest.mark.parametrize(
    ("labels", "window"),
    [
        pytest.param(np.zeros((900, 900), int), 128, id="no objects"),
        pytest.param(np.ones((900, 900), int), 512, id="one class everywhere"),
        pytest.param(np.zeros((20, 40), int), 40, id="small plane"),
        pytest.param(np.eye(300, dtype=int), 32, id="specks"),
        pytest.param(np.zeros((0, 0), int), 0, id="no pixels"),
    ],
)
def test_window_is_clipped(labels: Array, window: int) -> None:
    assert auto_window(labels) == window


@pytest.mark.parametrize(
    ("shape", "side"),
    [
        pytest.param((512, 512), 128, id="four by four"),
        pytest.param((2048, 2048), 512, id="no larger than before"),
        pytest.param((400, 1000), 128, id="a wide plane"),
        pytest.param((60, 60), 32, id="not below 32 pixels"),
    ],
)
def test_so_many_windows_as_are_asked_for_fit(shape: tuple[int, int], side: int) -> None:
    labels = np.ones(shape, np.uint8)
    assert RankSettings(least=16).side(labels) == side
    assert RankSettings().side(labels) == auto_window(labels)
    assert RankSettings(window=7, least=16).side(labels) == 7


def errors_at(rows: slice, columns: slice, value: int = 200) -> Array:
    uncertainty = np.zeros((80, 80), np.uint8)
    uncertainty[rows, columns] = value
    return uncertainty


HALVES = np.repeat([[1] * 40 + [2] * 40], 80, axis=0)


@pytest.mark.parametrize(
    ("uncertainty", "labels", "objects", "reason"),
    [
        pytest.param(np.full((80, 80), 90), HALVES, False, "large area unclear", id="large"),
        pytest.param(
            errors_at(np.s_[20:50], np.s_[34:38]), HALVES, False, "beside the border of 1 and 2",
            id="border",
        ),
        pytest.param(errors_at(np.s_[20:30], np.s_[60:70]), HALVES, False, "inside 2", id="inside"),
        pytest.param(
            errors_at(np.s_[20:50], np.s_[34:38]), HALVES, True, "where objects touch", id="touch"
        ),
        pytest.param(
            errors_at(np.s_[20:50], np.s_[34:38]), HALVES - 1, True, "around objects", id="outline"
        ),
        pytest.param(
            errors_at(np.s_[20:30], np.s_[10:20]), HALVES - 1, True,
            "background: an object may be missed", id="missed",
        ),
    ],
)  # fmt: skip
def test_reason_follows_from_the_errors(
    uncertainty: Array, labels: Array, objects: bool, reason: str
) -> None:
    settings = RankSettings(80, objects=objects)
    (region,) = rank_regions(uncertainty.astype(np.uint8), labels, None, settings)
    assert region.reason == reason


def test_merge_sorts_worst_first_and_breaks_ties_by_place() -> None:
    regions = [
        Region(y, 0, 8, 8, score, score, "", (plane,))
        for y, score, plane in [(4, 1.0, 0), (0, 1.0, 0), (0, 2.0, 1), (0, 1.0, 1), (8, 3.0, 2)]
    ]
    merged = merge(reversed(regions), 4)
    assert [(r.score, r.index, r.y) for r in merged] == [
        (3.0, (2,), 8), (2.0, (1,), 0), (1.0, (0,), 0), (1.0, (0,), 4),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda: rank_regions(np.zeros((4, 4)), np.zeros((4, 4), int)), id="float"),
        pytest.param(
            lambda: rank_regions(np.zeros((4, 4), np.uint8), np.zeros((4, 5), int)), id="shape"
        ),
        pytest.param(
            lambda: rank_regions(
                np.zeros((4, 4), np.uint8), np.zeros((4, 4), int), np.zeros((5, 4), int)
            ),
            id="checked",
        ),
        pytest.param(lambda: RankSettings(window=0), id="window"),
        pytest.param(lambda: RankSettings(top=0), id="top"),
    ],
)
def test_bad_input_is_explained(wrong: Callable[[], object]) -> None:
    with pytest.raises(InputError, match="Expected"):
        wrong()


def mean_of_worst_box(errors: Array) -> float:
    """Try every whole box."""
    height, width = (min(BOX, n) for n in errors.shape)
    boxes = np.lib.stride_tricks.sliding_window_view(errors.astype(float), (height, width))
    return float(boxes.mean(axis=(2, 3)).max()) / 255


@pytest.mark.parametrize("shape", [(40, 60), (17, 17), (9, 40), (40, 16), (1, 1)])
def test_how_likely_something_is_wrong_against_every_box(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(3)
    for weight in (0.2, 3):
        errors = (rng.beta(weight, 3, shape) * 255).astype(np.uint8)
        assert worst_box(errors) == pytest.approx(mean_of_worst_box(errors), abs=1e-9)
    corner = np.zeros(shape, np.uint8)
    corner[-1, -1] = 1
    assert worst_box(corner) > 0
    assert worst_box(corner) == pytest.approx(mean_of_worst_box(corner), abs=1e-12)
    assert worst_box(np.full(shape, 255, np.uint8)) == 1
    assert worst_box(np.zeros(shape, np.uint8)) == 0


def test_only_what_a_human_can_act_on_is_likely_wrong() -> None:
    uncertainty, labels, checked = planes()
    errors = np.where((checked == 0) & ~border_band(labels, 2), uncertainty, 0)
    for region in rank_regions(*planes(), RankSettings(40, 4)):
        assert region.worst == pytest.approx(mean_of_worst_box(errors[region.slices]))
    certain = np.zeros((64, 64), np.uint8)
    certain[:, 31:33] = 255
    halves = np.arange(64) // 32 * np.ones((64, 1), int)
    assert rank_regions(certain, halves) == []
