"""Numbers and states in the words of the interface; every number has its unit.

Text in, text out: no widget, no session.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Final

from napari_segloop.core.comparing import TOO_FEW
from napari_segloop.core.reasons import GIVEN
from napari_segloop.session.ahead import image_in_words
from napari_segloop.session.words import about, counted, percent, points

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_segloop.core.estimate import Estimate
    from napari_segloop.session.state import ImageState, Status, Version

FIRST_MASKS: Final = "first masks"
STATUS_MEANING: Final[Mapping[Status, str]] = {
    "new": "No masks yet.",
    "predicted": "Has masks that nobody checked yet.",
    "checked": "Has masks, and parts that were checked by you.",
    "excluded": "Left out: not trained on, predicted or offered for checking.",
    "missing": "The file or the layer is gone.",
}


UNLIKE = "unlike"


def state_word(image: ImageState) -> str:
    """Say in which state an image is.

    Parameters
    ----------
    image : ImageState
        A row of the list.

    Returns
    -------
    str
        Its status; "first masks" where it has masks that no version predicted, "unlike" where
        these are of an image unlike what the version learnt.
    """
    if image.unlike and image.status == "predicted":
        return UNLIKE
    is_first = image.status == "predicted" and not image.by_version
    return FIRST_MASKS if is_first else image.status


def image_tooltip(image: ImageState, told: Estimate | None = None) -> str:
    """Say all that is known of an image of the list.

    Parameters
    ----------
    image : ImageState
        A row of the list.
    told : Estimate, optional
        How well the version in use agrees with the user there.

    Returns
    -------
    str
        Some lines.
    """
    planes = counted(image.planes, "plane")
    checked = f"{counted(image.checked_pixels, 'pixel')} checked by you"
    note = image.note or STATUS_MEANING[image.status]
    if image.unlike:
        why = (
            f"{image.unlike[:1].upper()}{image.unlike[1:]}: unlike what the version in use learnt."
        )
        note = f"{note}\n{why} Check some places before you believe its masks."
    text = f"{image.where}\n{planes} · {checked}\n{state_word(image)}: {note}"
    return f"{text}\n{image_in_words(told)}".strip()


def time_left(seconds: float | None) -> str:
    """Say how long something will take still, no more exactly than is known.

    Parameters
    ----------
    seconds : float or None
        None while not known.

    Returns
    -------
    str
        As in "about 40 s left"; empty when not known.

    Examples
    --------
    >>> time_left(38.2)
    'about 40 s left'
    """
    return "" if seconds is None else f"{about(seconds)} left"


def when(created: str) -> str:
    """Return a moment as people say it.

    Parameters
    ----------
    created : str
        ISO 8601; anything else is given back.

    Returns
    -------
    str
        Day and time.

    Examples
    --------
    >>> when("2026-11-22T09:05:00")
    '22 Nov 09:05'
    """
    try:
        moment = datetime.fromisoformat(created)
    except ValueError:
        return created
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    return f"{moment.day} {months[moment.month - 1]} {moment:%H:%M}"


def teach_and_test(teach: int, test: int) -> str:
    """Say how many checked regions teach and how many test.

    Parameters
    ----------
    teach, test : int
        Numbers of regions.

    Returns
    -------
    str
        As in "4 teach, 2 test"; empty when there are none.
    """
    return f"{teach} teach, {test} test" if teach or test else ""


def before_and_after(versions: tuple[Version, ...]) -> str:
    """Say what the last training changed.

    Parameters
    ----------
    versions : tuple of Version
        All, the last one newest.

    Returns
    -------
    str
        One or two sentences; empty before the first version.
    """
    if not versions:
        return ""
    last = versions[-1]
    if last.score is None:
        return f"Version {last.number} has no test regions yet: check some more places."
    if last.start_score is None or last.parent is None:
        return f"Version {last.number} agrees with you on {percent(last.score)}."
    if last.verdict == TOO_FEW:
        return (
            f"Too few test regions to tell: {last.judged}. Version {last.number} agrees with you "
            f"on {percent(last.score)}, version {last.parent} on {percent(last.start_score)}."
        )
    if not last.accepted:
        return (
            f"Version {last.parent} stays in use: it agrees with you on "
            f"{percent(last.start_score)}, the new one on {percent(last.score)}{points(last)}."
        )
    return (
        f"Before: agreed with you on {percent(last.start_score)} (version {last.parent}). "
        f"Now: {percent(last.score)} (version {last.number}){points(last)}."
    )


def reason_with_names(reason: str, names: Mapping[int, str]) -> str:
    """Put the names of classes in place of their values.

    Parameters
    ----------
    reason : str
        Why a place is offered, as `core.reasons` and `core.suspicions` word it.
    names : mapping of int to str
        Name of each class.

    Returns
    -------
    str
        The reason for people.

    Examples
    --------
    >>> reason_with_names("beside the border of 0 and 2", {2: "membrane"})
    'beside the border of background and membrane'
    >>> reason_with_names("disagrees with 2 similar ones: 0 and 2 seem swapped", {2: "membrane"})
    'disagrees with 2 similar ones: background and membrane seem swapped'
    >>> reason_with_names("the mask disagrees with places that look alike (inside 0)", {})
    'the mask disagrees with places that look alike (inside background)'
    """
    known = {0: "background", **names}
    values = r"\b\d+(?= and \d+ seem swapped)|\b\d+(?= seem swapped)"
    if reason.startswith(("beside", "inside", GIVEN)):
        values = r"\b\d+\b"  # elsewhere most numbers are no classes
    return re.sub(values, lambda found: known.get(int(found[0]), found[0]), reason)
