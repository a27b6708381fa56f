"""Whether what was learnt takes over from the model that training started from.

Knows scores and models, no steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_segloop.core.beginning import same_outputs
from napari_segloop.core.comparing import gain
from napari_segloop.core.devices import in_words
from napari_segloop.core.errors import SegLoopError
from napari_segloop.core.newmodel import new_model
from napari_segloop.core.trainresult import TrainResult

if TYPE_CHECKING:
    from torch import nn

    from napari_segloop.core.best import Best
    from napari_segloop.core.classroom import Classroom
    from napari_segloop.core.modelfile import Model
    from napari_segloop.core.scoring import Scored
    from napari_segloop.core.trainresult import Story


def conclude(classroom: Classroom, best: Best, story: Story) -> TrainResult:
    """Make the model, compare it with the one it started from.

    Parameters
    ----------
    classroom : Classroom
        Where the network was taught.
    best : Best
        The best network, scored.
    story : Story
        How the training went.

    Returns
    -------
    TrainResult
        With the winner.

    Raises
    ------
    SegLoopError
        When the training led to no numbers.
    """
    if best.network is None or best.scored is None:
        msg = "a training that ended without a scored network"
        raise ValueError(msg)
    model = new_model(classroom, best.network, best.scored, story)
    accepted = _is_accepted(best.scored, story)
    if not _is_finite(best.network):
        accepted = _refuse_endless(story.start)
    winner = model if accepted or story.start is None else story.start
    return TrainResult(
        model=winner,
        candidate=None if accepted else model,
        accepted=accepted,
        score=model.info.score,
        start_score=story.before.score if story.before else None,
        steps=story.steps,
        seconds=story.seconds,
        stopped=story.stopped,
        dice=best.scored.dice,
        device=in_words(classroom.device, classroom.precision),
        settings=story.settings,
    )


def _is_finite(network: nn.Module) -> bool:
    return all(bool(weight.isfinite().all()) for weight in network.state_dict().values())


def _refuse_endless(start: Model | None) -> bool:
    """Fall back on the model to start from when a training left the range of numbers."""
    if start is None:
        raise SegLoopError(
            "a training that settles",
            "weights that are no numbers",
            "Train again with another --seed, or with more and cleaner labels.",
        )
    return False


def score_before(classroom: Classroom, start: Model | None) -> Scored | None:
    """Score the model to start from, if it answers the same question.

    Parameters
    ----------
    classroom : Classroom
        Holds the test regions.
    start : Model or None
        Left as it is.

    Returns
    -------
    Scored or None
        None without a model of the same classes.
    """
    if start is None or not same_outputs(start, classroom.lesson):
        return None
    return classroom.score_of(start)


def _is_accepted(scored: Scored, story: Story) -> bool:
    """Refuse what is worse; what was learnt anew must be better by more than the error of that."""
    if story.before is None:
        return True
    if not story.settings.afresh:
        return scored.score >= story.before.score
    better, error = gain(scored.counts, story.before.counts)
    return better >= error
