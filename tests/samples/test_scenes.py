"""Scenes: every kind has its classes, looks normalised, and comes again from its seed."""

from __future__ import annotations

import numpy as np
import pytest

from napari_segloop.samples.scenes import KINDS, scene

SHAPE = (80, 96)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_shows_all_its_classes_and_nothing_else(kind: str) -> None:
    made = [scene(seed, SHAPE, kind) for seed in range(3)]
    assert {int(v) for each in made for v in np.unique(each.labels)} == set(range(KINDS[kind][1]))
    for each in made:
        assert (each.kind, each.image.shape, each.labels.shape) == (kind, SHAPE, SHAPE)
        assert abs(each.image.mean()) < 1e-3
        assert abs(each.image.std() - 1) < 1e-3
    assert len({each.image.tobytes() for each in made}) == 3
    again = scene(2, SHAPE, kind)
    assert np.array_equal(again.image, made[2].image)
    assert np.array_equal(again.labels, made[2].labels)


def test_the_seed_chooses_among_all_kinds() -> None:
    assert {scene(seed, (40, 40)).kind for seed in range(60)} == set(KINDS)
