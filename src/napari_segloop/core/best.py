"""The best network of a training, by the test regions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_segloop.core.events import Event, Validated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn

    from napari_segloop.core.classroom import Classroom
    from napari_segloop.core.scoring import Scored


class Best:
    """The best network so far and its score."""

    def __init__(self) -> None:
        self.network: nn.Module | None = None
        self.scored: Scored | None = None

    def consider(self, classroom: Classroom, step: int) -> Iterator[Event]:
        """Score the network of this moment and keep it when it is the best.

        Parameters
        ----------
        classroom : Classroom
            Holds the network and the test regions.
        step : int
            Steps taken.

        Yields
        ------
        Validated
            The score.
        """
        network = classroom.graduate()
        scored = classroom.examiner.score(network, classroom.precision)
        better = self.scored is None or scored.score > self.scored.score
        if better:
            self.network, self.scored = network, scored
        yield Validated(step, scored.score, better)
