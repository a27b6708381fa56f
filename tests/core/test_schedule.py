"""The learning rate's course, and the arithmetic of a time budget on a clock of our own."""

from __future__ import annotations

import pytest

from napari_segloop.core import schedule
from napari_segloop.core.schedule import (
    CALIBRATION_SECONDS,
    FEWEST_STEPS,
    Budget,
    is_scoring_step,
    one_cycle,
)


class Clock:
    """A monotonic clock that only moves when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    own = Clock()
    monkeypatch.setattr(schedule, "time", own)
    return own


def budget_of(clock: Clock, seconds: float) -> Budget:
    return Budget(None, seconds, clock.now)


def work(budget: Budget, clock: Clock, seconds: float, closing: float = 0.0) -> int:
    """Take steps of a given length until the budget ends them; how many there were."""
    step = 0
    while step != budget.steps and not budget.is_over(closing):
        clock.now += seconds
        budget.note_step(seconds, closing)
        step += 1
        assert step < 100_000
    return step


@pytest.mark.parametrize("steps", [1, 2, 3, 10, 159, 160, 1000])
def test_the_rate_rises_once_and_falls_once(steps: int) -> None:
    rates = [one_cycle(step, steps) for step in range(steps)]
    top = rates.index(max(rates))
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert all(0 < rate <= 1 for rate in rates)
    assert steps < 4 or max(rates) > 0.6
    assert steps < 10 or rates[-1] < 0.2


@pytest.mark.parametrize("steps", [160, 500, 10_000])
def test_the_rise_is_the_same_while_the_number_is_not_known(steps: int) -> None:
    assert [one_cycle(s, None) for s in range(41)] == [one_cycle(s, steps) for s in range(41)]


def test_without_a_number_the_rate_stays_up() -> None:
    assert one_cycle(5000, None) == 1.0


def test_a_step_beyond_the_last_has_the_least_rate() -> None:
    assert one_cycle(300, 200) == one_cycle(200, 200) < 0.01


@pytest.mark.parametrize("steps", [1, 2, 7, 100])
def test_the_last_step_is_always_scored(steps: int) -> None:
    scored = [step for step in range(1, steps + 1) if is_scoring_step(step, steps)]
    assert scored[-1] == steps
    assert len(scored) <= 3


def test_nothing_is_scored_while_the_number_is_not_known() -> None:
    assert not any(is_scoring_step(step, None) for step in range(1000))


def test_given_steps_are_kept_whatever_they_take(clock: Clock) -> None:
    budget = Budget(7, None)
    assert work(budget, clock, 1e6) == 7
    assert budget.due_step(3, 0.0) == 3


@pytest.mark.parametrize("seconds", [40.0, 120.0, 3600.0])
@pytest.mark.parametrize("pace", [0.05, 0.5, 2.0])
@pytest.mark.parametrize("closing", [0.0, 6.0])
def test_steps_fill_the_time_and_leave_some_for_closing(
    clock: Clock, seconds: float, pace: float, closing: float
) -> None:
    budget = budget_of(clock, seconds)
    steps = work(budget, clock, pace, closing)
    assert steps == budget.steps or budget.is_over(closing)
    assert budget.elapsed + closing * pace <= seconds + 1e-6 or steps == FEWEST_STEPS
    assert budget.elapsed + closing * pace >= 0.9 * seconds - 2 * pace


def test_the_number_is_fixed_after_ten_seconds(clock: Clock) -> None:
    budget = budget_of(clock, 120.0)
    while budget.steps is None:
        clock.now += 0.5
        budget.note_step(0.5, 0.0)
    assert budget.elapsed == CALIBRATION_SECONDS
    assert budget.steps == 240


def test_the_time_before_the_first_step_counts(clock: Clock) -> None:
    late = budget_of(clock, 120.0)
    clock.now += 60
    assert work(late, clock, 0.5) == 120


def test_a_slow_first_step_does_not_decide(clock: Clock) -> None:
    budget = budget_of(clock, 120.0)
    for seconds in [5.0, *[0.5] * 10]:
        clock.now += seconds
        budget.note_step(seconds, 0.0)
    assert budget.steps == 11 + int((120 - 10) / 0.5)


@pytest.mark.parametrize("closing", [0.0, 6.0])
def test_slow_first_seconds_leave_no_time_unused(clock: Clock, closing: float) -> None:
    budget = budget_of(clock, 120.0)
    announced = set[int | None]()
    for step in range(1000):
        seconds = 0.9 if step < 15 else 0.45
        clock.now += seconds
        budget.note_step(seconds, closing)
        announced.add(budget.steps)
        if step + 1 == budget.steps or budget.is_over(closing):
            break
    assert len(announced - {None}) == 2
    assert 114 <= budget.elapsed + closing * 0.45 <= 120.5


def test_a_number_that_was_fixed_is_never_lowered(clock: Clock) -> None:
    budget = budget_of(clock, 120.0)
    numbers = list[int]()
    for step in range(100):
        clock.now += 0.5 if step < 20 else 0.8
        budget.note_step(0.5 if step < 20 else 0.8, 0.0)
        if budget.steps is not None:
            numbers.append(budget.steps)
    assert numbers == sorted(numbers)


def test_a_machine_that_becomes_slower_still_ends_in_time(clock: Clock) -> None:
    budget = budget_of(clock, 100.0)
    while budget.steps is None:
        clock.now += 0.5
        budget.note_step(0.5, 4.0)
    taken = work(budget, clock, 2.0, 4.0)
    assert taken < budget.steps
    assert budget.elapsed <= 100.0 + 2.0


def test_on_a_slower_machine_the_rate_still_falls(clock: Clock) -> None:
    budget = budget_of(clock, 100.0)
    step = 0
    while not budget.is_over(0.0) and step != budget.steps:
        assert budget.due_step(step, 0.0) >= step
        last = one_cycle(budget.due_step(step, 0.0), budget.steps)
        pace = 0.5 if budget.steps is None else 2.0
        clock.now += pace
        budget.note_step(pace, 0.0)
        step += 1
    assert last < 0.1


def test_on_an_even_machine_each_step_has_its_own_rate(clock: Clock) -> None:
    budget = budget_of(clock, 100.0)
    for step in range(200):
        assert budget.due_step(step, 0.0) == step
        clock.now += 0.5
        budget.note_step(0.5, 0.0)


def test_even_no_time_takes_a_step(clock: Clock) -> None:
    assert work(budget_of(clock, 0.001), clock, 5.0) == 1


def test_a_slow_first_step_does_not_end_a_training(clock: Clock) -> None:
    budget = budget_of(clock, 60.0)
    for seconds in (8.0, 0.5):
        clock.now += seconds
        budget.note_step(seconds, 30.0)
        assert not budget.is_over(30.0)


def test_what_is_left_is_known_after_ten_seconds(clock: Clock) -> None:
    budget = Budget(100, None, clock.now)
    left = None
    for seconds in [6.0, *[0.5] * 10]:  # the first step of a process is slow
        clock.now += seconds
        budget.note_step(seconds, 3.0)
        left = budget.seconds_left(3.0)
    assert left == (100 - 11 + 3) * 0.5


def test_without_a_number_of_steps_nothing_is_said_of_what_is_left(clock: Clock) -> None:
    budget = budget_of(clock, 120.0)
    budget.note_step(0.5, 0.0)
    assert budget.seconds_left(0.0) is None


def test_a_flat_training_cools_down_and_ends(clock: Clock) -> None:
    budget = budget_of(clock, 1000.0)
    for _ in range(400):
        clock.now += 0.5
        budget.note_step(0.5, 0.0)
    assert budget.steps == 2000
    assert budget.end_early()
    assert budget.steps == 500
    assert not budget.end_early()
    assert budget.due_step(400, 0.0) == 400
    assert one_cycle(400, 500) > 10 * one_cycle(499, 500)


def test_steps_that_the_user_gave_are_taken_all(clock: Clock) -> None:
    budget = Budget(1000, None, clock.now)
    for _ in range(400):
        budget.note_step(0.5, 0.0)
    assert not budget.end_early()
    assert budget.steps == 1000
