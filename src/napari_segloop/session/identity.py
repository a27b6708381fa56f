"""What an image is, so that another one is never taken for it.

Compared are shape and dtype, then size and time of the file; where those differ, its bytes. Nothing
is opened that a record alone names, but to be compared with it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from napari_segloop.core.errors import InputError, SegLoopError
from napari_segloop.core.workboxes import WorkBox
from napari_segloop.session.filesource import FileSource
from napari_segloop.session.filesums import full_sum, quick_sums, stamp_of
from napari_segloop.session.seals import Seal
from napari_segloop.session.sources import SourcePlane, checksum, indices
from napari_segloop.session.workarea import WorkArea
from napari_segloop.store.imagerecords import Area
from napari_segloop.store.records import Identity, ImageShape

if TYPE_CHECKING:
    from napari_segloop.session.sources import ImageSource

OPEN_LAYER: Final = "open layer"
READ_AT_ONCE: Final = 1 << 30
"""Bytes of a file that is compared as a whole before it is used; larger ones are, in time."""


def identify(source: ImageSource) -> Identity:
    """Say what an image is now, and seal its file; on any thread.

    Parameters
    ----------
    source : ImageSource
        Its pixels.

    Returns
    -------
    Identity
        Of a file by its bytes, of an open layer by some of its pixels.

    Raises
    ------
    SegLoopError
        When it cannot be read.
    """
    if isinstance(source, WorkArea):
        return _as_part(identify(source.base), source)
    where = _where(source)
    stamp = stamp_of(Path(where)) if where else None
    size, mtime, header, sample = quick_sums(Path(where)) if where else (None, None, None, None)
    dtype = SourcePlane(source, indices(source)[0]).dtype.newbyteorder("=").name
    if sample is None:
        sample = checksum(source)
    found = replace(
        _measured(source, dtype), size=size, mtime=mtime, header_sha=header, sample_sha=sample
    )
    if isinstance(source, FileSource) and source.seal is None:
        _seal(source, found, stamp)
    return found


def unread(source: ImageSource) -> Identity:
    """Say what is known of an image that could not be read.

    Parameters
    ----------
    source : ImageSource
        Its shape is known.

    Returns
    -------
    Identity
        Like no other image.
    """
    if isinstance(source, WorkArea):
        return _as_part(unread(source.base), source)
    return _measured(source, "uint8")


def find(identity: Identity) -> ImageSource:
    """Return the original of an image, if it is where it was and what it was.

    Parameters
    ----------
    identity : Identity
        What it was.

    Returns
    -------
    ImageSource
        Its pixels.

    Raises
    ------
    InputError
        When it is away, or another one is in its place.
    """
    if not identity.where:
        raise _away(identity, "an image that is not open in the viewer", Path())
    return find_at(identity, Path(identity.where))


def find_at(identity: Identity, path: Path) -> ImageSource:
    """Return the original of an image, if it is this file.

    Parameters
    ----------
    identity : Identity
        What it was.
    path : Path
        Where it is looked for, also for what was an open layer.

    Returns
    -------
    ImageSource
        Its pixels.

    Raises
    ------
    InputError
        When there is none, or another one.
    """
    stamp = stamp_of(path)
    if stamp is None:
        raise _away(identity, "moved or deleted", path)
    if not _is_untouched(identity, path):
        _compare(identity, path)
    known = identity.shape if identity.area is None else identity.area.whole
    measures = identity.axes, known.leading, (known.rows, known.columns), known.channels
    is_file = bool(identity.where)  # a layer's axes may have had other names
    source = FileSource(path, known=measures if is_file else None, pixel_size=identity.pixel_size)
    _seal(source, identity, stamp)
    return part_of(source, identity)


def part_of(source: ImageSource, identity: Identity) -> ImageSource:
    """Return an image, or that part of it which is an image of its own.

    Parameters
    ----------
    source : ImageSource
        The whole image.
    identity : Identity
        Says which part.

    Returns
    -------
    ImageSource
        The same source for a whole image.

    Raises
    ------
    InputError
        When there is no such part.
    """
    area, shape = identity.area, identity.shape
    if area is None:
        return source
    part = WorkArea(source, WorkBox(area.start, area.stop))
    if (part.leading, part.plane_shape) != (shape.leading, (shape.rows, shape.columns)):
        raise InputError(
            f"a part of {area.name} of {shape}", f"{area.start} to {area.stop}", "Make it anew."
        )
    return part


def alike(one: Identity, other: Identity) -> bool:
    """Say whether two images are the same one, wherever they are.

    Parameters
    ----------
    one, other : Identity
        What they are.

    Returns
    -------
    bool
        False for different parts of one image.
    """
    names = ("name", "shape", "size", "header_sha", "sample_sha", "area")
    return all(getattr(one, name) == getattr(other, name) for name in names)


def is_part(area: Identity, whole: Identity) -> bool:
    """Say whether an image is a part of another one.

    Parameters
    ----------
    area, whole : Identity
        What they are.

    Returns
    -------
    bool
        True only for the same content.
    """
    if area.area is None or whole.area is not None:
        return False
    sums = ("size", "header_sha", "sample_sha")
    is_same = all(getattr(area, name) == getattr(whole, name) for name in sums)
    return is_same and (area.area.name, area.area.whole) == (whole.name, whole.shape)


def is_same(identity: Identity, path: Path) -> bool:
    """Compare the bytes of a file with those that an image had; on any thread.

    Parameters
    ----------
    identity : Identity
        What it was.
    path : Path
        What is there now.

    Returns
    -------
    bool
        False also when it cannot be read.
    """
    try:
        _compare(identity, path)
    except SegLoopError:
        return False
    return True


def _measured(source: ImageSource, dtype: str) -> Identity:
    rows, columns = source.plane_shape
    shape = ImageShape(tuple(source.leading), rows, columns, source.channels, dtype)
    return Identity(_where(source), source.name, shape, source.axes, source.pixel_size)


def _as_part(whole: Identity, area: WorkArea) -> Identity:
    shape = _measured(area, whole.shape.dtype).shape
    recipe = Area(whole.name, whole.shape, area.box.start, area.box.stop)
    return replace(whole, name=area.name, shape=shape, area=recipe)


def _where(source: ImageSource) -> str:
    return "" if source.where == OPEN_LAYER else source.where


def _seal(source: FileSource, identity: Identity, stamp: object) -> None:
    """Have each later use of a file notice that it is another one."""
    source.seal = Seal(source.path, stamp, partial(is_same, identity, source.path))  # type: ignore[arg-type]  # of `stamp_of`


def _is_untouched(identity: Identity, path: Path) -> bool:
    try:
        stat = path.stat()
    except OSError:
        return False
    same = (stat.st_size, stat.st_mtime) == (identity.size, identity.mtime)
    return bool(identity.where) and path.is_file() and same


def _compare(identity: Identity, path: Path) -> None:
    """Refuse a file whose bytes or shape are others; its time alone may differ."""
    try:
        found = identify(FileSource(path))
        found = found if identity.where else replace(found, sample_sha=checksum(FileSource(path)))
    except SegLoopError as error:
        raise _away(identity, f"one that cannot be read ({error.got})", path) from error
    shape = identity.shape if identity.area is None else identity.area.whole
    sums = ("size", "header_sha", "sample_sha") if identity.where else ("sample_sha",)
    is_other = found.shape != shape or any(getattr(found, n) != getattr(identity, n) for n in sums)
    if is_other or not _is_same_throughout(identity, found, path):
        raise _away(identity, "another one, or one that was changed, in its place", path)


def _is_same_throughout(identity: Identity, found: Identity, path: Path) -> bool:
    """Compare all bytes, where they are known and not too many to be waited for."""
    if identity.full_sha is None or (found.size or 0) > READ_AT_ONCE:
        return True
    return found.size is None or full_sum(path) == identity.full_sha


def _away(identity: Identity, got: str, path: Path) -> InputError:
    if not identity.where:
        name = identity.name if identity.area is None else identity.area.name
        remedy = f"Open {name} in the viewer and add it to the list, or show a file of it."
    else:
        remedy = "Bring it back, or show where it is now."
    return InputError(
        f"{identity.name} as it was added",
        got,
        f"{remedy} What you checked in it is kept.",
        str(path) if identity.where else None,
    )
