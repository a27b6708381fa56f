"""The demo's loop and its picture, small."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_segloop.cli.demo_loop import play
from napari_segloop.cli.demo_state import DemoResult, DemoSettings, RoundDone
from napari_segloop.cli.demonstration import rounds_table, write_files
from napari_segloop.cli.picture import HEAT, grey, heat, overlay, with_regions
from napari_segloop.cli.report import drain
from napari_segloop.core.modelfile import load_model
from napari_segloop.core.regions import Region
from napari_segloop.files.writing import read_provenance
from napari_segloop.store.project import Project

if TYPE_CHECKING:
    from pathlib import Path

    from napari_segloop.core.events import Event

SMALL = DemoSettings(
    encoder="mobilenet_v2",
    side=96,
    taught=2,
    kept=1,
    window=32,
    first=2,
    worst=2,
    steps=(2, 2),
    patch=64,
)


@pytest.fixture(scope="module")
def played() -> tuple[DemoResult, list[Event]]:
    told: list[Event] = []
    return drain(play(SMALL), told.append), told


def test_the_loop_has_three_rounds(played: tuple[DemoResult, list[Event]]) -> None:
    result, told = played
    rounds = [event for event in told if isinstance(event, RoundDone)]
    assert rounds == list(result.rounds)
    assert [done.name for done in rounds] == ["first masks", "round 1", "round 2"]
    assert [done.regions for done in rounds] == [0, 2, 4]
    assert rounds[0].user_seconds == 0 < rounds[1].user_seconds < rounds[2].user_seconds
    assert all(0 <= done.agreement <= 1 for done in rounds)


def test_the_user_works_on_taught_images_only(played: tuple[DemoResult, list[Event]]) -> None:
    result, _ = played
    checked = sum(int(desk.checked.sum()) for desk in result.taught)
    assert 3.5 * 32 * 32 < checked <= 4 * 32 * 32  # a region may overlap what is checked
    assert not any(desk.checked.any() for desk in result.kept)
    assert not any(view.regions for desk in result.kept for view in result.views[desk.name])


def test_what_was_checked_stays(played: tuple[DemoResult, list[Event]]) -> None:
    result, _ = played
    for desk in result.taught:
        wrong = (desk.labels != desk.truth) & (desk.checked == 1)
        assert wrong.mean() < 0.02  # the user leaves borders that are off by two pixels
        assert not desk.uncertainty[desk.checked == 1].any()


def test_everything_is_written(played: tuple[DemoResult, list[Event]], tmp_path: Path) -> None:
    result, _ = played
    files = write_files(result, tmp_path)
    assert load_model(files["model"]).id == result.model.id
    for desk in (*result.taught, *result.kept):
        assert (tifffile.imread(files["images"] / f"{desk.name}.tif") == desk.image).all()
        assert (tifffile.imread(files["masks"] / f"{desk.name}.tif") == desk.labels).all()
    with Image.open(files["picture"]) as picture:
        assert picture.size > (4 * 2 * 96, 3 * 2 * 96)
    assert {path.name for path in tmp_path.iterdir()} == {
        "before-after.png", "model.segloop", "images", "masks", "checked", "demo.segloop",
    }  # fmt: skip


def test_the_table_is_for_people(played: tuple[DemoResult, list[Event]]) -> None:
    lines = rounds_table(played[0].rounds).splitlines()
    assert [line.split("  ")[0].strip() for line in lines[1:]] == [
        "first masks", "round 1", "round 2",
    ]  # fmt: skip
    assert "%" in lines[1]


def test_heat_ends_at_one_half() -> None:
    colours = heat(np.array([[0, 127, 128, 255]], np.uint8))[0]
    assert tuple(colours[0]) == HEAT[0]
    assert tuple(colours[2]) == tuple(colours[3]) == HEAT[-1]
    assert np.abs(colours[1].astype(int) - HEAT[-1]).max() <= 2


def test_grey_is_stretched_and_survives_a_constant_image() -> None:
    ramp = np.arange(256, dtype=np.uint16).reshape(16, 16) * 200
    assert (grey(ramp).min(), grey(ramp).max()) == (0, 255)
    assert grey(np.full((4, 4), 7, np.float32)).shape == (4, 4, 3)


def test_labels_are_seen_where_they_are() -> None:
    labels = np.zeros((20, 20), np.uint8)
    labels[5:15, 5:15] = 1
    changed = (overlay(np.zeros((20, 20), np.uint8), labels) > 0).any(axis=2)
    assert (changed == (labels > 0)).all()


def test_regions_are_outlined_where_they_are() -> None:
    drawn = with_regions(np.zeros((50, 50, 3), np.uint8), [Region(10, 15, 20, 25, 1, 1, "")], 2)
    rows, columns = np.nonzero((drawn == 255).all(axis=2))
    assert drawn.shape == (100, 100, 3)
    assert 20 <= rows.min() <= 23
    assert 30 <= columns.min() <= 33
    assert 56 <= rows.max() <= 60
    assert 76 <= columns.max() <= 80


def test_the_project_says_which_model_and_which_annotations_made_the_masks(
    played: tuple[DemoResult, list[Event]], tmp_path: Path
) -> None:
    result, _ = played
    files = write_files(result, tmp_path)
    origin = json.loads(read_provenance(files["masks"] / "sample-1.tif") or "")
    with Project.open(files["project"], read_only=True) as project:
        kept, record = project.annotations, project.annotations.project()
        assert origin["project"] == project.id
        assert origin["model"] in {version.model for version in record.versions}
        one, two = record.versions
        assert (one.parent, two.parent) == (None, 1)
        assert project.models.info(two.model).start == one.model
        taught = kept.plane(1, (), two.snapshot)
        desk, view = result.taught[0], result.views["sample-1"][2]
        assert (taught["checked"] == view.checked).all()
        right = view.checked == 1
        assert (taught["labels"][right] == view.labels[right]).all()
        assert (kept.plane(1, (), origin["snapshot"])["labels"] == desk.labels).all()
        assert (kept.content(1, (), slice(0, 96), slice(0, 96))[0][0] == desk.image).all()
        assert kept.check() == []
    again = write_files(result, tmp_path)
    assert again["project"].name == "demo 2.segloop"
