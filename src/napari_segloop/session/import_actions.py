"""Labels of another tool taken as masks, and which of them count as checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.corrections import CHECKED, NOT_CHECKED
from napari_segloop.core.errors import InputError
from napari_segloop.core.judging import distinct
from napari_segloop.session.given import forget_doubt
from napari_segloop.session.importing import Importing
from napari_segloop.session.queue_actions import QueueActions
from napari_segloop.session.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path
    from typing import Literal

    from napari_segloop.core.images import Labels, Mask
    from napari_segloop.session.desk import Window

    Trust = Literal["all", "painted", "nothing"]
    Zero = Literal["background", "unknown"]

Index = tuple[int, ...]


class ImportActions(QueueActions):
    """Labels from elsewhere."""

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
        self.import_planes(image, {index: labels}, trust, zero)

    def import_planes(
        self,
        image: int,
        planes: Mapping[Index, Labels],
        trust: Trust = "all",
        zero: Zero = "background",
    ) -> None:
        """Take labels of another tool as masks of several planes, whose classes came together.

        Parameters
        ----------
        image : int
            Number in the list.
        planes : mapping of tuple of int to (Y, X) ndarray of integer
            By index: class values or ids.
        trust, zero : str
            As for `import_labels`.
        """
        with self.acting():
            for labels in planes.values():
                _check_shape(labels, self.source(image).plane_shape)
            self._declare_in(planes.values())
            self._tell_kept([self._import(image, *each, trust, zero) for each in planes.items()])

    def _import(self, image: int, index: Index, labels: Labels, trust: Trust, zero: Zero) -> int:
        """Take over a plane; return the number of pixels that stayed as the user left them."""
        key, window = (image, index), _whole(labels.shape)
        forget_doubt(self.desk, key)
        self.desk.put_labels(key, window, labels, whole=True)
        plane = self.desk.plane(key)
        stated = plane.checked != NOT_CHECKED
        trusted = ~stated & _trusted(labels, trust, zero)
        marks = np.where(trusted, CHECKED, plane.checked).astype(np.uint8)
        plane.observe(
            plane.labels,
            marks,
            window,
            epoch=self.table.epoch,
            declared=None,
            newest=self.table.newest,
        )
        self.desk.put_back(key, plane.change_at(window))
        if not trusted.all():
            self.desk.given.add(key)
        self._count(int(trusted.any()))
        self.desk.count_checked(key)
        self.note("images")
        return int(np.count_nonzero(stated))

    def _tell_kept(self, kept: Sequence[int]) -> None:
        if any(kept):
            planes = counted(sum(1 for each in kept if each), "plane")
            self.desk.tell(
                f"What you had checked before stays: {sum(kept):,} pixels in {planes} were not "
                "replaced by the labels you added.",
                "info",
            )

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
            values = list["Labels"]()
            fitting = set[int]()

            def survey(image: int, _: Index, labels: Labels) -> None:
                fitting.add(image)
                if not self.desk.objects:
                    values.append(np.array(distinct(labels)))

            errand = Importing(self.desk, pairs, survey)
            errand.at_end = lambda is_well: (
                self._import_files([p for p in pairs if p[0] in fitting], values, trust, zero)
                if is_well
                else None
            )
            self.run(errand)

    def _import_files(
        self,
        pairs: Sequence[tuple[int, Path]],
        values: Sequence[Labels],
        trust: Trust,
        zero: Zero,
    ) -> None:
        """Take over the files that fit, after the classes of all of them are known."""
        with self.acting():
            kept = list[int]()
            self._declare_in(values)

            def take(image: int, index: Index, labels: Labels) -> None:
                with self.acting():
                    kept.append(self._import(image, index, labels, trust, zero))

            def end(is_well: bool) -> None:
                self._tell_kept(kept)
                self.look_for_places()

            errand = Importing(self.desk, pairs, take)
            errand.at_end = end
            self.run(errand)

    def _declare_in(self, labels: Iterable[Labels]) -> None:
        if not self.desk.objects:
            self.declare(sorted({value for each in labels for value in distinct(each)}))


def _check_shape(labels: Labels, shape: tuple[int, int]) -> None:
    if labels.shape != shape:
        raise InputError(
            f"labels of shape {shape}, as the image", f"{labels.shape}", "Give those of this image."
        )


def _whole(shape: tuple[int, ...]) -> Window:
    return slice(0, shape[0]), slice(0, shape[1])


def _trusted(labels: Labels, trust: Trust, zero: Zero) -> Mask:
    """Mark what counts as checked in labels of another tool."""
    if trust == "all" and zero == "background":
        return np.ones(labels.shape, bool)
    painted: Mask = labels != 0
    return painted if trust != "nothing" else np.zeros(labels.shape, bool)
