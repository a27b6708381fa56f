"""The rules by which a pixel becomes checked, pixel by pixel and by content.

Who asks, where the pixels lie and what a stroke is are not known here: only which content is new.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.checkstate import (
    CANT_TELL,
    CHECKED,
    EXCLUDED,
    NOT_CHECKED,
    Kind,
    Pixels,
    PlaneSnapshot,
)
from napari_segloop.core.truth import LARGEST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_segloop.core.classes import ClassTable
    from napari_segloop.core.images import Labels, Mask


def judge_labels(pixels: Pixels, painted: Mask, epoch: int) -> None:
    """Judge pixels whose label is new.

    What differs from the prediction is checked; a changed pixel that is back at it is not. What
    was accepted or brushed stays so, unless it was set aside (`set_aside`), and excluded areas
    stay excluded. An epoch counts for background only, and one that comes back by undo keeps the
    epoch it had.

    Parameters
    ----------
    pixels : Pixels
        Judged in place; ``labels`` hold the new content already.
    painted : (Y, X) ndarray of bool
        Where it is new.
    epoch : int
        Of the class table, now.
    """
    differs = pixels.labels != pixels.prediction
    changed = painted & differs & (pixels.checked != EXCLUDED)
    fresh = changed & (pixels.checked != CHECKED)
    pixels.epoch[changed & (fresh | (pixels.labels == 0))] = epoch
    pixels.checked[changed] = CHECKED
    pixels.kind[fresh] = Kind.CHANGED
    back = painted & ~differs & (pixels.kind == Kind.CHANGED)
    pixels.mark(back, NOT_CHECKED, Kind.NONE, 0)


def judge_brush(pixels: Pixels, shown: Labels, brushed: Mask, epoch: int) -> None:
    """Take over what the user painted into the ``checked`` layer.

    Parameters
    ----------
    pixels : Pixels
        Judged in place.
    shown : (Y, X) ndarray of integer
        The ``checked`` layer's content.
    brushed : (Y, X) ndarray of bool
        Where it is new; values from 0 to 3.
    epoch : int
        Of the class table, now.
    """
    pixels.mark(brushed & (shown == CHECKED), CHECKED, Kind.BRUSHED, epoch)
    for value in (NOT_CHECKED, CANT_TELL, EXCLUDED):
        pixels.mark(brushed & (shown == value), value, Kind.NONE, 0)


def accept(pixels: Pixels, epoch: int) -> None:
    """Say of all pixels that they are right, but of those that cannot be told or are excluded.

    Parameters
    ----------
    pixels : Pixels
        Changed in place.
    epoch : int
        Of the class table, now; checked pixels are checked again.
    """
    pixels.mark(pixels.checked == NOT_CHECKED, CHECKED, Kind.ACCEPTED, epoch)
    pixels.epoch[pixels.checked == CHECKED] = epoch


def cannot_tell(pixels: Pixels) -> None:
    """Say of all pixels that they cannot be told, but of changed, brushed and excluded ones.

    Parameters
    ----------
    pixels : Pixels
        Changed in place.
    """
    stated = (pixels.kind == Kind.CHANGED) | (pixels.kind == Kind.BRUSHED)
    stated &= pixels.checked == CHECKED
    pixels.mark(~stated & (pixels.checked != EXCLUDED), CANT_TELL, Kind.NONE, 0)


def take_back(pixels: Pixels, before: PlaneSnapshot, after: PlaneSnapshot | None) -> None:
    """Return to an earlier state of what is checked; labels stay.

    Parameters
    ----------
    pixels : Pixels
        Changed in place; where a label is another than in ``before``, it counts as changed when
        it differs from the prediction, and as not checked when it does not.
    before : PlaneSnapshot
        The state to return to.
    after : PlaneSnapshot, optional
        The state that is taken back: what was stated differently since is left alone.
    """
    same = np.ones(pixels.labels.shape, bool)
    if after is not None:
        is_aside = (pixels.kind != Kind.NONE) & (pixels.checked == NOT_CHECKED)
        same = (pixels.kind == after.kind) & (is_aside | (pixels.checked == after.checked))
    epoch = pixels.epoch.copy()
    for name in ("checked", "kind", "epoch"):
        getattr(pixels, name)[same] = getattr(before, name)[same]
    other = same & (pixels.labels != before.labels) & (pixels.checked != EXCLUDED)
    differs = pixels.labels != pixels.prediction
    pixels.mark(other & ~differs & (pixels.checked == CHECKED), NOT_CHECKED, Kind.NONE, 0)
    pixels.mark(other & differs, CHECKED, Kind.CHANGED, 0)
    pixels.epoch[other & differs] = epoch[other & differs]


def set_aside(pixels: Pixels, newest: int) -> Mask:
    """Count background that was checked before the newest class came as not checked for now.

    It keeps kind and epoch, and so is checked again when that class is deleted.

    Parameters
    ----------
    pixels : Pixels
        Changed in place.
    newest : int
        Epoch of the newest class.

    Returns
    -------
    (Y, X) ndarray of bool
        Where ``checked`` changed.
    """
    stated = (pixels.kind != Kind.NONE) & (pixels.labels == 0)
    early = stated & (pixels.epoch < newest) & (pixels.checked == CHECKED)
    again = stated & (pixels.epoch >= newest) & (pixels.checked == NOT_CHECKED)
    pixels.checked[early] = NOT_CHECKED
    pixels.checked[again] = CHECKED
    settled = again & (pixels.kind == Kind.CHANGED) & (pixels.prediction == 0)
    pixels.kind[settled] = Kind.BRUSHED  # a prediction agreed meanwhile
    changed: Mask = early | again
    return changed


def without_older(pixels: Pixels, new: Labels, table: ClassTable) -> Labels:
    """Leave out of a prediction what the user said is not there.

    Background that was set aside was checked for all classes there were: only a later class may
    be found in it.

    Parameters
    ----------
    pixels : Pixels
        Where the prediction belongs.
    new : (Y, X) ndarray of integer
        Predicted classes.
    table : ClassTable
        When each class came.

    Returns
    -------
    (Y, X) ndarray of integer
        With 0 where an older class was predicted in such background.
    """
    aside = (pixels.kind != Kind.NONE) & (pixels.checked == NOT_CHECKED)
    if not aside.any():
        return new
    held = np.zeros(new.shape, bool)
    for each in table.classes:
        held |= (new == each.value) & (pixels.epoch >= each.epoch)
    return np.where(aside & held, new.dtype.type(0), new)


def find_truth(pixels: Pixels, table: ClassTable) -> Mask:
    """Mark what may teach.

    Parameters
    ----------
    pixels : Pixels
        Any.
    table : ClassTable
        Background checked before its newest class came says nothing about that class.

    Returns
    -------
    (Y, X) ndarray of bool
        Checked pixels without such background.
    """
    early = (pixels.labels == 0) & (pixels.epoch < table.newest)
    truth: Mask = (pixels.checked == CHECKED) & ~early
    return truth


def remap(pixels: Pixels, values: Mapping[int, int], dropped: frozenset[int]) -> bool:
    """Follow classes that were merged or deleted.

    Parameters
    ----------
    pixels : Pixels
        Changed in place. A changed pixel that now equals the prediction counts as brushed, so
        that what the user said of it stays.
    values : mapping of int to int
        New values of old ones.
    dropped : frozenset of int
        Old values whose pixels are no longer checked.

    Returns
    -------
    bool
        Whether anything changed.
    """
    present = set(distinct(pixels.labels)) | set(distinct(pixels.prediction))
    moved = {old: new for old, new in values.items() if old in present and old != new}
    if not moved:
        return False
    lost = np.isin(pixels.labels, sorted(dropped)) & (pixels.checked == CHECKED)
    pixels.mark(lost, NOT_CHECKED, Kind.NONE, 0)
    pixels.widen(np.min_scalar_type(max(moved.values())))
    for array in (pixels.labels, pixels.prediction):
        places = {new: np.zeros(array.shape, bool) for new in moved.values()}
        for old, new in moved.items():
            places[new] |= array == old
        for new, where in places.items():
            array[where] = new
    same = (pixels.kind == Kind.CHANGED) & (pixels.labels == pixels.prediction)
    pixels.kind[same] = Kind.BRUSHED
    return True


def find_undeclared(
    live: Labels, painted: Mask, declared: frozenset[int] | None
) -> tuple[Mask, tuple[int, ...]]:
    """Find new labels that no class has.

    Parameters
    ----------
    live : (Y, X) ndarray of integer
        A labels layer's content.
    painted : (Y, X) ndarray of bool
        Where it is new.
    declared : frozenset of int or None
        Values of classes; 0 always counts. None: all from 0 to 4,294,967,295.

    Returns
    -------
    where : (Y, X) ndarray of bool
        New pixels with such labels.
    values : tuple of int
        The labels, ascending.
    """
    values = distinct(live[painted])
    wrong = [value for value in values if not _is_declared(value, declared)]
    if not wrong:
        return np.zeros(live.shape, bool), ()
    return painted & np.isin(live, np.array(wrong, live.dtype)), tuple(wrong)


def distinct(labels: Labels) -> list[int]:
    """List the values that occur, ascending; by a table where they are small, which is faster.

    Parameters
    ----------
    labels : ndarray of integer
        Any values.

    Returns
    -------
    list of int
        Each once.
    """
    if labels.dtype.kind == "u" and labels.dtype.itemsize <= 2:
        return [int(value) for value in np.flatnonzero(np.bincount(labels.ravel()))]
    return [int(value) for value in np.unique(labels)]


def _is_declared(value: int, declared: frozenset[int] | None) -> bool:
    if declared is None:
        return 0 <= value <= LARGEST
    return value == 0 or value in declared
