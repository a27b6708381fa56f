"""Scores against scikit-learn, on networks whose answers are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score
from torch import nn

from napari_segloop.core.holdout import UNKNOWN, Block
from napari_segloop.core.scoring import KEPT_LOGITS, MOST_PIXELS, Examiner

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.usefixtures("one_thread")
CPU = torch.device("cpu")
SHAPE = (150, 130)
BLOCKS = (Block(0, (0, 50), (0, 43), ""), Block(0, (100, 150), (87, 130), ""))


class Reads(nn.Module):
    """Answers with the class that is written in the image."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.classes = classes
        self.seen: list[tuple[int, ...]] = []

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.seen.append(tuple(images.shape))
        assert all(side % 32 == 0 for side in images.shape[-2:])
        values = torch.arange(self.classes)[:, None, None]
        return -10 * (images - values).abs()


def problem(classes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, SHAPE).astype(np.int16)
    answers = np.where(rng.random(SHAPE) < 0.8, truth, rng.integers(0, classes, SHAPE))
    return answers, truth


def examine(
    answers: np.ndarray, truth: np.ndarray, classes: int, blocks: Sequence[Block] = BLOCKS
) -> Examiner:
    return Examiner([answers[None].astype(np.float32)], [truth], blocks, classes, CPU)


def inside(array: np.ndarray) -> np.ndarray:
    return np.concatenate([array[block.window].ravel() for block in BLOCKS])


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_the_score_is_the_mean_dice_without_background(classes: int) -> None:
    answers, truth = problem(classes)
    truth[:, ::3] = UNKNOWN
    scored = examine(answers, truth, classes).score(Reads(classes), "float32")
    known = inside(truth) != UNKNOWN
    expected = f1_score(inside(truth)[known], inside(answers)[known], average=None)
    np.testing.assert_allclose(scored.dice, expected)
    assert scored.score == pytest.approx(expected[1:].mean())


def test_pixels_outside_the_blocks_do_not_count() -> None:
    answers, truth = problem(3)
    before = examine(answers, truth, 3).score(Reads(3), "float32")
    truth[60:90] = 0
    answers[60:90] = 2
    assert examine(answers, truth, 3).score(Reads(3), "float32").dice == before.dice


def test_a_class_that_is_not_there_does_not_count() -> None:
    answers, truth = problem(2)
    scored = examine(answers, truth, 4).score(Reads(4), "float32")
    assert scored.dice[2:] == (None, None)
    assert scored.score == scored.dice[1]


def test_nothing_to_find_and_nothing_found_is_perfect() -> None:
    nothing = np.zeros(SHAPE, np.int16)
    assert examine(nothing, nothing, 2).score(Reads(2), "float32").score == 1
    assert examine(nothing + 1, nothing, 2).score(Reads(2), "float32").score == 0


def test_logits_for_the_temperature_belong_to_their_truth() -> None:
    _, truth = problem(3)
    scored = examine(truth, truth, 3).score(Reads(3), "float32")
    assert torch.equal(scored.logits.argmax(1), scored.truth)
    assert len(scored.truth) == inside(truth).size


def test_scoring_leaves_the_networks_mode() -> None:
    network = Reads(3)
    for training in (True, False):
        examine(*problem(3), 3).score(network.train(training), "float32")
        assert network.training is training


def test_a_lot_of_truth_is_scored_in_part_and_fairly() -> None:
    shape = (1000, 1000)
    truth = np.random.default_rng(0).integers(0, 2, shape).astype(np.int16)
    tiles = range(0, 1000, 250)
    blocks = [
        Block(i, (y, y + 250), (x, x + 250), "") for i in (0, 1) for y in tiles for x in tiles
    ]
    images = [np.zeros((1, *shape), np.float32)] * 2
    examiner = Examiner(images, [truth, truth], blocks, 2, CPU)
    network = Reads(2)
    scored = examiner.score(network, "float32")
    assert examiner.pixels == sum(s[2] * s[3] for s in network.seen)
    kept = len(network.seen) * 250 * 250
    assert 0.7 * MOST_PIXELS < kept <= MOST_PIXELS
    assert KEPT_LOGITS <= len(scored.truth) < 3 * KEPT_LOGITS


@pytest.mark.parametrize("shape", [(1, 1), (5, 7), (33, 31)], ids=str)
def test_small_images_are_scored(shape: tuple[int, int]) -> None:
    truth = np.ones(shape, np.int16)
    block = Block(0, (0, shape[0]), (0, shape[1]), "")
    assert examine(truth, truth, 2, [block]).score(Reads(2), "float32").score == 1
