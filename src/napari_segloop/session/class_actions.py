"""What can be done with the classes at any time, and what that does to earlier truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_segloop.session.desk import Write
from napari_segloop.session.parts import LoopParts

if TYPE_CHECKING:
    from napari_segloop.core.classes import ClassTable


class ClassActions(LoopParts):
    """Classes: add, name, colour, order, merge, delete."""

    def add_class(self, name: str | None = None, colour: str | None = None) -> None:
        """Add a class; background checked before does not count until it is looked at again.

        Parameters
        ----------
        name, colour : str, optional
            Chosen when not given.
        """
        with self.acting():
            self._take(self.table.add(name, colour))
            new = self.table.classes[-1].name
            if self.checked:
                self.desk.tell(
                    f"Background that you checked before does not count as 'not {new}' until you "
                    "brush over it or accept it again; what you painted as another class stays.",
                    "info",
                )

    def rename_class(self, value: int, name: str) -> None:
        """Name a class.

        Parameters
        ----------
        value : int
            Its label value.
        name : str
            New name.
        """
        with self.acting():
            self._take(self.table.rename(value, name))

    def recolour_class(self, value: int, colour: str) -> None:
        """Colour a class.

        Parameters
        ----------
        value : int
            Its label value.
        colour : str
            As ``#rrggbb``.
        """
        with self.acting():
            self._take(self.table.recolour(value, colour))

    def move_class(self, value: int, position: int) -> None:
        """Put a class at another place of the table.

        Parameters
        ----------
        value : int
            Its label value, which stays.
        position : int
            From 0.
        """
        with self.acting():
            self._take(self.table.move(value, position))

    def merge_class(self, value: int, into: int) -> None:
        """Make a class part of another one, in all images.

        Parameters
        ----------
        value, into : int
            Label values.
        """
        with self.acting():
            self._take(self.table.merge(value, into))
            self._remap({value: into}, frozenset())

    def delete_class(self, value: int) -> None:
        """Delete a class: its pixels become background that is not checked, in all images.

        Parameters
        ----------
        value : int
            Its label value.
        """
        with self.acting():
            self._take(self.table.delete(value))
            self._remap({}, frozenset({value}))

    def _take(self, table: ClassTable) -> None:
        self.table = table
        self.note("classes")

    def _remap(self, mapping: dict[int, int], dropped: frozenset[int]) -> None:
        self.desk.versions.renumber(mapping | dict.fromkeys(dropped, 0))
        if self.desk.images.opened is not None:
            self.looking.emit(self.desk.images.opened, None)
        for key, plane in self.desk.truths.items():
            if plane.remap(mapping, dropped):
                window = (slice(0, plane.labels.shape[0]), slice(0, plane.labels.shape[1]))
                self.desk.writes.append(
                    Write(*key, window, plane.labels.copy(), checked=plane.checked.copy(),
                          is_whole=True)
                )  # fmt: skip
                self.desk.count_checked(key)
