"""Whether what was learnt takes over from the model that training started from.

Knows scores and models, no steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_segloop.core.beginning import same_outputs
from napari_segloop.core.comparing import MAY_BE_WORSE, Verdict, judge, mean_dice
from napari_segloop.core.contenders import can_be_averaged, on_the_way
from napari_segloop.core.devices import in_words
from napari_segloop.core.errors import SegLoopError
from napari_segloop.core.folds import Folds, folds_of
from napari_segloop.core.newmodel import new_model
from napari_segloop.core.scoring import dice_of
from napari_segloop.core.trainresult import TrainResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import nn

    from napari_segloop.core.best import Best
    from napari_segloop.core.classroom import Classroom
    from napari_segloop.core.comparing import Counts
    from napari_segloop.core.contenders import Contender
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
    before = story.before
    old = None if before is None else before.counts[list(best.folds.judging)]
    is_told = bool(classroom.lesson.split.test) and best.folds.is_honest
    new, verdict = strongest(_contenders(classroom, best, story), old, is_told=is_told)
    accepted = verdict is None or verdict.takes_over
    if not _is_finite(new.network):
        accepted = _refuse_endless(story.start)
        verdict = Verdict(MAY_BE_WORSE, verdict.regions if verdict else 0)
    model = new_model(classroom, new, story)
    winner = model if accepted or story.start is None else story.start
    return TrainResult(
        model=winner,
        candidate=None if accepted else model,
        accepted=accepted,
        score=model.info.score,
        start_score=mean_dice(old) if old is not None and is_told else None,
        steps=story.steps,
        seconds=story.seconds,
        stopped=story.stopped,
        dice=dice_of(new.judged),
        device=in_words(classroom.device, classroom.precision),
        settings=story.settings,
        verdict=verdict,
        share=new.share,
    )


def _contenders(classroom: Classroom, best: Best, story: Story) -> list[Contender]:
    """Return what was taught and, where it was taught to the end, what lies on the way to it."""
    taught, start = best.contender, story.start
    if start is None or story.stopped or not can_be_averaged(classroom, story.before, start):
        return [taught]
    found = [*on_the_way(classroom, start, best.folds), taught]
    return [each for each in found if _is_finite(each.network)] or [taught]


def strongest(
    contenders: Sequence[Contender], old: Counts | None, *, is_told: bool
) -> tuple[Contender, Verdict | None]:
    """Choose among the networks that may take over.

    Parameters
    ----------
    contenders : sequence of Contender
        At least one; the last one is as it was taught.
    old : (J, K, 3) ndarray of int64 or None
        What the regions that judge say of the network before; None without one.
    is_told : bool
        Whether there are regions that neither network was taught.

    Returns
    -------
    contender : Contender
        The fittest of those that may take over; where none may, the last one.
    verdict : Verdict or None
        On it; None where there is nothing to compare it with.
    """
    if old is None:
        return contenders[-1], None
    regions = slice(None) if is_told else slice(0)
    found = [(each, judge(each.judged[regions], old[regions])) for each in contenders]
    passed = [pair for pair in found if pair[1].takes_over] or found[-1:]
    return max(passed, key=lambda pair: pair[0].fitness)


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
