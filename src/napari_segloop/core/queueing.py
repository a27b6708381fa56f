"""In which order the places of all planes and images are offered: the dock and ``rank`` alike.

Worst first. But nothing is asked twice, what the network does not know is asked before it is
believed, and a class that it has rarely seen is not crowded out by a common one. How a window is
scored inside its plane is :mod:`napari_segloop.core.ranking`'s concern.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, Final, TypeVar

from napari_segloop.core.ranking import worst_first
from napari_segloop.core.reasons import is_seldom, is_unlike

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from napari_segloop.core.regions import Region

Image = TypeVar("Image")
Found = tuple[Image, "Region"]

NEAR_PLANES: Final = 2
"""Planes apart along one axis in which the same place shows the same thing."""
STEPS: Final = tuple(step for step in range(-NEAR_PLANES, NEAR_PLANES + 1) if step)
OVERLAP: Final = 1 / 3
"""Of two windows, intersection over union: beyond, they show the same place."""
SEEN_BEFORE: Final = 1 / 8
"""What a place counts that shows the same as a worse one, a plane or two away."""
SELDOM_EVERY: Final = 4
"""Every fourth place is one of a class that is rarely seen, as long as there are any."""
LIFTED: Final = 12
"""So many images unlike the others come first; a folder of them would leave no other place."""


def in_order(found: Iterable[Found[Image]], top: int | None = None) -> list[Found[Image]]:
    """Put places into the order of checking.

    Parameters
    ----------
    found : iterable of (image, Region)
        Places of any planes of any images; images can be sorted.
    top : int, optional
        How many to keep; all when not given.

    Returns
    -------
    list of (image, Region)
        By falling score, but for this:

        - the worst place of each image that is unlike what was learnt comes before all others;
        - every fourth place is of a class that is rarely seen, while there are any;
        - a place that shows the same as a worse one, one or two planes away, counts an eighth.

    Examples
    --------
    >>> from napari_segloop.core.regions import Region
    >>> def at(z, y, score):
    ...     return "a", Region(y, 0, 64, 64, score, score, "inside 1", (z,))
    >>> places = [at(0, 0, 9.0), at(1, 0, 8.0), at(1, 99, 5.0)]
    >>> [region.score for _, region in in_order(places)]
    [9.0, 5.0, 8.0]
    """
    listed = list(found)
    chosen = listed if top is None else _foremost(listed, top)
    return [(image, region) for image, region, _ in with_priority(chosen)][:top]


def with_priority(found: Iterable[Found[Image]]) -> list[tuple[Image, Region, float]]:
    """Put places into the order of checking, and say what that goes by.

    Parameters
    ----------
    found : iterable of (image, Region)
        As for `in_order`.

    Returns
    -------
    list of (image, Region, float)
        By falling number: the score, raised for what comes earlier and lowered for what comes
        later than its score says.
    """
    worst = sorted(_once(sorted(map(_Candidate.of, found), key=_worst)), key=_worst)
    unlike = _of_unlike_images(worst)
    lifted = set(map(id, unlike))
    others = [each for each in worst if id(each) not in lifted]
    best = max((each.score for each in others), default=0.0)
    raised = [each.scored(best + each.score) for each in unlike]
    ordered = [*raised, *_with_seldom(others)]
    return [(each.image, each.region, each.score) for each in ordered]


def _foremost(found: list[Found[Image]], top: int) -> list[Found[Image]]:
    """Leave out what cannot come first, so that many planes are lined up within a moment.

    A place lowers at most one in each plane near it; so of each kind, so many hold the first ones.
    """
    axes = max((len(region.index) for _, region in found), default=0)
    most = top * (1 + 4 * NEAR_PLANES * axes)  # twice that: windows at edges are smaller
    if len(found) <= most:
        return found
    unlike, seldom, others = list[Found[Image]](), list[Found[Image]](), list[Found[Image]]()
    for each in found:
        reason = each[1].reason
        kind = unlike if is_unlike(reason) else seldom if is_seldom(reason) else others
        kind.append(each)
    first = dict[Any, Found[Image]]()
    for image, region in unlike:
        if image not in first or _rank(first[image]) > _rank((image, region)):
            first[image] = image, region
    chosen = [each for kind in (unlike, seldom, others) for each in _worst_of(kind, most)]
    return list(dict.fromkeys((*first.values(), *chosen)))


def _worst_of(found: list[Found[Image]], most: int) -> list[Found[Image]]:
    if len(found) <= most:
        return found
    least = sorted((region.score for _, region in found), reverse=True)[most - 1]
    return [each for each in found if each[1].score >= least]


def _rank(each: Found[Any]) -> tuple[Any, ...]:
    return _worst(_Candidate.of(each))


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A place, and the score that it is sorted by."""

    image: Any
    region: Region
    score: float

    @classmethod
    def of(cls, found: Found[Any]) -> _Candidate:
        return cls(*found, found[1].score)

    def scored(self, score: float) -> _Candidate:
        return _Candidate(self.image, self.region, score)


def _worst(each: _Candidate) -> tuple[Any, ...]:
    return -each.score, each.image, *worst_first(each.region)


def _once(worst: Sequence[_Candidate]) -> Iterator[_Candidate]:
    """Yield places; those that show the same as one before, in a plane near it, count less."""
    side = max((max(each.region.height, each.region.width) for each in worst), default=1)
    asked = defaultdict[tuple[Any, ...], list["Region"]](list)
    for each in worst:
        if any(_is_same(each.region, other) for other in _near(each, asked, side)):
            yield each.scored(each.score * SEEN_BEFORE)
        else:
            asked[each.image, each.region.index, *_cell(each.region, side)].append(each.region)
            yield each


def _near(
    each: _Candidate, asked: Mapping[tuple[Any, ...], Sequence[Region]], side: int
) -> Iterator[Region]:
    """Yield the places in planes and cells beside a place; others cannot show the same."""
    index, (y, x) = each.region.index, _cell(each.region, side)
    for axis, step in product(range(len(index)), STEPS):
        plane = *index[:axis], index[axis] + step, *index[axis + 1 :]
        for down, right in product((-1, 0, 1), repeat=2):
            yield from asked.get((each.image, plane, y + down, x + right), ())


def _cell(region: Region, side: int) -> tuple[int, int]:
    """Return the cell that holds the middle; of two that show the same they touch, at least."""
    return (region.y + region.height // 2) // side, (region.x + region.width // 2) // side


def _is_same(one: Region, other: Region) -> bool:
    """Say whether two places lie one above the other, if their planes are near."""
    height = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    common = max(0, height) * max(0, width)
    return common > OVERLAP * (one.height * one.width + other.height * other.width - common)


def _of_unlike_images(worst: Sequence[_Candidate]) -> list[_Candidate]:
    """Return the worst place of each image that is unlike what was learnt."""
    first = dict[Any, _Candidate]()
    for each in worst:
        if is_unlike(each.region.reason):
            first.setdefault(each.image, each)
    return list(first.values())[:LIFTED]


def _with_seldom(worst: Sequence[_Candidate]) -> Iterator[_Candidate]:
    """Yield places, every fourth of a class that is rarely seen; raised to where they come."""
    seldom = deque(each for each in worst if is_seldom(each.region.reason))
    common = deque(each for each in worst if not is_seldom(each.region.reason))
    place = 0
    while common or seldom:
        place += 1
        is_its_turn = place % SELDOM_EVERY == 0
        if not common or (seldom and (is_its_turn or _worst(seldom[0]) < _worst(common[0]))):
            each = seldom.popleft()
            yield each.scored(max(each.score, common[0].score if common else 0.0))
        else:
            yield common.popleft()
