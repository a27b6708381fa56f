"""What an exported project looks like: plain files that anyone can open, and all that is in it.

``masks/NAME.tif`` and ``checked/NAME.tif`` are what ``segloop train`` takes; the other layers lie
in folders of their names, and the pixels that were checked in ``pixels/NAME/``. Nothing is read or
written here.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from napari_segloop.files.axes import LETTERS
from napari_segloop.files.omexml import Layout
from napari_segloop.files.pixelsize import PixelSize
from napari_segloop.store.checks import COUNT, NAME, Check, each, integer, optional, text
from napari_segloop.store.errors import StoreError
from napari_segloop.store.imagerecords import MOST_AXES as MOST_STORED
from napari_segloop.store.imagerecords import ImageRecord
from napari_segloop.store.layout import CHUNK
from napari_segloop.store.record import Record
from napari_segloop.store.record import record as is_record
from napari_segloop.store.records import ProjectRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from napari_segloop.store.imagerecords import ImageShape

FORMAT: Final = 1
DOCUMENT: Final = "export.json"
PIXELS: Final = "pixels"
LAYERS: Final = {
    "labels": "masks",
    "checked": "checked",
    "prediction": "prediction",
    "kind": "kind",
    "epoch": "epoch",
    "uncertainty": "uncertainty",
}
"""Arrays of the store and the folders that they are exported to; the first two always."""
ALWAYS: Final = ("labels", "checked")
MOST_AXES: Final = 3
"""Leading axes that every reader of OME-TIFF knows; more are counted through as one."""
_FORBIDDEN: Final = frozenset('/\\:*?"<>|')
_NEWEST: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class ExportedImage(Record):
    """An image of an export.

    Parameters
    ----------
    file : str
        NAME of its files, unlike all others.
    record : ImageRecord
        All that is known of it.
    places : tuple of tuple of int, or None
        Plane, row and column, in squares of 256 pixels, of all that the project holds of it;
        elsewhere its files are zero. None when the export does not say.
    """

    file: str
    record: ImageRecord
    places: tuple[tuple[int, ...], ...] | None = None
    checks: ClassVar[dict[str, Check]] = {
        "file": text(200, r"[^/\\:*?\"<>|\x00-\x1f.][^/\\:*?\"<>|\x00-\x1f]*"),
        "record": is_record(ImageRecord),
        "places": optional(each(each(COUNT, MOST_STORED + 2, 2))),
    }


@dataclass(frozen=True, slots=True)
class Exported(Record):
    """What an export says of itself.

    Parameters
    ----------
    name : str
        Of the project.
    id : str
        Of the project.
    snapshot : str or None
        The state that was exported.
    project : ProjectRecord
        Classes, versions, places to check.
    images : tuple of ExportedImage
        In the order shown.
    format : int
        Of the folder.
    """

    name: str
    id: str
    snapshot: str | None
    project: ProjectRecord
    images: tuple[ExportedImage, ...]
    format: int = FORMAT
    checks: ClassVar[dict[str, Check]] = {
        "name": NAME,
        "id": text(32, "[0-9a-f]{32}"),
        "snapshot": optional(text(64, "[0-9A-Z]*")),
        "project": is_record(ProjectRecord),
        "images": each(is_record(ExportedImage)),
        "format": integer(1, _NEWEST),
    }

    def __post_init__(self) -> None:
        Record.__post_init__(self)
        if self.format > FORMAT:
            got = f"one of format {self.format}"
            raise StoreError(f"an export of format {FORMAT}", got, "Update napari-segloop.")
        files = {image.file.casefold() for image in self.images}
        numbers = tuple(image.record.number for image in self.images)
        if len(files) < len(self.images) or numbers != self.project.images:
            remedy = "Export the project again."
            raise StoreError("files and numbers of each image once", "others", remedy)


def file_names(images: Iterable[ImageRecord]) -> tuple[ExportedImage, ...]:
    """Name the files of images, after the images as far as that is possible.

    Parameters
    ----------
    images : iterable of ImageRecord
        In the order shown.

    Returns
    -------
    tuple of ExportedImage
        A second image of a name gets its number.
    """
    taken, named = set[str](), list[ExportedImage]()
    for image in images:
        plain = "".join("_" if c in _FORBIDDEN or c < " " else c for c in image.identity.name)
        plain = plain.strip(" .")[:100] or "image"
        free = plain if plain.casefold() not in taken else f"{plain} ({image.number})"
        while free.casefold() in taken:
            free += "'"
        taken.add(free.casefold())
        named.append(ExportedImage(free, image))
    return tuple(named)


def layout_of(image: ImageRecord) -> Layout:
    """Say how an image's layers lie in a TIFF.

    Parameters
    ----------
    image : ImageRecord
        The image.

    Returns
    -------
    Layout
        Planes in the same order as in the image.
    """
    identity, shape = image.identity, image.identity.shape
    letters = "".join(a for a in identity.axes.upper() if a in LETTERS and a not in "CSYX")
    lengths, axes = shape.leading, letters
    if len(lengths) > MOST_AXES:
        lengths, axes = (prod(lengths),), "Z"
    elif len(letters) != len(lengths) or len(set(letters)) < len(letters):
        axes = "TQZ"[: len(lengths)]
    size = identity.pixel_size
    known = PixelSize(size[0], size[1], None) if size and min(size) > 0 else None
    return Layout(axes, lengths, (shape.rows, shape.columns), None, known)


def planes_of(shape: ImageShape) -> Iterator[tuple[int, ...]]:
    """Yield the index of each plane, the last leading axis fastest.

    Parameters
    ----------
    shape : ImageShape
        Of the image.

    Yields
    ------
    tuple of int
        ``()`` for a single plane.
    """
    yield from np.ndindex(shape.leading)


def places_of(image: ExportedImage) -> Iterable[tuple[int, ...]]:
    """Return plane, row and column of the squares of an image that may hold anything.

    Parameters
    ----------
    image : ExportedImage
        Of an export.

    Returns
    -------
    iterable of tuple of int
        All there are, when the export does not say.

    Raises
    ------
    StoreError
        When one lies outside.
    """
    shape = image.record.identity.shape
    grid = (*shape.leading, -(-shape.rows // CHUNK), -(-shape.columns // CHUNK))
    if image.places is None:
        return np.ndindex(grid)
    for place in image.places:
        if len(place) != len(grid) or any(a >= b for a, b in zip(place, grid, strict=True)):
            raise StoreError(f"places on a grid of {grid}", f"{place}", "Export the project again.")
    return image.places


def tile_name(index: tuple[int, ...], y: int, x: int) -> str:
    """Name the file of one piece of an image's own pixels.

    Parameters
    ----------
    index : tuple of int
        The plane.
    y, x : int
        Upper left corner, in pixels.

    Returns
    -------
    str
        For example ``t0-3_y256_x512.tif``.
    """
    plane = f"t{'-'.join(map(str, index))}_" if index else ""
    return f"{plane}y{y}_x{x}.tif"
