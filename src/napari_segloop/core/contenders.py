"""What a training offers to take over: the best network that was taught, and some on the way to it.

Means of the weights of the network before and of the one that was taught keep most of the gain, or
more than all of it [1]_. They differ less from the network before, so that few test regions suffice
to see that they are not worse. That holds for two networks that began alike, also when the second
one was learnt again from all; where it does not hold, the mean scores badly, and loses. Who wins is
not decided here.

References
----------
.. [1] Wortsman, M. et al. (2022). Robust fine-tuning of zero-shot models.
   https://doi.org/10.1109/CVPR52688.2022.00780
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn

    from napari_segloop.core.classroom import Classroom
    from napari_segloop.core.comparing import Counts
    from napari_segloop.core.folds import Folds
    from napari_segloop.core.modelfile import Model
    from napari_segloop.core.scoring import Scored


SHARES = 0.5, 0.75


@dataclass(frozen=True, slots=True, eq=False)
class Contender:
    """A network that may take over.

    Parameters
    ----------
    network : torch.nn.Module
        In evaluation mode.
    scored : Scored
        On all test regions.
    judged : (J, K, 3) ndarray of int64
        Counts of the regions that judge, at a step that they did not choose.
    folds : Folds
        Which regions are for what.
    share : float
        Of the weights that were taught; the rest is of the network before.
    """

    network: nn.Module
    scored: Scored
    judged: Counts
    folds: Folds
    share: float = 1.0

    @property
    def fitness(self) -> float:
        """By what one of several that may take over is chosen, 0 to 1."""
        return self.folds.choose(self.scored.counts)


def can_be_averaged(classroom: Classroom, before: Scored | None, start: Model | None) -> bool:
    """Say whether there is a network before, of the same classes and shape.

    Parameters
    ----------
    classroom : Classroom
        Holds the network that is taught.
    before : Scored or None
        Of the one before; None where the two cannot be compared.
    start : Model or None
        The one before.

    Returns
    -------
    bool
        Whether their weights have means.
    """
    if start is None or before is None:
        return False
    return classroom.learner.shapes == {k: v.shape for k, v in start.network.state_dict().items()}


def on_the_way(classroom: Classroom, start: Model, folds: Folds) -> Iterator[Contender]:
    """Make means of two networks, and score them.

    Parameters
    ----------
    classroom : Classroom
        Holds the network as it was taught to the end, which no region chose.
    start : Model
        The one before, of the same architecture; left as it is.
    folds : Folds
        Which regions judge.

    Yields
    ------
    Contender
        Half and three quarters of what was taught; their networks are on the device.
    """
    for share in SHARES:
        network = classroom.graduate()
        _pull(network, start.network, 1 - share)
        scored = classroom.examiner.score(network, classroom.precision)
        yield Contender(network, scored, scored.counts[list(folds.judging)], folds, share)


@torch.no_grad()
def _pull(network: nn.Module, other: nn.Module, share: float) -> None:
    """Move weights towards those of another network."""
    before = other.state_dict()
    for name, weight in network.state_dict().items():
        if weight.is_floating_point():
            weight.lerp_(before[name].to(weight), share)
