"""Which files belong together, by product rules: cases are lists of file names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from napari_segloop.core.errors import InputError
from napari_segloop.files.pairing import find_images, pair

if TYPE_CHECKING:
    from pathlib import Path


def touch(folder: Path, names: list[str] | None) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            path.mkdir(exist_ok=True)
        else:
            path.write_bytes(b"")
    return folder


PAIRS = [
    pytest.param(["a.tif", "b.png"], ["a.png", "b.tif"], ["a.tif", "b.png"], [], id="plain"),
    pytest.param(["a.ome.tif"], ["a_mask.png"], ["a.ome.tif"], [], id="ome-tif-and-mask"),
    pytest.param(["a.TIF"], ["a_cp_masks.PNG"], ["a.TIF"], [], id="capitals-cp-masks"),
    pytest.param(["a.b.tif"], ["a.b_labels.tif"], ["a.b.tif"], [], id="dots"),
    pytest.param(["m.ome.zarr/"], ["m_label.zarr/"], ["m.ome.zarr"], [], id="zarr-is-a-file"),
    pytest.param(["a.tif", "b.tif"], ["a_masks.tif"], ["a.tif"], ["b"], id="image-without-labels"),
    pytest.param(
        ["a_mask.tif"], ["a_mask_mask.tif"], ["a_mask.tif"], [], id="an-image-keeps-its-ending"
    ),
    pytest.param(
        ["a.tif", ".hidden.tif", "notes.txt", "a.uncertainty.tif", "deep/b.tif"],
        ["a.tif", "a.probabilities.tif", "a.classes.tif", "._a.tif", "Thumbs.db"],
        ["a.tif"],
        [],
        id="passed-over",
    ),
]


@pytest.mark.parametrize(("images", "labels", "pairs", "skipped"), PAIRS)
def test_pairs_by_name(
    tmp_path: Path, images: list[str], labels: list[str], pairs: list[str], skipped: list[str]
) -> None:
    touch(tmp_path / "i", images)
    touch(tmp_path / "l", labels)
    result = pair([tmp_path / "i"], [tmp_path / "l"])
    assert [p.image.name for p in result.pairs] == pairs
    assert all(p.labels.parent == tmp_path / "l" for p in result.pairs)
    assert [p.stem for p in result.skipped] == skipped


FAULTS = [
    pytest.param(["a.tif"], ["a.tif", "b.tif"], "b.tif", id="labels-without-image"),
    pytest.param(["a.tif"], ["b.tif"], "same names", id="no-pair"),
    pytest.param(["a.tif", "a.png"], ["a.tif"], r"a\.png, .*a\.tif", id="two-images"),
    pytest.param(["a.tif"], ["a.tif", "a_mask.png"], "a_mask.png", id="two-labels"),
    pytest.param(["notes.txt"], ["a.tif"], "none in", id="no-image"),
]


@pytest.mark.parametrize(("images", "labels", "message"), FAULTS)
def test_what_cannot_be_paired_is_listed(
    tmp_path: Path, images: list[str], labels: list[str], message: str
) -> None:
    touch(tmp_path / "i", images)
    touch(tmp_path / "l", labels)
    with pytest.raises(InputError, match=message):
        pair([tmp_path / "i"], [tmp_path / "l"])


def test_equal_names_in_two_image_folders_are_refused(tmp_path: Path) -> None:
    touch(tmp_path, ["i/a.tif", "j/a.tif", "l/a.tif"])
    with pytest.raises(InputError, match="several with one name"):
        pair([tmp_path / "i", tmp_path / "j"], [tmp_path / "l"])


def test_images_and_labels_in_one_folder(tmp_path: Path) -> None:
    touch(tmp_path, ["a.tif", "a_mask.tif", "b.png", "c.tif", "c_labels.png"])
    result = pair([tmp_path], [tmp_path])
    names = [(p.image.name, p.labels.name) for p in result.pairs]
    assert names == [("a.tif", "a_mask.tif"), ("c.tif", "c_labels.png")]
    assert [p.name for p in result.skipped] == ["b.png"]


def test_one_folder_without_endings_has_no_pair(tmp_path: Path) -> None:
    touch(tmp_path, ["a.tif", "b.tif"])
    with pytest.raises(InputError, match="same names"):
        pair([tmp_path], [tmp_path])


def test_an_ome_zarr_that_brings_its_labels_is_both(tmp_path: Path) -> None:
    touch(tmp_path, ["a.ome.zarr/", "a.ome.zarr/labels/", "b.ome.zarr/"])
    result = pair([tmp_path], [tmp_path])
    assert [(p.image, p.labels) for p in result.pairs] == [(tmp_path / "a.ome.zarr",) * 2]
    assert result.skipped == (tmp_path / "b.ome.zarr",)


def test_one_image_beside_the_folder_that_holds_it(tmp_path: Path) -> None:
    touch(tmp_path, ["a.tif", "a_mask.tif"])
    result = pair([tmp_path / "a.tif"], [tmp_path])
    assert [(p.image.name, p.labels.name) for p in result.pairs] == [("a.tif", "a_mask.tif")]


def test_checked_files_are_found_where_they_exist(tmp_path: Path) -> None:
    touch(tmp_path, ["i/a.tif", "i/b.tif", "l/a.tif", "l/b.tif", "c/b_mask.png"])
    result = pair([tmp_path / "i"], [tmp_path / "l"], [tmp_path / "c"])
    assert [p.checked and p.checked.name for p in result.pairs] == [None, "b_mask.png"]


def test_checked_files_that_fit_nothing_are_a_mistake(tmp_path: Path) -> None:
    touch(tmp_path, ["i/a.tif", "l/a.tif", "c/other.png"])
    with pytest.raises(InputError, match=r"other\.png"):
        pair([tmp_path / "i"], [tmp_path / "l"], [tmp_path / "c"])


def test_files_and_folders_mix_and_each_file_counts_once(tmp_path: Path) -> None:
    touch(tmp_path, ["a.tif", "b.tif", "deep/c.tif"])
    inputs = [tmp_path / "deep" / "c.tif", tmp_path, tmp_path / "a.tif"]
    assert [p.name for p in find_images(inputs)] == ["c.tif", "a.tif", "b.tif"]


@pytest.mark.parametrize("name", ["missing", "missing.tif", "notes.txt"])
def test_inputs_that_are_no_images_are_refused(tmp_path: Path, name: str) -> None:
    touch(tmp_path, ["notes.txt"])
    with pytest.raises(InputError) as caught:
        find_images([tmp_path / name])
    assert caught.value.file == str(tmp_path / name)
