"""``segloop rank`` on tiny images."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile

from napari_segloop.cli.auditing import Audit, identities
from napari_segloop.cli.novelty import NOVEL
from napari_segloop.core.spotchecks import REASON, cells_of, place_of

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


def lowest(paths: list[Path]) -> list[tuple[str, str, str]]:
    """All cells of 64 x 64 pixels in windows of 32, by lot."""
    cells = [(path, cell) for path in paths for cell in cells_of((64, 64), 32)]
    lots = sorted(
        (place_of(f"images/{path.name}", (), cell), path, cell[:2]) for path, cell in cells
    )
    return [(str(path), str(y), str(x)) for _, path, (y, x) in lots]


def test_spot_checks_follow_the_ranked_places(
    ranked: tuple[Path, Any], files: Space, trained: Space, tmp_path: Path, segloop: Command
) -> None:
    table = tmp_path / "t.csv"
    call = segloop("rank", trained.path, files.images, "--csv", table, "--window", "32",
                   "--checked", files.checked, "--audit", "7", "--quality", "fast")  # fmt: skip
    assert call.code == 0, call.err
    found = rows(table)
    audit = [row for row in found if row["kind"] == "audit"]
    assert found == [*rows(ranked[0]), *audit]  # ranked ones as without spot checks
    # Of each image four cells, of which the left two are checked: drawn, but not offered again.
    expected = lowest(sorted(files.images.iterdir()))[:7]
    offered = [place for place in expected if place[2] == "32"]
    assert [(row["image"], row["y"], row["x"]) for row in audit] == offered
    for row in audit:
        assert float(row["probability"]) == pytest.approx(7 / 12, abs=1e-6)
        assert (row["height"], row["width"], row["reason"]) == ("32", "32", REASON)
        assert 0 <= float(row["score"]) <= float(row["expected_error"]) <= 32 * 24
    assert call.last["regions"] == len(found) - len(audit)
    assert call.last["spot_checks"] == {
        "drawn": 7,
        "offered": len(offered),
        "checked_already": 7 - len(offered),
        "places": 12,
        "probability": pytest.approx(7 / 12),
    }


def test_no_spot_checks_unasked(ranked: tuple[Path, Any]) -> None:
    assert ranked[1].last["spot_checks"] is None


def test_spot_checks_of_a_stack_are_few_and_never_in_excluded_areas(
    files: Space, trained: Space, tmp_path: Path, segloop: Command
) -> None:
    planes = np.stack([tifffile.imread(files.images / f"a{number}.tif") for number in range(3)])
    marks = np.zeros(planes.shape, np.uint8)
    marks[:, :32], marks[0, 32:] = 3, 2  # of twelve cells, four are left
    options = {"imagej": True, "metadata": {"axes": "ZYX"}}
    (tmp_path / "checked").mkdir()
    tifffile.imwrite(tmp_path / "s.tif", planes, **options)
    tifffile.imwrite(tmp_path / "checked" / "s.tif", marks, **options)
    (tmp_path / "broken.tif").write_bytes(b"II*\x00 this is no image")
    call = segloop("rank", trained.path, tmp_path / "broken.tif", tmp_path / "s.tif", "--csv",
                   tmp_path / "t.csv", "--window", "32", "--checked", tmp_path / "checked",
                   "--top", "1", "--audit", "3")  # fmt: skip
    assert call.code == 1  # the broken one, of which no cell counts
    kinds = [row["kind"] for row in rows(tmp_path / "t.csv")]
    assert kinds == ["ranked", "audit", "audit", "audit"]
    for row in rows(tmp_path / "t.csv")[1:]:
        assert row["y"] == "32"
        assert row["index"] in ("1", "2")
        assert float(row["probability"]) == 0.75


def test_people_are_told_how_many_spot_checks_there_are(tmp_path: Path) -> None:
    images = [tmp_path / "a.tif", tmp_path / "b.tif"]
    unasked, audit = Audit(None, images), Audit(3, images)
    checked = np.zeros((64, 64), np.uint8)
    for path, marks in zip(images, (checked, checked + 1), strict=True):
        for each in (unasked, audit):
            each.add([each.draw_plane(path, (), 64, marks, marks.shape, lambda _: (1.0, 2.0))])
    assert (unasked.words(), list(unasked.found())) == ("", [])
    assert audit.words() == " and 1 random spot check (1 more already checked)"
    ((path, region),) = audit.found()
    assert (path, region.score, region.expected_error) == (images[0], 1, 2)


def test_images_keep_their_lots_when_a_folder_moves(tmp_path: Path) -> None:
    here, there = tmp_path / "one" / "raw" / "a.tif", tmp_path / "two" / "raw" / "a.tif"
    assert identities([here]) == {here: "raw/a.tif"}
    assert identities([there]) == {there: "raw/a.tif"}
    both = identities([here, there, there.with_name("b.tif")])
    assert len(set(both.values())) == 3
    assert both[there.with_name("b.tif")] == "raw/b.tif"


@pytest.mark.parametrize(
    ("options", "word"),
    [
        pytest.param(["I/a0.tif", "--csv", "nowhere/t.csv"], "nowhere", id="no such folder"),
        pytest.param(["I/a0.tif", "--csv", "I/a0.tif"], "overwritten", id="table over an input"),
        pytest.param(["I/a9.tif", "--csv", "t.csv"], "a9.tif", id="missing input"),
        pytest.param(["I/a0.tif", "--csv", "t.csv", "--checked", "nowhere"], "nowhere",
                     id="missing checked file"),
        pytest.param(["I/a0.tif", "--csv", "t.csv", "--audit", "0"], "--audit",
                     id="no spot check"),
        pytest.param(["I/a0.tif", "--csv", "t.csv", "--quality", "best"], "careful",
                     id="another quality"),
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


def test_places_of_an_image_unlike_what_was_learnt_say_so(
    files: Space, trained: Space, tmp_path: Path, segloop: Command
) -> None:
    noise = np.random.default_rng(0).normal(100, 30, (64, 64)).clip(0, 255).astype(np.uint8)
    tifffile.imwrite(tmp_path / "noise.tif", noise)
    table = tmp_path / "places.csv"
    inputs = (tmp_path / "noise.tif", files.images / "a0.tif")
    call = segloop("rank", trained.path, *inputs, "--csv", table, "--window", "32")
    assert call.code == 0, call.err
    novel = {row["image"] for row in rows(table) if row["reason"] == NOVEL}
    assert novel == {str(inputs[0])}
    assert call.last["unlike"] == [str(inputs[0])]
    assert all(row["reason"] == NOVEL for row in rows(table) if row["image"] in novel)
