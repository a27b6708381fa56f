"""The command itself: help, versions, usage errors; nothing heavy is imported."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner

from napari_segloop import __version__
from napari_segloop.cli import main
from napari_segloop.cli.main import COMMANDS

Command = Callable[..., Any]
ABSENT = (
    "--workers", "--scheduler", "--shard", "--resume",
    "finish", "measure",
)  # fmt: skip
OPTIONS = {
    "train": (
        "--images", "--labels", "--checked", "--project", "--model", "--task", "--start",
        "--encoder", "--ignore", "--steps", "--minutes", "--seed", "--axes", "--channels",
        "--device", "--threads", "--json",
    ),
    "predict": (
        "--output", "--uncertainty", "--probabilities", "--quality", "--exact", "--axes",
        "--channels", "--device", "--threads", "--json",
    ),
    "rank": (
        "--csv", "--window", "--top", "--masks", "--task", "--audit", "--quality", "--checked",
        "--axes", "--channels", "--device", "--threads", "--json",
    ),
    "evaluate": ("--task", "--checked", "--uncertainty", "--axes", "--json"),
    "project": ("log", "backup", "restore", "verify", "export", "import", "merge"),
    "simulate": (
        "--rounds", "--places", "--window", "--how", "--work-on", "--task", "--start", "--encoder",
        "--ignore", "--steps", "--minutes", "--seed", "--csv", "--axes", "--channels", "--device",
        "--threads", "--json",
    ),
    "demo": ("--output", "--device", "--threads", "--json"),
    "doctor": ("--json",),
}  # fmt: skip


def test_help_lists_the_commands_and_is_quick(real_segloop: Command) -> None:
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        call = real_segloop("--help")
        seconds.append(time.perf_counter() - started)
    assert call.code == 0
    assert [line.split()[0] for line in call.out.split("Commands:")[1].split("\n  ")[1:]] == list(
        COMMANDS
    )
    assert min(seconds) < 0.5


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_says_what_works_and_nothing_else(command: str) -> None:
    text = segloop_help(command)
    assert [option for option in OPTIONS[command] if option not in text] == []
    assert [word for word in ABSENT if word in text] == []


def segloop_help(command: str) -> str:
    done = CliRunner().invoke(main.segloop, [command, "--help"])
    assert done.exit_code == 0
    return done.output


def test_help_of_every_command_imports_neither_numpy_nor_torch() -> None:
    program = (
        "import sys\n"
        "from napari_segloop.cli import demo, doctor, evaluate, main, predict, project\n"
        "from napari_segloop.cli import rank, simulate, train\n"
        "found = {name.split('.')[0] for name in sys.modules}\n"
        "print(sorted(found & {'numpy', 'torch', 'skimage', 'tifffile', 'zarr', 'PIL', 'napari'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_version(real_segloop: Command) -> None:
    assert real_segloop("--version").out.strip() == f"segloop {__version__}"


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        pytest.param(["tarin"], "tarin", id="unknown command"),
        pytest.param(["train", "--epochs", "3"], "--epochs", id="unknown option"),
        pytest.param(["train"], "--model", id="missing options"),
        pytest.param(["train", "--model", "m"], "--images", id="neither files nor project"),
        pytest.param(["project", "restore", "a"], "SNAPSHOT", id="neither snapshot nor place"),
        pytest.param(["train", "--images", "--labels", "b"], "--images", id="empty list"),
        pytest.param(["predict", "m"], "INPUT", id="missing argument"),
        pytest.param(["predict", "m", "a", "--output", "o", "--workers", "2"], "--workers",
                     id="option that does not work yet"),
        pytest.param(["predict", "m", "a", "--output", "o", "--quality", "slow"], "slow",
                     id="unknown quality"),
        pytest.param(["rank", "m", "a", "--csv", "c", "--window", "-3"], "--window",
                     id="negative window"),
        pytest.param(["rank", "m", "a", "--csv", "c", "--channels", "x"], "channels",
                     id="channels in words"),
        pytest.param(["evaluate", "a", "b", "--task", "cells"], "cells", id="unknown task"),
        pytest.param(["train", "--images", "a", "--labels", "b", "--model", "m", "--steps", "3",
                      "--minutes", "1"], "--minutes", id="steps and minutes"),
        pytest.param(["train", "--images", "a", "--labels", "b", "--minutes", "nan"], "nan",
                     id="minutes that are no number"),
        pytest.param(["simulate", "a", "b", "--minutes", "inf"], "inf", id="endless minutes"),
        pytest.param(["finish", "dir"], "finish", id="command that does not work yet"),
    ],
)  # fmt: skip
def test_wrong_usage_is_exit_2_and_one_error_object(
    arguments: list[str], word: str, segloop: Command
) -> None:
    call = segloop(*arguments)
    assert call.code == 2
    assert len(call.events) == 1
    assert set(call.last) == {"event", "expected", "got", "remedy", "file"}
    assert call.last["event"] == "error"
    assert word in call.last["got"]
    assert call.err.startswith("segloop: ")
    assert "Traceback" not in call.err


def test_no_command_at_all_shows_the_help_and_is_exit_2(real_segloop: Command) -> None:
    call = real_segloop()
    assert call.code == 2
    assert "train" in call.out + call.err
    assert "Traceback" not in call.err


def test_a_broken_pipe_is_quiet() -> None:
    program = f"{sys.executable} -m napari_segloop.cli.main evaluate --help"
    done = subprocess.run(
        ["sh", "-c", f"({program}; echo code $? >&2) | true"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr
