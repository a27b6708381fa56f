"""Clocks that alternate between the arms of a comparison, since machines drift.

They know nothing of what is timed.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

FEWEST_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Timed:
    """Seconds of one call: on the wall, and of all this process's threads together."""

    wall: float
    cpu: float


def timed(call: Callable[[], object], settle: Callable[[], None] = lambda: None) -> Timed:
    """Time one call.

    Parameters
    ----------
    call : callable
        What to time.
    settle : callable
        Waits until the device has finished.

    Returns
    -------
    Timed
        Seconds.
    """
    settle()
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    settle()
    return Timed(time.perf_counter() - wall, time.process_time() - cpu)


def interleave(
    arms: Mapping[str, Callable[[], object]],
    rounds: int,
    settle: Callable[[], None] = lambda: None,
    seconds: float = float("inf"),
) -> dict[str, list[Timed]]:
    """Time the arms in turn, A B C A B C, after one round that warms up.

    Parameters
    ----------
    arms : mapping of str to callable
        What to time.
    rounds : int
        How often.
    settle : callable
        Waits until the device has finished.
    seconds : float
        After so long, no round is begun, but for the first three.

    Returns
    -------
    dict of str to list of Timed
        The same number of times for each arm; equal positions were measured side by side.
    """
    for call in arms.values():
        call()
    times: dict[str, list[Timed]] = {name: [] for name in arms}
    start = time.perf_counter()
    for done in range(rounds):
        if done >= FEWEST_ROUNDS and time.perf_counter() - start > seconds:
            break
        for name, call in arms.items():
            times[name].append(timed(call, settle))
    return times


def ratio(slower: Sequence[Timed], faster: Sequence[Timed]) -> float:
    """Return how many times longer one arm took: the median of the ratios within each round.

    Parameters
    ----------
    slower, faster : sequence of Timed
        From one call of `interleave`.

    Returns
    -------
    float
        Above 1 when `faster` was faster.
    """
    return median(a.wall / b.wall for a, b in zip(slower, faster, strict=True))


def typical(times: Sequence[Timed]) -> Timed:
    """Return the median wall and processor times.

    Parameters
    ----------
    times : sequence of Timed
        Of one arm.

    Returns
    -------
    Timed
        Seconds.
    """
    return Timed(median(t.wall for t in times), median(t.cpu for t in times))
