"""What may take over after an improvement: the network that was taught, and the one halfway."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from napari_segloop.core.beginning import architecture_of
from napari_segloop.core.classroom import Classroom
from napari_segloop.core.comparing import MAY_BE_WORSE, NOT_WORSE, TOO_FEW
from napari_segloop.core.contenders import SHARES, Contender, can_be_averaged, on_the_way
from napari_segloop.core.folds import Folds
from napari_segloop.core.lesson import prepare_lesson
from napari_segloop.core.network import build_network
from napari_segloop.core.scoring import Scored
from napari_segloop.core.train import fit
from napari_segloop.core.verdict import strongest

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_segloop.core.comparing import Counts
    from tests.core.conftest import Taught

    Make = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("one_thread")


def counts(*dice: float) -> Counts:
    """Regions of one class with such Dice."""
    return np.array([[[2000, 2000, 1000], [int(2000 * d), 2000, 1000]] for d in dice])


def contender(*dice: float, share: float = 1.0) -> Contender:
    every = tuple(range(len(dice)))
    nothing = torch.zeros(0)
    scored = Scored(0.0, (), counts(*dice), nothing, nothing, nothing)
    folds = Folds(every, every, every, is_crossed=True)
    return Contender(torch.nn.Identity(), scored, scored.counts, folds, share)


OLD = (0.80, 0.80, 0.80, 0.80, 0.80)
NOISY = (0.90, 0.70, 0.92, 0.72, 0.85)  # better on average, and nobody can tell
STEADY = (0.85, 0.795, 0.85, 0.795, 0.82)
WORSE = (0.7, 0.7, 0.7, 0.7, 0.7)


@pytest.mark.parametrize(
    ("halfway_there", "taught_now", "is_averaged", "word"),
    [
        pytest.param(STEADY, NOISY, True, NOT_WORSE, id="only the mean is surely not worse"),
        pytest.param(STEADY, [0.95] * 5, False, NOT_WORSE, id="both are, and one is better"),
        pytest.param(WORSE, NOISY, False, MAY_BE_WORSE, id="neither is"),
        pytest.param(STEADY[:4], NOISY[:4], True, TOO_FEW, id="nobody knows: the better one"),
    ],
)
def test_the_strongest_of_those_that_may_take_over(
    halfway_there: tuple[float, ...], taught_now: tuple[float, ...], is_averaged: bool, word: str
) -> None:
    pair = [contender(*halfway_there, share=0.5), contender(*taught_now)]
    found, verdict = strongest(pair, counts(*OLD[: len(taught_now)]), is_told=True)
    assert (found.share < 1, verdict.word) == (is_averaged, word)


def test_without_anything_to_compare_with_it_is_what_was_taught() -> None:
    pair = [contender(*STEADY, share=0.5), contender(*NOISY)]
    assert strongest(pair, None, is_told=True) == (pair[1], None)


def test_what_lies_on_the_way_is_a_mean_of_the_weights(taught: Taught, quick: Make) -> None:
    settings = quick(patch=64)
    lesson = prepare_lesson(taught.images, settings, taught.model.info)
    other = build_network(architecture_of(lesson, settings, taught.model))
    classroom = Classroom(other, lesson, settings, "float32")
    every = tuple(range(len(classroom.examiner.blocks)))
    start = {name: value.clone() for name, value in taught.model.network.state_dict().items()}
    folds = Folds(every, every, every, is_crossed=True)
    for share, found in zip(SHARES, on_the_way(classroom, taught.model, folds), strict=True):
        assert found.share == share
        assert not found.network.training
        assert len(found.judged) == len(every)
        for name, value in found.network.state_dict().items():
            mean = (1 - share) * start[name] + share * other.state_dict()[name]
            if value.is_floating_point():
                torch.testing.assert_close(value, mean, atol=1e-5, rtol=1e-4)
            assert torch.equal(start[name], taught.model.network.state_dict()[name])


def test_networks_of_other_shapes_have_no_mean(taught: Taught, quick: Make) -> None:
    settings = quick(patch=64, depth=4)
    lesson = prepare_lesson(taught.images, settings, taught.model.info)
    network = build_network(architecture_of(lesson, settings, None))
    classroom = Classroom(network, lesson, settings, "float32")
    assert not can_be_averaged(classroom, contender(0.5).scored, taught.model)


def test_only_what_was_taught_to_the_end_is_averaged(
    taught: Taught, quick: Make, run: Make
) -> None:
    settings, start = quick(steps=4, patch=64, seed=5), taught.model
    _, improved = run(fit(taught.images, settings, start))
    assert improved.share in (*SHARES, 1)
    _, first = run(fit(taught.images, settings))
    assert first.share == 1
    asked = iter([False, False, True])
    _, stopped = run(fit(taught.images, settings, start, lambda: next(asked, True)))
    assert stopped.stopped
    assert stopped.share == 1
