"""OME-TIFF results: read back by tifffile and by ourselves, whole or not at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

from napari_segloop.core.errors import InputError, OutputError
from napari_segloop.files import writing
from napari_segloop.files.images import open_image, open_labels
from napari_segloop.files.omexml import Layout, ome_axes
from napari_segloop.files.pixelsize import PixelSize
from napari_segloop.files.writing import TiffOutput, read_provenance

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray

    Pixels = NDArray[Any]

SIZE = PixelSize(0.2, 0.1, 2.0)
NOTE = '{"model": "<crystals & bubbles> \u00b5"}'


def picture(layout: Layout, dtype: str) -> Pixels:
    top = np.iinfo(dtype).max
    return np.random.default_rng(0).integers(0, top, layout.shape, dtype, endpoint=True)


def write_tiff(path: Path, layout: Layout, array: Pixels) -> Path:
    with TiffOutput(path, layout, array.dtype, NOTE) as output:
        for index in np.ndindex(layout.lengths):
            output.write(array[index])
    return path


LAYOUTS = [
    pytest.param(Layout("", (), (70, 600)), "YX", id="YX"),
    pytest.param(Layout("", (), (1, 1)), "YX", id="one-pixel"),
    pytest.param(Layout("T", (3,), (9, 8)), "TYX", id="TYX"),
    pytest.param(Layout("TZ", (2, 3), (9, 8)), "TZYX", id="TZYX"),
    pytest.param(Layout("ZT", (2, 3), (9, 8)), "ZTYX", id="ZTYX"),
    pytest.param(Layout("Q", (5,), (9, 8)), "ZYX", id="unknown-is-z"),
    pytest.param(Layout("QQ", (2, 3), (9, 8)), "ZTYX", id="two-unknown"),
    pytest.param(Layout("PTZ", (2, 3, 4), (9, 8)), "CTZYX", id="third-is-c"),
    pytest.param(Layout("QTZ", (2, 3, 4), (9, 8), 2), "ZTQCYX", id="shared-axis"),
    pytest.param(Layout("QQQQ", (2, 3, 4, 5), (9, 8)), "ZTCQYX", id="four-unknown"),
    pytest.param(Layout("TZ", (2, 3), (9, 8), 4), "TZCYX", id="probabilities"),
    pytest.param(Layout("", (), (9, 8), 3, SIZE), "CYX", id="with-pixel-size"),
]


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32"])
@pytest.mark.parametrize(("layout", "axes"), LAYOUTS)
def test_what_is_written_is_read_back(
    tmp_path: Path, layout: Layout, axes: str, dtype: str
) -> None:
    array = picture(layout, dtype)
    path = write_tiff(tmp_path / "deep" / "a.tif", layout, array)
    with tifffile.TiffFile(path) as file:
        assert (file.is_ome, len(file.series), file.series[0].axes) == (True, 1, axes)
        np.testing.assert_array_equal(file.asarray(), array)
    assert read_provenance(path) == NOTE
    with open_image(path) as image:
        assert image.shape == layout.shape
        assert image.pixel_size == layout.pixel_size
    assert [p.name for p in path.parent.iterdir()] == ["a.tif"]


def test_labels_have_the_shape_of_the_image(tmp_path: Path) -> None:
    layout = Layout("PTZ", (2, 3, 4), (9, 8))
    array = picture(layout, "uint16")
    with open_labels(write_tiff(tmp_path / "a.tif", layout, array)) as labels:
        assert labels.leading_shape == (2, 3, 4)
        for index in labels.indices():
            np.testing.assert_array_equal(labels.read(index), array[index])


def test_equal_planes_give_equal_bytes(tmp_path: Path) -> None:
    layout = Layout("T", (3,), (70, 600), None, SIZE)
    array = picture(layout, "uint8")
    first = write_tiff(tmp_path / "a.tif", layout, array).read_bytes()
    assert write_tiff(tmp_path / "b.tif", layout, array).read_bytes() == first


def test_ids_above_65535_widen_the_file(tmp_path: Path) -> None:
    layout = Layout("T", (3,), (9, 8))
    array = np.stack([np.full((9, 8), n, np.int64) for n in (7, 65_536, 9)])
    with TiffOutput(tmp_path / "a.tif", layout, np.dtype(np.uint16), NOTE) as output:
        for plane in array:
            output.write(plane)
    read = tifffile.imread(tmp_path / "a.tif")
    assert read.dtype == np.uint32
    np.testing.assert_array_equal(read, array)
    assert read_provenance(tmp_path / "a.tif") == NOTE
    assert [p.name for p in tmp_path.iterdir()] == ["a.tif"]


class StoppedError(Exception):
    pass


def write_half(path: Path) -> None:
    layout = Layout("T", (2,), (9, 8))
    with TiffOutput(path, layout, np.dtype(np.uint8)) as output:
        output.write(np.zeros((9, 8), np.uint8))
        raise StoppedError


def test_a_stop_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(b"old")
    with pytest.raises(StoppedError):
        write_half(tmp_path / "a.tif")
    assert (tmp_path / "a.tif").read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.tif"]


def test_a_missing_plane_is_no_result(tmp_path: Path) -> None:
    layout = Layout("T", (2,), (9, 8))
    output = TiffOutput(tmp_path / "a.tif", layout, np.dtype(np.uint8))
    with pytest.raises(ValueError, match="2 planes"), output:
        output.write(np.zeros((9, 8), np.uint8))
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_said_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OutputError, match="no space left") as caught:
        write_tiff(tmp_path / "a.tif", Layout("", (), (9, 8)), np.zeros((9, 8), np.uint8))
    assert caught.value.file == str(tmp_path / "a.tif")
    assert list(tmp_path.iterdir()) == []


def test_a_file_where_a_folder_should_be_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"")
    with pytest.raises(OutputError):
        write_tiff(tmp_path / "out" / "a.tif", Layout("", (), (2, 2)), np.zeros((2, 2), np.uint8))


def test_large_results_are_bigtiff(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layout = Layout("Z", (3,), (9, 8))
    array = picture(layout, "uint8")
    with tifffile.TiffFile(write_tiff(tmp_path / "a.tif", layout, array)) as file:
        assert not file.is_bigtiff
    monkeypatch.setattr(writing, "CLASSIC", array.nbytes - 1)
    with tifffile.TiffFile(write_tiff(tmp_path / "b.tif", layout, array)) as file:
        assert file.is_bigtiff
        np.testing.assert_array_equal(file.asarray(), array)


def test_too_many_axes_are_refused() -> None:
    with pytest.raises(InputError, match="OME-Zarr"):
        ome_axes("QQQQQ", (2,) * 5, "ZT")


def test_files_of_others_have_no_provenance(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((4, 4), np.uint8))
    assert read_provenance(tmp_path / "a.tif") is None
