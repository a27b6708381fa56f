"""Teaching: it learns, it repeats itself bit by bit, and it never makes a model worse."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from napari_segloop.core.errors import InputError, ModelError, ResourceError, SegLoopError
from napari_segloop.core.events import Notice, StepDone, TrainingPlanned, Validated
from napari_segloop.core.lesson import TrainingImage, prepare_lesson
from napari_segloop.core.train import fit

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_segloop.core.images import Array
    from napari_segloop.core.modelfile import Model
    from napari_segloop.core.trainresult import TrainResult
    from tests.core.conftest import Elsewhere, Taught

    Make = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("one_thread")
RNG = np.random.default_rng(0)


def halves(shape: tuple[int, int] = (96, 96), high: int = 1) -> Array:
    labels: Array = np.zeros(shape, np.uint8)
    labels[:, shape[1] // 2 :] = high
    return labels


def noisy(labels: Array, seed: int = 0) -> Array:
    noise = np.random.default_rng(seed).normal(0, 20, labels.shape)
    pixels: Array = (500 + 300 * (labels > 0) + noise).astype(np.uint16)
    return pixels


def pair(shape: tuple[int, int] = (96, 96), high: int = 1) -> TrainingImage:
    labels = halves(shape, high)
    return TrainingImage("a", noisy(labels), labels)


def weights(model: Model) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in model.network.state_dict().items()}


def equal(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return first.keys() == second.keys() and all(
        torch.equal(v, second[k]) for k, v in first.items()
    )


def is_finite(result: TrainResult) -> bool:
    return all(bool(v.isfinite().all()) for v in result.model.network.state_dict().values())


def test_an_easy_problem_is_learnt_in_few_steps(taught: Taught) -> None:
    assert taught.result.score > 0.9
    assert taught.result.dice[1] == taught.result.score
    assert taught.model.info.score == taught.result.score
    losses = [event.loss for event in taught.events if isinstance(event, StepDone)]
    assert np.mean(losses[-5:]) < 0.5 * np.mean(losses[:5])


def test_events_tell_the_plan_each_step_and_each_score(taught: Taught) -> None:
    plan = next(e for e in taught.events if isinstance(e, TrainingPlanned))
    steps = [e for e in taught.events if isinstance(e, StepDone)]
    scores = [e for e in taught.events if isinstance(e, Validated)]
    assert plan.teach_regions > plan.test_regions > 0
    assert [e.step for e in steps] == list(range(1, plan.steps + 1))
    assert {e.steps for e in steps} == {plan.steps}
    assert scores[-1].step == plan.steps
    best = max(e.score for e in scores)
    assert taught.result.score == pytest.approx(best, abs=0.05)  # cross-fitted
    assert [e for e in scores if e.best][-1].score == best


def test_the_header_tells_how_it_was_made(taught: Taught) -> None:
    info, plan = taught.model.info, next(e for e in taught.events if isinstance(e, TrainingPlanned))
    assert (info.task, info.encoder, info.channels, info.values) == (
        "classes",
        "resnet18",
        1,
        (0, 1),
    )
    assert (info.steps, info.seed, info.start) == (plan.steps, 0, None)
    assert len(info.teach_hashes) == plan.teach_regions
    assert len(info.test_hashes) == plan.test_regions
    assert not set(info.teach_hashes) & set(info.test_hashes)
    assert torch.__version__.startswith(dict(info.versions)["torch"])
    assert 0.2 <= info.temperature <= 10
    assert info.example is not None
    assert info.pixel_size is None


def test_the_result_is_ready_for_prediction(taught: Taught) -> None:
    network = taught.model.network
    assert not network.training
    assert all(not w.requires_grad and w.dtype == torch.float32 for w in network.parameters())


def test_the_same_seed_gives_the_same_weights_here_and_elsewhere(
    elsewhere: Elsewhere, run: Make
) -> None:
    images = [TrainingImage("a", elsewhere.image, elsewhere.labels)]
    first, second = (run(fit(images, elsewhere.settings))[1].model.id for _ in range(2))
    assert first == second == elsewhere.trained_id


def test_another_seed_gives_other_weights(quick: Make, run: Make) -> None:
    first, second = (run(fit([pair()], quick(seed=seed)))[1] for seed in (0, 1))
    assert not equal(weights(first.model), weights(second.model))


def test_torchs_own_state_of_chance_does_not_matter(quick: Make, run: Make) -> None:
    ids = []
    for state in (3, 4):
        torch.manual_seed(state)
        ids.append(run(fit([pair()], quick()))[1].model.id)
    assert ids[0] == ids[1]


@pytest.mark.parametrize("task", ["classes", "objects"])
def test_labels_under_unchecked_pixels_never_reach_the_weights(
    task: str, quick: Make, run: Make, discs: Make
) -> None:
    image, ids = discs(2)
    checked = np.kron(RNG.random((16, 16)) < 0.4, np.ones((8, 8))).astype(bool)
    labels = ids if task == "objects" else (ids > 0).astype(np.uint16)
    other = np.where(checked, labels, RNG.integers(0, 30, labels.shape, np.uint16))
    first, second = (
        run(fit([TrainingImage("a", image, item, checked)], quick(task=task)))[1].model
        for item in (labels, other)
    )
    assert first.id == second.id


def test_test_regions_never_teach(quick: Make, run: Make, discs: Make) -> None:
    image, ids = discs(2)
    labels = (ids > 0).astype(np.uint8)
    images = [TrainingImage("a", image, labels)]
    parts = prepare_lesson(images, quick()).split
    other = labels.copy()
    for block in parts.test:
        other[block.window] = labels[block.window][::-1]
    first = run(fit(images, quick(steps=1)))[1]  # one step: no score chooses among weights
    second = run(fit([TrainingImage("a", image, other)], quick(steps=1)))[1]
    assert parts.test
    assert second.model.info.teach_hashes == first.model.info.teach_hashes
    assert equal(weights(first.model), weights(second.model))
    assert first.score != second.score


def test_a_value_to_ignore_never_teaches(quick: Make, run: Make) -> None:
    item = pair()
    labels = item.labels.copy()
    labels[10:30] = 7
    unchecked = np.ones(labels.shape, bool)
    unchecked[10:30] = False
    ignored = run(fit([TrainingImage("a", item.image, labels)], quick(ignore=7)))[1].model
    left_out = run(fit([TrainingImage("a", item.image, item.labels, unchecked)], quick()))[1].model
    assert ignored.id == left_out.id


def test_a_worse_candidate_is_not_accepted(taught: Taught, quick: Make, run: Make) -> None:
    before = weights(taught.model)
    settings = quick(steps=1, learning_rate=300.0, seed=5)
    _, result = run(fit(taught.images, settings, taught.model))
    assert not result.accepted
    assert result.model is taught.model
    assert result.candidate is not None
    assert result.candidate.info.start == taught.model.id
    assert result.score < result.start_score
    assert result.start_score == pytest.approx(taught.result.score, abs=0.05)
    assert result.verdict.word == "may be worse"
    assert result.verdict.regions == len(taught.model.info.test_hashes) >= 5
    if is_finite(replace(result, model=result.candidate)):
        assert -1 <= result.verdict.low < -0.01
    assert equal(weights(taught.model), before)


def test_regions_that_ever_taught_the_start_do_not_judge(
    taught: Taught, quick: Make, run: Make
) -> None:
    info = taught.model.info
    looks = sorted(block[:16] for block in info.test_hashes)
    for known, left in ((looks[:2], len(looks) - 2), (looks, 0)):
        start = replace(taught.model, info=replace(info, inherited_hashes=tuple(known)))
        _, result = run(fit(taught.images, quick(steps=1), start))
        assert result.verdict.regions == left
        assert set(known) <= result.model.info.seen
        assert (result.score is None) == (left == 0)
    assert (result.accepted, result.verdict.word) == (True, "too few to tell")
    assert result.start_score is None


def test_a_better_candidate_is_accepted(quick: Make, run: Make, discs: Make) -> None:
    image, ids = discs(4)
    images = [TrainingImage("a", image, (ids > 0).astype(np.uint8))]
    poor = run(fit(images, quick(steps=1)))[1].model
    _, result = run(fit(images, quick(steps=25), poor))
    assert result.accepted
    assert result.candidate is None
    assert result.score >= result.start_score - 0.01
    assert result.model.info.start == poor.id


def test_the_start_model_is_scored_as_it_predicts(taught: Taught, quick: Make, run: Make) -> None:
    """Brighter images are another scale to the lesson, but not to the model that saw them dim."""
    dim = taught.images[0]
    bright = TrainingImage("bright", dim.image * np.uint16(4), dim.labels)
    _, result = run(fit([dim, bright], quick(steps=1), taught.model))
    _, alone = run(fit([dim], quick(steps=1), taught.model))
    assert alone.start_score > 0.9
    assert result.start_score > 0.4


@pytest.mark.parametrize("with_start", [False, True])
def test_weights_that_are_no_numbers_never_win(
    with_start: bool, taught: Taught, quick: Make, run: Make
) -> None:
    settings = quick(steps=3, learning_rate=1e30)
    if not with_start:
        with pytest.raises(SegLoopError, match="no numbers"):
            run(fit(taught.images, settings))
        return
    _, result = run(fit(taught.images, settings, taught.model))
    assert not result.accepted
    assert result.model is taught.model


def test_stopped_at_once_the_start_comes_back(taught: Taught, quick: Make, run: Make) -> None:
    events, result = run(fit(taught.images, quick(), taught.model, lambda: True))
    assert result.stopped
    assert result.steps == 0
    assert not [e for e in events if isinstance(e, StepDone)]
    assert equal(weights(result.model), weights(taught.model))


def test_stopped_at_once_without_a_start_there_is_a_model(quick: Make, run: Make) -> None:
    _, result = run(fit([pair()], quick(), None, lambda: True))
    assert result.stopped
    assert is_finite(result)
    assert result.model.info.steps == 0


@pytest.mark.parametrize("after", [1, 4])
def test_should_stop_is_asked_at_every_step(after: int, quick: Make, run: Make) -> None:
    asked = []

    def should_stop() -> bool:
        asked.append(True)
        return len(asked) > after

    events, result = run(fit([pair()], quick(steps=50), None, should_stop))
    assert result.stopped
    assert result.steps == after == len([e for e in events if isinstance(e, StepDone)])
    assert isinstance(events[-1], Validated)


def test_a_stop_after_a_scoring_is_not_scored_again(quick: Make, run: Make) -> None:
    asked = []

    def should_stop() -> bool:
        asked.append(True)
        return len(asked) > 9

    events, result = run(fit([pair()], quick(steps=10), None, should_stop))
    assert result.stopped
    assert result.steps == 9
    assert [e.step for e in events if isinstance(e, Validated)] == [7, 8]


def test_a_time_fixes_the_number_of_steps(quick: Make, run: Make) -> None:
    events, result = run(fit([pair()], quick(steps=None, seconds=1.0)))
    plans = [e for e in events if isinstance(e, TrainingPlanned)]
    taken = [e for e in events if isinstance(e, StepDone)]
    assert len(plans) in {1, 2}
    assert result.steps == len(taken) == result.model.info.steps
    assert 1 <= result.steps <= plans[-1].steps
    assert not result.stopped


@pytest.mark.parametrize(
    ("values", "outputs"),
    [pytest.param((0, 1, 2), 3, id="one-more"), pytest.param((0, 5), 2, id="another")],
)
def test_when_the_classes_change_all_but_the_last_layer_is_taken_over(
    values: tuple[int, ...], outputs: int, taught: Taught, quick: Make, run: Make
) -> None:
    labels = np.array(values, np.uint8)[np.indices((96, 96)).sum(0) // 24 % len(values)]
    images = [TrainingImage("a", noisy(labels), labels)]
    events, result = run(fit(images, quick(), taught.model, lambda: True))
    assert any(isinstance(e, Notice) and str(list(values)) in e.text for e in events)
    assert result.accepted
    assert result.start_score is None
    assert result.model.info.values == values
    before, after = weights(taught.model), weights(result.model)
    head = {name for name in after if "segmentation_head" in name}
    assert equal({k: v for k, v in after.items() if k not in head},
                 {k: v for k, v in before.items() if k not in head})  # fmt: skip
    assert {len(after[name]) for name in head} == {outputs}


def test_a_start_of_another_task_is_refused(taught: Taught, quick: Make, run: Make) -> None:
    with pytest.raises(ModelError, match="--task classes"):
        run(fit(taught.images, quick(task="objects"), taught.model))


def test_a_start_of_other_channels_is_refused(taught: Taught, quick: Make, run: Make) -> None:
    two = TrainingImage("a", np.stack([pair().image] * 2), pair().labels)
    with pytest.raises(ModelError, match=r"2 channel\(s\)"):
        run(fit([two], quick(), taught.model))


def test_an_unknown_encoder_is_refused(quick: Make, run: Make) -> None:
    with pytest.raises(InputError, match="resnet18"):
        run(fit([pair()], quick(encoder="resnet81")))


@pytest.mark.parametrize("shape", [(5, 7), (33, 31), (1, 40)], ids=str)
def test_without_test_regions_there_is_no_score_and_a_word(
    shape: tuple[int, int], quick: Make, run: Make
) -> None:
    events, result = run(fit([pair(shape)], quick(steps=1)))
    assert any(isinstance(e, Notice) and "test regions" in e.text for e in events)
    assert result.score is None
    assert is_finite(result)


def test_images_of_one_pixel_teach(quick: Make, run: Make) -> None:
    images = [
        TrainingImage(str(v), np.full((1, 1), 50 * v, np.uint8), np.full((1, 1), v)) for v in (0, 1)
    ]
    assert is_finite(run(fit(images, quick(steps=1)))[1])


def test_two_checked_pixels_teach(quick: Make, run: Make) -> None:
    checked = np.zeros((96, 96), bool)
    checked[3, 5] = checked[90, 88] = True
    item = TrainingImage("a", pair().image, halves(), checked)
    events, result = run(fit([item], quick(steps=3)))
    assert is_finite(result)
    assert all(np.isfinite(e.loss) for e in events if isinstance(e, StepDone))


def odd(kind: str) -> Array:
    pixels: Array = pair().image.astype(float)
    if kind == "nan":
        pixels[20:40, 30] = np.nan
    elif kind == "infinite":
        pixels[20:40, 30] = -np.inf
    elif kind == "hot":
        pixels[3, 4] = 1e30
    else:
        pixels[:] = 7
    return pixels


@pytest.mark.parametrize("kind", ["nan", "infinite", "hot", "constant"])
def test_odd_images_give_finite_weights(kind: str, quick: Make, run: Make) -> None:
    assert is_finite(run(fit([TrainingImage("a", odd(kind), halves())], quick(steps=1)))[1])


@pytest.mark.parametrize("channels", [2, 3, 5])
def test_any_number_of_channels_teaches(channels: int, quick: Make, run: Make) -> None:
    image = np.stack([pair().image] * channels)
    result = run(fit([TrainingImage("a", image, halves())], quick(steps=1)))[1]
    assert result.model.info.channels == channels
    assert len(result.model.info.normalization.centre) == channels


def test_memory_that_does_not_suffice_is_told(
    quick: Make, run: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def greedy(*_: object) -> float:
        return float(torch.empty(2**50, dtype=torch.uint8).sum())

    monkeypatch.setattr("napari_segloop.core.classroom.Classroom.step", greedy)
    with pytest.raises(ResourceError, match="4 patches of 32 pixels"):
        run(fit([pair()], quick()))


def test_a_fault_of_ours_is_not_hidden(
    quick: Make, run: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(*_: object) -> float:
        raise RuntimeError("shapes do not fit")

    monkeypatch.setattr("napari_segloop.core.classroom.Classroom.step", faulty)
    with pytest.raises(RuntimeError, match="shapes do not fit"):
        run(fit([pair()], quick()))


def test_truth_is_checked_before_anything_is_built(quick: Make, run: Make) -> None:
    with pytest.raises(InputError, match="only the value 0"):
        run(fit([TrainingImage("a", pair().image, np.zeros((96, 96), int))], quick()))
