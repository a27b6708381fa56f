"""``segloop evaluate`` against numbers counted by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile

if TYPE_CHECKING:
    from pathlib import Path

Command = Callable[..., Any]

TRUTH = np.zeros((8, 8), np.uint8)
TRUTH[:4, :4], TRUTH[4:, 4:] = 1, 2
PREDICTION = np.zeros((8, 8), np.uint8)
PREDICTION[:4, :2], PREDICTION[4:, 4:] = 1, 2
CHECKED = np.zeros((8, 8), np.uint8)
CHECKED[:, :2], CHECKED[:, 2:4] = 1, 2
UNCERTAINTY = np.where(PREDICTION == TRUTH, 10, 200).astype(np.uint8)


@pytest.fixture
def room(tmp_path: Path) -> Path:
    layout = {
        "pred/a.tif": PREDICTION,
        "pred/a.uncertainty.tif": UNCERTAINTY,
        "pred/b.tif": TRUTH,
        "pred/c.tif": TRUTH,
        "truth/a_mask.png.tif": TRUTH,
        "truth/b_labels.tif": TRUTH,
        "checked/a.tif": CHECKED,
        "small/a.tif": TRUTH[:4],
        "many/a.tif": np.arange(64, dtype=np.uint8).reshape(8, 8),
        "elsewhere/z.tif": TRUTH,
    }
    (tmp_path / "truth").mkdir()
    for name, array in layout.items():
        path = tmp_path / name.replace(".png", "")
        path.parent.mkdir(exist_ok=True)
        tifffile.imwrite(path, array)
    return tmp_path


def test_dice_of_two_files(room: Path, segloop: Command) -> None:
    call = segloop("evaluate", room / "pred/a.tif", room / "truth/a_mask.tif")
    assert call.code == 0, call.err
    last = call.last
    assert last["classes"]["1"] == pytest.approx(2 * 8 / (8 + 16))
    assert last["classes"]["2"] == 1
    assert last["dice"] == pytest.approx((2 / 3 + 1) / 2)
    assert last["pixels"] == 64


def test_dice_of_folders_is_pooled_and_predictions_alone_are_counted(
    room: Path, segloop: Command
) -> None:
    call = segloop("evaluate", room / "pred", room / "truth")
    assert (call.last["files"], call.last["skipped"]) == (2, 1)
    assert call.last["classes"]["1"] == pytest.approx(2 * 24 / (24 + 32))


def test_only_what_is_checked_counts(room: Path, segloop: Command) -> None:
    call = segloop("evaluate", room / "pred/a.tif", room / "truth/a_mask.tif",
                   "--checked", room / "checked")  # fmt: skip
    assert call.last["pixels"] == 16
    assert call.last["classes"] == {"0": 1, "1": 1}


def test_uncertainty_is_judged(room: Path, segloop: Command) -> None:
    call = segloop("evaluate", room / "pred/a.tif", room / "truth/a_mask.tif",
                   "--uncertainty", room / "pred")  # fmt: skip
    assert call.last["uncertainty"]["auroc"] == 1
    assert call.last["uncertainty"]["errors"] == 8
    assert call.last["trust"] == [
        {"stated": pytest.approx(10 / 255), "found": 0, "share": 56 / 64},
        {"stated": pytest.approx(200 / 255), "found": 1, "share": 8 / 64},
    ]


def test_trust_needs_uncertainty(room: Path, segloop: Command) -> None:
    call = segloop("evaluate", room / "pred/a.tif", room / "truth/a_mask.tif")
    assert (call.last["uncertainty"], call.last["trust"]) == (None, None)


def test_objects_are_matched(room: Path, segloop: Command) -> None:
    call = segloop("evaluate", room / "pred/a.tif", room / "truth/a_mask.tif", "--task", "objects")
    last = call.last
    assert last["ap50"] == pytest.approx(1 / 3)  # the halved object has an IoU of one half exactly
    assert last["pq"] == pytest.approx(1 / 2)
    assert last["event"] == "result"


@pytest.mark.parametrize(
    ("checked", "pixels", "errors"),
    [
        pytest.param([], 64, 16, id="everywhere"),  # half of object 1 was missed: no match at all
        pytest.param(["--checked", "checked"], 16, 0, id="where checked"),
    ],
)
def test_uncertainty_of_objects_is_judged(
    checked: list[str],
    pixels: int,
    errors: int,
    room: Path,
    monkeypatch: pytest.MonkeyPatch,
    segloop: Command,
) -> None:
    monkeypatch.chdir(room)
    call = segloop("evaluate", "pred/a.tif", "truth/a_mask.tif", "--task", "objects",
                   "--uncertainty", "pred", *checked)  # fmt: skip
    trust = call.last["uncertainty"]
    assert (trust["pixels"], trust["errors"]) == (pixels, errors)
    if errors:  # half of them at 200, the other half level with all that is right
        assert trust["auroc"] == pytest.approx(0.75)


def test_people_get_words_for_objects(room: Path, real_segloop: Command) -> None:
    call = real_segloop("evaluate", room / "pred/a.tif", room / "truth/a_mask.tif",
                        "--task", "objects", "--uncertainty", room / "pred")  # fmt: skip
    assert call.code == 0
    lines = {line[:24].strip(): line[24:].split() for line in call.out.splitlines()}
    assert lines["found"] == ["1", "1"]
    assert lines["panoptic quality (PQ)"] == ["0.500", "-"]
    assert "wrong pixels" in call.out
    sure, unsure = lines["88 % of the pixels"], lines["12 % of the pixels"]
    assert sure == ["3.9", "%", "14", "%", "|=++"]  # 8 of 56, level with the right
    assert unsure == ["78", "%", "100", "%", f"|{16 * '='}++++"]
    assert "a mark is 5 %" in call.out
    assert "captured_12" not in call.out


def test_people_get_a_table(room: Path, real_segloop: Command) -> None:
    call = real_segloop("evaluate", room / "pred/a.tif", room / "truth/a_mask.tif")
    assert call.code == 0
    assert "mean without 0" in call.out
    assert "0.833" in call.out


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        pytest.param(["pred/a.tif", "small/a.tif"], "(4, 8)", id="another shape"),
        pytest.param(["nowhere", "truth"], "nowhere", id="missing prediction"),
        pytest.param(["small", "truth"], "b_labels.tif", id="truth without prediction"),
        pytest.param(["pred", "truth", "--checked", "nowhere"], "nowhere", id="missing checked"),
        pytest.param(["pred/a.tif", "many/a.tif"], "--task objects", id="ids taken for classes"),
        pytest.param(["pred", "truth", "--checked", "elsewhere"], "elsewhere", id="none checked"),
        pytest.param(
            ["pred", "truth", "--uncertainty", "pred"], "none for b", id="a map is missing"
        ),
    ],
)
def test_bad_input_is_exit_2(
    arguments: list[str], word: str, room: Path, monkeypatch: pytest.MonkeyPatch, segloop: Command
) -> None:
    monkeypatch.chdir(room)
    call = segloop("evaluate", *arguments)
    assert call.code == 2
    assert call.last["event"] == "error"
    assert word in call.err
