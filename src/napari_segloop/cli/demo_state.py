"""What the demo's loop is given, what it says, and what it leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from napari_segloop.core.events import Event

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from napari_segloop.core.images import Array, Labels
    from napari_segloop.core.modelfile import Model
    from napari_segloop.core.regions import Region
    from napari_segloop.core.trainresult import TrainResult


@dataclass(frozen=True, slots=True)
class DemoSettings:
    """How large the demo is.

    Parameters
    ----------
    seed : int
        Fixes images and training.
    side : int
        Rows and columns of an image, in pixels.
    taught, kept : int
        Images that are corrected, and images kept for the score.
    window : int
        Side of a region, in pixels.
    first, worst : int
        Regions that the user checks before the first and before the second training.
    steps : tuple of int
        Steps of the two trainings.
    encoder : str
        The default of training.
    patch : int
        Side of a training patch, in pixels.
    device : str
        Where to compute.
    threads : int, optional
        Processor threads; all when not given.
    """

    seed: int = 0
    side: int = 256
    taught: int = 3
    kept: int = 3
    window: int = 80
    first: int = 6
    worst: int = 12
    steps: tuple[int, int] = (120, 140)
    encoder: str = "resnet34"
    patch: int = 128
    device: str = "auto"
    threads: int | None = None


@dataclass(frozen=True, slots=True)
class RoundDone(Event):
    """A round of the loop is over.

    Parameters
    ----------
    name : str
        Which.
    agreement : float
        Mean Dice of crystals and bubbles on the images kept for the score.
    dice : dict of str to float or None
        Dice of each class.
    regions : int
        Regions that the user has checked so far.
    user_seconds : float
        What they would have cost a person.
    seconds : float
        Wall time of this round.
    """

    kind: ClassVar[str] = "round_done"
    name: str
    agreement: float
    dice: dict[str, float | None]
    regions: int
    user_seconds: float
    seconds: float


@dataclass(slots=True, eq=False)
class Desk:
    """An image on the user's desk, as it is now.

    Parameters
    ----------
    name : str
        NAME of its files.
    image : (Y, X) ndarray
        Pixels.
    truth : (Y, X) ndarray of uint8
        What the simulated user knows.
    labels : (Y, X) ndarray of uint8
        The masks.
    checked : (Y, X) ndarray of uint8
        1 where the user stands behind them.
    uncertainty : (Y, X) ndarray of uint8
        Value / 255 is the probability that the mask is wrong.
    """

    name: str
    image: Array
    truth: Labels
    labels: Labels
    checked: NDArray[np.uint8]
    uncertainty: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """How an image looked after a round.

    Parameters
    ----------
    labels : (Y, X) ndarray of uint8
        The masks.
    uncertainty : (Y, X) ndarray of uint8
        Value / 255 is the probability that the mask is wrong.
    checked : (Y, X) ndarray of uint8
        1 where the user stands behind them.
    regions : tuple of Region
        What the user checks next, worst first.
    """

    labels: Labels
    uncertainty: NDArray[np.uint8]
    checked: NDArray[np.uint8]
    regions: tuple[Region, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class DemoResult:
    """What is left when the loop is over.

    Parameters
    ----------
    model : Model
        Of the last round.
    taught, kept : tuple of Desk
        The images with their masks.
    rounds : tuple of RoundDone
        First masks, round 1, round 2.
    views : dict of str to list of View
        For each image its looks after each round.
    trainings : tuple of TrainResult
        Of each round.
    """

    model: Model
    taught: tuple[Desk, ...]
    kept: tuple[Desk, ...]
    rounds: tuple[RoundDone, ...]
    views: dict[str, list[View]]
    trainings: tuple[TrainResult, ...] = ()
