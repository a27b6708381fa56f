"""Orthogonal directions against the singular value decomposition, and steps that go downhill."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from napari_segloop.core.muon import MATCHED_RMS, Muon, orthogonal

pytestmark = pytest.mark.usefixtures("one_thread")
SHAPES = [(1, 1), (1, 40), (40, 1), (16, 16), (32, 288), (288, 32), (64, 9)]


def matrix(shape: tuple[int, int], seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("size", [1e-8, 1.0, 1e6])
def test_singular_vectors_stay_and_values_come_near_one(
    shape: tuple[int, int], size: float
) -> None:
    given = matrix(shape) * size
    left, values, right = torch.linalg.svd(given.double(), full_matrices=False)
    found = (left.T @ orthogonal(given).double() @ right.T).cpu()
    large = values > 0.2 * values.max()
    diagonal = found.diagonal()
    assert ((diagonal[large] > 0.6) & (diagonal[large] < 1.3)).all()
    assert (found - torch.diag(diagonal)).abs().max() < 0.02


def test_zeros_stay_zeros() -> None:
    assert (orthogonal(torch.zeros(8, 20)) == 0).all()


def test_the_sign_and_the_transpose_go_along() -> None:
    given = matrix((12, 30))
    torch.testing.assert_close(orthogonal(-given), -orthogonal(given))
    torch.testing.assert_close(orthogonal(given.T), orthogonal(given).T)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last], ids=str)
@pytest.mark.parametrize("shape", [(16, 8, 3, 3), (64, 8, 1, 1), (8, 1, 3, 3)], ids=str)
def test_a_step_has_the_learning_rate_as_its_size(
    shape: tuple[int, ...], layout: torch.memory_format
) -> None:
    weight = nn.Parameter(torch.randn(shape).to(memory_format=layout))
    before = weight.detach().clone()
    weight.grad = torch.randn(shape).to(memory_format=layout)
    Muon([weight], lr=0.01, weight_decay=0.0).step()
    moved = weight.detach() - before
    rms = float(moved.square().mean().sqrt())
    rank = min(shape[0], weight[0].numel())
    expected = 0.01 * MATCHED_RMS * (max(weight.flatten(1).shape) * rank / weight.numel()) ** 0.5
    assert rms == pytest.approx(expected, rel=0.3)
    assert float((moved * weight.grad).sum()) < 0


def test_the_layout_in_memory_does_not_matter() -> None:
    start, gradient = torch.randn(16, 8, 3, 3), torch.randn(16, 8, 3, 3)
    ends = []
    for layout in (torch.contiguous_format, torch.channels_last):
        weight = nn.Parameter(start.clone().to(memory_format=layout))
        weight.grad = gradient.clone().to(memory_format=layout)
        Muon([weight], lr=0.1).step()
        ends.append(weight.detach())
    torch.testing.assert_close(ends[0], ends[1])


def test_weights_decay_without_a_gradient_of_their_own() -> None:
    weight = nn.Parameter(torch.ones(4, 4))
    weight.grad = torch.zeros(4, 4)
    Muon([weight], lr=0.1, weight_decay=0.5).step()
    torch.testing.assert_close(weight.detach(), torch.full((4, 4), 0.95))


def test_a_weight_without_a_gradient_stays() -> None:
    weight = nn.Parameter(torch.ones(4, 4))
    Muon([weight], lr=0.1).step()
    assert (weight == 1).all()


def test_it_finds_the_least_squares_solution() -> None:
    inputs, wanted = matrix((200, 10)), matrix((6, 10), seed=1)
    weight = nn.Parameter(torch.zeros(6, 10))
    optimizer = Muon([weight], lr=0.1, weight_decay=0.0)
    for step in range(150):
        optimizer.param_groups[0]["lr"] = 0.2 * (1 - step / 150)
        loss = (inputs @ (weight - wanted).T).square().mean()
        weight.grad = None
        loss.backward()
        optimizer.step()
    torch.testing.assert_close(weight.detach(), wanted, atol=0.05, rtol=0)
