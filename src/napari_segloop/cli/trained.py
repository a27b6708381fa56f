"""What came of a training: the files, the last JSON line, and the sentences for people.

Knows results and words, nothing of how a network is taught.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from napari_segloop.cli.course import counted
from napari_segloop.cli.report import duration
from napari_segloop.core.comparing import TOO_FEW, facts_of
from napari_segloop.core.durable import replacing
from napari_segloop.core.modelfile import save_model
from napari_segloop.core.modelinfo import BASES
from napari_segloop.core.settings import STARTS

if TYPE_CHECKING:
    from napari_segloop.cli.course import Course
    from napari_segloop.cli.report import Reporter
    from napari_segloop.core.comparing import Verdict
    from napari_segloop.core.trainresult import TrainResult

Written = dict[str, Path | None]


def candidate_path(model: Path) -> Path:
    """Return where new weights lie that lost."""
    return model.with_name(f"{model.name}.candidate")


def before_path(model: Path) -> Path:
    """Return where the old model lies that training started from and whose file was overwritten."""
    return model.with_name(f"{model.name}.before")


def write_models(result: TrainResult, model: Path, start: str) -> Written:
    """Write the winner, beside it the one that lost or that it replaces.

    Parameters
    ----------
    result : TrainResult
        Of the training.
    model : Path
        The winner's file.
    start : str
        What training started from: a word or a file.

    Returns
    -------
    dict
        "model", "candidate" and "before": a path each, None where there is none.
    """
    before = _keep_before(model, start) if result.accepted else None
    save_model(result.model, model)
    if result.candidate is None:
        return {"model": model, "candidate": None, "before": before}
    save_model(result.candidate, candidate_path(model))
    return {"model": model, "candidate": candidate_path(model), "before": before}


def _keep_before(model: Path, start: str) -> Path | None:
    """Copy the file that training started from, if it is the one to be overwritten."""
    if start in STARTS or not model.exists() or not Path(start).exists():
        return None
    if not model.samefile(start):
        return None
    with replacing(before_path(model)) as temporary:
        temporary.write_bytes(model.read_bytes())
    return before_path(model)


def summary(result: TrainResult, course: Course) -> dict[str, object]:
    """Return what a training led to, for the last JSON line.

    Parameters
    ----------
    result : TrainResult
        Of the training.
    course : Course
        How it went.

    Returns
    -------
    dict
        All of the new network, except "id": of the model that was written to OUT.
    """
    info = (result.candidate or result.model).info
    return {
        "id": result.model.id,
        "candidate_id": result.candidate.id if result.candidate else None,
        "accepted": result.accepted,
        "share": result.share,
        "score": result.score,
        "start": result.base,
        "start_score": result.start_score,
        **facts_of(result.verdict),
        "dice": dict(zip(info.values, result.dice, strict=False)),
        "steps": result.steps,
        "seconds": result.seconds,
        "stopped": result.stopped,
        "task": info.task,
        "classes": info.values,
        "channels": info.channels,
        "encoder": info.encoder,
        "seed": info.seed,
        "precision": info.precision,
        "teach_regions": len(info.teach_hashes),
        "test_regions": len(info.test_hashes),
        "planned_steps": course.planned.steps if course.planned else None,
        "suspicious": [asdict(each) for each in course.suspicious],
    }


def say(result: TrainResult, written: Written, course: Course, reporter: Reporter) -> None:
    """Say in sentences what a training led to."""
    agreement = "unknown" if result.score is None else f"{100 * result.score:.1f} %"
    reporter.say(
        f"{counted(result.steps)} from {BASES[result.base]} in {duration(result.seconds)}; "
        f"agreement on test regions (Dice): {agreement}."
    )
    if course.planned and result.steps < course.planned.steps and not result.stopped:
        planned = counted(course.planned.steps)
        reporter.say(f"The time was up after {result.steps} of {planned}; give more --minutes.")
    if result.verdict is not None:
        reporter.say(_in_words(result, result.verdict))
    if written["before"] is not None:
        reporter.say(f"The model you started from was kept as {written['before']}.")
    if result.candidate is not None:
        reporter.say(f"The new weights lie in {written['candidate']}.")
    reporter.say(f"Model: {written['model']}")


def _in_words(result: TrainResult, verdict: Verdict) -> str:
    before = "" if result.start_score is None else f" ({100 * result.start_score:.1f} %)"
    old = f"the model you started from{before}"
    if not result.accepted:
        is_worse = verdict.high is not None and verdict.high < 0
        word = "is" if is_worse else "may be"
        return f"It {word} worse than {old}, which was kept: {verdict.difference}."
    if verdict.word == TOO_FEW:
        return (
            f"{_too_few(verdict.regions)} to tell whether the new weights are better than {old}. "
            "They were taken: look at both, or check some more places."
        )
    return f"It is not worse than {old}: {verdict.difference}."


def _too_few(regions: int) -> str:
    if regions == 0:
        return "There is no test region that neither was taught,"
    return f"{regions} test region{'s are' if regions > 1 else ' is'} too few"
