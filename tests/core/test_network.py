"""The U-Net: built offline, folded without a change, and never without a word."""

from __future__ import annotations

import copy
import socket
from typing import TYPE_CHECKING

import pytest
import torch
from torch import nn

from napari_segloop.core.errors import InputError
from napari_segloop.core.network import Architecture, build_network, fold

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_segloop.core.modelfile import Model

FOLDED = ["resnet18", "mobilenet_v2", "densenet121", "efficientnet-b0", "resnet34"]

pytestmark = pytest.mark.usefixtures("one_thread")


def norms(network: nn.Module) -> int:
    return sum(isinstance(part, nn.BatchNorm2d) for part in network.modules())


@pytest.mark.parametrize("depth", [3, 4, 5])
@pytest.mark.parametrize(("channels", "outputs"), [(1, 2), (3, 4), (6, 2)])
def test_logits_have_the_images_size(channels: int, outputs: int, depth: int) -> None:
    network = build_network(Architecture("resnet18", channels, outputs, depth))
    assert network.training
    assert network.eval()(torch.zeros(1, channels, 64, 96)).shape == (1, outputs, 64, 96)


@pytest.mark.parametrize("encoder", ["resnet18", "mit_b0", "tu-convnext_atto"])
@pytest.mark.parametrize("depth", [3, 5])
def test_every_weight_is_used(encoder: str, depth: int) -> None:
    network = build_network(Architecture(encoder, 1, 2, depth))
    network(torch.randn(2, 1, 64, 64)).square().mean().backward()
    assert not [name for name, weight in network.named_parameters() if weight.grad is None]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        pytest.param("resnet43", "resnet34", id="misspelt"),
        pytest.param("", "resnet34", id="empty"),
        pytest.param("tu-nothing_of_this_name", "resnet34", id="unknown-to-timm"),
        pytest.param("tu-vit_tiny_patch16_224", "resnet34", id="no-pyramid"),
        pytest.param("tu-swin_tiny_patch4_window7_224", "resnet34", id="one-size-only"),
        pytest.param("tu-hf-hub:some/body", "resnet34", id="an-address"),
        pytest.param("tu-local-dir:/etc", "resnet34", id="a-path"),
    ],
)
def test_an_encoder_that_cannot_be_is_refused(
    name: str, hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "socket", lambda *_, **__: pytest.fail("a socket was opened"))
    with pytest.raises(InputError) as error:
        build_network(Architecture(name, 1, 2, 4))
    assert hint in error.value.remedy


@pytest.mark.parametrize("encoder", FOLDED)
def test_folding_changes_nothing(encoder: str, untaught: Callable[..., Model]) -> None:
    plain = untaught(encoder=encoder, depth=4, channels=2).network
    before = copy.deepcopy(plain.state_dict())
    folded = fold(plain)
    window = torch.randn(2, 2, 96, 64)
    with torch.inference_mode():
        wanted, got = plain(window), folded(window)
    assert (got - wanted).abs().max() <= 1e-4 * wanted.abs().max()
    assert norms(folded) < norms(plain)
    assert all(torch.equal(before[k], v) for k, v in plain.state_dict().items())


@pytest.mark.parametrize("encoder", ["resnet18", "resnet34"])
def test_no_batchnorm_is_left_behind_a_convolution(
    encoder: str, untaught: Callable[..., Model]
) -> None:
    assert norms(fold(untaught(encoder=encoder).network)) == 0


class Shared(nn.Module):
    """One convolution before two BatchNorms, and one used twice: neither may be folded."""

    def __init__(self) -> None:
        super().__init__()
        self.once, self.twice = nn.Conv2d(1, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1)
        self.left, self.right, self.norm = (nn.BatchNorm2d(3) for _ in range(3))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        seen = self.once(images)
        both = self.left(seen) + self.right(seen)
        answer: torch.Tensor = self.norm(self.twice(self.norm(self.twice(both))))
        return answer


def test_what_cannot_be_folded_is_left() -> None:
    network = Shared()
    for _ in range(3):
        network(torch.randn(4, 1, 32, 32))
    window = torch.randn(1, 1, 64, 64)
    with torch.inference_mode():
        wanted = network.eval()(window)
        torch.testing.assert_close(fold(network)(window), wanted, rtol=1e-4, atol=1e-5)
