"""``segloop project``: nothing is lost on the way out and in again, and every fault is found."""

from __future__ import annotations

import csv
import json
import os
import shutil
import tracemalloc
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_segloop.core.classes import ClassTable
from napari_segloop.store import recent
from napari_segloop.store.annotations import CHUNK, PlaneChunk, Save
from napari_segloop.store.merging import merge
from napari_segloop.store.project import Project
from napari_segloop.store.records import (
    Identity,
    ImageRecord,
    ImageShape,
    OfferedRegion,
    ProjectRecord,
    VersionRecord,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Command = Callable[..., Any]

ROWS, COLUMNS = 300, 530
NAMES = ("labels", "prediction", "checked", "kind", "epoch", "uncertainty")


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "data_folder", lambda: tmp_path / "data")


def filled(
    folder: Path,
    rng: np.random.Generator,
    leading: tuple[int, ...] = (2, 2),
    dtype: str = "uint16",
    task: str = "classes",
    names: tuple[str, ...] = ("a", "a", "b: c"),
) -> Path:
    """Make a project with noise in one plane of each image."""
    plane = tuple(int(rng.integers(n)) for n in leading)
    shape = ImageShape(leading, ROWS, COLUMNS, 2, dtype)
    axes = f"{'TZPQ'[: len(leading)]}CYX"
    region = OfferedRegion(3, 4, 20, 30, plane, 0.5, 12.5, 'a "thin", border', "audit", 0.25)
    images = tuple(
        ImageRecord(
            number,
            Identity("somewhere/a.tif", name, shape, axes, (0.5, 0.25), 12, 1.5, "1" * 64),
            "checked",
            offered=(region,),
            planes=(plane,),
            predicted={";".join(map(str, plane)): 1},
        )
        for number, name in enumerate(names, start=1)
    )
    table = ClassTable.first(task).add("rim", "#112233").rename(1, "Zellkörper")
    record = ProjectRecord(
        task, table.to_dict(), tuple(range(1, len(names) + 1)), 9, queue={"goal": 0.9}, seconds=3.5
    )
    chunks = [piece for image in images for piece in noise(image, plane, rng, task)]
    with Project.create(folder, "Mäuse") as project:
        project.annotations.save(Save(record, images, tuple(chunks)), "painted", "manual")
    return folder


def noise(
    image: ImageRecord, plane: tuple[int, ...], rng: np.random.Generator, task: str
) -> list[PlaneChunk]:
    found = []
    most = 70_000 if task == "objects" else 3
    for y in range(0, ROWS, CHUNK):
        for x in range(0, COLUMNS, CHUNK):
            size = min(CHUNK, ROWS - y), min(CHUNK, COLUMNS - x)
            if rng.random() < 0.3:
                continue
            values = {"labels": most, "prediction": most, "checked": 4, "kind": 4, "epoch": 3}
            arrays = {k: rng.integers(0, n, size).astype(np.uint32) for k, n in values.items()}
            unsure = rng.integers(0, 256, size).astype(np.uint8)
            dtype = np.dtype(image.identity.shape.dtype)
            content = rng.integers(1, 200, (2, *size)).astype(dtype)
            known = content if rng.random() < 0.6 else None
            at = (image.number, plane, y, x)
            found.append(PlaneChunk(*at, **arrays, uncertainty=unsure, content=known))
    return found


