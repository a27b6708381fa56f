"""``segloop train --project``: taught by what is checked, by the original or by what is kept."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile

from napari_segloop.cli.project_truth import read_truth
from napari_segloop.core.classes import ClassTable
from napari_segloop.core.holdout import Drawn
from napari_segloop.core.modelheader import read_info
from napari_segloop.session.filesource import FileSource
from napari_segloop.session.identity import identify
from napari_segloop.store import recent
from napari_segloop.store.annotations import PlaneChunk, Save
from napari_segloop.store.project import Project
from napari_segloop.store.records import ImageRecord, OfferedRegion, ProjectRecord

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Command = Callable[..., Any]

SIDE = 200
QUICK = ("--steps", "2", "--encoder", "mobilenet_v2", "--device", "cpu")


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "data_folder", lambda: tmp_path / "data")


def picture() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = np.zeros((SIDE, SIDE), np.uint8)
    for y, x in rng.integers(10, SIDE - 10, (20, 2)):
        labels[y - 8 : y + 8, x - 8 : x + 8] = 1
    image = rng.normal(60, 8, labels.shape) + 90.0 * labels
    return image.clip(0, 255).astype(np.uint8), labels


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one image, of which the left part is checked."""
    image, labels = picture()
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, image)
    checked = np.zeros_like(labels)
    checked[:, :150] = 1
    record = ImageRecord(1, identify(FileSource(path)), "checked", planes=((),))
    pieces = {"labels": labels, "prediction": labels * 0, "checked": checked, "kind": 2 * checked}
    chunk = PlaneChunk(1, (), 0, 0, **pieces, epoch=checked * 0, content=image[None])
    table = ClassTable.first("classes").to_dict()
    folder = tmp_path / "a.segloop"
    with Project.create(folder) as made:
        made.annotations.save(Save(ProjectRecord("classes", table, (1,), 2), (record,), (chunk,)))
    return folder


def truth_of(folder: Path) -> tuple[list[Any], list[str]]:
    said = list[str]()
    with Project.open(folder, read_only=True) as opened:
        found = list(read_truth(opened.annotations, opened.history()[0].id, said.append))
    return found, said


def test_the_original_teaches_while_it_is_what_it_was(project: Path) -> None:
    image, labels = picture()
    (item,), said = truth_of(project)
    assert said == []
    assert np.array_equal(item.image[0], image)
    assert np.array_equal(item.labels, labels)
    assert item.checked.sum() == SIDE * 150


@pytest.mark.parametrize("is_replaced", [False, True], ids=["gone", "replaced"])
def test_what_is_kept_teaches_when_it_is_not(
    project: Path, tmp_path: Path, *, is_replaced: bool
) -> None:
    (before,), _ = truth_of(project)
    (tmp_path / "a.tif").unlink()
    if is_replaced:
        tifffile.imwrite(tmp_path / "a.tif", np.zeros((SIDE, SIDE), np.uint8))
    (after,), said = truth_of(project)
    assert len(said) == 1
    assert np.array_equal(before.image, after.image)
    assert np.array_equal(before.checked, after.checked)
    assert after.statistics == before.statistics  # all of this small image is kept


def test_excluded_images_teach_nothing(project: Path) -> None:
    with Project.open(project) as opened:
        image = replace(opened.annotations.image(1), excluded=True)
        opened.annotations.save(Save(images=(image,)))
    assert truth_of(project) == ([], [])


def test_random_spot_checks_test_and_never_teach(project: Path) -> None:
    spot = OfferedRegion(10, 20, 128, 128, (), 0, 0, "random", "audit", 0.25, state="accepted")
    other = OfferedRegion(0, 0, 64, 64, (), 0, 0, "worst", state="accepted")
    with Project.open(project) as opened:
        image = replace(opened.annotations.image(1), offered=(spot, other))
        opened.annotations.save(Save(images=(image,)))
    (item,), _ = truth_of(project)
    assert item.drawn == (Drawn((10, 138), (20, 148), 0.25),)


def test_training_gives_the_project_versions_with_their_lineage(
    segloop: Command, project: Path, tmp_path: Path
) -> None:
    first = segloop("train", "--project", project, "--model", tmp_path / "m1", *QUICK)
    assert first.code == 0, first.err
    (tmp_path / "a.tif").unlink()
    second = segloop("train", "--project", project, "--model", tmp_path / "m2", "--steps", "2")
    assert second.code == 0, second.err
    log = segloop("project", "log", project)
    one, two = log.of("version")
    assert (one["number"], one["parent"], one["accepted"]) == (1, None, True)
    assert (two["number"], two["parent"]) == (2, 1)
    assert one["model"] == first.last["id"]
    assert one["score"] == pytest.approx(first.last["score"])
    assert two["start_score"] is not None
    assert (two["settings"]["steps"], two["steps"]) == (2, 2)
    assert [each["settings"]["start"] for each in (one, two)] == ["none", "model"]
    assert one["snapshot"] in {each["id"] for each in log.of("snapshot")}
    assert one["software"]["torch"]
    assert one["device"].split(",")[0] == "cpu"  # as it was chosen, not as it was asked for
    assert one["device"] != one["settings"]["device"]
    assert two["current"] == second.last["accepted"]
    assert one["has_file"]
    assert two["has_file"]
    with Project.open(project, read_only=True) as opened:
        assert opened.models.info(two["model"]).start == one["model"]
    assert read_info(tmp_path / "m1").original is None
    assert segloop("project", "verify", project).code == 0


@pytest.mark.parametrize(
    "extra",
    [("--images", "x"), ("--task", "objects"), ("--axes", "YX")],
    ids=["images", "task", "axes"],
)
def test_what_does_not_go_with_a_project_is_refused(
    segloop: Command, project: Path, tmp_path: Path, extra: tuple[str, ...]
) -> None:
    call = segloop("train", "--project", project, "--model", tmp_path / "m", *QUICK, *extra)
    assert call.code == 2
    assert not (tmp_path / "m").exists()


def test_without_a_project_images_and_labels_are_needed(segloop: Command, tmp_path: Path) -> None:
    call = segloop("train", "--model", tmp_path / "m", *QUICK)
    assert call.code == 2
    assert "--images and --labels missing, or --project" in call.err


def test_a_project_that_is_open_elsewhere_is_not_trained(
    segloop: Command, project: Path, tmp_path: Path
) -> None:
    with Project.open(project):
        call = segloop("train", "--project", project, "--model", tmp_path / "m", *QUICK)
    assert call.code == 2
    assert "open in another viewer" in call.err
