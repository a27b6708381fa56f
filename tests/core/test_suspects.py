"""Regions whose labels disagree with the rest are found, whatever is wrong with them."""

from __future__ import annotations

import numpy as np
import pytest

from napari_segloop.core.holdout import UNKNOWN, Block
from napari_segloop.core.suspects import Evidence, Finding, find, is_divided, weigh

SIDE, REGIONS = 64, 24


def labels(seed: int, classes: int = 2) -> np.ndarray:
    """Blobs of a few classes, large enough to have outlines."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices((SIDE + 16, SIDE + 16))
    found = np.zeros(rows.shape, np.int16)
    for each in range(1, classes):
        for _ in range(4):
            y, x = rng.uniform(8, SIDE + 8, 2)
            found[np.hypot(rows - y, columns - x) < rng.uniform(7, 12)] = each
    return found


def logs_of(truth: np.ndarray, sure: float, classes: int, seed: int) -> np.ndarray:
    """What a network says that is right, up to noise and doubt."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 0.7, (classes, *truth.shape)) + sure * (
        np.arange(classes)[:, None, None] == truth
    )
    found: np.ndarray = logits - np.log(np.exp(logits).sum(0))
    return found.astype(np.float32)


def judged(
    fault: str = "", planted: int = 8, sure: float = 2.0, classes: int = 2
) -> list[Evidence]:
    """Evidence of regions, the first ones with a fault."""
    found = []
    for seed in range(REGIONS):
        whole = labels(seed, classes)
        middle = whole[8:-8, 8:-8]
        said = middle.copy()
        if seed < planted:
            if fault == "swapped":
                said = (classes - 1 - middle).astype(np.int16)
            elif fault == "shifted":
                said = whole[4:-12, 8:-8].copy()  # 4 pixels down
            elif fault == "nonsense":
                said = np.random.default_rng(seed).integers(0, classes, said.shape, np.int16)
        said[:6] = UNKNOWN
        pixels = middle[None] + np.random.default_rng(seed).normal(0, 0.1, (1, SIDE, SIDE))
        block = Block(0, (seed, seed + SIDE), (0, SIDE), "0" * 32)
        found.append(weigh(block, logs_of(middle, sure, classes, seed), said, pixels))
    return found


def numbers(found: list[Finding]) -> list[int]:
    return [each.evidence.block.rows[0] for each in found]


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("sure", [0.5, 3.0], ids=["hedging", "sure"])
def test_swapped_labels_of_a_third_are_all_found(sure: float, classes: int) -> None:
    found = find(judged("swapped", 8, sure, classes))
    assert sorted(numbers(found)) == list(range(8))
    assert {each.kind for each in found} == {"swapped"}
    assert {each.evidence.swap for each in found} == {(0, classes - 1)}
    assert all(2 <= each.similar < REGIONS - 8 for each in found)


def test_shifted_outlines_are_found_with_their_distance() -> None:
    found = find(judged("shifted", 8, 3.0))
    assert set(numbers(found)) <= set(range(8))
    assert len(found) >= 6
    assert {each.kind for each in found} == {"shifted"}
    assert {each.evidence.shift for each in found} <= {(-4, 0), (-4, -2), (-4, 2)}


def test_nonsense_is_found() -> None:
    found = find(judged("nonsense", 3, 4.0))
    assert set(numbers(found)) <= set(range(3))
    assert len(found) >= 1


@pytest.mark.parametrize("sure", [0.5, 2.0, 4.0])
@pytest.mark.parametrize("classes", [2, 3])
def test_nothing_is_found_where_all_is_well(sure: float, classes: int) -> None:
    evidence = judged(sure=sure, classes=classes)
    assert find(evidence) == []
    assert not is_divided(evidence)


def test_without_a_majority_nothing_is_named_but_division_is_said() -> None:
    evidence = judged("swapped", REGIONS // 2)
    assert is_divided(evidence)
    assert not is_divided(judged("swapped", REGIONS // 3))
    assert find(evidence[: REGIONS // 2 + 5]) == []  # most are swapped: nobody knows which


def test_too_few_regions_are_no_majority() -> None:
    evidence = judged("swapped", 1)[:5]
    assert find(evidence) == []
    assert not is_divided(evidence)


def test_a_network_that_learnt_nothing_names_nothing() -> None:
    assert find(judged("swapped", sure=0.0)) == []
    half_full = [np.where(np.arange(400) < share, 1, 0).reshape(20, 20) for share in (120, 280)]
    flat = np.log(np.array([0.51, 0.49]))[:, None, None] * np.ones((2, 20, 20))
    block = Block(0, (0, 20), (0, 20), "0" * 32)
    assert not is_divided([weigh(block, flat, each, flat[:1]) for each in half_full * 5])


def test_a_region_of_one_class_and_of_few_pixels_counts() -> None:
    truth = np.full((3, 1), UNKNOWN)
    truth[1] = 1
    logs = np.log(np.array([0.75, 0.25]))[:, None, None] * np.ones((2, 3, 1))
    found = weigh(Block(0, (0, 3), (0, 1), "0" * 32), logs, truth, np.zeros((1, 3, 1)))
    assert found.margin == pytest.approx(np.log(0.25 / 0.75))
    assert found.surprise == pytest.approx(-np.log(0.25))
    assert (found.swap, found.shift) == ((0, 1), (0, 0))
