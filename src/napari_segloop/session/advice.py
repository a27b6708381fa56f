"""The one sensible next step, as a pure function of what is there."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING

from napari_segloop.core.comparing import MARGIN, NOT_WORSE
from napari_segloop.session.limits import more_than
from napari_segloop.session.state import Primary, QueueState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_segloop.session.state import Version

PLACES_A_ROUND = 8
ROUNDS_UNTIL_ALL = 4


@dataclass(frozen=True, slots=True)
class Situation:
    """What the next step depends on.

    Parameters
    ----------
    images : int
        Images that take part.
    has_task : bool
        Whether the first question is answered.
    has_masks : bool
        Whether any plane has masks.
    has_model : bool
        Whether a version is in use.
    queue : QueueState
        Places to check.
    accepted : int
        Places and strokes that were checked since the last training.
    checked : int
        Places and strokes that are checked in all.
    training, predicting : bool
        Whether a training, a prediction is under way.
    train_cost, predict_cost : str
        In words, for example "about 1 min".
    unpredicted : int
        Planes that the version in use has not predicted.
    is_useful : bool
        Whether the version in use agrees with the user well enough to predict everything.
    why_again : str
        Why learning again from all is worth its time, as one sentence.
    is_done : bool
        Whether the goal is reached, as far as random spot checks can tell.
    is_clear : bool
        Whether nothing above the limit is left in all that was predicted.
    limit : float
        How likely wrong, 0 to 1, a place has to be to be offered.
    """

    images: int = 0
    has_task: bool = False
    has_masks: bool = False
    has_model: bool = False
    queue: QueueState = field(default_factory=QueueState)
    accepted: int = 0
    checked: int = 0
    training: bool = False
    predicting: bool = False
    train_cost: str = "about 1 min"
    predict_cost: str = ""
    unpredicted: int = 0
    is_useful: bool = True
    why_again: str = ""
    is_done: bool = False
    is_clear: bool = False
    limit: float = 0.0


def next_step(now: Situation) -> Primary:
    """Say what to do next.

    Parameters
    ----------
    now : Situation
        What is there.

    Returns
    -------
    Primary
        Text, tooltip and action of the one button.

    Examples
    --------
    >>> next_step(Situation()).text
    'Add images'
    >>> next_step(Situation(images=1, has_task=True)).text
    'Make first masks'
    """
    return _prepare(now) or _check(now) or _wait(now) or _finish(now)


def why_learn_again(versions: Sequence[Version]) -> str:
    """Say why learning again from all is worth its time now.

    Parameters
    ----------
    versions : sequence of Version
        Oldest first.

    Returns
    -------
    str
        One sentence: after two rounds that did not take over, after one that agrees less than the
        version before, and after four rounds of improving. Empty when improving goes well.
    """
    rounds = list(takewhile(lambda v: v.parent is not None and not v.afresh, reversed(versions)))
    again = "Learn again from all may do better."
    if len(rounds) > 1 and not (rounds[0].accepted or rounds[1].accepted):
        return f"Two rounds in a row did not take over: {again}"
    if rounds and _lost(rounds[0]):
        return f"The last round agrees with you less than the version before: {again}"
    if len(rounds) >= ROUNDS_UNTIL_ALL:
        return f"It was improved {len(rounds)} times in a row: {again}"
    return ""


def other_choice(versions: Sequence[Version], in_use: int | None) -> int | None:
    """Return the version to offer where the test regions leave the choice to the user.

    Parameters
    ----------
    versions : sequence of Version
        Oldest first.
    in_use : int or None
        Number of the one in use.

    Returns
    -------
    int or None
        The last version, or its parent where the last one is in use; None where it is clear which
        one is better.
    """
    last = versions[-1] if versions else None
    if last is None or last.verdict in ("", NOT_WORSE):
        return None
    other = last.parent if in_use == last.number else last.number
    return other if any(each.number == other for each in versions) else None


def _lost(version: Version) -> bool:
    """Say whether a version is below its parent on the same test regions."""
    if version.score is None or version.start_score is None:
        return False
    return version.score < version.start_score - MARGIN


def _prepare(now: Situation) -> Primary | None:
    if not now.images:
        return Primary("add_images", "Add images", "Files, a folder, or open layers")
    if not now.has_task:
        return Primary("choose_task", "Say what you want to find", "Choose one of the two pictures")
    if not now.has_masks:
        return Primary("first_masks", "Make first masks", "By a threshold; to be corrected later")
    return None


def _check(now: Situation) -> Primary | None:
    is_clear = now.is_clear and now.accepted < PLACES_A_ROUND  # much that is not taught yet is not
    if (now.is_done or is_clear) and now.queue.at is None:
        return None  # more may be checked and taught, but need not
    if _is_time_to_train(now):
        return _train(now)
    return _next_place(now.queue) if now.queue.left else None


def _wait(now: Situation) -> Primary | None:
    if not (now.training or now.predicting):
        return None
    doing = "Training" if now.training else "Predicting"
    tip = "Below is how far it is, and Stop."
    return Primary("nothing", f"{doing}. You can go on painting.", tip, enabled=False)


def _is_time_to_train(now: Situation) -> bool:
    idle = not (now.training or now.predicting)
    return idle and (now.accepted >= PLACES_A_ROUND or (now.accepted > 0 and not now.queue.left))


def _train(now: Situation) -> Primary:
    regions = "1 region" if now.checked == 1 else f"{now.checked} regions"
    tip = "Some of what you checked teaches, some tests. You can go on painting meanwhile."
    tip = f"{tip}\n{now.why_again}".strip()
    return Primary("train", f"Train on {regions}, {now.train_cost}", tip)


def _next_place(queue: QueueState) -> Primary:
    tip = "A: all correct · S: can't tell · N: later"
    if queue.at is None:
        number = len(queue.places) - queue.left + 1
        return Primary("next_place", f"Next place to check, {number} of {len(queue.places)}", tip)
    text = f"All correct, next place ({queue.at + 1} of {len(queue.places)})"
    return Primary("next_place", text, tip)


def _finish(now: Situation) -> Primary:
    if now.has_model and now.unpredicted and now.is_useful:
        planes = "1 plane" if now.unpredicted == 1 else f"{now.unpredicted} planes"
        cost = f", {now.predict_cost}" if now.predict_cost else ""
        tip = "The goal is reached. " if now.is_done else ""
        return Primary("predict", f"Predict {planes}{cost}", f"{tip}All images of the list")
    if now.is_done:
        return Primary("next_place", "Goal reached. Check more places", "Nothing more is needed")
    if now.is_clear:
        why = f"Nothing {more_than(now.limit)} is left, so nothing more is needed"
        return Primary("next_place", "Done. Check more places", why)
    return Primary("next_place", "Look for places to check", "Worst first")
