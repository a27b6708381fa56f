"""The classes of a project: which there are, in which order, and when each one came.

A table is a value; each change makes another table. ``epoch`` counts the classes that were ever
added, so that what was checked before a class existed can be told from what was checked after. The
table does not know pixels; `napari_segloop.core.corrections` does.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, cast

from napari_segloop.core import labelclass
from napari_segloop.core.errors import InputError
from napari_segloop.core.labelclass import COLOURS, LARGEST_EPOCH, LabelClass
from napari_segloop.core.truth import MOST_CLASSES

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ClassTable", "LabelClass"]


@dataclass(frozen=True, slots=True)
class ClassTable:
    """All classes of a project, in the order in which they are shown.

    Parameters
    ----------
    classes : tuple of LabelClass
        At least one and, background counted, at most 32; names differ also in lower case.
    epoch : int
        How many classes were added after the first ones, deleted ones counted.

    Raises
    ------
    InputError
        No class, too many, or two with one value or one name.

    Examples
    --------
    >>> table = ClassTable.first("classes").add("membrane")
    >>> [(each.value, each.name, each.epoch) for each in table.classes]
    [(1, 'area', 0), (2, 'membrane', 1)]
    """

    classes: tuple[LabelClass, ...]
    epoch: int = 0

    def __post_init__(self) -> None:
        labelclass.check_integer("an epoch", self.epoch, 0, LARGEST_EPOCH)
        if not 1 <= len(self.classes) < MOST_CLASSES:
            raise InputError(
                f"1 to {MOST_CLASSES - 1} classes beside background",
                f"{len(self.classes)}",
                "Merge classes, or delete one that is not needed.",
            )
        labelclass.check_unlike("value", [str(each.value) for each in self.classes])
        labelclass.check_unlike("name", [each.name.lower() for each in self.classes])
        latest = max(each.epoch for each in self.classes)
        labelclass.check_integer("the epoch of a class", latest, 0, self.epoch)

    @classmethod
    def first(cls, task: str) -> ClassTable:
        """Make the table that a project starts with.

        Parameters
        ----------
        task : {"classes", "objects"}
            Whether areas or single objects are looked for.

        Returns
        -------
        ClassTable
            One class of value 1, "area" or "object".
        """
        name = "object" if task == "objects" else "area"
        return cls((LabelClass(1, name, COLOURS[0], 0),))

    @property
    def values(self) -> tuple[int, ...]:
        """The values in the order shown, without background."""
        return tuple(each.value for each in self.classes)

    @property
    def newest(self) -> int:
        """The epoch in which the last class came that is still there."""
        return max(each.epoch for each in self.classes)

    def get(self, value: int) -> LabelClass:
        """Return the class of a value.

        Parameters
        ----------
        value : int
            Its value.

        Returns
        -------
        LabelClass
            The class.

        Raises
        ------
        InputError
            No class has it.
        """
        return self.classes[self._place(value)]

    def add(
        self, name: str | None = None, colour: str | None = None, value: int | None = None
    ) -> ClassTable:
        """Add a class at the end.

        Parameters
        ----------
        name : str, optional
            "class 3" and the like when not given.
        colour : str, optional
            ``#rrggbb``; the first of those used least when not given.
        value : int, optional
            Label value that labels from elsewhere have; the lowest free one when not given.

        Returns
        -------
        ClassTable
            With an epoch more: background that was checked before is not checked for this class.

        Raises
        ------
        InputError
            A name or value that is there already, a bad colour, or too many classes.
        """
        if self.epoch == LARGEST_EPOCH:
            raise InputError(
                f"at most {LARGEST_EPOCH} classes added in one project",
                "one more",
                "Rename a class that is not needed.",
            )
        epoch = self.epoch + 1
        free = (each for each in range(1, MOST_CLASSES + 1) if each not in self.values)
        value = next(free) if value is None else value
        if name is None:
            name = labelclass.free_name([each.name for each in self.classes], value)
        colour = colour or labelclass.next_colour([each.colour for each in self.classes])
        new = LabelClass(value, name, colour, epoch)
        return ClassTable((*self.classes, new), epoch)

    def rename(self, value: int, name: str) -> ClassTable:
        """Return a table in which a class has another name.

        Parameters
        ----------
        value : int
            Which class.
        name : str
            Its new name.

        Returns
        -------
        ClassTable
            The changed table.
        """
        return self._with(replace(self.get(value), name=name))

    def recolour(self, value: int, colour: str) -> ClassTable:
        """Return a table in which a class has another colour.

        Parameters
        ----------
        value : int
            Which class.
        colour : str
            ``#rrggbb``.

        Returns
        -------
        ClassTable
            The changed table.
        """
        return self._with(replace(self.get(value), colour=colour))

    def move(self, value: int, position: int) -> ClassTable:
        """Return a table in which a class is shown elsewhere.

        Parameters
        ----------
        value : int
            Which class.
        position : int
            From 0; what lies beyond an end is that end.

        Returns
        -------
        ClassTable
            The changed table; values stay.
        """
        moved = self.get(value)
        others = [each for each in self.classes if each is not moved]
        others.insert(max(0, position), moved)
        return replace(self, classes=tuple(others))

    def delete(self, value: int) -> ClassTable:
        """Return a table without a class.

        Parameters
        ----------
        value : int
            Which class.

        Returns
        -------
        ClassTable
            The others; the epoch stays, so that none comes twice.

        Raises
        ------
        InputError
            When no class has the value, or it is the last one.
        """
        gone = self._place(value)
        return replace(self, classes=self.classes[:gone] + self.classes[gone + 1 :])

    def merge(self, value: int, into: int) -> ClassTable:
        """Return a table in which one class took up another.

        Parameters
        ----------
        value : int
            The class that goes.
        into : int
            The class that stays. It has the later epoch of the two, since background checked
            between them was checked for one of them only.

        Returns
        -------
        ClassTable
            The changed table.

        Raises
        ------
        InputError
            When no class has a value, or both are the same.
        """
        if value == into:
            raise InputError("two classes to merge", f"{value} twice", "Choose another class.")
        gone, kept = self.get(value), self.get(into)
        return self._with(replace(kept, epoch=max(kept.epoch, gone.epoch))).delete(value)

    def to_dict(self) -> dict[str, object]:
        """Return the table as JSON-ready data.

        Returns
        -------
        dict
            What `from_dict` reads.
        """
        return {"classes": [asdict(each) for each in self.classes], "epoch": self.epoch}

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> ClassTable:
        """Read a table that may have been written by others.

        Parameters
        ----------
        data : mapping
            What `to_dict` returned.

        Returns
        -------
        ClassTable
            The table.

        Raises
        ------
        InputError
            When something is missing, of another type, or makes no sense.
        """
        rows = data.get("classes")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise InputError("a list of classes", repr(rows)[:80], "Give another file.")
        fields = ("value", "name", "colour", "epoch")
        classes = tuple(LabelClass(*(row.get(field) for field in fields)) for row in rows)
        return cls(classes, cast("int", data.get("epoch")))  # checked by the class itself

    def _place(self, value: int) -> int:
        if value not in self.values:
            known = ", ".join(map(str, self.values))
            raise InputError(f"a class among {known}", f"{value}", "Add this class first.")
        return self.values.index(value)

    def _with(self, changed: LabelClass) -> ClassTable:
        place = self._place(changed.value)
        classes = (*self.classes[:place], changed, *self.classes[place + 1 :])
        return replace(self, classes=classes)
