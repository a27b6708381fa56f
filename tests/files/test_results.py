"""All results of one image, as TIFF and as OME-Zarr."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pytest
import tifffile
import zarr

from napari_segloop.files.images import open_image, open_labels
from napari_segloop.files.outputs import output_paths
from napari_segloop.files.results import Results
from napari_segloop.files.writing import read_provenance

if TYPE_CHECKING:
    from pathlib import Path

    from napari_segloop.files.outputs import Target


SHAPE = (2, 3, 4, 200, 270)
IMAGE = np.random.default_rng(0).integers(0, 200, SHAPE).astype(np.uint8)
NOTE = '{"model": "x"}'
DTYPES = {
    "labels": np.dtype(np.uint16),
    "uncertainty": np.dtype(np.uint8),
    "probabilities": np.dtype(np.uint8),
}
AXES = [{"name": n, "type": t} for n, t in (("t", "time"), ("c", "channel"))]
AXES += [{"name": n, "type": "space", "unit": "nanometer"} for n in "zyx"]


def make_ome_zarr(path: Path, zarr_format: Literal[2, 3]) -> Path:
    group = zarr.create_group(path, zarr_format=zarr_format)
    group.create_array("0", data=IMAGE, chunks=(1, 1, 1, 128, 128))
    scale = [{"type": "scale", "scale": [1, 1, 2000, 100, 200]}]
    entry = {"axes": AXES, "datasets": [{"path": "0", "coordinateTransformations": scale}]}
    ome = {"multiscales": [entry]}
    group.attrs.update(ome if zarr_format == 2 else {"ome": {"version": "0.5"} | ome})
    return path


def predict(path: Path, output: Path, large: int = 0) -> Target:
    """Write the first channel as labels, and so on, and say where."""
    (target,) = output_paths([path], output)
    with open_image(path) as image, Results(target, image, DTYPES, 3, NOTE) as results:
        for t, z in image.indices():
            results.write("labels", IMAGE[t, 0, z].astype(np.int64) + large * z)
            results.write("uncertainty", IMAGE[t, 1, z])
            results.write("probabilities", IMAGE[t, :, z])
    return target


@pytest.mark.parametrize("large", [0, 65_536], ids=["uint16", "uint32"])
@pytest.mark.parametrize("zarr_format", [2, 3], ids=["0.4", "0.5"])
def test_ome_zarr_gives_ome_zarr(tmp_path: Path, zarr_format: Literal[2, 3], large: int) -> None:
    target = predict(make_ome_zarr(tmp_path / "m.ome.zarr", zarr_format), tmp_path / "out", large)
    expected = IMAGE[:, 0] + large * np.arange(4)[:, None, None]
    for place in (target.root, target.root.parent):
        assert [p.name for p in place.iterdir() if p.name.startswith(".") and p.is_dir()] == []
    labels = open_labels(target.root, axes="TCZYX")
    assert (labels.axes, labels.shape) == ("TZYX", (2, 4, 200, 270))
    assert labels.dtype == (np.uint32 if large else np.uint16)
    assert labels.pixel_size == open_image(tmp_path / "m.ome.zarr").pixel_size
    for index in labels.indices():
        np.testing.assert_array_equal(labels.read(index), expected[index])
    uncertainty = open_labels(target.root, label="uncertainty")
    np.testing.assert_array_equal(uncertainty.read((1, 3)), IMAGE[1, 1, 3])
    assert read_provenance(target.root) == NOTE


@pytest.mark.parametrize("zarr_format", [2, 3], ids=["0.4", "0.5"])
def test_ome_zarr_metadata(tmp_path: Path, zarr_format: Literal[2, 3]) -> None:
    target = predict(make_ome_zarr(tmp_path / "m.ome.zarr", zarr_format), tmp_path / "out")
    root = zarr.open_group(target.root, mode="r")
    assert root.metadata.zarr_format == zarr_format

    def ome(group: zarr.Group) -> dict[str, Any]:
        return dict(group.attrs if zarr_format == 2 else group.attrs["ome"])

    assert ome(root["labels"])["labels"] == ["segloop", "uncertainty"]
    assert "image-label" in ome(root["labels/segloop"])
    (entry,) = ome(root["labels/segloop"])["multiscales"]
    assert [axis["name"] for axis in entry["axes"]] == ["t", "z", "y", "x"]
    for level, dataset in enumerate(entry["datasets"]):
        step = 2**level
        array = root["labels/segloop"][dataset["path"]]
        np.testing.assert_array_equal(array[:], IMAGE[:, 0, :, ::step, ::step])
        (scale,) = dataset["coordinateTransformations"]
        assert scale["scale"] == pytest.approx([1, 2.0, 0.1 * step, 0.2 * step])
    assert max(array.shape[-2:]) <= 256
    (entry,) = ome(root["probabilities"])["multiscales"]
    assert [axis["name"] for axis in entry["axes"]] == ["t", "c", "z", "y", "x"]
    np.testing.assert_array_equal(root["probabilities/0"][:], IMAGE)


def test_tiff_gives_tiff(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", IMAGE, ome=True, metadata={"axes": "TCZYX"})
    target = predict(tmp_path / "a.tif", tmp_path / "out")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "a.probabilities.tif",
        "a.tif",
        "a.uncertainty.tif",
    ]
    np.testing.assert_array_equal(tifffile.imread(target.labels), IMAGE[:, 0])
    np.testing.assert_array_equal(tifffile.imread(target.uncertainty), IMAGE[:, 1])
    np.testing.assert_array_equal(tifffile.imread(target.probabilities), IMAGE.swapaxes(1, 2))


class StoppedError(Exception):
    pass


def write_part(path: Path, output: Path) -> None:
    (target,) = output_paths([path], output)
    with open_image(path) as image, Results(target, image, DTYPES, 3) as results:
        results.write("labels", IMAGE[0, 0, 0])
        raise StoppedError


def test_a_stop_leaves_the_old_ome_zarr_and_nothing_else(tmp_path: Path) -> None:
    path = make_ome_zarr(tmp_path / "m.ome.zarr", 3)
    target = predict(path, tmp_path / "out")
    with pytest.raises(StoppedError):
        write_part(path, tmp_path / "out")
    np.testing.assert_array_equal(open_labels(target.root).read((1, 1)), IMAGE[1, 0, 1])
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["m.ome.zarr"]


def test_a_second_run_replaces_the_first(tmp_path: Path) -> None:
    path = make_ome_zarr(tmp_path / "m.ome.zarr", 3)
    predict(path, tmp_path / "out")
    target = predict(path, tmp_path / "out", large=65_536)
    assert open_labels(target.root).read((0, 3)).min() >= 65_536
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["m.ome.zarr"]
