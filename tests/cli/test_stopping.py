"""Ctrl-C at every stage: asked once, asked twice, while results are written."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from napari_segloop.cli import course, options, simulation, training
from napari_segloop.cli.interrupt import stop_on_interrupt, undisturbed
from napari_segloop.core.events import StepDone
from napari_segloop.core.learningcurve import RoundScored

if TYPE_CHECKING:
    from pathlib import Path
    from types import SimpleNamespace as Space

    from napari_segloop.core.events import Event
    from tests.cli.conftest import Call

Command = Callable[..., "Call"]


@pytest.fixture(autouse=True)
def _usual_ctrl_c() -> Iterator[None]:
    """Ctrl-C as in a terminal: whoever runs the tests in the background may have it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def press(times: int) -> None:
    for _ in range(times):
        signal.raise_signal(signal.SIGINT)


@pytest.fixture
def pressed_at_a_step(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Return a way to have Ctrl-C pressed so many times after the first step."""
    tell = course.Course.tell

    def prepare(times: int) -> None:
        def interrupted(self: course.Course, event: Event) -> None:
            tell(self, event)
            if isinstance(event, StepDone) and event.step == 1:
                press(times)

        monkeypatch.setattr(course.Course, "tell", interrupted)

    return prepare


def train(segloop: Command, files: Space, model: Path) -> Call:
    return segloop("train", "--images", files.images, "--labels", files.classes, "--start", "none",
                   "--model", model, "--steps", "4", "--encoder", "mobilenet_v2")  # fmt: skip


def test_the_first_ctrl_c_says_what_will_be_written_and_what_a_second_one_does(
    files: Space, tmp_path: Path, segloop: Command, pressed_at_a_step: Callable[[int], None]
) -> None:
    pressed_at_a_step(1)
    call = train(segloop, files, tmp_path / "m")
    assert call.code == 130
    [text] = [each["text"] for each in call.of("notice") if "Stopping" in each["text"]]
    assert "will be written" in text
    assert "second Ctrl-C gives up" in text
    assert call.last["event"] == "result"
    assert (tmp_path / "m").exists()


def test_a_second_ctrl_c_writes_nothing_and_says_so(
    files: Space, tmp_path: Path, segloop: Command, pressed_at_a_step: Callable[[int], None]
) -> None:
    pressed_at_a_step(2)
    call = train(segloop, files, tmp_path / "m")
    assert call.code == 130
    assert call.last["event"] == "error"
    assert call.last["remedy"] == "Given up: nothing was written."
    assert call.err == "segloop: Given up: nothing was written.\n"
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_while_the_model_is_written_leaves_it_whole(
    files: Space, tmp_path: Path, segloop: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = training.write_models

    def interrupted(*given: object) -> object:
        press(3)
        return write(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(training, "write_models", interrupted)
    call = train(segloop, files, tmp_path / "m")
    assert call.code == 0
    assert call.last["event"] == "result"


def test_what_is_undisturbed_may_be_stopped_again_afterwards() -> None:
    with stop_on_interrupt(lambda: None) as should_stop:
        with undisturbed():
            press(2)
        assert not should_stop()
        press(1)
        assert should_stop()


def test_a_second_ctrl_c_in_a_rehearsal_says_which_rounds_are_kept(
    files: Space, tmp_path: Path, segloop: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell = simulation._Course.tell

    def interrupted(self: simulation._Course, event: Event) -> None:
        tell(self, event)
        if isinstance(event, RoundScored) and event.round == 1:
            press(2)

    monkeypatch.setattr(simulation._Course, "tell", interrupted)
    call = segloop("simulate", files.images, files.classes, "--start", "none", "--steps", "1",
                   "--encoder", "mobilenet_v2", "--window", "24",
                   "--csv", tmp_path / "t.csv")  # fmt: skip
    assert call.code == 130
    assert call.last["remedy"] == f"Given up; rounds that are over are in {tmp_path / 't.csv'}."
    assert (tmp_path / "t.csv").read_text().count("\n") == 3


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        pytest.param(["train", "--images", "a", "--labels", "b", "--model", "m"],
                     "Stopped before anything was learnt; nothing was written.", id="train"),
        pytest.param(["train", "--project", "p", "--model", "m"],
                     "Stopped before anything was learnt; nothing was written.", id="project"),
        pytest.param(["simulate", "a", "b"], "before the first round", id="simulate"),
        pytest.param(["predict", "m", "a", "--output", "o"], "before anything was predicted",
                     id="predict"),
        pytest.param(["rank", "m", "a", "--csv", "c"], "no table was written", id="rank"),
        pytest.param(["doctor"], "Stopped before it was done.", id="doctor"),
    ],
)  # fmt: skip
def test_ctrl_c_during_the_start_is_one_sentence_and_one_last_event(
    typed: list[str], words: str, segloop: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(name: str) -> object:
        raise KeyboardInterrupt(name)

    monkeypatch.setattr(options, "import_module", interrupted)
    call = segloop(*typed)
    assert call.code == 130
    assert [each["event"] for each in call.events] == ["error"]
    assert words in call.last["remedy"]
    assert call.err == f"segloop: {call.last['remedy']}\n"


def test_ctrl_c_while_images_are_read_says_that_nothing_was_learnt(
    files: Space, tmp_path: Path, segloop: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "check_pair", lambda *_: press(1))
    call = train(segloop, files, tmp_path / "m")
    assert call.code == 130
    assert "before anything was learnt" in call.err
    assert call.last["event"] == "error"
