"""A taught model as a face sees it: frozen, and nothing but numbers and words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Version:
    """A taught model.

    Parameters
    ----------
    number : int
        From 1, as the user sees it.
    model : str
        The model's id.
    parent : int or None
        Version that training started from.
    score, start_score : float or None
        Mean Dice on the test regions, 0 to 1, of this one and of the one before on the same.
    accepted : bool
        Whether it took over when it was made.
    created : str
        Local time, ISO format.
    steps : int
        Training steps.
    teach, test : int
        Regions that taught and tested.
    note : str
        Where it comes from, for example a file name.
    pinned : bool
        Whether its model is kept when the project is made smaller.
    afresh : bool
        Whether it was learnt again from all.
    verdict : {"", "not worse", "may be worse", "too few to tell"}
        Beside its parent, when it was made; empty without one to compare it with.
    judged : int
        Regions that neither was taught and that judged.
    low, high : float or None
        Between what the difference to its parent lies, in mean Dice, at 90 %.
    trust : tuple of (float, float, float)
        How far its percentages can be trusted: stated share of wrong pixels, found share, and of
        how many of all pixels; by rising stated share. Empty where nobody can tell.
    trust_regions : int or None
        Test regions that its percentages were fitted on; None where that is not known.
    """

    number: int
    model: str
    parent: int | None
    score: float | None
    start_score: float | None
    accepted: bool
    created: str
    steps: int = 0
    teach: int = 0
    test: int = 0
    note: str = ""
    pinned: bool = False
    afresh: bool = False
    verdict: str = ""
    judged: int = 0
    low: float | None = None
    high: float | None = None
    trust: tuple[tuple[float, float, float], ...] = ()
    trust_regions: int | None = None
