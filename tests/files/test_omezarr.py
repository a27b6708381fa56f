"""OME-Zarr and plain Zarr, images and labels inside them, against the arrays that were saved."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Literal

import numpy as np
import pytest
import zarr

from napari_segloop.core.errors import InputError
from napari_segloop.files.images import open_image, open_labels
from napari_segloop.files.pixelsize import PixelSize
from tests.files.saved import DEEP, GREY, RGB, STACK, read_all

if TYPE_CHECKING:
    from pathlib import Path

    from tests.files.saved import Pixels


def make_ome_zarr(
    path: Path,
    zarr_format: Literal[2, 3],
    array: Pixels,
    axes: str = "tczyx",
    scale: list[float] | None = None,
    units: bool = True,
) -> Path:
    group = zarr.create_group(path, zarr_format=zarr_format)
    group.create_array("s0", data=array, chunks=(1,) * (array.ndim - 2) + (16, 16))
    kinds = {"t": "time", "c": "channel"}
    named = [{"name": a, "type": kinds.get(a, "space")} for a in axes]
    for axis in named:
        if units and axis["type"] == "space":
            axis["unit"] = "nanometer"
    transform = [{"type": "scale", "scale": scale or [1.0] * array.ndim}]
    entry = {"axes": named, "datasets": [{"path": "s0", "coordinateTransformations": transform}]}
    ome = {"multiscales": [entry]}
    group.attrs.update(ome if zarr_format == 2 else {"ome": {"version": "0.5"} | ome})
    return path


@pytest.mark.parametrize("zarr_format", [2, 3], ids=["0.4", "0.5"])
def test_ome_zarr(tmp_path: Path, zarr_format: Literal[2, 3]) -> None:
    make_ome_zarr(tmp_path / "m.ome.zarr", zarr_format, DEEP, scale=[1, 1, 2000, 180, 200])
    image = open_image(tmp_path / "m.ome.zarr", channels=(2, 0))
    assert (image.name, image.axes, image.leading_axes) == ("m", "TCZYX", "TZ")
    assert (image.leading_shape, image.channels) == ((2, 4), 2)
    assert image.pixel_size == PixelSize(pytest.approx(0.18), pytest.approx(0.2), pytest.approx(2))
    np.testing.assert_array_equal(read_all(image), DEEP[:, [2, 0]].swapaxes(1, 2))


def test_ome_zarr_without_units_has_no_pixel_size(tmp_path: Path) -> None:
    make_ome_zarr(tmp_path / "m.zarr", 3, GREY, "yx", [0.2, 0.2], units=False)
    assert open_image(tmp_path / "m.zarr").pixel_size is None


@pytest.mark.parametrize(
    ("array", "names", "axes"),
    [
        pytest.param(STACK, None, "QYX", id="planes"),
        pytest.param(RGB, None, "YXS", id="colours"),
        pytest.param(RGB.astype(np.uint16), None, "QYX", id="uint16-is-no-colour"),
        pytest.param(STACK, ["c", "y", "x"], "CYX", id="named"),
    ],
)
def test_plain_zarr(tmp_path: Path, array: Pixels, names: list[str] | None, axes: str) -> None:
    zarr.create_array(tmp_path / "a.zarr", data=array, dimension_names=names)
    image = open_image(tmp_path / "a.zarr")
    assert image.axes == axes
    order = [axes.index(a) for a in sorted(axes, key="QCSYX".index)]
    expected = array.transpose(order)
    np.testing.assert_array_equal(read_all(image).reshape(expected.shape), expected)


def test_labels_inside_an_ome_zarr(tmp_path: Path) -> None:
    root = make_ome_zarr(tmp_path / "m.zarr", 3, DEEP)
    cells = make_ome_zarr(tmp_path / "cells.zarr", 3, DEEP[:, 0], "tzyx")
    shutil.copytree(cells, root / "labels" / "cells")
    shutil.copytree(cells, root / "labels" / "other")
    zarr.create_group(root / "labels")
    with pytest.raises(InputError, match="cells, other"):
        open_labels(tmp_path / "m.zarr")
    labels = open_labels(tmp_path / "m.zarr", label="cells")
    assert labels.axes == "TZYX"
    np.testing.assert_array_equal(labels.read((1, 3)), DEEP[1, 0, 3])
