"""What a child process can be asked to do, and what it answers: frozen values, no callables.

Requests hold settings, numbers, names and arrays; they know neither pipes nor layers. A model is
the content of a model file, so that a child on another computer needs no shared disk.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    from napari_segloop.core.comparing import Verdict
    from napari_segloop.core.firstmasks import FirstMaskSettings
    from napari_segloop.core.holdout import Drawn
    from napari_segloop.core.images import Array, Labels, Mask
    from napari_segloop.core.normalize import Statistics
    from napari_segloop.core.prediction import Bytes
    from napari_segloop.core.ranking import RankSettings
    from napari_segloop.core.regions import Region
    from napari_segloop.core.settings import PredictSettings, TrainSettings

Lane = Literal["light", "heavy"]
Index = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """Base of all requests; ``kind`` is its name on the wire, ``lane`` the child that runs it."""

    kind: ClassVar[str] = "request"
    lane: ClassVar[Lane] = "light"


@dataclass(frozen=True, slots=True, eq=False)
class ModelBlob:
    """A model file's content.

    Parameters
    ----------
    id : str
        The model's id; a child is sent the content once.
    data : bytes
        What the file holds.
    """

    id: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class FirstMaskRequest(Request):
    """Threshold a plane (light; answers `FirstMaskAnswer`).

    Parameters
    ----------
    image : (Y, X) ndarray
        One channel.
    settings : FirstMaskSettings or None
        None: let `suggest` choose.
    objects : bool
        Whether single objects are looked for: then the answer holds ids, and settings that are
        chosen separate those that touch.
    """

    kind: ClassVar[str] = "first_mask"
    image: Array
    settings: FirstMaskSettings | None = None
    objects: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class FirstMaskAnswer:
    """Labels and the settings that made them."""

    labels: Labels
    settings: FirstMaskSettings


@dataclass(frozen=True, slots=True, eq=False)
class RankItem:
    """One plane to look for places in.

    Parameters
    ----------
    image : int
        Whose plane; copied into the answer.
    index : tuple of int
        The plane.
    labels : (Y, X) ndarray of integer
        Predicted or first masks.
    checked : (Y, X) ndarray of uint8 or None
        0 to 3.
    uncertainty : (Y, X) ndarray of uint8 or None
        None before a network exists: places with foreground are offered instead.
    """

    image: int
    index: Index
    labels: Labels
    checked: Bytes | None = None
    uncertainty: Bytes | None = None


@dataclass(frozen=True, slots=True, eq=False)
class RankRequest(Request):
    """Find places to check (light; answers `RankAnswer`).

    Where the uncertainty finds less than ``fewest``, places spread over the plane are added.
    """

    kind: ClassVar[str] = "rank"
    items: tuple[RankItem, ...]
    settings: RankSettings
    seed: int = 0
    fewest: int = 0


@dataclass(frozen=True, slots=True)
class RankAnswer:
    """Places to check, worst first, each with the number of its image."""

    places: tuple[tuple[int, Region], ...]


@dataclass(frozen=True, slots=True, eq=False)
class ProofreadItem:
    """A plane and masks that somebody else made.

    Parameters
    ----------
    image : (C, Y, X) ndarray
        Any supported dtype.
    labels : (Y, X) ndarray of integer
        Class values or ids.
    checked : (Y, X) ndarray of uint8 or None
        0 to 3.
    statistics : Statistics or None
        Of the whole file; of the plane when None.
    """

    image: Array
    labels: Labels
    checked: Bytes | None = None
    statistics: Statistics | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ProofreadRequest(Request):
    """See where masks disagree with the rest of them (heavy; answers `ProofreadAnswer`)."""

    kind: ClassVar[str] = "proofread"
    lane: ClassVar[Lane] = "heavy"
    items: tuple[ProofreadItem, ...]
    objects: bool = False
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class ProofreadAnswer:
    """How likely each label is wrong, times 255: a plane for each item."""

    uncertainty: tuple[Bytes, ...]


@dataclass(frozen=True, slots=True, eq=False)
class TrainItem:
    """A plane that teaches; as `core.lesson.TrainingImage`."""

    name: str
    image: Array
    labels: Labels
    checked: Mask | None = None
    statistics: Statistics | None = None
    pixel_size: tuple[float, float] | None = None
    stack: str | None = None
    drawn: tuple[Drawn, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class TrainRequest(Request):
    """Teach a network (heavy; events of `fit`; answers `TrainAnswer`)."""

    kind: ClassVar[str] = "train"
    lane: ClassVar[Lane] = "heavy"
    items: tuple[TrainItem, ...]
    settings: TrainSettings
    start: ModelBlob | None = None


@dataclass(frozen=True, slots=True, eq=False)
class TrainAnswer:
    """What `core.trainresult.TrainResult` says, with models as file contents.

    ``model`` is the winner and ``candidate`` the new model when that lost; ``device`` is where it
    was taught, in which precision.
    """

    model: ModelBlob
    candidate: ModelBlob | None
    accepted: bool
    score: float | None
    start_score: float | None
    steps: int
    seconds: float
    stopped: bool
    dice: tuple[float | None, ...]
    values: tuple[int, ...]
    device: str = ""
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PredictRequest(Request):
    """Predict one plane (heavy; `TileDone` events and blocks; answers `PredictAnswer`).

    Blocks ``labels`` and ``uncertainty`` stream up tile by tile for classes, those around
    ``view`` first; for objects once, when the plane is whole.

    Parameters
    ----------
    model : ModelBlob
        Which model.
    image : (C, Y, X) ndarray
        Any supported dtype.
    settings : PredictSettings
        How.
    statistics : Statistics or None
        Of the whole file; of the plane when None.
    view : tuple of int or None
        (top, left, bottom, right) in pixels: what the user sees.
    view_only : bool
        Compute and answer only the view, from its surroundings: as good as the whole plane's
        pixels, but of another plan.
    """

    kind: ClassVar[str] = "predict"
    lane: ClassVar[Lane] = "heavy"
    model: ModelBlob
    image: Array
    settings: PredictSettings
    statistics: Statistics | None = None
    view: tuple[int, int, int, int] | None = None
    view_only: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class PredictAnswer:
    """How a prediction went; its pixels came as blocks.

    Parameters
    ----------
    stopped : bool
        Whether it was stopped.
    tiles : int
        That were predicted.
    seconds : float
        Wall time.
    stated : (K, 256) ndarray of int64 or None
        Its pixels by predicted class and uncertainty; None unless the plane is whole.
    unlike : str
        What makes it unlike what the model learnt, in words; empty where it is not, or unknown.
    """

    stopped: bool
    tiles: int
    seconds: float
    stated: Labels | None = None
    unlike: str = ""
