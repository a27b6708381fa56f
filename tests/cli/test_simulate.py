"""``segloop simulate`` on tiny images."""

from __future__ import annotations

import csv
import io
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from click.testing import CliRunner

from napari_segloop.cli import main, simulation
from napari_segloop.cli.report import Reporter
from napari_segloop.core.learningcurve import Rehearsed, RoundScored
from tests.cli.conftest import scene, write

if TYPE_CHECKING:
    from pathlib import Path
    from types import SimpleNamespace as Space

Command = Callable[..., Any]
QUICK = ("--start", "none", "--encoder", "mobilenet_v2", "--steps", "2", "--places", "2",
         "--threads", "1",
         "--window", "24")  # fmt: skip


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_two_rounds(files: Space, tmp_path: Path, segloop: Command) -> None:
    table = tmp_path / "curve.csv"
    call = segloop("simulate", files.images, files.classes, *QUICK, "--rounds", "2", "--csv", table)
    assert call.code == 0, call.err
    result = call.last
    assert len(result["worked"]) == 2
    assert len(result["unseen"]) == 1
    assert not set(result["worked"]) & set(result["unseen"])
    scored = call.of("round_scored")
    assert [{**each, "event": None} for each in scored] == [
        {"event": None, **each} for each in result["rounds"]
    ]
    assert [each["steps"] for each in scored] == [0, 2, 2]
    assert list(scored[2]["classes"]) == ["7"]
    found = rows(table)
    assert [row["round"] for row in found] == ["0", "1", "2"]
    assert [float(row["dice_7"]) for row in found] == [each["dice"] for each in scored]
    assert [float(row["seconds"]) for row in found] == [each["seconds"] for each in scored]
    assert 0 < result["area"] <= 1


def test_a_stack_is_cut_in_halves_and_ctrl_c_keeps_the_rounds_that_are_over(
    tmp_path: Path, segloop: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    planes = [scene(seed, 128) for seed in (0, 1)]
    write(tmp_path / "i" / "a.tif", np.stack([image[:72] for image, _ in planes]))
    write(tmp_path / "t" / "a_masks.tif", np.stack([ids[:72] for _, ids in planes]))
    tell = simulation._Course.tell

    def interrupted(course: object, event: object) -> None:
        tell(course, event)
        if isinstance(event, RoundScored) and event.round == 1:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(simulation._Course, "tell", interrupted)
    table = tmp_path / "curve.csv"
    call = segloop("simulate", tmp_path / "i", tmp_path / "t", *QUICK, "--axes", "ZYX",
                   "--task", "objects", "--how", "foreground", "--csv", table)  # fmt: skip
    assert call.code == 130, call.err
    assert "a single image" in call.of("notice")[0]["text"]
    assert call.last["stopped"] is True
    assert len(call.last["worked"]) == len(call.last["unseen"]) == 2
    assert [row["round"] for row in rows(table)] == ["0", "1"]
    assert all(0 <= float(row["ap50"]) <= 1 for row in rows(table))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param(["I", "nowhere"], "nowhere", id="no truth"),
        pytest.param(["I/a0.tif", "C/a0_mask.tif"], "at least 128", id="one small image"),
        pytest.param(["I", "C", "--work-on", "3"], "at most 2 of 3", id="too few to score"),
        pytest.param(["I/a0.tif", "C/a0_mask.tif", "--work-on", "2"], "at most 1 of 1",
                     id="one image is not two"),
        pytest.param(["I", "C", "--channels", "4"], "channel", id="channels"),
        pytest.param(["I", "C", "--steps", "2", "--minutes", "1"], "exclude", id="two limits"),
        pytest.param(["I", "C", "--csv", "nowhere/t.csv"], "nowhere", id="no such folder"),
        pytest.param(["I", "C", "--how", "guess"], "guess", id="no such strategy"),
        pytest.param(["I", "WRONG"], "(32, 64)", id="other shape"),
        pytest.param(["I", "C", "--encoder", "no-such"], "no-such", id="no such encoder"),
        pytest.param(["I", "C", "--start", "nowhere.segloop"], "nowhere", id="no such model"),
    ],
)  # fmt: skip
def test_bad_input_is_exit_2(
    options: list[str], words: str, files: Space, tmp_path: Path, segloop: Command
) -> None:
    wrong = write(tmp_path / "a0.tif", np.zeros((32, 64), np.uint8))
    places = {"I": files.images, "C": files.classes, "WRONG": wrong}
    typed = [str(places.get(option, option)) for option in options]
    typed = [t.replace("I/", f"{files.images}/").replace("C/", f"{files.classes}/") for t in typed]
    call = segloop("simulate", *typed)
    assert call.code == 2
    assert words in call.err


def test_another_encoder_than_the_start_models_is_refused(
    files: Space, trained: Space, segloop: Command
) -> None:
    call = segloop("simulate", files.images, files.classes, "--start", trained.path,
                   "--encoder", "resnet18", "--steps", "1", "--rounds", "1")  # fmt: skip
    assert call.code == 2
    assert call.last["expected"] == "the encoder of the model to start from, mobilenet_v2"
    assert call.last["got"] == "resnet18"


def test_help_says_how_long_a_round_learns_and_what_round_0_is() -> None:
    text = " ".join(CliRunner().invoke(main.segloop, ["simulate", "--help"]).output.split())
    assert "Every third round learns again from all, for two and a half times as many steps" in text
    assert "Round 0" in text


@pytest.mark.parametrize(("compared", "words"), [(False, ["-", "first", "yes", "no"]),
                                                 (True, ["-", "yes", "yes", "no"])])  # fmt: skip
def test_the_first_network_is_not_said_to_have_been_compared(
    compared: bool, words: list[str]
) -> None:
    rounds = [RoundScored(number, 0, 0.0, 0.0, 0, 0, 0.5, {1: 0.5}, steps=2 * bool(number),
                          accepted=number in (1, 2)) for number in range(4)]  # fmt: skip
    out = io.StringIO()
    reporter = Reporter(json=False, out=out, err=io.StringIO())
    found = Rehearsed(tuple(rounds), 24, stopped=False)
    simulation._tell(found, rounds, reporter, compared=compared)
    lines = out.getvalue().splitlines()[1:5]
    assert [line.split()[-3] for line in lines] == words


@pytest.mark.parametrize(
    ("truths", "options", "words"),
    [
        pytest.param([1, 1, 1], [], "Write background as 0", id="all of one class"),
        pytest.param([0, 0, 0], [], "Mark something", id="only background"),
        pytest.param([12, 12, 12], [], "Write background as 0", id="classes from 1"),
        pytest.param([10, 10, 10], ["--ignore", "1"], "--ignore 1 out", id="the class ignored"),
        pytest.param([10, 0, 0], [], "more images that hold it", id="one image with objects"),
        pytest.param([10], [], "several images", id="all objects in one half"),
    ],
)
def test_truth_that_no_division_helps_is_answered_with_what_does(
    truths: list[int], options: list[str], words: str, tmp_path: Path, segloop: Command
) -> None:
    for number, values in enumerate(truths):
        labels = np.full((128, 64), values % 10, np.uint8)
        labels[:32] = values // 10 or values
        write(tmp_path / "i" / f"{number}.tif", scene(number, 128)[0][:, :64])
        write(tmp_path / "t" / f"{number}.tif", labels)
    call = segloop("simulate", tmp_path / "i", tmp_path / "t", *options)
    assert call.code == 2
    assert words in call.err
    assert "--seed" not in call.err
