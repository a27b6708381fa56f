"""What a job says while it runs: frozen events, one class per kind.

A job is a generator that yields these and returns a frozen result. Events carry plain numbers and
text only, so that they can cross a pipe as JSON; they know nothing of who listens.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events; ``kind`` is its name on the wire."""

    kind: ClassVar[str] = "event"

    def to_dict(self) -> dict[str, object]:
        """Return the event as plain data, ``event`` first.

        Returns
        -------
        dict
            JSON-ready; the key ``event`` holds the kind.

        Examples
        --------
        >>> Notice("from zero").to_dict()
        {'event': 'notice', 'text': 'from zero'}
        """
        return {"event": self.kind} | asdict(self)


@dataclass(frozen=True, slots=True)
class Notice(Event):
    """Something the user should know, as one sentence."""

    kind: ClassVar[str] = "notice"
    text: str


@dataclass(frozen=True, slots=True)
class TrainingPlanned(Event):
    """The number of steps is fixed and training goes on with it."""

    kind: ClassVar[str] = "training_planned"
    steps: int
    teach_regions: int
    test_regions: int


@dataclass(frozen=True, slots=True)
class StepDone(Event):
    """One optimiser step; ``steps`` is 0 while their number is not fixed yet.

    ``seconds`` went by since the start; ``seconds_left`` are those to the end, once known.
    """

    kind: ClassVar[str] = "step_done"
    step: int
    steps: int
    loss: float
    seconds: float
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class Validated(Event):
    """The score on the test regions (mean Dice over classes without background, 0 to 1)."""

    kind: ClassVar[str] = "validated"
    step: int
    score: float
    best: bool


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A checked region whose labels disagree with the rest of what is checked.

    Parameters
    ----------
    number : int
        Of its image among those that teach, from 0.
    image : str
        Name of that image.
    index : tuple of int
        The plane: one number for each leading axis.
    y, x, height, width : int
        In pixels.
    kind : {"contradictory", "swapped", "shifted", "different"}
        How the labels disagree.
    reason : str
        The same in words.
    content : str
        Hashes of its pixels and of its truth.
    """

    number: int
    image: str
    index: tuple[int, ...]
    y: int
    x: int
    height: int
    width: int
    kind: str
    reason: str
    content: str


@dataclass(frozen=True, slots=True)
class Suspicious(Event):
    """Checked regions that may be labelled wrongly, the worst first."""

    kind: ClassVar[str] = "suspicious"
    regions: tuple[Suspicion, ...]


@dataclass(frozen=True, slots=True)
class TileDone(Event):
    """One tile of the current plane was predicted."""

    kind: ClassVar[str] = "tile_done"
    tile: int
    tiles: int


@dataclass(frozen=True, slots=True)
class PlaneDone(Event):
    """One plane of the current image was predicted."""

    kind: ClassVar[str] = "plane_done"
    plane: int
    planes: int
