"""What is checked: planes, what the user painted, and what a change of classes does to both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_segloop.session.image_actions import ImageActions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_segloop.core.classes import ClassTable
    from napari_segloop.core.corrections import Change, PlaneTruth
    from napari_segloop.core.images import Labels
    from napari_segloop.core.prediction import Bytes
    from napari_segloop.session.desk import Window

Index = tuple[int, ...]


class TruthActions(ImageActions):
    """Planes and what a human says of their pixels."""

    def plane(self, image: int, index: Index) -> PlaneTruth:
        """Return what is known of a plane.

        Parameters
        ----------
        image : int
            Number in the list.
        index : tuple of int
            The plane.

        Returns
        -------
        PlaneTruth
            The one and only of this plane.
        """
        return self.desk.plane((image, index))

    def planes(self, image: int) -> dict[Index, PlaneTruth]:
        """Return all known planes of an image.

        Parameters
        ----------
        image : int
            Number in the list.

        Returns
        -------
        dict of tuple of int to PlaneTruth
            By index.
        """
        return {key[1]: self.desk.plane(key) for key in self.desk.truths.keys(image)}

    def uncertainty(self, image: int, index: Index) -> Bytes | None:
        """Return how unsure the network was about a plane.

        Parameters
        ----------
        image : int
            Number in the list.
        index : tuple of int
            The plane.

        Returns
        -------
        (Y, X) ndarray of uint8 or None
            Probability times 255; None before it was predicted.
        """
        return self.desk.truths.uncertainty((image, index))

    def observe(
        self, image: int, index: Index, labels: Labels, checked: Bytes, window: Window
    ) -> Change | None:
        """Take over what the user changed in the layers.

        Parameters
        ----------
        image : int
            Number in the list.
        index : tuple of int
            The plane.
        labels, checked : (Y, X) ndarray
            Live contents of the two layers.
        window : tuple of slice
            Where something may have changed.

        Returns
        -------
        Change or None
            What has to be put back into the layers; None when nothing was new.
        """
        key = (image, index)
        is_new = self.desk.plane(key).checked_pixels == 0
        change = self.desk.plane(key).observe(
            labels,
            checked,
            window,
            epoch=self.table.epoch,
            declared=self._declared(),
            newest=self.table.newest,
        )
        if change is None:
            return None
        if change.undeclared:
            self._tell_undeclared(change.undeclared)
        if self.queue.at is None and (is_new or not self.accepted):
            self._count(1)
        self.desk.count_checked(key)
        self.note("images")
        self.publish()
        return change

    def _count(self, places: int) -> None:
        self.accepted = max(0, self.accepted + places)
        self.checked = max(0, self.checked + places)
        self.note("primary")

    def _declared(self) -> frozenset[int] | None:
        return None if self.desk.objects else frozenset({0, *self.table.values})

    def declare(self, values: Iterable[int]) -> None:
        """Add a class for each value that is new, or none if they are too many.

        Parameters
        ----------
        values : iterable of int
            Label values; ids of objects are no classes.

        Raises
        ------
        InputError
            When values are out of range or too many.
        """
        table = self.table
        for value in () if self.desk.objects else values:
            if value and value not in table.values:
                table = table.add(value=value)
        if table != self.table:
            self.take_table(table)

    def take_table(self, table: ClassTable) -> None:
        """Take over changed classes, and set aside what was checked before the newest one came.

        Parameters
        ----------
        table : ClassTable
            The changed one.
        """
        newest = self.table.newest
        if table.newest != newest:
            self.look_everywhere()
        came = [f"'not {each.name}'" for each in table.classes if each.epoch > self.table.epoch]
        self.desk.table = table
        self.note("classes")
        if table.newest != newest and self._set_aside(table.newest) and came:
            self.desk.tell(
                f"Background that you checked before does not count as {' or '.join(came)}: it is "
                "shown as not checked until you brush over it or accept it again. What you "
                "painted as another class stays.",
                "info",
            )

    def _set_aside(self, newest: int) -> bool:
        changed = False
        for key, plane in self.desk.truths.items(stated=True):
            change = plane.follow(newest)
            if change is not None:
                changed = True
                self.desk.put_back(key, change)
                self.desk.count_checked(key)
        return changed

    def _tell_undeclared(self, values: tuple[int, ...]) -> None:
        names = ", ".join(f"{each.value} {each.name}" for each in self.table.classes)
        self.desk.tell(
            f"Label {', '.join(map(str, values))} is no class; the stroke was taken back. "
            f"Classes are: {names}. Add a class first, or choose one in the table.",
            "warning",
        )
