"""What is left until the goal, in words: minutes at the user's pace, and images that lag behind.

Pure functions; when it is enough is `agreed.py`'s.
"""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Final

from napari_segloop.core.outlook import places_left
from napari_segloop.session.agreed import FEWEST, is_reached
from napari_segloop.session.words import HOUR, about, counted, percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_segloop.core.estimate import Estimate
    from napari_segloop.core.outlook import Left
    from napari_segloop.session.progress import Progress, Round
    from napari_segloop.store.records import OfferedRegion

LEAST_ANSWERS: Final = 5
LATEST: Final = 40
"""Answers that say how fast the user is now."""
NEAR: Final = 1.25
"""Two durations that differ by less are said as one."""
MINUTE: Final = 60
WIDEST: Final = 0.5
"""Interval of an image of which nothing can be said."""
NAMED: Final = 2
FLAT: Final = (
    "At this pace the goal is out of reach: learning again from all, or checking more different "
    "places, may help."
)


def pace_of(answers: Sequence[OfferedRegion]) -> float | None:
    """Return how long a place takes the user.

    Parameters
    ----------
    answers : sequence of OfferedRegion
        Places that they answered, in order.

    Returns
    -------
    float or None
        Seconds, the median of the latest; None before there are five.
    """
    seconds = [each.seconds for each in answers if each.seconds > 0][-LATEST:]
    return median(seconds) if len(seconds) >= LEAST_ANSWERS else None


def queue_in_words(left: int, pace: float | None) -> str:
    """Say how many places wait, and how long they will take.

    Parameters
    ----------
    left : int
        Places of the queue that are not answered.
    pace : float or None
        Seconds a place.

    Returns
    -------
    str
        Empty where nothing is left, or nobody knows how long it takes.

    Examples
    --------
    >>> queue_in_words(12, 9.5), queue_in_words(12, None)
    ('12 places left, about 2 min', '')
    """
    if not left or pace is None:
        return ""
    return f"{counted(left, 'place')} left, {about(left * pace)}"


def goal_in_words(
    progress: Progress, version: int | None, told: Estimate | None, goal: float
) -> str:
    """Say how long it will take until the goal is reached.

    Parameters
    ----------
    progress : Progress
        Rounds and pace.
    version : int or None
        Number of the version in use.
    told : Estimate or None
        Of that version.
    goal : float
        Wanted agreement, 0 to 1.

    Returns
    -------
    str
        A sentence; empty where it is reached, or nobody can tell.

    Examples
    --------
    >>> from napari_segloop.core.estimate import Estimate
    >>> from napari_segloop.session.progress import Progress, Round
    >>> before, now = Estimate(0.6, 0.5, 0.7, 2), Estimate(0.8, 0.75, 0.85, 6)
    >>> rounds = Round(1, before, 9, 8, 80.0), Round(2, now, 9, 16, 160.0)
    >>> goal_in_words(Progress(rounds, places=16, pace=12.0), 2, now, 0.9)
    'About 3 to 7 min of checking to the goal, at your pace.'
    >>> goal_in_words(Progress(rounds, places=16), 2, now, 0.9)
    ''
    """
    if told is None or progress.pace is None or is_reached(told, goal):
        return ""
    here = next((each for each in progress.rounds if each.version == version), None)
    if here is None:
        return ""
    others = (each for each in progress.rounds if each is not here)
    curve = [*((each.places, each.estimate) for each in others), (here.places, told)]
    left = places_left(curve, progress.places, goal, FEWEST)
    return "" if left is None else _in_words(left, progress.pace)


