"""The loop's state as frozen values: all that a face needs to draw itself.

Nothing here changes; `LoopSession` makes new states and widgets read them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from napari_segloop.session.progress import Progress
from napari_segloop.session.queuestate import Place, QueueState
from napari_segloop.session.savedstate import DamagedState, RecentState, SavedState, SnapshotState
from napari_segloop.session.versionstate import Version

if TYPE_CHECKING:
    from napari_segloop.core.classes import ClassTable
    from napari_segloop.core.errors import SegLoopError
    from napari_segloop.core.estimate import Estimate
    from napari_segloop.core.objectrates import ObjectRates

__all__ = [
    "Curve",
    "DamagedState",
    "ImageState",
    "JobState",
    "LoopState",
    "Place",
    "Primary",
    "QueueState",
    "RecentState",
    "SavedState",
    "SnapshotState",
    "Told",
    "Version",
]

Task = Literal["classes", "objects"]
Status = Literal["new", "predicted", "checked", "excluded", "missing"]
Action = Literal[
    "add_images", "choose_task", "first_masks", "next_place", "train", "predict", "nothing"
]
Level = Literal["info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class ImageState:
    """One row of the image list.

    Parameters
    ----------
    id : int
        Never used twice in a session.
    name : str
        What the list shows.
    where : str
        File path, or ``open layer``.
    status : {"new", "predicted", "checked", "excluded", "missing"}
        ``missing``: the file or the layer is gone.
    is_open : bool
        Whether its layers are in the viewer.
    planes : int
        How many planes it has; 0 while its header has not been read.
    checked_pixels : int
        Pixels that count as truth.
    by_version : bool
        Whether a version predicted any of its planes; if not, masks are first masks.
    note : str
        Why it is missing or cannot be used.
    unlike : str
        What makes it unlike what the version in use learnt; empty where nothing does.
    """

    id: int
    name: str
    where: str
    status: Status = "new"
    is_open: bool = False
    planes: int = 0
    checked_pixels: int = 0
    by_version: bool = False
    note: str = ""
    unlike: str = ""


@dataclass(frozen=True, slots=True)
class JobState:
    """A job that runs or waits.

    Parameters
    ----------
    id : int
        Never used twice in a session.
    kind : str
        ``train``, ``predict``, ``first_mask``, ``import``, ``export``.
    title : str
        For the user: "Training on 6 regions".
    done : float or None
        From 0 to 1; None while not known.
    seconds_left : float or None
        None while not known.
    answering : bool
        False when the child gave no sign for ten seconds.
    stopping : bool
        Whether Stop was pressed.
    """

    id: int
    kind: str
    title: str
    done: float | None = None
    seconds_left: float | None = None
    answering: bool = True
    stopping: bool = False


@dataclass(frozen=True, slots=True)
class Curve:
    """A training so far: loss at each step, score (0 to 1) on the test regions at some."""

    losses: tuple[float, ...] = ()
    scores: tuple[tuple[int, float], ...] = ()
    steps: int = 0
    teach: int = 0
    test: int = 0


@dataclass(frozen=True, slots=True)
class Primary:
    """The one button with the sensible next step."""

    action: Action
    text: str
    tooltip: str = ""
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Told:
    """One sentence for the user; ``remedy`` is what to do."""

    level: Level
    text: str
    remedy: str = ""

    @classmethod
    def of(cls, error: SegLoopError, level: Level = "error") -> Told:
        """Put an error into words.

        Parameters
        ----------
        error : SegLoopError
            What went wrong.
        level : {"info", "warning", "error"}
            How bad it is.

        Returns
        -------
        Told
            Expected and got as the text, the remedy apart.
        """
        where = f"{error.file}: " if error.file else ""
        return cls(level, f"{where}Expected {error.expected}, got {error.got}.", error.remedy)


@dataclass(frozen=True, slots=True)
class LoopState:
    """Everything at once.

    Parameters
    ----------
    task : {"classes", "objects"} or None
        None until the first question is answered.
    classes : ClassTable or None
        Of the project.
    objects : ObjectRates or None
        What becomes of single objects with the version in use; None for classes.
    images, queue, jobs, curve, versions : tuples and states
        As their types say.
    version : int or None
        Number of the version in use.
    primary : Primary
        The next step.
    told : Told or None
        The last message.
    saved : SavedState
        How safe it all is.
    snapshots : tuple of SnapshotState
        Of the project, newest first.
    recent : tuple of RecentState
        Projects that were open before, the last one first.
    damaged : DamagedState or None
        What could not be opened, until something else is.
    agreement : Estimate or None
        How well the version in use agrees with the user on all that it predicted.
    goal : float
        Agreement that is good enough, 0 to 1.
    progress : Progress
        The way there: by version, by image, and at which pace.
    limit : float
        How likely wrong, 0 to 1, a place has to be to be offered; 0 offers all.
    below : int
        Places that were found and are not offered for it.
    is_clear : bool
        Whether nothing above the limit is left, in anything.
    answers : tuple of str
        What the user said of each place of the queue; empty where nothing.
    """

    task: Task | None = None
    classes: ClassTable | None = None
    objects: ObjectRates | None = None
    images: tuple[ImageState, ...] = ()
    queue: QueueState = field(default_factory=QueueState)
    jobs: tuple[JobState, ...] = ()
    curve: Curve = field(default_factory=Curve)
    versions: tuple[Version, ...] = ()
    version: int | None = None
    primary: Primary = field(default_factory=lambda: Primary("add_images", "Add images"))
    told: Told | None = None
    saved: SavedState = field(default_factory=SavedState)
    snapshots: tuple[SnapshotState, ...] = ()
    recent: tuple[RecentState, ...] = ()
    damaged: DamagedState | None = None
    agreement: Estimate | None = None
    goal: float = 0.9
    progress: Progress = field(default_factory=Progress)
    limit: float = 0.2
    below: int = 0
    is_clear: bool = False
    answers: tuple[str, ...] = ()
