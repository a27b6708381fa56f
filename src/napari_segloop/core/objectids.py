"""Which ids the objects of a new prediction get, so that corrected ones stay themselves.

Objects that the user corrected are kept whole, wherever they lie. A new object takes the id of the
old one that it covers most, what is checked first, as long as that leaves the old one in one piece
(`napari_segloop.core.fragments`); the others get ids that nothing in the plane has or had. It does
not know where predictions come from.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.checkstate import CHECKED, NOT_CHECKED, Kind, Pixels, Window
from napari_segloop.core.errors import InputError
from napari_segloop.core.fragments import Numbered, Staying, part, torn
from napari_segloop.core.judging import distinct
from napari_segloop.core.labels import compact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from napari_segloop.core.images import Labels, Mask


def fit_objects(plane: Pixels, new: Labels, window: Window) -> tuple[Labels, Mask]:
    """Give the objects of a prediction ids, and say which pixels stay as they are.

    Kept are all pixels that are checked, excluded or cannot be told, and whole objects that the
    user corrected: those of which a changed pixel has the id now or had it in the prediction.
    So are objects of which separate fragments would stay. A new object is left out if at least
    half of it lies on objects that are kept whole and on checked background; a sliver around such
    an object is no other object.

    Parameters
    ----------
    plane : Pixels
        The whole plane.
    new : (h, w) ndarray of unsigned integer
        Predicted ids, in the plane's dtype or not; 0 is background.
    window : tuple of (slice, slice)
        Where they belong.

    Returns
    -------
    ids : (h, w) ndarray
        The objects under their ids, in the plane's dtype.
    kept : (h, w) ndarray of bool
        True where the plane's own labels stay.

    Raises
    ------
    InputError
        When the dtype has no free ids left.
    """
    inside, corrected = plane.at(window), _corrected(plane)
    stated = inside.checked != NOT_CHECKED
    whole = np.isin(inside.labels, corrected) & (inside.labels != 0)
    whole |= np.isin(inside.labels, torn(_staying(plane, window, whole | stated)))
    staying = _staying(plane, window, whole | stated)
    values, numbers = compact(new)
    spoken = whole | ((inside.checked == CHECKED) & (inside.labels == 0))
    objects = Numbered(values, numbers, _covered(numbers, spoken) | (values == 0))
    old = np.where(whole, 0, inside.labels)
    matched = _match(old, inside.checked == CHECKED, numbers, objects.out)
    part(objects, matched, staying)
    used = {0}.union(distinct(plane.labels), corrected.tolist(), matched.values())
    table = _numbered(objects, matched, used, plane.labels.dtype)
    return table[objects.numbers], staying.kept


def _staying(plane: Pixels, window: Window, kept: Mask) -> Staying:
    stays = np.ones(plane.labels.shape, bool)
    stays[window] = kept
    return Staying(plane.labels, stays, window)


def _corrected(plane: Pixels) -> Labels:
    """List the ids of which a changed pixel has the id now or had it in the prediction."""
    changed = (plane.kind == Kind.CHANGED) | (
        (plane.checked == CHECKED) & (plane.labels != plane.prediction)
    )
    both = np.concatenate([plane.labels[changed], plane.prediction[changed]])
    return np.array([each for each in distinct(both) if each], plane.labels.dtype)


def _covered(numbers: NDArray[np.int64], spoken: Mask) -> Mask:
    sizes = np.bincount(numbers.ravel())
    covered: Mask = 2 * np.bincount(numbers[spoken], minlength=sizes.size) >= np.maximum(sizes, 1)
    return covered


def _match(old: Labels, checked: Mask, numbers: NDArray[np.int64], out: Mask) -> dict[int, int]:
    """Give each new object at most one old id, pairs that share most checked pixels first."""
    both = (old != 0) & ~out[numbers]
    ids, places = compact(old[both])
    pairs, pair = compact(places * out.size + numbers[both])
    shared = np.bincount(pair, minlength=pairs.size)
    sure = np.bincount(pair[checked[both]], minlength=pairs.size)
    matched: dict[int, int] = {}
    taken: set[int] = set()
    for each in np.lexsort((-shared, -sure)).tolist():
        place, number = divmod(int(pairs[each]), out.size)
        if number not in matched and place not in taken:
            taken.add(place)
            matched[number] = int(ids[place])
    return matched


def _numbered(
    new: Numbered, matched: dict[int, int], used: set[int], dtype: np.dtype[np.generic]
) -> Labels:
    """Tabulate the id of each new object; those not matched keep their own where it is free."""
    values, out = new.values, new.out
    table = np.zeros(values.size, dtype)
    table[list(matched)] = list(matched.values())
    fresh = [n for n in np.flatnonzero(~out).tolist() if n not in matched]
    largest = int(np.iinfo(table.dtype).max)
    own = {n: int(values[n]) for n in fresh if int(values[n]) <= largest}
    own = {n: value for n, value in own.items() if value not in used}
    rest = [n for n in fresh if n not in own]
    free = list(islice(_free(used.union(own.values()), largest), len(rest)))
    if len(free) < len(rest):
        raise InputError(
            f"at most {largest} object ids, which is what {dtype} holds",
            f"{len(used) - 1 + len(fresh)}",
            "Widen the labels to uint32 first.",
        )
    table[list(own)] = list(own.values())
    table[rest] = free
    return table


def _free(used: set[int], largest: int) -> Iterator[int]:
    return (number for number in range(1, largest + 1) if number not in used)
