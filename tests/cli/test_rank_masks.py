"""``segloop rank --masks``: places where masks of another tool are probably wrong."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile

from napari_segloop.core.reasons import MODEL, OTHERS
from tests.cli.conftest import scene, write

if TYPE_CHECKING:
    from types import SimpleNamespace as Space

Command = Callable[..., Any]
COLUMNS = "image,index,y,x,height,width,score,expected_error,kind,probability,reason"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two images; in the masks of the first a disc is missing, the third has no masks."""
    root = tmp_path_factory.mktemp("given")
    for number in range(3):
        image, ids = scene(number, side=128)
        write(root / "images" / f"b{number}.tif", image)
        if number < 2:
            ids[ids == (2 if number == 0 else 99)] = 0
            write(root / "masks" / f"b{number}_cp_masks.tif", ids)
            write(root / "classes" / f"b{number}_mask.tif", 7 * (ids > 0).astype(np.uint8))
    return root


def test_the_starter_finds_the_missing_object_without_any_training(
    given: Path, tmp_path: Path, segloop: Command
) -> None:
    table = tmp_path / "places.csv"
    call = segloop("rank", "starter", given / "images", "--masks", given / "masks", "--task",
                   "objects", "--csv", table, "--window", "48", "--audit", "3")  # fmt: skip
    assert call.code == 0, call.err
    found = rows(table)
    assert table.read_text().splitlines()[0] == COLUMNS
    first = found[0]
    assert Path(first["image"]).name == "b0.tif"
    y, x = int(first["y"]), int(first["x"])
    assert y < 36 < y + 48  # the middle of the disc that is missing: (36, 92) within 3 pixels
    assert x < 92 < x + 48
    assert float(first["score"]) > 400
    assert first["reason"].startswith(f"the mask disagrees with {OTHERS} (")
    assert [row["kind"] for row in found].count("audit") == 3
    assert (call.last["model"], call.last["images"], call.last["skipped"]) == ("starter", 2, 1)
    assert call.last["regions"] == len(found) - 3
    assert "without masks" in call.of("notice")[0]["text"]


def test_classes_and_what_is_checked_count(given: Path, tmp_path: Path, segloop: Command) -> None:
    write(tmp_path / "checked" / "b0.tif", np.ones((128, 128), np.uint8))
    call = segloop("rank", "starter", given / "images", "--masks", given / "classes", "--csv",
                   tmp_path / "t.csv", "--checked", tmp_path / "checked")  # fmt: skip
    assert call.code == 0, call.err
    assert {Path(row["image"]).name for row in rows(tmp_path / "t.csv")} <= {"b1.tif"}


def test_a_model_ranks_given_masks_by_what_it_says_of_them(
    files: Space, trained: Space, tmp_path: Path, segloop: Command
) -> None:
    labels = tifffile.imread(files.classes / "a0_mask.tif")
    write(tmp_path / "masks" / "a0.tif", np.where(labels > 0, 0, 7).astype(np.uint8))
    call = segloop("rank", trained.path, files.images, "--masks", tmp_path / "masks", "--csv",
                   tmp_path / "t.csv", "--window", "64")  # fmt: skip
    assert call.code == 0, call.err
    assert call.last["skipped"] == 2
    found = rows(tmp_path / "t.csv")
    assert found[0]["reason"].startswith(f"the mask disagrees with {MODEL} (")
    inverse = sum(float(row["expected_error"]) for row in found)
    write(tmp_path / "masks" / "a0.tif", labels)
    segloop("rank", trained.path, files.images, "--masks", tmp_path / "masks", "--csv",
            tmp_path / "t.csv", "--window", "64")  # fmt: skip
    right = sum(float(row["expected_error"]) for row in rows(tmp_path / "t.csv"))
    assert inverse + right == pytest.approx(64 * 64, rel=0.02)  # of two classes one is right


