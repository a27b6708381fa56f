"""Which places are worth the user's time: those that are more likely wrong than they asked for.

Pure functions of places; who offers them, and in which order, is not known here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from napari_segloop.core.reasons import NOVEL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from napari_segloop.core.regions import Region
    from napari_segloop.session.queuestate import QueueState

LIMIT: Final = 0.20
"""Until the user says something else."""

Found = dict[tuple[int, tuple[int, ...]], list["Region"]]


def is_above(region: Region, limit: float) -> bool:
    """Say whether a place is to be offered.

    Parameters
    ----------
    region : Region
        Any place.
    limit : float
        How likely wrong it has to be, 0 to 1; 0 offers all.

    Returns
    -------
    bool
        True also where that is not known, as in first masks, and where it cannot be believed, in
        images that are unlike what was learnt.

    Examples
    --------
    >>> from napari_segloop.core.regions import Region
    >>> places = [Region(0, 0, 8, 8, 1, 1, "", (), worst) for worst in (0.0, 0.1, 0.3)]
    >>> [is_above(place, 0.2) for place in places]
    [True, False, True]
    """
    return not 0 < region.worst <= limit or region.reason.startswith(NOVEL)


def above(
    found: Mapping[tuple[int, tuple[int, ...]], list[Region]], limit: float, fewest: int = 0
) -> Found:
    """Return the places that are to be offered.

    Parameters
    ----------
    found : mapping of (image, index) to list of Region
        Per plane.
    limit : float
        As for `is_above`.
    fewest : int
        So many at least, if there are so many: the worst of those below are offered, too.

    Returns
    -------
    dict
        With the same planes.
    """
    wanted = {
        key: [each for each in places if is_above(each, limit)] for key, places in found.items()
    }
    missing = fewest - sum(map(len, wanted.values()))
    if missing > 0:
        hidden = [(key, r) for key, places in found.items() for r in places if r.worst]
        below = [(key, region) for key, region in hidden if not is_above(region, limit)]
        for key, region in sorted(below, key=lambda each: -each[1].score)[:missing]:
            wanted[key].append(region)
    return wanted


def is_clear(queue: QueueState, found: Iterable[list[Region]], limit: float) -> bool:
    """Say whether nothing that is more likely wrong than a limit waits for an answer.

    Parameters
    ----------
    queue : QueueState
        What is offered; random spot checks do not count.
    found : iterable of list of Region
        All places that nobody has judged, plane by plane.
    limit : float
        As for `is_above`.

    Returns
    -------
    bool
        False for a limit of 0, below which nothing is.
    """
    offered = enumerate(queue.places)
    if not limit or any(n not in queue.done and not p.is_spot_check for n, p in offered):
        return False
    return not any(is_above(each, limit) for places in found for each in places)


def more_than(limit: float) -> str:
    """Say what is above a limit.

    Parameters
    ----------
    limit : float
        From 0 to 1.

    Returns
    -------
    str
        In the words of the slider.

    Examples
    --------
    >>> more_than(0.2)
    'more than 20 % likely wrong'
    """
    return f"more than {100 * limit:.0f} % likely wrong"
