"""What a rehearsal is asked and what it says: a round's score against the time of the annotator.

Plain numbers: neither images nor networks are known here, nor who plays the rounds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from napari_segloop.core.annotator import AnnotatorSettings
from napari_segloop.core.errors import InputError
from napari_segloop.core.events import Event
from napari_segloop.core.regions import STRATEGIES

if TYPE_CHECKING:
    from collections.abc import Sequence

AGAIN_EVERY = 3
"""Every third training is *Learn again from all*."""
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class RehearsalSettings:
    """How a simulated user works.

    Parameters
    ----------
    rounds : int
        How often places are corrected and a network is taught.
    places : int
        Places a round.
    how : {"ranked", "foreground", "random", "entropy"}
        Which places (`napari_segloop.core.strategies`).
    window : int, optional
        Side of a place in pixels; sized to the first masks when not given, and then the same in
        all rounds.
    seed : int
        Fixes what is drawn.
    annotator : AnnotatorSettings
        Margin and speeds.

    Raises
    ------
    InputError
        When a value makes no sense.
    """

    rounds: int = 3
    places: int = 8
    how: str = "ranked"
    window: int | None = None
    seed: int = 0
    annotator: AnnotatorSettings = field(default_factory=AnnotatorSettings)

    def __post_init__(self) -> None:
        if self.how not in STRATEGIES:
            expected = f"one of {', '.join(STRATEGIES)}"
            raise InputError(expected, repr(self.how), "Choose one of them.")
        if min(self.rounds, self.places, self.window or 1) < 1 or self.seed < 0:
            raise InputError(
                "rounds, places and a window of at least 1 and a seed of at least 0",
                str(self),
                "Choose other numbers.",
            )

    def learns_again(self, number: int) -> bool:
        """Say whether a round learns again from all.

        Parameters
        ----------
        number : int
            From 1.

        Returns
        -------
        bool
            True for every third round.
        """
        return number % AGAIN_EVERY == 0


@dataclass(frozen=True, slots=True)
class RoundScored(Event):
    """A round is over and was scored on images that nobody corrected; round 0 is first masks.

    Parameters
    ----------
    round : int
        From 1; 0 before any correction.
    places : int
        Corrected so far.
    seconds : float
        Of the annotator, so far.
    dense_seconds : float
        What it would have cost to paint the same places from nothing.
    checked_pixels, strokes : int
        So far.
    dice : float or None
        Mean over classes without background, pooled over all pixels of the unseen images.
    classes : dict
        Dice by class; for objects 1 is what belongs to any.
    ap50 : float or None
        Share of objects found at an overlap of one half; None for classes.
    accepted : bool
        Whether the network of this round is used from here on.
    again : bool
        Whether it learned again from all.
    steps : int
        Optimiser steps of this round.
    train_seconds : float
        Wall time of this round's training.
    """

    kind: ClassVar[str] = "round_scored"
    round: int
    places: int
    seconds: float
    dense_seconds: float
    checked_pixels: int
    strokes: int
    dice: float | None
    classes: dict[int, float | None]
    ap50: float | None = None
    accepted: bool = False
    again: bool = False
    steps: int = 0
    train_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What came of a rehearsal.

    Parameters
    ----------
    rounds : tuple of RoundScored
        Round 0 and those that were finished.
    window : int
        Side of the places in pixels.
    stopped : bool
        Whether it was asked to stop.
    """

    rounds: tuple[RoundScored, ...]
    window: int
    stopped: bool

    @property
    def area(self) -> float | None:
        """Area under the learning curve over its own seconds (`area_under`)."""
        return area_under([(each.seconds, each.dice or 0.0) for each in self.rounds])


def area_under(curve: Sequence[Point], seconds: float | None = None) -> float | None:
    """Return the mean score over the annotator's time.

    Parameters
    ----------
    curve : sequence of (float, float)
        Seconds so far and score, in order; straight lines between them, and the last score holds
        on after it.
    seconds : float, optional
        Up to when; to the last point when not given.

    Returns
    -------
    float or None
        0 to 1; None when no time passes.

    Examples
    --------
    >>> area_under([(0, 0.0), (10, 0.8)]), area_under([(0, 0.0), (10, 0.8)], 20)
    (0.4, 0.6)
    """
    end = curve[-1][0] if seconds is None and curve else seconds
    if not curve or not end or end <= 0:
        return None
    at, scores = np.array(curve, float).T
    inside = np.append(at[at < end], end)
    return float(np.trapezoid(np.interp(inside, at, scores), inside) / end)


def seconds_to(curve: Sequence[Point], score: float) -> float | None:
    """Return when a score is reached first.

    Parameters
    ----------
    curve : sequence of (float, float)
        As in `area_under`.
    score : float
        The one to reach.

    Returns
    -------
    float or None
        Seconds, on the straight line between two rounds; None when it is never reached.

    Examples
    --------
    >>> seconds_to([(0, 0.0), (10, 0.5)], 0.25), seconds_to([(0, 0.0), (10, 0.5)], 0.75)
    (5.0, None)
    """
    before: Point | None = None
    for at, reached in curve:
        if reached >= score:
            if before is None:
                return float(at)
            share = (score - before[1]) / (reached - before[1])
            return float(before[0] + share * (at - before[0]))
        before = (at, reached)
    return None
