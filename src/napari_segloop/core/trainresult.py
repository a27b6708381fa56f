"""What a training led to, and how it went: records that know nothing of how one trains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_segloop.core.comparing import Verdict
    from napari_segloop.core.modelfile import Model
    from napari_segloop.core.scoring import Scored
    from napari_segloop.core.settings import TrainSettings


@dataclass(frozen=True, slots=True, eq=False)
class TrainResult:
    """What a training led to.

    Parameters
    ----------
    model : Model
        The winner.
    candidate : Model or None
        The new model, when it lost against the one that training started from.
    accepted : bool
        Whether the winner is the new model.
    score : float or None
        Of the new model on the regions that judge: mean Dice, 0 to 1; None without test regions.
    start_score : float or None
        Of the model that training started from, on the same regions.
    steps : int
        Steps taken.
    seconds : float
        Wall time.
    stopped : bool
        Whether it was asked to stop.
    dice : tuple of float or None
        Of the new model, per class.
    device : str
        Where it was taught, in which precision.
    settings : TrainSettings or None
        How it was taught.
    verdict : Verdict or None
        Whether the new model is worse than the one that training started from; None where there
        was none to compare it with.
    share : float
        Of its weights that were learnt now; the rest is of the model before.
    """

    model: Model
    candidate: Model | None
    accepted: bool
    score: float | None
    start_score: float | None
    steps: int
    seconds: float
    stopped: bool
    dice: tuple[float | None, ...] = ()
    device: str = ""
    settings: TrainSettings | None = None
    verdict: Verdict | None = None
    share: float = 1.0

    @property
    def base(self) -> str:
        """What the new model started from: "starter", "imagenet", "none" or "model"."""
        return (self.candidate or self.model).info.base


@dataclass(frozen=True, slots=True)
class Story:
    """How a training went.

    Parameters
    ----------
    settings : TrainSettings
        How it was asked for.
    start : Model or None
        What it started from.
    before : Scored or None
        Of that model on the test regions; None where it cannot be compared.
    steps : int
        Steps taken.
    seconds : float
        Wall time.
    stopped : bool
        Whether it was asked to stop.
    base : {"starter", "imagenet", "none", "model"}
        What the network started from in fact.
    """

    settings: TrainSettings
    start: Model | None
    before: Scored | None
    steps: int
    seconds: float
    stopped: bool
    base: str
