"""Which places make the queue: those above the limit, disputed ones, and random spot checks.

A version that has hardly learnt anything is often sure of it. So until random spot checks speak for
it, its own percentages do not decide that nothing is left: some places are offered all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_segloop.session import walking, weigh
from napari_segloop.session.advice import PLACES_A_ROUND
from napari_segloop.session.agreed import is_doubted
from napari_segloop.session.limits import above, is_above

if TYPE_CHECKING:
    from collections.abc import Collection

    from napari_segloop.session.desk import Desk
    from napari_segloop.session.offers import Offers
    from napari_segloop.session.queuestate import QueueState


def line_up(
    desk: Desk, offers: Offers, used: Collection[int], limit: float, goal: float
) -> tuple[QueueState, int]:
    """Line up the places that were found.

    Parameters
    ----------
    desk : Desk
        Planes and their places.
    offers : Offers
        What was answered.
    used : collection of int
        Images that take part.
    limit : float
        How likely wrong a place has to be.
    goal : float
        Wanted agreement, 0 to 1.

    Returns
    -------
    queue : QueueState
        Nobody is walking yet.
    below : int
        Places that are not offered.
    """
    found = {key: r for key, r in desk.truths.places.items() if key[0] in used}
    wanted = above(found, limit, fewest(desk, offers, goal))
    below = sum(map(len, found.values())) - sum(map(len, wanted.values()))
    queue = walking.new_queue(wanted)
    spots = weigh.next_spots(desk, offers, len(queue.places) // 3 + 1)
    disputed = [place for place in offers.disputed() if place.image in used]
    return walking.put_first(walking.mix(queue, spots), disputed), below


def fewest(desk: Desk, offers: Offers, goal: float) -> int:
    """Return how many places are to be offered whatever the version in use says.

    Parameters
    ----------
    desk : Desk
        What is predicted.
    offers : Offers
        What was answered.
    goal : float
        Wanted agreement, 0 to 1.

    Returns
    -------
    int
        A round of them until spot checks say that it may have reached the goal; none before there
        is a version.
    """
    if desk.versions.current is None:
        return 0
    return PLACES_A_ROUND if is_doubted(weigh.agreement(desk, offers), goal) else 0


def count_below(desk: Desk, limit: float) -> int:
    """Count the places that are below the limit.

    Parameters
    ----------
    desk : Desk
        Planes and their places.
    limit : float
        How likely wrong a place has to be.

    Returns
    -------
    int
        In images that take part.
    """
    used, places = set(desk.images.used()), desk.truths.places
    return sum(not is_above(r, limit) for key in places if key[0] in used for r in places[key])