def images_in_words(
    images: Sequence[tuple[int, Estimate]], names: Mapping[int, str], goal: float
) -> str:
    """Say which images are below the goal, the worst first.

    Parameters
    ----------
    images : sequence of (int, Estimate)
        Number of an image, and how well the version in use agrees with the user there.
    names : mapping of int to str
        Of the images.
    goal : float
        Wanted agreement, 0 to 1.

    Returns
    -------
    str
        A sentence or two; empty for one image, or where the spot checks are too few to tell.

    Examples
    --------
    >>> from napari_segloop.core.estimate import Estimate
    >>> told = [(n, Estimate(0.71 + n / 20, 0.6, 0.99, 9)) for n in range(6)]
    >>> names = {n: f"{n}.tif" for n in range(6)}
    >>> images_in_words(told, names, 0.9)
    'Below the goal: 0.tif (about 71 %), 1.tif (about 76 %) and 2 more. 2 of 6 images reach it.'
    >>> images_in_words(told[5:], names, 0.9)
    ''
    """
    known = [each for each in images if each[0] in names and _is_telling(each[1])]
    if len(images) == 1 or not known:
        return ""
    below = sorted((each for each in known if each[1].score < goal), key=lambda e: e[1].score)
    reached = f"{len(known) - len(below)} of {counted(len(images), 'image')}"
    if not below:
        return f"{reached} reach the goal."
    named = [f"{names[n]} (about {percent(told.score)})" for n, told in below[:NAMED]]
    more = f" and {len(below) - NAMED} more" if len(below) > NAMED else ""
    return f"Below the goal: {', '.join(named)}{more}. {reached} reach it."


def image_in_words(told: Estimate | None) -> str:
    """Say how well the version in use agrees with the user on one image.

    Parameters
    ----------
    told : Estimate or None
        Of that image; None where it was not predicted.

    Returns
    -------
    str
        A sentence; empty where the spot checks are too few to tell.

    Examples
    --------
    >>> from napari_segloop.core.estimate import Estimate
    >>> image_in_words(Estimate(0.71, 0.6, 0.82, 9))
    'Agrees with you on about 71 % (60 to 82 %).'
    """
    if told is None or not _is_telling(told):
        return ""
    between = f"{100 * told.low:.0f} to {percent(told.high)}"
    return f"Agrees with you on about {percent(told.score)} ({between})."


def rounds_in_words(rounds: Sequence[Round]) -> str:
    """Say how well each version agreed, for who cannot see the plot.

    Parameters
    ----------
    rounds : sequence of Round
        Oldest first.

    Returns
    -------
    str
        One line for each.

    Examples
    --------
    >>> from napari_segloop.core.estimate import Estimate
    >>> from napari_segloop.session.progress import Round
    >>> rounds_in_words([Round(2, Estimate(0.84, 0.78, 0.9, 20), 9, 16, 160.0)])
    'Version 2: about 84 % (78 to 90 %; 20 random spot checks)'
    """
    return "\n".join(f"Version {each.version}: {_with_interval(each.estimate)}" for each in rounds)


def _with_interval(told: Estimate) -> str:
    checks = counted(told.checks, "random spot check")
    between = f"{100 * told.low:.0f} to {percent(told.high)}"
    return f"about {percent(told.score)} ({between}; {checks})"


def _is_telling(told: Estimate) -> bool:
    return told.checks >= FEWEST and told.high - told.low <= WIDEST


def _in_words(left: Left, pace: float) -> str:
    if left.fewest is None:
        return FLAT
    short = left.fewest * pace
    if left.most is None and short < MINUTE:  # the goal is near, but nothing says how near
        return ""
    if left.most is None:
        text = f"more than {about(short).removeprefix('about ')}"
    else:
        text = _between(short, left.most * pace)
    return f"{text[:1].upper()}{text[1:]} of checking to the goal, at your pace."


def _between(short: float, long: float) -> str:
    """Say a duration that is not known exactly, in seconds."""
    if long <= NEAR * short or long < MINUTE:
        return about(long)
    if short < MINUTE:
        return f"up to {about(long)}"
    if long < HOUR * MINUTE:
        return f"about {short / MINUTE:.0f} to {long / MINUTE:.0f} min"
    return f"{about(short)} to {about(long).removeprefix('about ')}"
