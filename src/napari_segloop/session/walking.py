"""Walking the queue of places to check: pure steps from one `QueueState` to the next."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_segloop.core.queueing import in_order
from napari_segloop.session.state import Place, QueueState
from napari_segloop.session.suspecting import window_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from napari_segloop.core.regions import Region

TOP = 24
SPOT_EVERY = 4


def new_queue(places: Mapping[tuple[int, tuple[int, ...]], list[Region]]) -> QueueState:
    """Join the places of all planes in the order of checking.

    Parameters
    ----------
    places : mapping of (image, index) to list of Region
        Per plane.

    Returns
    -------
    QueueState
        The first 24 as `core.queueing.in_order` has them; nobody is walking yet.
    """
    found = ((image, region) for (image, _), regions in places.items() for region in regions)
    return QueueState(tuple(Place(image, region) for image, region in in_order(found, TOP)))


def mix(queue: QueueState, spots: Sequence[Place]) -> QueueState:
    """Let every fourth place be a random spot check.

    Parameters
    ----------
    queue : QueueState
        New.
    spots : sequence of Place
        Drawn; as many as fit are taken.

    Returns
    -------
    QueueState
        With the same places in the same order, and spot checks among them.
    """
    mixed, left = list[Place](), list(spots)
    for place in queue.places:
        if len(mixed) % SPOT_EVERY == SPOT_EVERY - 1 and left:
            mixed.append(left.pop(0))
        mixed.append(place)
    if left and (len(mixed) % SPOT_EVERY == SPOT_EVERY - 1 or not mixed):
        mixed.append(left.pop(0))
    return replace(queue, places=tuple(mixed))


def stay(queue: QueueState, here: Place) -> QueueState:
    """Begin with the place that the user is at, so that new places do not move the view.

    Parameters
    ----------
    queue : QueueState
        New.
    here : Place
        Of the queue before.

    Returns
    -------
    QueueState
        Walking.
    """
    others = (place for place in queue.places if window_of(place) != window_of(here))
    return QueueState((here, *others)[:TOP], at=0)


def put_first(queue: QueueState, places: Iterable[Place]) -> QueueState:
    """Offer places before those that there are.

    Parameters
    ----------
    queue : QueueState
        Before.
    places : iterable of Place
        Those of the queue stay where they are.

    Returns
    -------
    QueueState
        At the same place.
    """
    new = tuple(place for place in places if place not in queue.places)
    at = None if queue.at is None else queue.at + len(new)
    return QueueState((*new, *queue.places), at, tuple(len(new) + n for n in queue.done))


def go_on(before: QueueState, after: QueueState) -> QueueState:
    """Take over other places, and keep what was answered and where the user is.

    Parameters
    ----------
    before : QueueState
        With answers.
    after : QueueState
        With the places that are offered from now on.

    Returns
    -------
    QueueState
        Answered places first.
    """
    done = [before.places[number] for number in before.done]
    here = [] if before.here is None or before.here in done else [before.here]
    kept = (*done, *here)
    windows = {window_of(place) for place in here}  # it may have been ranked anew since
    new = (each for each in after.places if each not in kept and window_of(each) not in windows)
    places = (*kept, *new)
    at = None if before.here is None else places.index(before.here)
    return QueueState(places, at, tuple(range(len(done))))


def go_to(queue: QueueState, at: int) -> QueueState:
    """Go to a place, whether it is done or not.

    Parameters
    ----------
    queue : QueueState
        Before.
    at : int
        Its number.

    Returns
    -------
    QueueState
        At that place.
    """
    return replace(queue, at=at)


def start(queue: QueueState) -> QueueState:
    """Go to the first place that is left.

    Parameters
    ----------
    queue : QueueState
        Before.

    Returns
    -------
    QueueState
        ``at`` is None when none is left.
    """
    return replace(queue, at=_next(queue, -1))


def finish(queue: QueueState) -> QueueState:
    """Count the place as done and go to the next one.

    Parameters
    ----------
    queue : QueueState
        Walking.

    Returns
    -------
    QueueState
        ``at`` is None when none is left.
    """
    if queue.at is None:
        return queue
    done = replace(queue, done=tuple(sorted({*queue.done, queue.at})))
    return replace(done, at=_next(done, queue.at))


def rest(queue: QueueState) -> QueueState:
    """Stop walking.

    Parameters
    ----------
    queue : QueueState
        Before.

    Returns
    -------
    QueueState
        With the same places.
    """
    return replace(queue, at=None)


def later(queue: QueueState) -> QueueState:
    """Leave the place for later and go to the next one.

    Parameters
    ----------
    queue : QueueState
        Walking.

    Returns
    -------
    QueueState
        At the same place when it is the only one left.
    """
    return queue if queue.at is None else replace(queue, at=_next(queue, queue.at))


def back(queue: QueueState) -> QueueState:
    """Go one place back, whether it is done or not.

    Parameters
    ----------
    queue : QueueState
        Walking, or after the last place.

    Returns
    -------
    QueueState
        At the first place it stays there.
    """
    if not queue.places:
        return queue
    at = len(queue.places) if queue.at is None else queue.at
    return replace(queue, at=max(0, at - 1))


def reopen(queue: QueueState, at: int) -> QueueState:
    """Go to a place and count it as not done.

    Parameters
    ----------
    queue : QueueState
        Before.
    at : int
        Its number.

    Returns
    -------
    QueueState
        At that place.
    """
    return replace(queue, at=at, done=tuple(number for number in queue.done if number != at))


def without(queue: QueueState, image: int) -> QueueState:
    """Drop the places of an image.

    Parameters
    ----------
    queue : QueueState
        Before.
    image : int
        Its number.

    Returns
    -------
    QueueState
        Not walking, if anything was dropped.
    """
    kept = [i for i, place in enumerate(queue.places) if place.image != image]
    if len(kept) == len(queue.places):
        return queue
    done = tuple(new for new, old in enumerate(kept) if old in queue.done)
    return QueueState(tuple(queue.places[i] for i in kept), None, done)


def _next(queue: QueueState, at: int) -> int | None:
    """Return the next place that is not done, after the last one from the start."""
    left = [i for i in range(len(queue.places)) if i not in queue.done]
    return next((i for i in left if i > at), left[0] if left else None)