def everything_in(folder: Path) -> dict[str, Any]:
    """Return all that a project holds, in a form that can be compared."""
    with Project.open(folder, read_only=True) as project:
        kept, record = project.annotations, project.annotations.project()
        found: dict[str, Any] = {"name": project.name, "record": record}
        whole = slice(0, ROWS), slice(0, COLUMNS)
        for number in record.images:
            image = kept.image(number)
            found[f"{number}"] = image
            for index in image.planes:
                arrays = kept.plane(number, index)
                found |= {f"{number} {index} {k}": arrays[k].tobytes() for k in NAMES}
                pixels, known = kept.content(number, index, *whole)
                found[f"{number} {index} content"] = (pixels.dtype, pixels.tobytes())
                found[f"{number} {index} known"] = known.tobytes()
    return found


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that no test changes."""
    return filled(tmp_path_factory.mktemp("p") / "Mice.segloop", np.random.default_rng(0))


@pytest.fixture(scope="module")
def exported(segloop: Command, project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("e") / "out"
    call = segloop("project", "export", project, "--output", folder)
    assert call.code == 0, call.err
    return folder


@pytest.fixture
def copied(exported: Path, tmp_path: Path) -> Path:
    return shutil.copytree(exported, tmp_path / "copy")


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    seed=st.integers(0, 2**32),
    leading=st.lists(st.integers(1, 3), max_size=4).map(tuple),
    dtype=st.sampled_from(["uint8", "uint16", "float32", "int16", "float64"]),
    task=st.sampled_from(["classes", "objects"]),
)
def test_nothing_is_lost_on_the_way_out_and_in(
    segloop: Command,
    tmp_path: Path,
    seed: int,
    leading: tuple[int, ...],
    dtype: str,
    task: str,
) -> None:
    place = tmp_path / f"{seed}-{leading}-{dtype}-{task}"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    made = filled(place / "a.segloop", np.random.default_rng(seed), leading, dtype, task, ("x",))
    assert segloop("project", "export", made, "--output", place / "out").code == 0
    assert segloop("project", "verify", place / "out").last["faults"] == []
    call = segloop("project", "import", place / "out", place / "b.segloop")
    assert call.code == 0, call.err
    assert everything_in(place / "b.segloop") == everything_in(made)


def test_an_image_larger_than_memory_goes_out_and_in_piece_by_piece(
    segloop: Command, tmp_path: Path
) -> None:
    side, places = 20_000, ((0, 0), (5120, 19_968), (19_968, 256))
    image = ImageRecord(
        1, Identity("", "slide", ImageShape((), side, side, 1, "uint8"), "YX"), planes=((),)
    )
    size = {at: tuple(min(CHUNK, side - corner) for corner in at) for at in places}
    ones = {at: np.ones(size[at], np.uint8) for at in places}
    chunks = (
        PlaneChunk(1, (), *at, each, None, each, content=each[None]) for at, each in ones.items()
    )
    record = ProjectRecord("classes", ClassTable.first("classes").to_dict(), (1,), 2)
    with Project.create(tmp_path / "a.segloop") as project:
        project.annotations.save(Save(record, (image,), tuple(chunks)))
    tracemalloc.start()
    assert segloop("project", "export", project.folder, "--output", tmp_path / "out").code == 0
    assert segloop("project", "import", tmp_path / "out", tmp_path / "b.segloop").code == 0
    with Project.open(tmp_path / "b.segloop") as again, Project.open(project.folder) as colleague:
        assert merge(again, colleague).agreement == 1
        assert again.annotations.held(1, ["labels"]) == {(): set(places)}
        assert again.annotations.held(1, ["content"]) == {(): set(places)}
    assert tracemalloc.get_traced_memory()[1] < side * side / 8
    tracemalloc.stop()
    with tifffile.TiffFile(tmp_path / "out" / "masks" / "slide.tif") as file:
        assert file.pages[0].shape == (side, side)


def test_several_images_of_one_name_stay_apart(project: Path, exported: Path) -> None:
    names = {path.name for path in (exported / "masks").iterdir()}
    assert names == {"a.tif", "a (2).tif", "b_ c.tif"}
    assert everything_in(project)["2"].identity.name == "a"


def test_an_export_can_be_opened_by_anyone(project: Path, exported: Path) -> None:
    with Project.open(project, read_only=True) as opened:
        image = opened.annotations.image(1)
        arrays = opened.annotations.plane(1, image.planes[0])
    masks = tifffile.imread(exported / "masks" / "a.tif")
    assert np.array_equal(masks[image.planes[0]], arrays["labels"])
    checked = tifffile.imread(exported / "checked" / "a.tif")
    assert checked.shape == masks.shape == (2, 2, ROWS, COLUMNS)
    assert np.array_equal(checked[image.planes[0]], arrays["checked"])
    with (exported / "regions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["image"] for row in rows] == ["a", "a (2)", "b_ c"]
    assert rows[0]["reason"] == 'a "thin", border'
    assert json.loads((exported / "classes.json").read_text())["classes"][0]["name"] == "Zellkörper"
    assert "Mäuse" in (exported / "README.txt").read_text("utf-8")
    assert (exported / "manifest.csv").read_text().startswith("file,bytes,sha256\n")


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


DAMAGES = {
    "flipped": lambda folder: flip(folder / "masks" / "a.tif"),
    "shorter": lambda folder: os.truncate(folder / "checked" / "a.tif", 100),
    "missing": lambda folder: (folder / "export.json").unlink(),
    "more": lambda folder: (folder / "masks" / "c.tif").write_bytes(b""),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_fault_in_an_export_is_found(
    segloop: Command, copied: Path, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    damage(copied)
    call = segloop("project", "verify", copied)
    assert call.code == 1
    assert call.last["faults"]
    call = segloop("project", "import", copied, tmp_path / "new.segloop")
    assert call.code == 2
    assert not list(tmp_path.glob("*new*"))


def manifest_of(folder: Path, line: str) -> None:
    with (folder / "manifest.csv").open("a") as file:
        file.write(line + "\n")


@pytest.mark.parametrize(
    "name", ["../../outside.tif", "/etc/passwd", "masks/../../x", "C:/x", "a\\..\\b", "masks//a"]
)
def test_no_name_leads_out_of_an_export(
    segloop: Command, copied: Path, tmp_path: Path, name: str
) -> None:
    manifest_of(copied, f"{name},1,{'0' * 64}")
    call = segloop("project", "import", copied, tmp_path / "new.segloop")
    assert (call.code, call.last["expected"]) == (2, "names of files inside this folder")


def test_no_link_leads_out_of_an_export(segloop: Command, copied: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.tif").write_bytes(b"secret")
    (copied / "masks" / "a.tif").unlink()
    (copied / "masks" / "a.tif").symlink_to(tmp_path / "secret.tif")
    call = segloop("project", "import", copied, tmp_path / "new.segloop")
    assert call.code == 2
    assert "its own folder" in call.err


def rewritten(folder: Path, change: Callable[[Any], None]) -> None:
    """Change what an export says of itself, and the list with it."""
    from napari_segloop.store.manifest import write_manifest  # noqa: PLC0415

    data = json.loads((folder / "export.json").read_text())
    change(data)
    (folder / "export.json").write_text(json.dumps(data))
    write_manifest(folder)


def grow(data: Any) -> None:  # noqa: ANN401
    data["images"][0]["record"]["identity"]["shape"]["rows"] = 9_999_999


def lead_out(data: Any) -> None:  # noqa: ANN401
    data["images"][0]["file"] = "../a"


def hurry(data: Any) -> None:  # noqa: ANN401
    data["format"] = 2


@pytest.mark.parametrize("change", [grow, lead_out, hurry])
def test_what_an_export_says_is_checked(
    segloop: Command, copied: Path, tmp_path: Path, change: Callable[[Any], None]
) -> None:
    rewritten(copied, change)
    call = segloop("project", "import", copied, tmp_path / "new.segloop")
    assert call.code in (1, 2)
    assert call.last["event"] == "error"
    assert not list(tmp_path.glob("*new*"))
    assert segloop("project", "verify", copied).code == 1


def test_a_project_is_never_overwritten(segloop: Command, exported: Path, project: Path) -> None:
    before = everything_in(project)
    assert segloop("project", "import", exported, project).code == 2
    assert segloop("project", "export", project, "--output", exported).code == 2
    assert everything_in(project) == before


def test_an_archive_is_not_taken(segloop: Command, exported: Path, tmp_path: Path) -> None:
    archive = shutil.make_archive(str(tmp_path / "out"), "zip", exported)
    call = segloop("project", "import", archive, tmp_path / "new.segloop")
    assert call.code == 2
    assert "archives are unpacked first" in call.err


def test_a_whole_project_has_no_faults(segloop: Command, project: Path) -> None:
    call = segloop("project", "verify", project)
    assert (call.code, call.last["kind"], call.last["faults"]) == (0, "project", [])


def test_a_fault_in_a_project_is_found(segloop: Command, project: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(project, tmp_path / "a.segloop")
    flip(max((copy / "annotations" / "chunks").iterdir()))
    call = segloop("project", "verify", copy)
    assert call.code == 1
    assert call.of("error")


def test_the_log_says_what_was(segloop: Command, project: Path) -> None:
    call = segloop("project", "log", project)
    assert [each["message"] for each in call.of("snapshot")] == ["painted", "Begun"]
    assert call.last["images"] == 3


def test_a_project_goes_back_and_forth(segloop: Command, project: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(project, tmp_path / "a.segloop")
    painted, begun = (each["id"] for each in segloop("project", "log", copy).of("snapshot"))
    assert segloop("project", "restore", copy, begun).code == 0
    assert segloop("project", "log", copy).last["images"] == 0
    assert segloop("project", "restore", copy, painted).code == 0
    assert everything_in(copy) == everything_in(project)
    assert segloop("project", "restore", copy, "nothing").code == 2
    assert segloop("project", "restore", copy).code == 2


def test_a_project_is_made_smaller(segloop: Command, tmp_path: Path) -> None:
    folder, models = tmp_path / "a.segloop", ("a" * 64, "b" * 64)
    versions = tuple(VersionRecord(n, model) for n, model in enumerate(models, start=1))
    with Project.create(folder) as made:
        record = made.annotations.project()
        made.annotations.save(Save(replace(record, versions=versions, current=2)))
        made.models.folder.mkdir()
        for model in models:
            made.models.path(model).write_bytes(bytes(2_000_000))
    dry = segloop("project", "prune", folder, "--dry-run")
    assert dry.last == {
        "event": "result", "project": str(folder), "models": [models[0]], "snapshots": 0,
        "bytes": 2_000_000, "dry_run": True,
    }  # fmt: skip
    done = segloop("project", "prune", folder)
    assert (done.code, done.last["models"], done.last["bytes"]) == (0, [models[0]], 2_000_000)
    with Project.open(folder) as made:
        assert made.models.ids() == (models[1],)
        assert segloop("project", "prune", folder).code == 2  # it is open
    assert segloop("project", "prune", tmp_path).code == 2


def test_a_second_copy_becomes_a_project(segloop: Command, project: Path, tmp_path: Path) -> None:
    (tmp_path / "stick").mkdir()
    done = segloop("project", "backup", project, "--to", tmp_path / "stick")
    assert done.code == 0
    assert done.last["files"] > 5
    assert segloop("project", "backup", project, "--to", tmp_path / "stick").last["files"] == 0
    copy = tmp_path / "stick" / project.name
    assert segloop("project", "verify", copy).code == 0
    assert segloop("project", "restore", copy, "--to", tmp_path / "new.segloop").code == 0
    renamed = everything_in(project) | {"name": "new"}
    assert everything_in(tmp_path / "new.segloop") == renamed
    assert segloop("project", "backup", project, "--to", tmp_path / "away").code == 2


def test_a_colleagues_project_is_taken_in(segloop: Command, tmp_path: Path) -> None:
    copy, other = (
        filled(tmp_path / f"{name}.segloop", np.random.default_rng(seed), ())
        for seed, name in enumerate("ab")
    )
    call = segloop("project", "merge", copy, other, "--csv", tmp_path / "places.csv")
    assert call.code == 0, call.err
    assert 0.3 < call.last["agreement"] < 0.37  # three values at random
    assert call.last["taken"] > 0
    with (tmp_path / "places.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == call.last["disagreements"] > 0
    assert segloop("project", "verify", copy).code == 0


def test_a_snapshot_that_was_can_be_exported(
    segloop: Command, project: Path, tmp_path: Path
) -> None:
    begun = segloop("project", "log", project).of("snapshot")[-1]["id"]
    out = tmp_path / "out"
    call = segloop("project", "export", project, "--output", out, "--snapshot", begun)
    assert (call.code, call.last["images"]) == (0, 0)


def test_people_are_told_in_sentences(real_segloop: Command, project: Path, tmp_path: Path) -> None:
    call = real_segloop("project", "log", project)
    assert call.code == 0
    assert "painted" in call.out
    missing = real_segloop("project", "verify", tmp_path / "none.segloop")
    assert missing.code == 2
    assert len(missing.err.splitlines()) == 1


STRANGE = (None, -1, 2**63, 1e308, "", "../x", [], {}, True, "\x00", [[[]]], "9" * 5000)


def spoiled(data: Any, rng: np.random.Generator) -> None:  # noqa: ANN401
    """Put something strange at a random place of a document."""
    while True:
        keys = list(data) if isinstance(data, dict) else list(range(len(data)))
        key = keys[int(rng.integers(len(keys)))]
        inner = data[key]
        if not isinstance(inner, dict | list) or not inner or rng.random() < 0.2:
            data[key] = STRANGE[int(rng.integers(len(STRANGE)))]
            return
        data = inner


def test_whatever_an_export_says_of_itself_nothing_is_half_done(
    segloop: Command, copied: Path, tmp_path: Path
) -> None:
    original = (copied / "export.json").read_text()
    for seed in range(25):
        (copied / "export.json").write_text(original)
        rewritten(copied, lambda data, seed=seed: spoiled(data, np.random.default_rng(seed)))
        made = tmp_path / f"{seed}.segloop"
        call = segloop("project", "import", copied, made)
        assert call.code in (0, 1, 2)
        assert made.exists() == (call.code == 0)
        if call.code == 0:
            assert segloop("project", "verify", made).code == 0
        assert not list(tmp_path.glob(".*"))
