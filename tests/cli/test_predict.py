"""``segloop predict`` on tiny images."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile

from napari_segloop.core.plan import Plan
from napari_segloop.files.images import open_labels
from napari_segloop.files.writing import read_provenance

if TYPE_CHECKING:
    from types import SimpleNamespace as Space

Command = Callable[..., Any]


@pytest.fixture(scope="module")
def predicted(
    files: Space,
    trained: Space,
    tmp_path_factory: pytest.TempPathFactory,
    segloop: Command,
) -> tuple[Path, Any]:
    folder = tmp_path_factory.mktemp("out") / "new"
    call = segloop(
        "predict", trained.path, files.images, "--output", folder,
        "--uncertainty", "--probabilities",
    )  # fmt: skip
    assert call.code == 0, call.err
    return folder, call


def test_every_input_gets_its_files(predicted: tuple[Path, Any]) -> None:
    folder, call = predicted
    endings = (".tif", ".uncertainty.tif", ".probabilities.tif")
    expected = sorted(f"a{number}{ending}" for number in range(3) for ending in endings)
    assert sorted(path.name for path in folder.iterdir()) == expected
    assert [Path(event["image"]).name for event in call.of("image_done")] == [
        "a0.tif", "a1.tif", "a2.tif",
    ]  # fmt: skip
    assert call.last["images"] == 3
    assert call.last["failed"] == []


def test_pixels_of_another_size_are_said(
    predicted: tuple[Path, Any], trained: Space, tmp_path: Path, segloop: Command
) -> None:
    _, fitting = predicted
    assert not any("pixels of" in event["text"] for event in fitting.of("notice"))
    image = tmp_path / "far.tif"
    per_cm = (20_000, 20_000)
    tifffile.imwrite(image, np.zeros((64, 64), np.uint8), resolution=per_cm, resolutionunit=3)
    call = segloop("predict", trained.path, image, "--output", tmp_path / "out")
    assert call.code == 0, call.err
    said = [event["text"] for event in call.of("notice") if "pixels of" in event["text"]]
    assert len(said) == 1
    assert "taught on pixels of 0.2 um, these are of 0.5 um" in said[0]


def test_results_agree_with_each_other(predicted: tuple[Path, Any]) -> None:
    folder, _ = predicted
    labels = tifffile.imread(folder / "a0.tif")
    uncertainty = tifffile.imread(folder / "a0.uncertainty.tif")
    probabilities = tifffile.imread(folder / "a0.probabilities.tif")
    assert labels.dtype == uncertainty.dtype == probabilities.dtype == np.uint8
    assert labels.shape == uncertainty.shape == (64, 64)
    assert probabilities.shape == (2, 64, 64)
    assert set(np.unique(labels)) <= {0, 7}
    clear = np.abs(np.diff(probabilities.astype(int), axis=0)[0]) > 2
    assert ((probabilities.argmax(0) * 7) == labels)[clear].all()
    doubt = np.minimum(uncertainty, 128)  # a label stays the likeliest of two, whatever is said
    assert (np.abs(255 - probabilities.max(0).astype(int) - doubt) <= 1).all()


def test_the_plan_is_in_the_file_and_in_the_event(
    predicted: tuple[Path, Any], trained: Space
) -> None:
    folder, call = predicted
    record = json.loads(read_provenance(folder / "a0.tif") or "")
    assert record["plan"] == call.of("image_done")[0]["plan"]
    assert record["model"]["id"] == trained.call.last["id"]
    assert Plan.from_json(json.dumps(record["plan"])).model == trained.call.last["id"]


def test_exact_is_a_plan_of_its_own_and_gives_the_same_bytes_again(
    predicted: tuple[Path, Any], files: Space, trained: Space, tmp_path: Path, segloop: Command
) -> None:
    calls = [
        segloop("predict", trained.path, files.images / "a1.tif", "--output", tmp_path / name,
                "--exact", "--uncertainty")
        for name in ("one", "two")
    ]  # fmt: skip
    plans = [call.of("image_done")[0]["plan"] for call in calls]
    assert plans[0] == plans[1]
    assert plans[0]["precision"] == "float32"
    assert plans[0]["halo"] > predicted[1].of("image_done")[1]["plan"]["halo"]
    for name in ("a1.tif", "a1.uncertainty.tif"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_careful_looks_twice_and_gives_the_same_bytes_again(
    predicted: tuple[Path, Any], files: Space, trained: Space, tmp_path: Path, segloop: Command
) -> None:
    calls = [
        segloop("predict", trained.path, files.images / "a1.tif", "--output", tmp_path / name,
                "--quality", "careful", "--uncertainty")
        for name in ("one", "two")
    ]  # fmt: skip
    plans = [call.of("image_done")[0]["plan"] for call in calls]
    fast = predicted[1].of("image_done")[1]["plan"]
    assert plans[0] == plans[1] == {**fast, "quality": "careful"}
    assert fast["quality"] == "fast"
    record = json.loads(read_provenance(tmp_path / "one" / "a1.tif") or "")
    assert record["plan"]["quality"] == "careful"
    for name in ("a1.tif", "a1.uncertainty.tif"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    maps = [tifffile.imread(folder / "a1.uncertainty.tif")
            for folder in (tmp_path / "one", predicted[0])]  # fmt: skip
    assert (maps[0] != maps[1]).any()


def test_objects_of_a_stack_have_ids_of_their_own(
    files: Space, trained_on_objects: Space, tmp_path: Path, segloop: Command
) -> None:
    stack = np.stack([tifffile.imread(files.images / f"a{number}.tif") for number in range(3)])
    tifffile.imwrite(tmp_path / "stack.tif", stack, imagej=True, metadata={"axes": "ZYX"})
    call = segloop("predict", trained_on_objects.path, tmp_path / "stack.tif",
                   "--output", tmp_path / "out", "--uncertainty")  # fmt: skip
    assert call.code == 0, call.err
    ids = open_labels(tmp_path / "out" / "stack.tif")
    assert ids.leading_shape == (3,)
    assert ids.dtype in (np.uint16, np.uint32)
    seen = [set(np.unique(ids.read((plane,)))) - {0} for plane in range(3)]
    assert not seen[0] & seen[1]
    assert not seen[1] & seen[2]
    assert [event["plane"] for event in call.of("plane_done")] == [1, 2, 3]


def test_equal_names_keep_their_folders(
    files: Space, trained: Space, tmp_path: Path, segloop: Command
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.tif").write_bytes((files.images / "a0.tif").read_bytes())
    call = segloop("predict", trained.path, tmp_path / "one", tmp_path / "two",
                   "--output", tmp_path / "out")  # fmt: skip
    assert call.code == 0, call.err
    found = sorted(path.relative_to(tmp_path / "out") for path in (tmp_path / "out").rglob("*.tif"))
    assert [path.as_posix() for path in found] == ["one/a.tif", "two/a.tif"]


def test_a_damaged_file_does_not_stop_the_others(
    files: Space, trained: Space, tmp_path: Path, segloop: Command
) -> None:
    (tmp_path / "broken.tif").write_bytes(b"II*\x00 this is no image")
    call = segloop("predict", trained.path, tmp_path / "broken.tif", files.images / "a0.tif",
                   "--output", tmp_path / "out")  # fmt: skip
    assert call.code == 1
    (error,) = call.of("error")
    assert error["file"].endswith("broken.tif")
    assert call.last["event"] == "result"
    assert call.last["failed"] == [str(tmp_path / "broken.tif")]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a0.tif"]


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with files that do not fit the model."""
    root = tmp_path_factory.mktemp("odd")
    colours = np.zeros((64, 64, 3), np.uint8)
    tifffile.imwrite(root / "rgb.tif", colours, photometric="rgb")
    (root / "broken.tif").write_bytes(b"nothing")
    (root / "text.txt").write_text("no image")
    return root


