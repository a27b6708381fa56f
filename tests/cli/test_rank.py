"""``segloop rank`` on tiny images."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile

if TYPE_CHECKING:
    from types import SimpleNamespace as Space

Command = Callable[..., Any]
COLUMNS = "image,index,y,x,height,width,score,expected_error,kind,probability,reason"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def ranked(
    files: Space,
    trained: Space,
    tmp_path_factory: pytest.TempPathFactory,
    segloop: Command,
) -> tuple[Path, Any]:
    table = tmp_path_factory.mktemp("ranked") / "places.csv"
    call = segloop("rank", trained.path, files.images, "--csv", table, "--window", "32",
                   "--checked", files.checked)  # fmt: skip
    assert call.code == 0, call.err
    return table, call


def test_the_columns_are_the_contract(ranked: tuple[Path, Any]) -> None:
    text = ranked[0].read_bytes().decode()
    assert text.split("\r\n")[0] == COLUMNS
    assert text.endswith("\r\n")


def test_places_are_worst_first_and_inside(ranked: tuple[Path, Any], files: Space) -> None:
    table, call = ranked
    found = rows(table)
    assert len(found) == call.last["regions"] > 0
    scores = [float(row["score"]) for row in found]
    assert scores == sorted(scores, reverse=True)
    for row in found:
        assert Path(row["image"]).parent == files.images
        assert (row["index"], row["kind"], float(row["probability"])) == ("", "ranked", 1)
        assert row["height"] == row["width"] == "32"
        assert int(row["y"]) + 32 <= 64
        assert int(row["x"]) + 32 <= 64
        assert float(row["expected_error"]) >= float(row["score"]) > 0
        assert row["reason"]


def test_what_is_checked_is_not_expected_to_be_wrong(ranked: tuple[Path, Any]) -> None:
    # Columns 0 to 39 are checked: a window at x has at most 32 x (x + 32 - 40) unchecked pixels.
    for row in rows(ranked[0]):
        unchecked = 32 * (int(row["x"]) + 32 - 40)
        assert 0 < float(row["expected_error"]) <= unchecked


def test_a_checked_file_with_other_values_is_refused(
    files: Space, trained: Space, tmp_path: Path, segloop: Command
) -> None:
    tifffile.imwrite(tmp_path / "a0.tif", np.full((64, 64), 255, np.uint8))
    call = segloop("rank", trained.path, files.images / "a0.tif", "--csv", tmp_path / "t.csv",
                   "--checked", tmp_path / "a0.tif")  # fmt: skip
    assert call.code == 1
    assert "the value 255" in call.err


def test_top_and_index_of_a_stack(
    files: Space, trained: Space, tmp_path: Path, segloop: Command
) -> None:
    planes = [tifffile.imread(files.images / f"a{number}.tif") for number in range(3)]
    stack = np.stack([planes, planes[::-1]])
    tifffile.imwrite(tmp_path / "s.tif", stack, imagej=True, metadata={"axes": "TZYX"})
    call = segloop("rank", trained.path, tmp_path / "s.tif", "--csv", tmp_path / "t.csv",
                   "--top", "3")  # fmt: skip
    assert call.code == 0, call.err
    found = rows(tmp_path / "t.csv")
    assert len(found) == 3
    assert all(len(row["index"].split(";")) == 2 for row in found)
    assert {int(part) for row in found for part in row["index"].split(";")} <= {0, 1, 2}
    assert len({row["height"] for row in found}) == 1


@pytest.mark.parametrize(
    ("options", "word"),
    [
        pytest.param(["I/a0.tif", "--csv", "nowhere/t.csv"], "nowhere", id="no such folder"),
        pytest.param(["I/a0.tif", "--csv", "I/a0.tif"], "overwritten", id="table over an input"),
        pytest.param(["I/a9.tif", "--csv", "t.csv"], "a9.tif", id="missing input"),
        pytest.param(["I/a0.tif", "--csv", "t.csv", "--checked", "nowhere"], "nowhere",
                     id="missing checked file"),
        pytest.param(["I/a0.tif", "--csv", "t.csv", "--channels", "0,4"], "channels",
                     id="a channel that is not there"),
    ],
)  # fmt: skip
def test_bad_input_is_exit_2(
    options: list[str], word: str, files: Space, trained: Space, tmp_path: Path, segloop: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    typed = [option.replace("I/", f"{files.images}/") for option in options]
    call = segloop("rank", trained.path, *typed)
    assert call.code == 2
    assert word in call.err
    assert list(tmp_path.iterdir()) == []
