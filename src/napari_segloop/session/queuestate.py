"""The places to check and where the user is among them, as frozen values for a face."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from napari_segloop.core.spotchecks import REASON

if TYPE_CHECKING:
    from napari_segloop.core.regions import Region


@dataclass(frozen=True, slots=True)
class Place:
    """A place to check: a region of an image of the list; a spot check has a chance to be drawn."""

    image: int
    region: Region
    probability: float | None = field(default=None, compare=False)

    @property
    def is_spot_check(self) -> bool:
        """Whether it was drawn at random."""
        return self.probability is not None or self.region.reason == REASON


@dataclass(frozen=True, slots=True)
class QueueState:
    """Places to check, worst first, and which one the user is at (None: not walking)."""

    places: tuple[Place, ...] = ()
    at: int | None = None
    done: tuple[int, ...] = ()

    @property
    def here(self) -> Place | None:
        """The place that the user is at."""
        return None if self.at is None else self.places[self.at]

    @property
    def left(self) -> int:
        """Number of places that were neither accepted nor set aside."""
        return len(self.places) - len(self.done)
