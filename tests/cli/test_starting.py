"""What ``--start`` may be, and what is answered before torch is imported."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from napari_segloop.cli.startword import check_start
from napari_segloop.core.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Call

Command = Callable[..., "Call"]
TRAIN = ("train", "--images", "a", "--labels", "b", "--model", "m")


@pytest.mark.parametrize(
    ("start", "words"),
    [
        pytest.param("startr", "Did you mean starter?", id="a slip"),
        pytest.param("Starter", "Did you mean starter?", id="letter case"),
        pytest.param("IMAGE-NET", "Did you mean imagenet?", id="letter case and a hyphen"),
        pytest.param("photos", "or the path of a model", id="nothing near"),
        pytest.param("", "--start ''", id="nothing"),
        pytest.param(".", "a folder", id="a folder"),
        pytest.param("current", "or the path of a model", id="only projects have one"),
    ],
)
def test_a_wrong_word_is_answered_with_the_nearest(
    start: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, segloop: Command
) -> None:
    monkeypatch.chdir(tmp_path)
    for call in (
        segloop(*TRAIN, "--start", start),
        segloop("simulate", "a", "b", "--start", start),
    ):
        assert call.code == 2
        assert "starter, imagenet, none or a model file" in call.err
        assert words in call.err


def test_words_and_files_are_accepted(tmp_path: Path) -> None:
    (tmp_path / "m").touch()
    for start in ("starter", "imagenet", "none", str(tmp_path / "m")):
        check_start(start)
    with pytest.raises(ModelError):
        check_start(str(tmp_path / "n"))


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        pytest.param([*TRAIN, "--start", "startr"], "starter?", id="word"),
        pytest.param([*TRAIN, "--minutes", "0"], "--minutes", id="no time"),
        pytest.param([*TRAIN[:-1], "nowhere/m"], "nowhere", id="model"),
        pytest.param(["simulate", "a", "b", "--csv", "nowhere/t.csv"], "nowhere", id="curve"),
        pytest.param(
            ["project", "merge", "a", "b", "--csv", "nowhere/t.csv"], "nowhere", id="disagreements"
        ),
        pytest.param(["rank", "m", "a", "--csv", "nowhere/t.csv"], "nowhere", id="places"),
    ],
)
def test_what_needs_no_torch_is_answered_without_it(typed: list[str], words: str) -> None:
    program = (
        "import sys\n"
        "from napari_segloop.cli.main import run\n"
        "from napari_segloop.cli.report import Reporter\n"
        "code = run(sys.argv[1:], Reporter(json=False))\n"
        "print(code, 'torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *typed], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["2", "False"]
    assert words in done.stderr
