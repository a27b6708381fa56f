"""The agreement with all images in words, and when it is enough. Pure functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from napari_segloop.session.words import counted, percent

if TYPE_CHECKING:
    from napari_segloop.core.estimate import Estimate
    from napari_segloop.core.objectrates import ObjectRates

WHY_OBJECTS: Final = (
    "In brackets: between what it lies, at 90 %.\n"
    "Missed: no predicted object covers it well (IoU above one half). False: the other way round.\n"
    "Merged: one predicted object covers most of two or more. Split: two or more lie in one.\n"
    "An object belongs to the spot check that holds its middle, and is judged by what lies in it."
)
GOAL: Final = 0.90
USEFUL: Final = 0.5
"""Mean Dice under which masks are not replaced unasked, and percentages are not believed."""
FEWEST: Final = 8
"""Spot checks under which nobody is told that they are done."""


def is_reached(told: Estimate | None, goal: float) -> bool:
    """Say whether the goal is reached, as far as the spot checks can tell.

    Parameters
    ----------
    told : Estimate or None
        Of all images; None before there is one.
    goal : float
        Wanted agreement, 0 to 1.

    Returns
    -------
    bool
        True when the lower end is at the goal, and at least eight spot checks say so.

    Examples
    --------
    >>> from napari_segloop.core.estimate import Estimate
    >>> [is_reached(Estimate(0.95, 0.92, 0.97, n), 0.9) for n in (3, 8)]
    [False, True]
    """
    return told is not None and told.checks >= FEWEST and told.low >= goal


def is_doubted(told: Estimate | None, goal: float) -> bool:
    """Say whether a version's own percentages must not decide alone which places are hidden.

    Parameters
    ----------
    told : Estimate or None
        Of all images; None before there is one.
    goal : float
        Wanted agreement, 0 to 1.

    Returns
    -------
    bool
        True while fewer than eight spot checks speak for it, when it has hardly learnt anything, or
        cannot have reached the goal: then places that it is sure of are as worth a look as others.
        False while nothing is known.

    Examples
    --------
    >>> from napari_segloop.core.estimate import Estimate
    >>> [is_doubted(Estimate(0.8, 0.0, high, 8), 0.9) for high in (0.95, 0.85)]
    [False, True]
    """
    if told is None:
        return False
    return told.checks < FEWEST or told.score <= USEFUL or told.high < goal


def in_words(told: Estimate) -> str:
    """Say how well the version in use agrees with the user.

    Parameters
    ----------
    told : Estimate
        Of all images.

    Returns
    -------
    str
        One or two sentences.

    Examples
    --------
    >>> from napari_segloop.core.estimate import Estimate
    >>> in_words(Estimate(0.912, 0.88, 0.94, 12))
    'All that is predicted agrees with you on about 91 % (88 to 94 %; 12 random spot checks).'
    >>> in_words(Estimate(0.9, 0.6, 1.0, 0))
    'It expects to agree with you on about 90 %; random spot checks will tell.'
    >>> in_words(Estimate(0.5, 0.0, 1.0, 2))
    'Nobody can tell yet how well it agrees with you; more random spot checks will.'
    """
    if (told.low, told.high) == (0, 1):
        more = "more " * (told.checks > 0)
        return f"Nobody can tell yet how well it agrees with you; {more}random spot checks will."
    about = percent(told.score)
    if not told.checks:
        return f"It expects to agree with you on about {about}; random spot checks will tell."
    checks = counted(told.checks, "random spot check")
    between = f"{100 * told.low:.0f} to {percent(told.high)}"
    few = f" {FEWEST - told.checks} more will tell whether it is done." * (told.checks < FEWEST)
    return f"All that is predicted agrees with you on about {about} ({between}; {checks}).{few}"


def objects_in_words(told: ObjectRates) -> str:
    """Say what becomes of single objects.

    Parameters
    ----------
    told : ObjectRates
        With the version in use.

    Returns
    -------
    str
        One sentence; split objects are named where there were any.

    Examples
    --------
    >>> from napari_segloop.core.objectrates import ObjectRates, Rate
    >>> missed, merged, split = Rate(0.03, 0.01, 0.08), Rate(0.04, 0.01, 0.09), Rate(0, 0, 0.05)
    >>> objects_in_words(ObjectRates(missed, merged, split, Rate(0.02, 0.0, 0.06), 57, 12))
    'Of objects: missed 3 % (1 to 8), false 2 % (0 to 6), merged 4 % (1 to 9); 57 objects in 12 \
random spot checks.'
    """
    named = {"missed": told.missed, "false": told.false, "merged": told.merged}
    if told.split is not None and told.split.share:
        named["split"] = told.split
    parts = ", ".join(
        f"{name} {percent(rate.share)} ({100 * rate.low:.0f} to {100 * rate.high:.0f})"
        for name, rate in named.items()
        if rate is not None
    )
    seen = f"{counted(told.objects, 'object')} in {counted(told.checks, 'random spot check')}"
    return f"Of objects: {parts}; {seen}." if parts else f"Of objects: {seen}."


def why(told: Estimate) -> str:
    """Say what the numbers are, for a tooltip.

    Parameters
    ----------
    told : Estimate
        Of all images.

    Returns
    -------
    str
        Some sentences.
    """
    return (
        "Mean Dice over classes without background, of all pixels that the version in use "
        f"predicted: {told.score:.3f}, at 90 % between {told.low:.3f} and {told.high:.3f}.\n"
        "Every fourth place to check is a random spot check. It never teaches, so that what you "
        "find there is true of all that nobody has looked at."
    )
