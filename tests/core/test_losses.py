"""The loss against scikit-learn and by hand; unchecked pixels weigh nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss

from napari_segloop.core.losses import UNKNOWN, segmentation_loss, soft_dice

pytestmark = pytest.mark.usefixtures("one_thread")


def problem(classes: int = 3, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(2, classes, 9, 7, generator=generator) * 2
    truth = torch.randint(-1, classes, (2, 9, 7), generator=generator)
    return logits.requires_grad_(), truth


@pytest.mark.parametrize("classes", [2, 3, 7])
def test_cross_entropy_and_dice_on_checked_pixels(classes: int) -> None:
    logits, truth = problem(classes)
    known = (truth != UNKNOWN).numpy()
    probabilities = logits.detach().softmax(1).movedim(1, -1).numpy()[known]
    answers = truth.numpy()[known]
    entropy = log_loss(answers, probabilities, labels=range(classes))
    one_hot = np.eye(classes)[answers]
    both, total = (probabilities * one_hot).sum(0), (probabilities + one_hot).sum(0)
    dice = np.mean((2 * both + 1) / (total + 1))
    loss = float(segmentation_loss(logits.detach(), truth))
    assert loss == pytest.approx(entropy + 1 - dice, rel=1e-5)


def test_nothing_checked_is_zero_with_a_finite_gradient() -> None:
    logits, truth = problem()
    loss = segmentation_loss(logits, torch.full_like(truth, UNKNOWN))
    loss.backward()
    assert loss.item() == 0
    assert logits.grad is not None
    assert (logits.grad == 0).all()


def test_unchecked_pixels_have_neither_weight_nor_gradient() -> None:
    logits, truth = problem()
    loss = segmentation_loss(logits, truth)
    loss.backward()
    unknown = (truth == UNKNOWN)[:, None].expand_as(logits)
    assert logits.grad is not None
    assert (logits.grad[unknown] == 0).all()
    assert (logits.grad[~unknown] != 0).any()
    with torch.no_grad():
        changed = torch.where(unknown, 1e4 * torch.randn_like(logits), logits)
    assert float(segmentation_loss(changed, truth)) == pytest.approx(loss.item(), rel=1e-6)


def test_a_perfect_answer_costs_nothing_and_a_wrong_one_much() -> None:
    truth = torch.zeros(1, 8, 8, dtype=torch.int64)
    truth[:, 4:] = 1
    right = 50.0 * torch.nn.functional.one_hot(truth, 2).movedim(-1, 1)
    assert float(segmentation_loss(right, truth)) == pytest.approx(0, abs=1e-6)
    assert float(segmentation_loss(-right, truth)) > 10


def test_a_class_that_neither_occurs_nor_is_predicted_does_not_matter() -> None:
    truth = torch.zeros(1, 8, 8, dtype=torch.int64)
    truth[:, 4:] = 1
    right = 50.0 * torch.nn.functional.one_hot(truth, 5).movedim(-1, 1)
    known = torch.ones_like(truth, dtype=torch.bool)
    assert float(soft_dice(right, truth, known)) == pytest.approx(1)


def test_half_precision_is_computed_in_full() -> None:
    logits, truth = problem()
    coarse = logits.detach().bfloat16()
    assert segmentation_loss(coarse, truth).dtype == torch.float32
    assert float(segmentation_loss(coarse, truth)) == pytest.approx(
        float(segmentation_loss(coarse.float(), truth)), rel=1e-6
    )
