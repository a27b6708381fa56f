"""What goes to which stream, and that it is JSON."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_segloop.cli.report import Progress, Reporter, drain, duration, table, to_json
from napari_segloop.core.errors import InputError
from napari_segloop.core.events import StepDone

if TYPE_CHECKING:
    from collections.abc import Generator


def reporter(*, json: bool) -> tuple[Reporter, io.StringIO, io.StringIO]:
    out, err = io.StringIO(), io.StringIO()
    return Reporter(json=json, out=out, err=err), out, err


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(float("nan"), None, id="NaN"),
        pytest.param(float("-inf"), None, id="infinity"),
        pytest.param(np.float32("nan"), None, id="numpy's NaN"),
        pytest.param(np.uint8(7), 7, id="numpy's integer"),
        pytest.param(np.array([[1.0, np.nan]]), [[1.0, None]], id="array"),
        pytest.param(Path("a/b"), "a/b", id="path"),
        pytest.param({1: {"x": (float("inf"), True)}}, {"1": {"x": [None, True]}}, id="nested"),
        pytest.param("\udcff ü", "\udcff ü", id="a file name that is no UTF-8"),
        pytest.param(None, None, id="nothing"),
    ],
)
def test_json_holds_plain_values_without_nan(value: object, expected: object) -> None:
    line = to_json({"value": value})
    assert line.isascii()
    assert json.loads(line) == {"value": expected}


def test_json_goes_to_standard_output_and_people_are_not_told_twice() -> None:
    report, out, err = reporter(json=True)
    report.event(StepDone(1, 3, 0.5, 0.1))
    report.say("for people")
    report.show("for people")
    report.progress("for people")
    report.result(score=float("nan"))
    events = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [event["event"] for event in events] == ["step_done", "result"]
    assert events[-1]["score"] is None
    assert err.getvalue() == ""


def test_people_get_results_on_standard_output_and_the_rest_on_standard_error() -> None:
    report, out, err = reporter(json=False)
    report.event(StepDone(1, 3, 0.5, 0.1))
    report.notice("From zero.")
    report.show("table")
    report.result(score=1.0)
    assert out.getvalue() == "table\n"
    assert err.getvalue() == "From zero.\n"


@pytest.mark.parametrize("json_lines", [True, False])
def test_an_error_is_always_one_sentence_for_people(json_lines: bool) -> None:
    report, out, err = reporter(json=json_lines)
    report.error(InputError("a file", "none", "Check the path.", "a.tif"))
    assert err.getvalue() == "segloop: a.tif: Expected a file, got none. Check the path.\n"
    assert bool(out.getvalue()) == json_lines


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_rewritten_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(10))
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    stream = Terminal()
    progress = Progress(stream)
    progress.show("a long line")
    progress.show("short")
    progress.clear()
    assert stream.getvalue() == "\ra long line\rshort      \r     \r"


def test_progress_is_a_line_every_ten_seconds_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0, 3, 9, 11, 12, 22])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    stream = io.StringIO()
    progress = Progress(stream)
    for number in range(5):
        progress.show(str(number))
    assert stream.getvalue() == "2\n4\n"


def test_a_table_is_aligned() -> None:
    text = table(["class", "Dice"], [["1", 0.5], ["255", None]])
    assert text.splitlines() == ["class   Dice", "1      0.500", "255        -"]


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (89, "89 s"), (90, "2 min"), (5400, "1.5 h")]
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_job_is_drained_to_its_result() -> None:
    def job() -> Generator[int, None, str]:
        yield 1
        yield 2
        return "done"

    told: list[int] = []
    assert drain(job(), told.append) == "done"
    assert told == [1, 2]
