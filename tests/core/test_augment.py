"""Grey values vary; places, shapes and numbers that are numbers do not."""

from __future__ import annotations

import pytest
import torch

from napari_segloop.core.augment import vary

pytestmark = pytest.mark.usefixtures("one_thread")


def chance(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("shape", [(1, 1, 32, 32), (4, 3, 64, 64), (2, 5, 96, 32)], ids=str)
@pytest.mark.parametrize("value", [None, 0.0, 10.0, -10.0], ids=["noise", "0", "10", "-10"])
def test_any_patch_stays_finite_and_of_its_shape(
    shape: tuple[int, ...], value: float | None
) -> None:
    images = torch.randn(shape, generator=chance()) if value is None else torch.full(shape, value)
    before = images.clone()
    for seed in range(5):
        varied = vary(images, chance(seed))
        assert varied.shape == shape
        assert varied.dtype == torch.float32
        assert varied.isfinite().all()
        assert varied.abs().max() < 50
    assert torch.equal(images, before)


def test_the_same_generator_gives_the_same_patches() -> None:
    images = torch.randn(2, 1, 32, 32, generator=chance())
    assert torch.equal(vary(images, chance(3)), vary(images, chance(3)))
    assert not torch.equal(vary(images, chance(3)), vary(images, chance(4)))


def test_each_patch_varies_on_its_own() -> None:
    images = torch.randn(1, 1, 32, 32, generator=chance()).expand(2, -1, -1, -1)
    first, second = vary(images, chance())
    assert not torch.equal(first, second)


def test_what_is_bright_stays_bright_where_it_is() -> None:
    images = torch.zeros(8, 1, 64, 64)
    images[:, :, 20:30, 40:50] = 5.0
    for seed in range(5):
        for patch in vary(images, chance(seed))[:, 0]:
            inside = torch.zeros_like(patch, dtype=torch.bool)
            inside[20:30, 40:50] = True
            assert patch[inside].mean() > patch[~inside].mean() + 2
            assert patch[inside].min() > patch[~inside].median()
