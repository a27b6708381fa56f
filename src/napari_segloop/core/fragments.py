"""Objects in several pieces: found, and kept from coming about when a prediction is fitted in.

A fragment is a part of an object that is connected in all eight directions. An object that the user
painted in several pieces is theirs; by a prediction none gets into more than it was in. It does not
know why a pixel stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from napari_segloop.core.judging import distinct
from napari_segloop.core.labels import spread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from napari_segloop.core.checkstate import Window
    from napari_segloop.core.images import Labels, Mask

SLIVER: Final = 0.1
"""Of what is cut off an object, less than this part of it is no object of its own."""


@dataclass(slots=True, eq=False)
class Numbered:
    """The objects of a prediction, numbered from 0.

    Parameters
    ----------
    values : (N,) ndarray of integer
        The id that each had; 0 when it had none.
    numbers : (h, w) ndarray of int64
        For each pixel its object.
    out : (N,) ndarray of bool
        Which are left out.
    """

    values: Labels
    numbers: NDArray[np.int64]
    out: Mask


@dataclass(frozen=True, slots=True, eq=False)
class Staying:
    """What a prediction leaves as it is.

    Parameters
    ----------
    labels : (Y, X) ndarray of unsigned integer
        Ids of the whole plane.
    stays : (Y, X) ndarray of bool
        True outside the window, and where the labels are kept in it.
    window : tuple of (slice, slice)
        Where the prediction belongs.
    """

    labels: Labels
    stays: Mask
    window: Window

    @property
    def kept(self) -> Mask:
        """The window's part of what stays."""
        return self.stays[self.window]

    @property
    def ids(self) -> frozenset[int]:
        """The ids of which something stays."""
        return frozenset(distinct(self.labels[self.stays])) - {0}


def torn(staying: Staying) -> list[int]:
    """List the objects of which something goes and more than one fragment would stay.

    Parameters
    ----------
    staying : Staying
        What stays of the plane.

    Returns
    -------
    list of int
        Their ids.

    Examples
    --------
    >>> labels, stays = np.array([[7, 7, 7, 0, 5, 5]]), np.array([[1, 0, 1, 0, 0, 1]]) > 0
    >>> torn(Staying(labels, stays, (slice(0, 1), slice(0, 6))))
    [7]
    """
    going = staying.labels[staying.window][~staying.kept]
    both = sorted(staying.ids.intersection(distinct(going)))
    if not both:
        return []
    where = staying.stays & np.isin(staying.labels, both)
    return [each for each, _, _, count in fragments(staying.labels, where) if count > 1]


def part(new: Numbered, matched: dict[int, int], staying: Staying) -> None:
    """Let each new object be in one piece with what stays of the old one whose id it gets.

    Where something of that one stays, only fragments that touch it go on with its id. Else, and
    when none does, the largest fragment stands for the object. Other fragments become objects of
    their own, or are left out when they are slivers.

    Parameters
    ----------
    new : Numbered
        Changed in place.
    matched : dict of int to int
        The old id of new objects, by number; ids that cannot be gone on with are taken out.
    staying : Staying
        What stays of the plane.
    """
    remaining = staying.ids
    cut = _cut(new, staying)
    cut[[number for number, old in matched.items() if old in remaining]] = True
    cut &= ~new.out
    where = cut[new.numbers]
    sizes, added, out = np.bincount(new.numbers[where]), new.out.size, list[bool]()
    for number, box, pieces, _ in list(fragments(new.numbers, where & ~staying.kept)):
        areas = np.bincount(pieces.ravel())
        areas[0] = 0
        own = _touching(staying, box, pieces, matched[number]) if number in matched else set()
        if matched.get(number) in remaining and not own:
            del matched[number]
        for other in set(range(1, areas.size)) - (own or {int(areas.argmax())}):
            new.numbers[box][pieces == other] = added + len(out)
            out.append(bool(areas[other] < SLIVER * sizes[number]))
    new.values = np.concatenate([new.values, np.zeros(len(out), new.values.dtype)])
    new.out = np.concatenate([new.out, np.array(out, bool)])


def fragments(labels: Labels, where: Mask) -> Iterator[tuple[int, Window, NDArray[np.int32], int]]:
    """Yield the connected fragments of each object.

    Parameters
    ----------
    labels : (Y, X) ndarray of integer
        Ids.
    where : (Y, X) ndarray of bool
        Which pixels count.

    Yields
    ------
    id : int
        Of the object, ascending.
    box : tuple of (slice, slice)
        Around its pixels.
    pieces : (h, w) ndarray of int32
        The box: fragments from 1, 0 elsewhere.
    count : int
        How many.
    """
    from scipy import ndimage  # noqa: PLC0415  # slow, and opening the dock needs none of it

    places = np.flatnonzero(where)
    ids = labels.ravel()[places]
    order = np.argsort(ids, kind="stable")
    starts = np.flatnonzero(np.diff(ids[order])) + 1
    for group in np.split(places[order], starts) if places.size else ():
        rows, columns = np.divmod(group, labels.shape[1])
        top, left = int(rows[0]), int(columns.min())
        shape = int(rows[-1]) + 1 - top, int(columns.max()) + 1 - left
        mask = np.zeros(shape, bool)
        mask[rows - top, columns - left] = True
        pieces, count = ndimage.label(mask, np.ones((3, 3)))
        box = slice(top, top + shape[0]), slice(left, left + shape[1])
        yield int(labels[rows[0], columns[0]]), box, pieces, count


def _cut(new: Numbered, staying: Staying) -> Mask:
    """Mark the objects of which the plane gets only a part."""
    cut = np.bincount(new.numbers[staying.kept], minlength=new.out.size) > 0
    for axis, side in enumerate(staying.window):
        ends = np.take(new.numbers, _inner_ends(side, staying.labels.shape[axis]), axis=axis)
        cut[ends.ravel()] = True
    return cut


def _inner_ends(side: slice, length: int) -> list[int]:
    """Return the first and the last line of a window, but where the plane ends, too."""
    last = side.stop - side.start - 1
    return [at for at, ends in ((0, side.start == 0), (last, side.stop == length)) if not ends]


def _touching(staying: Staying, box: Window, pieces: NDArray[np.int32], old: int) -> set[int]:
    """Return the fragments that touch what stays of an old object."""
    around = tuple(
        slice(max(0, start.start + side.start - 1), start.start + side.stop + 1)
        for start, side in zip(staying.window, box, strict=True)
    )
    near = spread(staying.stays[around] & (staying.labels[around] == old), 1)
    inner = tuple(
        slice(start.start + side.start - grown.start, start.start + side.stop - grown.start)
        for start, side, grown in zip(staying.window, box, around, strict=True)
    )
    return set(np.unique(pieces[near[inner]]).tolist()) - {0}
