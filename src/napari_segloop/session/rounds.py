"""How well each version agreed while it was in use: noted as it is estimated, kept from then on.

A round says what was known of a version when the next one took over. What it rests on is
`weigh.py`'s.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from napari_segloop.session import weigh
from napari_segloop.session.ahead import pace_of
from napari_segloop.session.progress import Progress, Round

if TYPE_CHECKING:
    from napari_segloop.session.desk import Desk
    from napari_segloop.session.offers import Offers

WORTH: Final = frozenset({"images", "queue", "versions"})
"""Parts of the state that change when there is something to note."""


def take_note(desk: Desk, offers: Offers) -> None:
    """Take note of the estimate of the version in use, unless it rests on fewer planes than before.

    Parameters
    ----------
    desk : Desk
        Versions and planes; nothing is being predicted.
    offers : Offers
        What was answered.
    """
    number, told = desk.versions.current, weigh.agreements(desk, offers)
    if number is None or told is None:
        return
    before = desk.versions.rounds.get(number)
    if before is None:
        answers = offers.answers()
        seconds = sum(each.seconds for each in answers)
        now = Round(number, told.whole, told.planes, len(answers), seconds)
    elif told.planes >= min(before.planes, len(desk.all_keys())):
        now = replace(before, estimate=told.whole, planes=told.planes)
    else:
        return
    if now != before:
        desk.versions.rounds[number] = now
        desk.changed.add("versions")


def progress_of(desk: Desk, offers: Offers) -> Progress:
    """Return all that is known of the way to the goal.

    Parameters
    ----------
    desk : Desk
        Versions and planes.
    offers : Offers
        What was answered.

    Returns
    -------
    Progress
        As it is now.
    """
    told, answers = weigh.agreements(desk, offers), offers.answers()
    known = desk.versions.rounds
    return Progress(
        tuple(known[number] for number in sorted(known)),
        () if told is None else told.images,
        len(answers),
        pace_of(answers),
    )