@pytest.fixture
def place(files: Space, trained: Space, odd: Path, tmp_path: Path) -> Callable[[str], Path]:
    """Return a way to spell paths shortly: M the model, I the images, O the odd files."""
    places = {"M": trained.path, "I": files.images, "O": odd}

    def resolve(text: str) -> Path:
        head, _, tail = text.partition("/")
        return places.get(head, tmp_path / head) / tail

    return resolve


@pytest.mark.parametrize(
    ("model", "inputs", "output", "word"),
    [
        pytest.param("M", ["I/a0.tif", "O/rgb.tif"], "new", "3 channels", id="wrong channels"),
        pytest.param("M", ["I/a9.tif"], "new", "a9.tif", id="missing input"),
        pytest.param("M", ["O/broken.tif"], "new", "broken.tif", id="only damaged inputs"),
        pytest.param("M", ["O/text.txt"], "new", "text.txt", id="no image"),
        pytest.param("M", ["I"], "I", "input", id="output would overwrite an input"),
        pytest.param("I/a0.tif", ["I"], "new", "model", id="a model that is none"),
        pytest.param("nowhere", ["I"], "new", "nowhere", id="missing model"),
        pytest.param("M", ["I"], "O/text.txt", "folder", id="output is a file"),
    ],
)
def test_bad_input_is_exit_2_and_nothing_is_written(
    model: str, inputs: list[str], output: str, word: str, place: Callable[[str], Path],
    segloop: Command,
) -> None:  # fmt: skip
    call = segloop("predict", place(model), *map(place, inputs), "--output", place(output))
    assert call.code == 2, call.err
    assert call.last["event"] == "error"
    assert word in call.err
    assert "Traceback" not in call.err
    assert not place("new").exists()


def test_noise_is_said_to_be_unlike_what_was_learnt_and_an_image_of_the_same_kind_is_not(
    files: Space, trained: Space, predicted: tuple[Path, Any], tmp_path: Path, segloop: Command
) -> None:
    chance = np.random.default_rng(0)
    noise = chance.normal(100, 30, (2, 64, 64)).clip(0, 255).astype(np.uint8)
    noise[0] = tifffile.imread(files.images / "a0.tif")
    tifffile.imwrite(tmp_path / "noise.tif", noise[1])
    tifffile.imwrite(tmp_path / "half.tif", noise, imagej=True, metadata={"axes": "ZYX"})
    inputs = (tmp_path / "noise.tif", tmp_path / "half.tif", files.images)
    call = segloop("predict", trained.path, *inputs, "--output", tmp_path / "out")
    assert call.code == 0, call.err
    found = {Path(event["image"]).stem: event for event in call.of("image_done")}
    assert found["noise"]["unlike"] > 1 > found["a1"]["unlike"] > 0
    assert found["noise"]["unlike_reason"] == "noisier than what it learnt"
    assert found["a1"]["unlike_reason"] is None
    assert (found["half"]["unlike_planes"], found["half"]["looked_at"]) == (1, 2)
    assert call.last["unlike"] == [str(path) for path in inputs[:2]]
    said = [event["text"] for event in call.of("notice") if "unlike" in event["text"]]
    assert [text.split(":")[0] for text in said] == call.last["unlike"]
    assert "noisier than what it learnt" in said[0]
    assert "in 1 of 2 planes" in said[1]
    assert predicted[1].last["unlike"] == []
