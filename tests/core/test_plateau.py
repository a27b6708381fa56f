"""When a loss counts as flat."""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest

from napari_segloop.core.plateau import EARLIEST, EVERY, Plateau


def ended(level: float, fall: float, seed: int = 0, limit: int = 3000) -> int:
    """Return the step at which a noisy loss that falls by a share each 100 steps is flat."""
    rng, plateau = np.random.default_rng(seed), Plateau()
    for step in count(1):
        loss = level * (1 - fall) ** (step / 100) * rng.lognormal(0, 0.3)
        if plateau.note(loss) or step == limit:
            return step
    raise AssertionError


@pytest.mark.parametrize("seed", range(5))
def test_a_level_loss_is_soon_flat(seed: int) -> None:
    assert EARLIEST + EVERY <= ended(0.4, 0.0, seed) < 1200


@pytest.mark.parametrize("seed", range(5))
def test_a_falling_loss_goes_on(seed: int) -> None:
    assert ended(0.4, 0.1, seed, limit=1500) == 1500


def test_what_is_nearly_nothing_is_flat_although_it_falls() -> None:
    assert ended(0.004, 0.1) == EARLIEST + EVERY
