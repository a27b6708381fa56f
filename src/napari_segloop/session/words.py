"""Numbers and tasks as the user reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from napari_segloop.session.state import Version

MOMENT, FEW, NEARLY_A_MINUTE = 1.5, 10, 58  # seconds
HOUR, DAY = 60, 24 * 60  # minutes
ROUNDED_UP = 0.995  # what would read 100 %
TASKS: Final = {"classes": "kinds of area", "objects": "single objects"}


def about(seconds: float) -> str:
    """Say a duration.

    Parameters
    ----------
    seconds : float
        How long.

    Returns
    -------
    str
        With one unit, or hours and minutes.

    Examples
    --------
    >>> [about(s) for s in (0.2, 8, 44, 100, 4000, 200000)]
    ['a moment', 'about 8 s', 'about 45 s', 'about 2 min', 'about 1 h 7 min', 'about 56 h']
    """
    if seconds < MOMENT:
        return "a moment"
    if seconds < FEW:
        return f"about {seconds:.0f} s"
    if seconds < NEARLY_A_MINUTE:
        return f"about {5 * round(seconds / 5)} s"
    minutes = round(seconds / 60)
    if minutes < HOUR:
        return f"about {minutes} min"
    if minutes < DAY:
        return f"about {minutes // 60} h {minutes % 60} min"
    return f"about {minutes / 60:.0f} h"


def counted(number: int, one: str, many: str | None = None) -> str:
    """Say a number of things.

    Parameters
    ----------
    number : int
        How many.
    one : str
        The word for one of them.
    many : str, optional
        For more; with an s when not given.

    Returns
    -------
    str
        Number and word.

    Examples
    --------
    >>> counted(1, "plane"), counted(1200, "plane")
    ('1 plane', '1,200 planes')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def percent(share: float) -> str:
    """Return a share as whole percent, but never 100 % of what is not all.

    Parameters
    ----------
    share : float
        From 0 to 1.

    Returns
    -------
    str
        As in "93 %".

    Examples
    --------
    >>> percent(0.928), percent(0.9994), percent(1.0)
    ('93 %', '99.9 %', '100 %')
    """
    if ROUNDED_UP <= share < 1:
        return f"{min(99.9, 100 * share):.1f} %"
    return f"{100 * share:.0f} %"


def points(version: Version) -> str:
    """Say between what the difference of a version to its parent lies.

    Parameters
    ----------
    version : Version
        Of the list.

    Returns
    -------
    str
        In brackets, after a blank; empty where there is nothing to say.
    """
    if version.low is None or version.high is None:
        return ""
    regions = counted(version.judged, "test region")
    return f" ({100 * version.low:+.1f} to {100 * version.high:+.1f} points on {regions})"
