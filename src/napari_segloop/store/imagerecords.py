"""What a project keeps of an image beside its pixels: what it was, and what was offered in it.

Records know neither where they are kept nor what the session makes of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

import numpy as np

from napari_segloop.store.checks import (
    COUNT,
    NAME,
    NUMBER,
    PIXEL_SIZE,
    SHARE,
    TIME,
    Check,
    document,
    each,
    integer,
    one_of,
    optional,
    or_else,
    real,
    table,
    text,
    truth,
)
from napari_segloop.store.errors import damaged
from napari_segloop.store.record import Record, record

LONGEST_SIDE: Final = 10_000_000
"""Pixels; a gigapixel image is some 140,000 wide."""
MOST_AXES: Final = 6
MOST_CHANNELS: Final = 1_000
DISPUTED: Final = "disputed"
"""Kind of a place where two people disagree, or labels with the rest of what is checked."""
_HASH = optional(text(64, "[0-9a-f]{64}"))
_PLACE = integer(0, LONGEST_SIDE)
_SIDE = integer(1, LONGEST_SIDE)
_INDEX = each(_PLACE, MOST_AXES)
_PATH = text(32_768)


def _dtype(name: str, value: object) -> str:
    word: str = text(16)(name, value)
    try:
        kind = np.dtype(word).kind
    except (TypeError, ValueError, SyntaxError) as error:
        raise damaged(f"{name} as a dtype of numbers", word) from error
    if kind not in "buif":
        raise damaged(f"{name} as a dtype of numbers", word)
    return word


@dataclass(frozen=True, slots=True)
class ImageShape(Record):
    """How large an image is.

    Parameters
    ----------
    leading : tuple of int
        Lengths of the axes that are neither channel, row nor column; at most 6.
    rows, columns : int
        Of a plane, in pixels.
    channels : int
        How many.
    dtype : str
        Of its pixels, as numpy names it.
    """

    leading: tuple[int, ...]
    rows: int
    columns: int
    channels: int
    dtype: str
    checks: ClassVar[dict[str, Check]] = {
        "leading": each(_SIDE, MOST_AXES),
        "rows": _SIDE,
        "columns": _SIDE,
        "channels": integer(1, MOST_CHANNELS),
        "dtype": _dtype,
    }


@dataclass(frozen=True, slots=True)
class Area(Record):
    """The part of a larger image that is an image of its own.

    Parameters
    ----------
    name : str
        Of the whole image.
    whole : ImageShape
        Its shape.
    start, stop : tuple of int
        First pixel and one past the last, along each leading axis, row and column.
    """

    name: str
    whole: ImageShape
    start: tuple[int, ...]
    stop: tuple[int, ...]
    checks: ClassVar[dict[str, Check]] = {
        "name": NAME,
        "whole": record(ImageShape),
        **dict.fromkeys(("start", "stop"), each(_PLACE, MOST_AXES + 2)),
    }


@dataclass(frozen=True, slots=True)
class Identity(Record):
    """What an image was when it was added; never opened because of this, only compared.

    Parameters
    ----------
    where : str
        Its file or folder, as it was found; "" for an open layer.
    name : str
        As the list shows it.
    shape : ImageShape
        Its shape.
    axes : str
        Names of the stored axes, for example "TCYX".
    pixel_size : (float, float) or None
        Of a row and a column, in micrometres.
    size : int or None
        Of the file, in bytes.
    mtime : float or None
        When the file was changed, in seconds since 1970.
    header_sha, sample_sha, full_sha : str or None
        SHA-256 of its header, of a sample of it, and of all of it; the last one of files only.
    area : Area or None
        Which part of an image it is; file and sums are those of the whole image then.
    """

    where: str
    name: str
    shape: ImageShape
    axes: str
    pixel_size: tuple[float, float] | None = None
    size: int | None = None
    mtime: float | None = None
    header_sha: str | None = None
    sample_sha: str | None = None
    full_sha: str | None = None
    area: Area | None = None
    checks: ClassVar[dict[str, Check]] = {
        "where": _PATH,
        "name": NAME,
        "shape": record(ImageShape),
        "axes": text(16),
        "pixel_size": PIXEL_SIZE,
        "size": optional(COUNT),
        "mtime": optional(real()),
        "header_sha": _HASH,
        "sample_sha": _HASH,
        "full_sha": _HASH,
        "area": optional(record(Area)),
    }


@dataclass(frozen=True, slots=True)
class OfferedRegion(Record):
    """A place that a human was asked to check.

    Parameters
    ----------
    y, x, height, width : int
        The rectangle, in pixels.
    index : tuple of int
        Its plane.
    score, expected_error : float
        Of the ranking; the error in pixels.
    reason : str
        Why, in words.
    kind : {"ranked", "audit", "first", "disputed"}
        Worst of its kind, drawn at random, one of the first places, or one where two people
        disagree; with a model, one whose labels disagree with the rest of what taught it.
    probability : float or None
        Of being offered, for a drawn one.
    model : str or None
        Id of the model that was unsure.
    offered : str
        When, ISO format; "" while it was found, but nobody was asked.
    state : {"open", "accepted", "cant_tell", "excluded", "later"}
        What the user said.
    seconds : float
        That the user spent there.
    worst : float
        How likely something in it is wrong, 0 to 1; 0 where that is not known.
    """

    y: int
    x: int
    height: int
    width: int
    index: tuple[int, ...]
    score: float
    expected_error: float
    reason: str
    kind: str = "ranked"
    probability: float | None = None
    model: str | None = None
    offered: str = ""
    state: str = "open"
    seconds: float = 0.0
    worst: float = 0.0
    checks: ClassVar[dict[str, Check]] = {
        **dict.fromkeys(("y", "x"), _PLACE),
        **dict.fromkeys(("height", "width"), _SIDE),
        "index": _INDEX,
        "score": real(),
        "expected_error": real(0),
        "reason": NAME,
        "kind": one_of("ranked", "audit", "first", DISPUTED),
        "probability": SHARE,
        "model": optional(NAME),
        "offered": TIME,
        "state": one_of("open", "accepted", "cant_tell", "excluded", "later"),
        "seconds": real(0),
        "worst": real(0, 1),
    }


@dataclass(frozen=True, slots=True)
class ImageRecord(Record):
    """An image of the list, but for its pixels.

    Parameters
    ----------
    number : int
        From 1, never used again.
    identity : Identity
        What it was when it was added.
    status : str
        As the list shows it.
    excluded : bool
        Whether it is left out.
    predicted : dict of str to int
        The version that predicted a plane; planes as ``"0;3"``, ``""`` where there is one alone.
    offered : tuple of OfferedRegion
        Every place that was offered.
    planes : tuple of tuple of int
        Planes that hold anything.
    stated : tuple of tuple of int
        Those of which a human said anything.
    unsure : tuple of tuple of int
        Those of which is known how unsure the network was.
    checked : dict of str to int
        Number of checked pixels of a plane, named as in ``predicted``.
    statistics : dict
        Of the grey values of the whole image, as `core.normalize.Statistics` has them.
    spots : dict
        What versions said of planes and spot checks, as the session keeps it; empty where it is
        damaged.
    """

    number: int
    identity: Identity
    status: str = "new"
    excluded: bool = False
    predicted: dict[str, int] = field(default_factory=dict)
    offered: tuple[OfferedRegion, ...] = ()
    planes: tuple[tuple[int, ...], ...] = ()
    stated: tuple[tuple[int, ...], ...] = ()
    unsure: tuple[tuple[int, ...], ...] = ()
    checked: dict[str, int] = field(default_factory=dict)
    statistics: dict[str, Any] = field(default_factory=dict)
    spots: dict[str, Any] = field(default_factory=dict)
    checks: ClassVar[dict[str, Check]] = {
        "number": NUMBER,
        "identity": record(Identity),
        "status": one_of("new", "predicted", "checked", "excluded", "missing"),
        "excluded": truth,
        **dict.fromkeys(("predicted", "checked"), table(text(80, r"(\d+(;\d+)*)?"), COUNT)),
        "offered": each(record(OfferedRegion)),
        **dict.fromkeys(("planes", "stated", "unsure"), each(_INDEX)),
        "statistics": document,
        "spots": or_else(document, dict),
    }
