"""What a project keeps beside its images: the classes, the versions of the model, the queue.

`StoreError` and the records of an image are here as well, so that one import suffices.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, get_args

from napari_segloop.core.classes import ClassTable
from napari_segloop.core.comparing import Word
from napari_segloop.core.errormodel import BINS
from napari_segloop.store.checks import (
    COUNT,
    FAR,
    NAME,
    NUMBER,
    PIXEL_SIZE,
    SHARE,
    SNAPSHOT,
    TASK,
    TIME,
    Check,
    by_core,
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
from napari_segloop.store.errors import ProjectBusy, StoreError
from napari_segloop.store.imagerecords import (
    DISPUTED,
    MOST_CHANNELS,
    Identity,
    ImageRecord,
    ImageShape,
    OfferedRegion,
)
from napari_segloop.store.record import Record, record

__all__ = [
    "DISPUTED",
    "Identity",
    "ImageRecord",
    "ImageShape",
    "OfferedRegion",
    "ProjectBusy",
    "ProjectRecord",
    "StoreError",
    "VersionRecord",
]


@dataclass(frozen=True, slots=True)
class VersionRecord(Record):
    """A taught model, and what taught it.

    Parameters
    ----------
    number : int
        From 1, as the user sees it.
    model : str
        The model's id.
    parent : int or None
        Version that training started from.
    snapshot : str or None
        The annotations that taught it.
    settings : dict
        Of the training.
    seed, steps : int
        Of the training.
    seconds : float
        How long it took.
    device : str
        Where it ran.
    score, start_score : float or None
        Mean Dice on the test regions, 0 to 1, of this one and of its parent on the same.
    dice : dict of str to float
        Dice by label value.
    accepted : bool
        Whether it took over when it was made.
    created : str
        ISO format.
    teach, test : int
        Regions that taught and tested.
    pinned : bool
        Whether its file is kept whatever is cleared away.
    afresh : bool
        Whether it was learnt again from all.
    verdict : {"", "not worse", "may be worse", "too few to tell"}
        Beside its parent, when it was made; empty without one to compare it with.
    judged : int
        Regions that neither was taught and that judged.
    low, high : float or None
        Between what the difference to its parent lies, in mean Dice, at 90 %.
    software : dict
        Versions of what made it.
    note : str
        Where it comes from, for example a file name.
    trust : tuple of (float, float, float)
        Stated share of wrong pixels, found share, and of how many of all pixels; at most ten.
    trust_regions : int or None
        Test regions that its percentages were fitted on; None where that was not written.
    values : tuple of int
        Label values that it predicts, 0 first.
    channels : int
        Image channels that it takes.
    task : {"classes", "objects"}
        What its labels are.
    pixel_size : (float, float) or None
        Of the images that taught, in micrometres.
    meaning : dict of str to int
        What label values that it predicts are now, where classes were merged or deleted since.
    agreed : dict of str to float
        How well it agreed with the user on all images, as the session keeps it; empty before that
        was estimated, and where it is damaged.
    """

    number: int
    model: str
    parent: int | None = None
    snapshot: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    steps: int = 0
    seconds: float = 0.0
    device: str = ""
    score: float | None = None
    start_score: float | None = None
    dice: dict[str, float] = field(default_factory=dict)
    accepted: bool = True
    created: str = ""
    teach: int = 0
    test: int = 0
    pinned: bool = False
    afresh: bool = False
    verdict: str = ""
    judged: int = 0
    low: float | None = None
    high: float | None = None
    software: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    trust: tuple[tuple[float, float, float], ...] = ()
    trust_regions: int | None = None
    values: tuple[int, ...] = (0, 1)
    channels: int = 1
    task: str = "classes"
    pixel_size: tuple[float, float] | None = None
    meaning: dict[str, int] = field(default_factory=dict)
    agreed: dict[str, float] = field(default_factory=dict)
    checks: ClassVar[dict[str, Check]] = {
        "number": NUMBER,
        "model": text(64, "[0-9a-f]{64}"),
        "parent": optional(COUNT),
        "snapshot": optional(SNAPSHOT),
        **dict.fromkeys(("settings", "software"), document),
        "seed": integer(-FAR, FAR),
        **dict.fromkeys(("steps", "teach", "test"), COUNT),
        "seconds": real(0),
        "device": NAME,
        **dict.fromkeys(("score", "start_score"), SHARE),
        "dice": table(text(20), real(0, 1), 1000),
        **dict.fromkeys(("accepted", "pinned", "afresh"), truth),
        "verdict": one_of("", *get_args(Word)),
        "judged": COUNT,
        **dict.fromkeys(("low", "high"), optional(real(-1, 1))),
        "created": TIME,
        "note": text(10_000),
        "trust": each(each(real(0, 1), 3, 3), BINS),
        "trust_regions": optional(COUNT),
        "values": each(COUNT, 1000),
        "channels": integer(1, MOST_CHANNELS),
        "task": TASK,
        "pixel_size": PIXEL_SIZE,
        "meaning": table(text(20), COUNT, 1000),
        "agreed": or_else(table(text(20), real(0, FAR), 20), dict),
    }


@dataclass(frozen=True, slots=True)
class ProjectRecord(Record):
    """All of a project but its images and pixels.

    Parameters
    ----------
    task : {"classes", "objects"}
        What is looked for.
    classes : dict
        `ClassTable.to_dict`.
    images : tuple of int
        Numbers of the images, in the order shown.
    next_image : int
        Number of the next one.
    versions : tuple of VersionRecord
        Oldest first.
    current : int or None
        Number of the version in use.
    queue : dict
        The places to check, as the session keeps them.
    seconds : float
        That the user spent in this project.
    saved : str
        When, ISO format.
    """

    task: str
    classes: dict[str, Any]
    images: tuple[int, ...] = ()
    next_image: int = 1
    versions: tuple[VersionRecord, ...] = ()
    current: int | None = None
    queue: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    saved: str = ""
    checks: ClassVar[dict[str, Check]] = {
        "task": TASK,
        "classes": by_core(ClassTable.from_dict),
        "images": each(NUMBER),
        "next_image": NUMBER,
        "versions": each(record(VersionRecord), 100_000),
        "current": optional(NUMBER),
        "queue": document,
        "seconds": real(0),
        "saved": TIME,
    }
