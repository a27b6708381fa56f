"""What a training leaves and says, without training: made results of two tiny models."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from torch import nn

from napari_segloop.cli.course import Course
from napari_segloop.cli.report import Reporter
from napari_segloop.cli.trained import before_path, candidate_path, say, summary, write_models
from napari_segloop.core.comparing import MAY_BE_WORSE, NOT_WORSE, TOO_FEW, Verdict
from napari_segloop.core.events import TrainingPlanned
from napari_segloop.core.modelfile import Model, model_bytes
from napari_segloop.core.modelinfo import ModelInfo
from napari_segloop.core.normalize import Normalization
from napari_segloop.core.trainresult import TrainResult

if TYPE_CHECKING:
    from pathlib import Path


def model(seed: int) -> Model:
    numbers = Normalization("between", (1.0,), (1.0,))
    info = ModelInfo("classes", "resnet18", 3, 1, (0, 7), numbers, seed=seed, base="model")
    return Model(info, nn.Linear(1, 1))


OLD, NEW = model(5), model(6)


def result_of(verdict: Verdict | None, *, steps: int = 41) -> TrainResult:
    taken = verdict is None or verdict.takes_over
    return TrainResult(
        model=NEW if taken else OLD,
        candidate=None if taken else NEW,
        accepted=taken,
        score=0.9,
        start_score=0.81,
        steps=steps,
        seconds=3.0,
        stopped=False,
        dice=(0.99, 0.9),
        verdict=verdict,
    )


NONE = {"model": None, "candidate": None, "before": None}


def spoken(result: TrainResult, written: dict = NONE, planned: int = 41) -> str:
    err = io.StringIO()
    reporter = Reporter(json=False, out=io.StringIO(), err=err)
    course = Course(reporter)
    course.planned = TrainingPlanned(planned, 3, 3)
    say(result, written, course, reporter)
    return err.getvalue()


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A model file that lies there already."""
    (tmp_path / "m").write_bytes(model_bytes(OLD))
    return tmp_path / "m"


def test_the_model_that_was_improved_in_place_is_kept_so_that_both_can_be_looked_at(
    out: Path,
) -> None:
    result = result_of(Verdict(TOO_FEW, 3))
    written = write_models(result, out, str(out))
    assert written == {"model": out, "candidate": None, "before": before_path(out)}
    assert before_path(out).read_bytes() == model_bytes(OLD)
    assert out.read_bytes() == model_bytes(NEW)
    words = spoken(result, written)
    assert "3 test regions are too few to tell whether" in words
    assert str(before_path(out)) in words
    assert ": 3" not in words


def test_it_is_kept_too_where_the_new_one_is_not_worse_and_under_another_name_of_its_file(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(out.parent)
    written = write_models(result_of(Verdict(NOT_WORSE, 9, 0.0, 0.1)), out, "./m")
    assert before_path(out).read_bytes() == model_bytes(OLD)
    assert written["before"] == before_path(out)


@pytest.mark.parametrize(
    ("start", "verdict"),
    [
        pytest.param("starter", None, id="not from a model"),
        pytest.param("other", Verdict(TOO_FEW, 1), id="from another file"),
        pytest.param("m", Verdict(MAY_BE_WORSE, 9, -0.1, 0.1), id="the old one stays"),
    ],
)
def test_otherwise_nothing_is_kept(out: Path, start: str, verdict: Verdict | None) -> None:
    (out.parent / "other").write_bytes(b"another")
    place = start if start == "starter" else str(out.parent / start)
    written = write_models(result_of(verdict), out, place)
    assert written["before"] is None
    assert not before_path(out).exists()
    assert candidate_path(out).exists() == (written["candidate"] is not None)


@pytest.mark.parametrize(
    ("regions", "words"),
    [(0, "There is no test region"), (1, "1 test region is too few"), (4, "4 test regions are")],
)
def test_too_few_regions_are_a_whole_sentence(regions: int, words: str) -> None:
    assert words in spoken(result_of(Verdict(TOO_FEW, regions)))


@pytest.mark.parametrize(
    ("low", "high", "words"), [(-0.012, -0.005, "It is worse than"), (-0.012, 0.005, "It may be")]
)
def test_what_is_certainly_worse_is_not_said_to_be_perhaps(
    low: float, high: float, words: str
) -> None:
    assert words in spoken(result_of(Verdict(MAY_BE_WORSE, 9, low, high)))


def test_the_facts_of_a_rejected_training_are_its_own_and_both_ids_are_told() -> None:
    course = Course(Reporter(json=True, out=io.StringIO(), err=io.StringIO()))
    facts = summary(result_of(Verdict(MAY_BE_WORSE, 9, -0.1, 0.1)), course)
    assert facts["seed"] == 6
    assert facts["steps"] == 41
    assert facts["id"] == OLD.id
    assert facts["candidate_id"] == NEW.id
    assert facts["dice"] == {0: 0.99, 7: 0.9}
    assert summary(result_of(None), course)["candidate_id"] is None


def test_steps_that_the_time_did_not_suffice_for_are_said() -> None:
    words = "The time was up after 2 of 8 steps; give more --minutes."
    assert words in spoken(result_of(None, steps=2), planned=8)
    assert words not in spoken(result_of(None, steps=8), planned=8)
    stopped = replace(result_of(None, steps=2), stopped=True)
    assert words not in spoken(stopped, planned=8)
