"""What is checked: planes, what the user painted, and labels from elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.corrections import CHECKED, NOT_CHECKED
from napari_segloop.session.image_actions import ImageActions
from napari_segloop.session.importing import Importing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from typing import Literal

    from napari_segloop.core.corrections import Change, PlaneTruth
    from napari_segloop.core.images import Labels
    from napari_segloop.core.prediction import Bytes
    from napari_segloop.session.desk import Window

    Trust = Literal["all", "painted", "nothing"]
    Zero = Literal["background", "unknown"]

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
            labels, checked, window, epoch=self.table.epoch, declared=self._declared()
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

    def import_labels(
        self,
        image: int,
        index: Index,
        labels: Labels,
        trust: Trust = "all",
        zero: Zero = "background",
    ) -> None:
        """Take labels of another tool as masks.

        Parameters
        ----------
        image : int
            Number in the list.
        index : tuple of int
            The plane.
        labels : (Y, X) ndarray of integer
            Class values or ids.
        trust : {"all", "painted", "nothing"}
            What counts as checked: all of it, what is not 0, or nothing. What was said to be
            excluded or not to be told stays so.
        zero : {"background", "unknown"}
            What 0 means where all is trusted.
        """
        with self.acting():
            key = (image, index)
            window = _whole(labels.shape)
            self.declare(np.unique(labels).tolist())
            self.desk.put_labels(key, window, labels, whole=True)
            plane = self.desk.plane(key)
            trusted = np.zeros(labels.shape, bool)
            if trust != "nothing":
                trusted |= labels != 0
            if trust == "all" and zero == "background":
                trusted[:] = True
            trusted &= plane.checked == NOT_CHECKED
            marks = np.where(trusted, CHECKED, plane.checked).astype(np.uint8)
            change = plane.observe(
                plane.labels, marks, window, epoch=self.table.epoch, declared=None
            )
            if change is not None:
                self.desk.put_back(key, change)
            self._count(int(trusted.any()))
            self.desk.count_checked(key)
            self.note("images")

    def _count(self, places: int) -> None:
        self.accepted = max(0, self.accepted + places)
        self.checked = max(0, self.checked + places)
        self.note("primary")

    def _declared(self) -> frozenset[int] | None:
        return None if self.desk.objects else frozenset({0, *self.table.values})

    def import_files(
        self,
        pairs: Sequence[tuple[int, Path]],
        trust: Trust = "all",
        zero: Zero = "background",
    ) -> None:
        """Take mask files of another tool.

        Parameters
        ----------
        pairs : sequence of (int, Path)
            Number of an image, and its mask file.
        trust, zero : str
            As for `import_labels`.
        """
        with self.acting():
            self.run(
                Importing(
                    self.desk,
                    pairs,
                    lambda image, index, labels: self.import_labels(
                        image, index, labels, trust, zero
                    ),
                )
            )

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
            self.table = table
            self.note("classes")

    def _tell_undeclared(self, values: tuple[int, ...]) -> None:
        names = ", ".join(f"{each.value} {each.name}" for each in self.table.classes)
        self.desk.tell(
            f"Label {', '.join(map(str, values))} is no class; the stroke was taken back. "
            f"Classes are: {names}. Add a class first, or choose one in the table.",
            "warning",
        )


def _whole(shape: tuple[int, ...]) -> Window:
    return slice(0, shape[0]), slice(0, shape[1])
