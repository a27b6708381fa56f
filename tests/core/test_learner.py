"""A learner lowers the loss, keeps honest BatchNorm statistics and gives copies away."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from napari_segloop.core.learner import NORM_MEMORY, Learner
from napari_segloop.core.patches import Batch

pytestmark = pytest.mark.usefixtures("one_thread")
CPU = torch.device("cpu")


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 8, 5, padding=2),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Conv2d(8, 8, 5, padding=2),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Conv2d(8, 2, 1),
    )


def batch(seed: int = 0) -> Batch:
    images = torch.randn(4, 1, 32, 32, generator=torch.Generator().manual_seed(seed))
    smooth = torch.nn.functional.avg_pool2d(images, 9, 1, 4)
    return Batch(10 * smooth, (smooth[:, 0] > 0).long())


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_steps_lower_the_loss(precision: str) -> None:
    learner = Learner(network(), 1e-2, precision, CPU)
    losses = [learner.step(batch(), 1.0) for _ in range(30)]
    assert losses[-1] < 0.7 * losses[0]


def test_every_weight_learns() -> None:
    taught = network()
    before = {name: weight.detach().clone() for name, weight in taught.named_parameters()}
    learner = Learner(taught, 1e-2, "float32", CPU)
    learner.step(batch(), 1.0)
    learner.step(batch(), 1.0)
    same = [n for n, weight in taught.named_parameters() if torch.equal(weight, before[n])]
    assert same == []


def test_a_rate_of_zero_changes_nothing() -> None:
    taught = network()
    before = {name: weight.detach().clone() for name, weight in taught.named_parameters()}
    Learner(taught, 1e-2, "float32", CPU).step(batch(), 0.0)
    assert all(torch.equal(weight, before[n]) for n, weight in taught.named_parameters())


def test_the_statistics_of_the_first_batches_are_their_plain_mean() -> None:
    taught = network()
    learner = Learner(taught, 1e-2, "float32", CPU)
    first = taught[0]
    means = []
    for seed in range(int(1 / NORM_MEMORY)):
        with torch.no_grad():
            means.append(first(batch(seed).images).mean((0, 2, 3)))
        learner.step(batch(seed), 0.0)
    found = taught[1].running_mean
    torch.testing.assert_close(found, torch.stack(means).mean(0), rtol=1e-4, atol=1e-5)


def test_later_statistics_forget_the_first_batches() -> None:
    taught = network()
    learner = Learner(taught, 1e-2, "float32", CPU)
    learner.step(Batch(batch().images + 100, batch().truth), 0.0)
    for seed in range(60):
        learner.step(batch(seed % 3), 0.0)
    assert taught[1].running_mean.abs().max() < 5


def test_a_graduate_is_a_copy_for_prediction() -> None:
    learner = Learner(network(), 1e-2, "float32", CPU)
    learner.step(batch(), 1.0)
    graduate = learner.graduate()
    before = {name: value.clone() for name, value in graduate.state_dict().items()}
    learner.step(batch(), 1.0)
    assert not graduate.training
    assert all(torch.equal(value, before[n]) for n, value in graduate.state_dict().items())
    assert all(weight.grad is None for weight in graduate.parameters())


def test_patches_without_truth_leave_no_trace_of_a_gradient() -> None:
    taught = network()
    learner = Learner(taught, 1e-2, "float32", CPU)
    loss = learner.step(Batch(batch().images, torch.full((4, 32, 32), -1)), 1.0)
    assert loss == 0
    assert all(bool(value.isfinite().all()) for value in taught.state_dict().values())
