"""One project's classes in the words of another: values, and what background was checked for.

Classes are the same when their names are, whatever their values. Tables and numbers only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.errors import InputError
from napari_segloop.core.labelclass import LARGEST_EPOCH

if TYPE_CHECKING:
    from napari_segloop.core.classes import ClassTable
    from napari_segloop.core.images import Array, Labels
    from napari_segloop.core.prediction import Bytes


@dataclass(frozen=True, slots=True, eq=False)
class Translation:
    """How labels of one project read in another.

    Parameters
    ----------
    table : ClassTable
        The other's classes, with those that it did not have.
    values : (256,) ndarray of uint8
        Value there to value here.
    epochs : (256,) ndarray of int
        Epoch of background there to the latest epoch here whose classes it was all checked for;
        -1 where there is none.
    """

    table: ClassTable
    values: Bytes
    epochs: Array

    def labels(self, theirs: Labels) -> Labels:
        """Return labels of classes in values of the own project.

        Parameters
        ----------
        theirs : ndarray of integer
            0 to 255.

        Returns
        -------
        ndarray of uint8
            0 where no class has the value.
        """
        read: Labels = self.values[np.minimum(theirs, 255)]
        return read


def translate(own: ClassTable, theirs: ClassTable) -> Translation:
    """Match the classes of two projects by name.

    Parameters
    ----------
    own, theirs : ClassTable
        Of the project that stays, and of the one that is taken in.

    Returns
    -------
    Translation
        With a table that has the classes of both.

    Raises
    ------
    InputError
        When both together are too many.

    Examples
    --------
    >>> from napari_segloop.core.classes import ClassTable
    >>> both = translate(ClassTable.first("classes"), ClassTable.first("classes").add("rim"))
    >>> [each.name for each in both.table.classes], both.values[:4].tolist()
    (['area', 'rim'], [0, 1, 2, 0])
    """
    known = {each.name.lower() for each in own.classes}
    table = own
    for new in (each for each in theirs.classes if each.name.lower() not in known):
        is_free = new.value not in table.values
        table = table.add(new.name, new.colour, new.value if is_free else None)
    by_name = {each.name.lower(): each for each in table.classes}
    values = np.zeros(256, np.uint8)
    for each in theirs.classes:
        values[each.value] = by_name[each.name.lower()].value
    return Translation(table, values, _epochs(table, theirs))


def agree_on_task(own: str, theirs: str) -> None:
    """Refuse to bring areas and single objects together.

    Parameters
    ----------
    own, theirs : {"classes", "objects"}
        What each project looks for.

    Raises
    ------
    InputError
        When they differ.
    """
    if own != theirs:
        raise InputError(
            f"another project for {own}", f"one for {theirs}", "Merge projects of one kind."
        )


def _epochs(table: ClassTable, theirs: ClassTable) -> Array:
    """Say for each epoch there up to which one here all classes were known."""
    came = {each.name.lower(): each.epoch for each in theirs.classes}
    epochs = np.zeros(LARGEST_EPOCH + 1, np.int16)
    for epoch in range(LARGEST_EPOCH + 1):
        unknown = [
            each.epoch
            for each in table.classes
            if came.get(each.name.lower(), LARGEST_EPOCH + 1) > epoch
        ]
        epochs[epoch] = min(unknown) - 1 if unknown else table.epoch
    return epochs
