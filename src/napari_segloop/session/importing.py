"""Mask files of another tool, read plane by plane and taken over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_segloop.core.errors import InputError
from napari_segloop.session.errands import Errand
from napari_segloop.session.sources import indices
from napari_segloop.session.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from pathlib import Path

    from napari_segloop.core.errors import SegLoopError
    from napari_segloop.core.images import Labels
    from napari_segloop.session.desk import Desk
    from napari_segloop.session.sources import ImageSource

    Masks = Generator[tuple["Index", Labels], None, None]

Index = tuple[int, ...]


class Importing(Errand):
    """Take over mask files, one after the other.

    Parameters
    ----------
    desk : Desk
        What is worked on.
    pairs : sequence of (int, Path)
        Image and mask file.
    take : callable
        Called with image, index and labels of each plane that has any.
    """

    kind = "import"

    def __init__(
        self,
        desk: Desk,
        pairs: Sequence[tuple[int, Path]],
        take: Callable[[int, Index, Labels], None],
    ) -> None:
        super().__init__(desk, f"Reading {counted(len(pairs), 'mask file')}")
        self._left, self._total, self._take = list(pairs), max(1, len(pairs)), take

    def begin(self) -> None:
        """Read the first file."""
        self.on_started()
        self._next_file()

    def _next_file(self) -> None:
        if self.is_stopping or not self._left:
            self._end(is_well=True)
            return
        image, path = self._left.pop(0)
        if image in self.desk.images:
            self._next_plane(image, read_masks(path, self.desk.images.source(image)))
        else:
            self._next_file()

    def _next_plane(self, image: int, planes: Masks) -> None:
        """One at a time, so that the viewer goes on between two."""

        def keep(found: tuple[Index, Labels] | None) -> None:
            if found is None or self.is_stopping or image not in self.desk.images:
                self.desk.reader.ask(planes.close, lambda _: None, self.desk.tell)
                self.estimate(1 - len(self._left) / self._total)
                self._next_file()
                return
            self._take(image, *found)
            self._next_plane(image, planes)

        def leave_out(error: SegLoopError) -> None:
            self.desk.tell(error)
            self._next_file()

        self.desk.reader.ask(lambda: next(planes, None), keep, leave_out)


def read_masks(path: Path, source: ImageSource) -> Masks:
    """Read the planes of a mask file that have anything in them.

    Parameters
    ----------
    path : Path
        A mask file.
    source : ImageSource
        Its image.

    Yields
    ------
    (tuple of int, (Y, X) ndarray of integer)
        Index and labels; a single plane also when it is empty.

    Raises
    ------
    InputError
        When it cannot be read or does not fit the image.
    """
    from napari_segloop.files.images import open_labels  # noqa: PLC0415  # slow: zarr

    with open_labels(path) as masks:
        if (masks.leading_shape, masks.plane_shape) != (source.leading, source.plane_shape):
            raise InputError(
                f"masks of shape {(*source.leading, *source.plane_shape)}, as the image",
                f"{(*masks.leading_shape, *masks.plane_shape)}",
                "Choose the mask file of this image.",
                str(path),
            )
        for index in indices(source):
            labels = masks.read(index)
            if labels.any() or not index:
                yield index, labels
