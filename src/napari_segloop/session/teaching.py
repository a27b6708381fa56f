"""The truth that teaches: of one moment, copied where it may change, unpacked later where not.

What is taught with it is not known here.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.errors import TruthError

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from napari_segloop.core.classes import ClassTable
    from napari_segloop.core.corrections import PlaneTruth
    from napari_segloop.core.images import Labels, Mask
    from napari_segloop.session.desk import Desk, Key
    from napari_segloop.session.resting import Packed

Truth = tuple["Key", "Labels", "Mask"]
"""A plane, its labels, and where they are truth."""
Later = tuple["Key", "Callable[[], tuple[Labels, Mask]]"]


def truth_of_now(desk: Desk, table: ClassTable, images: Container[int]) -> list[Later]:
    """Take the truth of this moment, whatever the user paints afterwards.

    Parameters
    ----------
    desk : Desk
        Planes; those that rest are not unpacked here.
    table : ClassTable
        The classes, which decide what of the truth still counts.
    images : container of int
        Those that may teach.

    Returns
    -------
    list of ((int, tuple of int), callable)
        What returns labels and truth, on any thread.
    """
    found, objects = list[Later](), desk.objects
    for key in desk.truths.keys():  # noqa: SIM118  # no mapping
        if key[0] not in images:
            continue
        plane, packed = desk.truths.live(key)[0], desk.truths.parcel(key)
        if plane is not None:
            found.append((key, partial(_same, *_truth(plane, table, objects=objects))))
        elif packed is not None and packed.is_checked:
            found.append((key, partial(_unpacked, packed, table, objects=objects)))
    return found


def checked_truth(taken: list[Later], table: ClassTable) -> list[Truth]:
    """Unpack truth, and refuse what nothing can be learnt from, before anything is sent away.

    Parameters
    ----------
    taken : list of ((int, tuple of int), callable)
        Of `truth_of_now`.
    table : ClassTable
        For the names.

    Returns
    -------
    list of ((int, tuple of int), (Y, X) ndarray, (Y, X) ndarray of bool)
        Planes in which there is any.

    Raises
    ------
    TruthError
        Saying what to mark.
    InputError
        When a plane that rests cannot be unpacked.
    """
    planes = [(key, *read()) for key, read in taken]
    found = [each for each in planes if each[2].any()]
    _check([each[1:] for each in found], table)
    return found


def _truth(plane: PlaneTruth, table: ClassTable, *, objects: bool) -> tuple[Labels, Mask]:
    return plane.labels.copy(), plane.truth(table, objects=objects)


def _same(labels: Labels, truth: Mask) -> tuple[Labels, Mask]:
    return labels, truth


def _unpacked(packed: Packed, table: ClassTable, *, objects: bool) -> tuple[Labels, Mask]:
    return _truth(packed.plane(), table, objects=objects)


def nothing_checked() -> TruthError:
    """Say that there is nothing to learn from.

    Returns
    -------
    TruthError
        Saying what to do.
    """
    return TruthError(
        "something that you checked",
        "nothing yet",
        "Paint, brush over or accept some places, then train.",
    )


def _check(planes: list[tuple[Labels, Mask]], table: ClassTable) -> None:
    if not planes:
        raise nothing_checked()
    found = set[bool]()
    for labels, truth in planes:
        found |= set(np.unique(labels[truth] > 0).tolist())
    name = table.classes[0].name if table.classes else "objects"
    if found == {True}:
        raise TruthError(
            "two kinds of checked pixels",
            f"only {name}, no background",
            "Accept a place with background in it, or brush over some with the checked brush.",
        )
    if found == {False}:
        raise TruthError(
            "two kinds of checked pixels",
            "only background",
            f"Paint some {name}, or accept a place where {name} is marked rightly.",
        )
