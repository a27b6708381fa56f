"""Whether what was learnt takes over from the model that training started from.

Knows scores and models, no steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_segloop.core.beginning import same_outputs
from napari_segloop.core.comparing import MAY_BE_WORSE, Verdict, judge, mean_dice
from napari_segloop.core.devices import in_words
from napari_segloop.core.errors import SegLoopError
from napari_segloop.core.folds import Folds, folds_of
from napari_segloop.core.newmodel import new_model
from napari_segloop.core.scoring import dice_of
from napari_segloop.core.trainresult import TrainResult

if TYPE_CHECKING:
    from torch import nn

    from napari_segloop.core.best import Best
    from napari_segloop.core.classroom import Classroom
    from napari_segloop.core.comparing import Counts
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
    old = None if story.before is None else story.before.counts[list(best.folds.judging)]
    verdict = None if old is None else _verdict(classroom, best, old)
    accepted = verdict is None or verdict.takes_over
    if not _is_finite(best.network):
        accepted = _refuse_endless(story.start)
        verdict = Verdict(MAY_BE_WORSE, verdict.regions if verdict else 0)
    model = new_model(classroom, best, story)
    winner = model if accepted or story.start is None else story.start
    return TrainResult(
        model=winner,
        candidate=None if accepted else model,
        accepted=accepted,
        score=model.info.score,
        start_score=_score(classroom, best, old),
        steps=story.steps,
        seconds=story.seconds,
        stopped=story.stopped,
        dice=dice_of(best.judged),
        device=in_words(classroom.device, classroom.precision),
        settings=story.settings,
        verdict=verdict,
    )


def _score(classroom: Classroom, best: Best, old: Counts | None) -> float | None:
    """Score the old network, where there are regions that it was never taught."""
    is_tested = bool(classroom.lesson.split.test) and best.folds.is_honest
    return mean_dice(old) if old is not None and is_tested else None


def _verdict(classroom: Classroom, best: Best, old: Counts) -> Verdict:
    """Judge on the regions that neither network was taught; there may be none of them."""
    regions = slice(None) if best.folds.is_honest and classroom.lesson.split.test else slice(0)
    return judge(best.judged[regions], old[regions])


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


def folds_for(classroom: Classroom, start: Model | None) -> Folds:
    """Divide the test regions among choosing, calibrating and judging.

    Parameters
    ----------
    classroom : Classroom
        Holds the test regions.
    start : Model or None
        What that was taught does not judge.

    Returns
    -------
    Folds
        Of the regions that are scored.
    """
    looks = [block.look for block in classroom.examiner.blocks]
    return folds_of(looks, start.info.seen if start else ())


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
