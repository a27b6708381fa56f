"""What is checked in a project, as a lesson: the truth, and the pixels that it was painted on.

Pixels are the original's where it is still what it was, else those that the project keeps around
what was checked.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

import numpy as np

from napari_segloop.core import judging
from napari_segloop.core.checkstate import Pixels
from napari_segloop.core.classes import ClassTable
from napari_segloop.core.errors import InputError
from napari_segloop.core.holdout import Drawn
from napari_segloop.core.images import ArrayPlane
from napari_segloop.core.lesson import TrainingImage
from napari_segloop.core.normalize import measure
from napari_segloop.session.identity import find
from napari_segloop.session.sources import SourcePlane, indices
from napari_segloop.store.errors import StoreError
from napari_segloop.store.layout import CHUNK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari_segloop.core.images import Array, Labels, Mask
    from napari_segloop.core.normalize import Statistics
    from napari_segloop.session.sources import ImageSource
    from napari_segloop.store.annotations import Annotations
    from napari_segloop.store.imagerecords import ImageRecord

WHOLE: Final = 1 << 26
"""Pixels, channels counted, up to which a plane is taught as a whole."""
Window = tuple[slice, slice]


def read_truth(
    kept: Annotations, snapshot: str, tell: Callable[[str], None]
) -> Iterator[TrainingImage]:
    """Read everything that may teach.

    Parameters
    ----------
    kept : Annotations
        Of the project.
    snapshot : str
        Which state.
    tell : callable
        Told in a sentence where pixels are not the original's.

    Yields
    ------
    TrainingImage
        For each plane in which something is checked; for each part of a plane larger than `WHOLE`.

    Raises
    ------
    StoreError
        When the project is damaged.
    """
    record = kept.project(snapshot)
    table = ClassTable.from_dict(record.classes)
    for number in record.images:
        image = kept.image(number, snapshot)
        if not image.excluded and image.planes:
            yield from _Reader(kept, snapshot, image, table).read(tell)


class _Reader:
    """Reads the truth of one image.

    Parameters
    ----------
    kept : Annotations
        Of the project.
    snapshot : str
        Which state.
    image : ImageRecord
        Which image.
    table : ClassTable
        The classes.
    """

    def __init__(
        self, kept: Annotations, snapshot: str, image: ImageRecord, table: ClassTable
    ) -> None:
        self._kept, self._snapshot, self._image, self._table = kept, snapshot, image, table
        self._held = kept.held(image.number, snapshot=snapshot)
        self._source: ImageSource | None = None
        with suppress(InputError):
            self._source = find(image.identity)

    def read(self, tell: Callable[[str], None]) -> Iterator[TrainingImage]:
        """Yield what is checked, plane by plane."""
        identity, statistics = self._image.identity, None
        for index in self._image.planes:
            for window in self._windows(index):
                labels, truth = self._truth(index, window)
                if not truth.any():
                    continue
                if statistics is None:
                    statistics = self._statistics()
                    if self._source is None:
                        tell(f"{identity.name}: the original is not there; its kept pixels teach.")
                pixels, known = self._pixels(index, window)
                name = f"{identity.name} [{';'.join(map(str, index))}]" if index else identity.name
                size = identity.pixel_size
                origin = window[0].start, window[1].start
                yield TrainingImage(
                    name,
                    pixels,
                    labels,
                    truth & known,
                    statistics,
                    size,
                    index,
                    origin,
                    identity.name if index else None,
                    self._drawn(index, window),
                )

    def _drawn(self, index: tuple[int, ...], window: Window) -> tuple[Drawn, ...]:
        """Return the random spot checks of a part of a plane: they test, and never teach."""
        spots = (r for r in self._image.offered if r.kind == "audit" and r.index == index)
        found = list[Drawn]()
        for spot in spots:
            rows = _within(spot.y, spot.height, window[0])
            columns = _within(spot.x, spot.width, window[1])
            if rows[0] < rows[1] and columns[0] < columns[1]:
                found.append(Drawn(rows, columns, spot.probability or 1.0))
        return tuple(found)

    def _truth(self, index: tuple[int, ...], window: Window) -> tuple[Labels, Mask]:
        names = ("labels", "prediction", "checked", "kind", "epoch")
        arrays = self._kept.window(
            self._image.number, index, *window, names, snapshot=self._snapshot
        )
        pixels = Pixels(*(arrays[name] for name in names))  # type: ignore[arg-type]  # as stored
        return pixels.labels, judging.find_truth(pixels, self._table)

    def _pixels(self, index: tuple[int, ...], window: Window) -> tuple[Array, Mask]:
        if self._source is not None:
            pixels = self._source.read(index, *window)
            return pixels, np.ones(pixels.shape[1:], bool)
        number = self._image.number
        return self._kept.content(number, index, *window, snapshot=self._snapshot)

    def _statistics(self) -> Statistics:
        """Measure grey values: of the whole file, else of all that is kept of it."""
        if self._source is not None:
            source = self._source
            return measure([SourcePlane(source, index) for index in indices(source)])
        planes = [self._known(index) for index in self._image.planes]
        if not any(plane.size for plane in planes):
            raise StoreError(
                f"the original of {self._image.identity.name}, or its pixels in the project",
                "neither",
                "Bring the image back to where it was.",
                self._image.identity.where or None,
            )
        return measure([ArrayPlane(plane) for plane in planes if plane.size])

    def _known(self, index: tuple[int, ...]) -> Array:
        """Return the pixels that are kept of a plane, side by side in one row."""
        shape = self._image.identity.shape
        rows = [np.empty((shape.channels, 0), shape.dtype)]
        for window in self._windows(index):
            pixels, known = self._kept.content(
                self._image.number, index, *window, snapshot=self._snapshot
            )
            rows.append(pixels[:, known])
        return np.concatenate(rows, axis=1)[:, None]

    def _windows(self, index: tuple[int, ...]) -> Iterator[Window]:
        """Yield a whole plane, or parts of one that is too large; none of which nothing is held."""
        shape, held = self._image.identity.shape, self._held.get(index, set())
        side = max(shape.rows, shape.columns)
        if shape.channels * shape.rows * shape.columns > WHOLE:
            side = max(8 * CHUNK, int((WHOLE / shape.channels) ** 0.5) // 4 // CHUNK * CHUNK)
        for y, x in sorted({(y // side * side, x // side * side) for y, x in held}):
            yield slice(y, min(y + side, shape.rows)), slice(x, min(x + side, shape.columns))


def _within(start: int, length: int, part: slice) -> tuple[int, int]:
    """Return the part of a span that lies in another one, counted from there."""
    first, last = max(start, part.start), min(start + length, part.stop)
    return first - part.start, last - part.start
