"""The one-cycle learning rate, and how many steps fit into a time.

Plain numbers; the clock is read by whoever asks.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

START, END = 0.04, 0.001  # learning rate at both ends, relative to the largest
WARM_STEPS = 40
WARM_SHARE = 0.25
CALIBRATION_SECONDS = 10.0
FEWEST_STEPS = 8
SLACK = 0.05  # of the steps
COOLING = 0.25  # of the steps so far, in which the rate falls when a training ends early
SCORED_AT = (0.7, 0.85, 1.0)  # of the steps
AGAIN = 2.5  # times as long as an improvement is learning again, where nothing is known yet


def one_cycle(step: int, steps: int | None) -> float:
    """Return the learning rate of a step relative to the largest.

    It rises in a straight line over 40 steps (a quarter of a short training) and falls in one to
    almost nothing. The rise does not depend on the number of steps as long as that is 160 or more
    or not known yet.

    Parameters
    ----------
    step : int
        From 0.
    steps : int or None
        None while the number is not fixed.

    Returns
    -------
    float
        From 0.001 to 1.

    References
    ----------
    Smith, A disciplined approach to neural network hyper-parameters (2018),
    https://arxiv.org/abs/1803.09820

    Examples
    --------
    >>> [round(one_cycle(step, 200), 2) for step in (0, 20, 40, 120, 199)]
    [0.04, 0.52, 1.0, 0.5, 0.01]
    """
    warm = WARM_STEPS if steps is None else max(1, min(WARM_STEPS, int(WARM_SHARE * steps)))
    if step < warm:
        return START + (1 - START) * step / warm
    if steps is None:
        return 1.0
    place = min(1.0, (step - warm) / max(1, steps - warm))
    return END + (1 - END) * (1 - place)


def is_scoring_step(step: int, steps: int | None) -> bool:
    """Say whether the network is scored after this many steps.

    Parameters
    ----------
    step : int
        Steps taken.
    steps : int or None
        Steps planned; nothing is scored before that is known.

    Returns
    -------
    bool
        True at 70, 85 and 100 per cent.

    Examples
    --------
    >>> [step for step in range(1, 101) if is_scoring_step(step, 100)]
    [70, 85, 100]
    """
    return steps is not None and step in {max(1, round(share * steps)) for share in SCORED_AT}


@dataclass(slots=True)
class Budget:
    """Fixes the number of steps from the first ten seconds of a training.

    The first steps of a process are slow, the more so beside a busy viewer: the number may be
    raised once, at the end of the warm-up, up to which the learning rate hardly depends on it.

    Parameters
    ----------
    steps : int or None
        The number, when the user gave it.
    seconds : float or None
        Wall time from `started` to the end, when the user gave that.
    started : float
        On the clock of `time.monotonic`.
    """

    steps: int | None
    seconds: float | None
    started: float = field(default_factory=time.monotonic)
    _times: list[float] = field(default_factory=list)
    _begun: float = 0.0
    _is_given: bool = field(init=False)

    def __post_init__(self) -> None:
        self._is_given = self.steps is not None

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started

    def note_step(self, seconds: float, closing: float) -> None:
        """Take note of a step's time; fix the number of steps when enough is known, raise it once.

        Parameters
        ----------
        seconds : float
            What the step took.
        closing : float
            Steps' worth of time that scoring and closing still need, as a multiple of a step.
        """
        if not self._times:
            self._begun = self.elapsed - seconds
        is_settled = self._is_settled()
        self._times.append(seconds)
        if self.seconds is None or is_settled:
            return
        if self.steps is not None and len(self._times) == WARM_STEPS:
            self.steps = max(self.steps, self._fitting(self._times[WARM_STEPS // 2 :], closing))
        elif self.steps is None and sum(self._times) >= min(CALIBRATION_SECONDS, self.seconds / 4):
            self.steps = self._fitting(self._times[1:] or self._times, closing)

    def _is_settled(self) -> bool:
        return self._is_given or (self.steps is not None and len(self._times) >= WARM_STEPS)

    def seconds_left(self, closing: float) -> float | None:
        """Return how long a training will still take, scoring and closing included.

        Parameters
        ----------
        closing : float
            As in `note_step`.

        Returns
        -------
        float or None
            None while the number of steps or the pace is not known.
        """
        if self.steps is None or len(self._times) < 2:
            return None
        return (self.steps - len(self._times) + closing) * self._pace

    def end_early(self) -> bool:
        """Let the rate fall now instead of later, if that saves steps and the user gave a time.

        Returns
        -------
        bool
            Whether there are fewer steps now.
        """
        taken = len(self._times)
        if self.steps is None or self._is_given or self.steps <= round((1 + COOLING) * taken):
            return False
        self.steps = round((1 + COOLING) * taken)
        return True

    def _fitting(self, times: Sequence[float], closing: float) -> int:
        """Return how many steps there are in all if those to come take as long as some did."""
        left = int(((self.seconds or 0.0) - self.elapsed) / median(times) - closing)
        return max(FEWEST_STEPS, len(self._times), len(self._times) + left)

    def due_step(self, step: int, closing: float) -> int:
        """Return the step whose learning rate is due, later ones where the machine became slower.

        A rate that is still high when time is up would leave weights that never settled.

        Parameters
        ----------
        step : int
            From 0.
        closing : float
            As in `note_step`.

        Returns
        -------
        int
            The same step while training keeps to its plan within a twentieth.
        """
        if self.steps is None or self._is_given or self.seconds is None or not self._times:
            return step
        end = self.seconds - closing * self._pace
        share = (self.elapsed - self._begun) / max(end - self._begun, 1e-3)
        due = min(int(share * self.steps), self.steps - 1)
        return due if due > step + SLACK * self.steps else step

    def is_over(self, closing: float) -> bool:
        """Say whether time is up although steps are left, on a machine that became slower.

        Parameters
        ----------
        closing : float
            As in `note_step`.

        Returns
        -------
        bool
            True when training must close now.
        """
        if self.seconds is None or self._is_given or not self._times:
            return False
        needed = 0.0 if len(self._times) == 1 else 0.8 * closing * self._pace
        return self.elapsed + needed > self.seconds

    @property
    def _pace(self) -> float:
        """Seconds a step takes; the first ones of a process are many times slower."""
        few = len(self._times) < FEWEST_STEPS
        return min(self._times) if few else median(self._times[-WARM_STEPS // 2 :])
