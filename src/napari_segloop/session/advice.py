"""The one sensible next step, as a pure function of what is there."""

from __future__ import annotations

from dataclasses import dataclass, field

from napari_segloop.session.state import Primary, QueueState

PLACES_A_ROUND = 8


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


def _prepare(now: Situation) -> Primary | None:
    if not now.images:
        return Primary("add_images", "Add images", "Files, a folder, or open layers")
    if not now.has_task:
        return Primary("choose_task", "Say what you want to find", "Choose one of the two pictures")
    if not now.has_masks:
        return Primary("first_masks", "Make first masks", "By a threshold; to be corrected later")
    return None


def _check(now: Situation) -> Primary | None:
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
        return Primary("predict", f"Predict {planes}{cost}", "All images of the list")
    return Primary("next_place", "Look for places to check", "Worst first")