@pytest.mark.parametrize(
    ("options", "word"),
    [
        pytest.param(["starter", "G/images"], "--masks", id="starter without masks"),
        pytest.param(["starter", "G/images", "--masks", "nowhere"], "nowhere", id="no masks"),
        pytest.param(["starter", "G/images/b2.tif", "--masks", "G/masks"], "same names",
                     id="no pair"),
        pytest.param(["starter", "G/images/b0.tif", "--masks", "G/masks"], "image for each",
                     id="masks without image"),
        pytest.param(["M", "G/images", "--masks", "G/classes", "--task", "objects"], "objects",
                     id="another task than the model's"),
        pytest.param(["starter", "G/empty", "--masks", "G/none"], "two classes",
                     id="masks of nothing"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_exit_2(
    options: list[str], word: str, given: Path, trained: Space, tmp_path: Path, segloop: Command
) -> None:
    if not (given / "empty").exists():
        write(given / "empty" / "e.tif", scene(5)[0])
        write(given / "none" / "e_mask.tif", np.zeros((64, 64), np.uint8))
    typed = [trained.path if each == "M" else each.replace("G/", f"{given}/") for each in options]
    call = segloop("rank", *typed, "--csv", tmp_path / "t.csv")
    assert call.code == 2, call.err
    assert word in call.err
    assert not (tmp_path / "t.csv").exists()


def test_values_that_a_model_does_not_know_are_named(
    files: Space, trained: Space, tmp_path: Path, segloop: Command
) -> None:
    write(tmp_path / "masks" / "a0.tif", np.full((64, 64), 5, np.uint8))
    call = segloop("rank", trained.path, files.images / "a0.tif", "--masks", tmp_path / "masks",
                   "--csv", tmp_path / "t.csv")  # fmt: skip
    assert call.code == 1
    assert "the value 5" in call.err


def test_a_damaged_file_among_others_is_told_and_the_others_are_ranked(
    given: Path, tmp_path: Path, segloop: Command
) -> None:
    write(tmp_path / "masks" / "b0.tif", tifffile.imread(given / "masks" / "b0_cp_masks.tif"))
    write(tmp_path / "masks" / "broken.tif", np.zeros((8, 8), np.uint8))
    (tmp_path / "broken.tif").write_bytes(b"II*\x00 this is no image")
    call = segloop("rank", "starter", tmp_path / "broken.tif", given / "images" / "b0.tif",
                   "--masks", tmp_path / "masks", "--task", "objects", "--csv",
                   tmp_path / "t.csv", "--window", "32", "--top", "2")  # fmt: skip
    assert call.code == 1
    assert len(call.last["failed"]) == 1
    assert len(rows(tmp_path / "t.csv")) == 2


@pytest.mark.parametrize("what", ["a negative value in one plane", "marks", "values", "pixels"])
def test_a_file_that_proves_bad_while_reading_is_told_and_the_others_are_ranked(
    what: str, given: Path, tmp_path: Path, segloop: Command
) -> None:
    classes = tifffile.imread(given / "classes" / "b0_mask.tif")
    bad, options = np.stack([classes] * 2).astype(np.int16), ["--top", "2"]
    image = tifffile.imread(given / "images" / "b0.tif")
    write(tmp_path / "i" / "a.tif", np.stack([image] * 2))
    write(tmp_path / "i" / "b0.tif", image)
    write(tmp_path / "m" / "b0.tif", classes)
    if what == "marks":
        write(tmp_path / "c" / "a.tif", np.full((2, 128, 128), 9, np.uint8))
        options += ["--checked", str(tmp_path / "c")]
    elif what == "values":
        bad[1] = np.arange(128) * 2
    elif what == "pixels":
        tifffile.imwrite(tmp_path / "i" / "a.tif", np.stack([image] * 2), compression="zlib")
        stored = bytearray((tmp_path / "i" / "a.tif").read_bytes())
        stored[len(stored) // 2 : len(stored) // 2 + 400] = b"\xff" * 400
        (tmp_path / "i" / "a.tif").write_bytes(stored)
    else:
        bad[1, 0, 0] = -1
    write(tmp_path / "m" / "a.tif", bad)
    call = segloop("rank", "starter", tmp_path / "i", "--masks", tmp_path / "m", "--csv",
                   tmp_path / "t.csv", "--window", "32", *options)  # fmt: skip
    assert call.code == 1, call.err
    assert call.last["failed"] == [str(tmp_path / "i" / "a.tif")]
    assert {Path(row["image"]).name for row in rows(tmp_path / "t.csv")} == {"b0.tif"}


@pytest.mark.parametrize("model", ["starter", "M"])
def test_masks_of_which_none_fits_are_exit_2_whoever_judges(
    model: str, given: Path, trained: Space, tmp_path: Path, segloop: Command
) -> None:
    write(tmp_path / "m" / "b0.tif", np.zeros((9, 9), np.uint8))
    call = segloop("rank", trained.path if model == "M" else model, given / "images", "--masks",
                   tmp_path / "m", "--csv", tmp_path / "t.csv")  # fmt: skip
    assert (call.code, call.last["event"]) == (2, "error")
    assert "(9, 9)" in call.last["got"]
    assert not (tmp_path / "t.csv").exists()
