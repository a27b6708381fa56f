"""The best network of a training, by the test regions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_segloop.core.comparing import Counts
from napari_segloop.core.contenders import Contender
from napari_segloop.core.events import Event, Validated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn

    from napari_segloop.core.classroom import Classroom
    from napari_segloop.core.folds import Folds
    from napari_segloop.core.scoring import Scored


class Best:
    """The best network so far and its score, and the counts of all that were scored.

    Only one network and its logits are kept; counts are a few numbers for each region.

    Parameters
    ----------
    folds : Folds
        Which test regions choose.
    """

    def __init__(self, folds: Folds) -> None:
        self.folds = folds
        self._best: tuple[nn.Module, Scored] | None = None
        self._counts = list[Counts]()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was scored yet."""
        return self._best is None

    @property
    def contender(self) -> Contender:
        """The network with its scores."""
        if self._best is None:
            msg = "a training that ended without a scored network"
            raise ValueError(msg)
        return Contender(*self._best, self.folds.judged(self._counts), self.folds)

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
        better = self._best is None or self._rank(scored) > self._rank(self._best[1])
        if better:
            self._best = network, scored
        self._counts.append(scored.counts)
        yield Validated(step, scored.score, better)

    def _rank(self, scored: Scored) -> float:
        return self.folds.choose(scored.counts)
