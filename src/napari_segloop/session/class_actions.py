"""What can be done with the classes at any time, and what that does to earlier truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_segloop.session import weigh
from napari_segloop.session.desk import Write
from napari_segloop.session.truth_actions import TruthActions

if TYPE_CHECKING:
    from napari_segloop.core.classes import ClassTable


class ClassActions(TruthActions):
    """Classes: add, name, colour, order, merge, delete."""

    def add_class(self, name: str | None = None, colour: str | None = None) -> None:
        """Add a class; background checked before counts as not checked until looked at again.

        Parameters
        ----------
        name, colour : str, optional
            Chosen when not given.
        """
        with self.acting():
            self.take_table(self.table.add(name, colour))

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
            self.take_table(self.table.rename(value, name))

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
            self.take_table(self.table.recolour(value, colour))

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
            self.take_table(self.table.move(value, position))

    def merge_class(self, value: int, into: int) -> None:
        """Make a class part of another one, in all images.

        Parameters
        ----------
        value, into : int
            Label values.
        """
        with self.acting():
            self._renumber(self.table.merge(value, into), {value: into}, frozenset())

    def delete_class(self, value: int) -> None:
        """Delete a class: its pixels become background that is not checked, in all images.

        Parameters
        ----------
        value : int
            Its label value.
        """
        with self.acting():
            self._renumber(self.table.delete(value), {}, frozenset({value}))

    def _renumber(
        self, table: ClassTable, mapping: dict[int, int], dropped: frozenset[int]
    ) -> None:
        self.look_everywhere()
        self.desk.versions.renumber(mapping | dict.fromkeys(dropped, 0))
        for key, plane in self.desk.truths.items():
            if plane.remap(mapping, dropped):
                window = (slice(0, plane.labels.shape[0]), slice(0, plane.labels.shape[1]))
                self.desk.writes.append(
                    Write(*key, window, plane.labels.copy(), checked=plane.checked.copy(),
                          is_whole=True)
                )  # fmt: skip
                self.desk.count_checked(key)
        self.take_table(table)
        weigh.renumber(self.desk, mapping | dict.fromkeys(dropped, 0))
