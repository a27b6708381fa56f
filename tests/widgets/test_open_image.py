"""Files of the image list as layers; numpy and tifffile are the reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from napari.components import ViewerModel

from napari_segloop.core.errors import InputError
from napari_segloop.files.images import open_image
from napari_segloop.session.filesource import FileSource
from napari_segloop.widgets import open_image as opening
from napari_segloop.widgets.lazy import LazyStack
from napari_segloop.widgets.open_image import OpenedFile

if TYPE_CHECKING:
    from pathlib import Path

PIXELS = np.random.default_rng(3).integers(0, 4000, (3, 2, 30, 40), np.uint16)
KEYS = [
    (1,),
    (slice(None), 4),
    (..., 3),
    (2, slice(4, 20, 3), slice(None)),
    (slice(0, 2), slice(None), 7),
    (-1, -2, slice(-9, None)),
    (np.int64(1), slice(None), slice(None)),
    (slice(1, 1),),
    (...,),
]


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    path = tmp_path / "cells.ome.tif"
    metadata = {
        "axes": "ZCYX",
        "PhysicalSizeX": 0.2,
        "PhysicalSizeXUnit": "µm",
        "PhysicalSizeY": 0.3,
        "PhysicalSizeYUnit": "µm",
        "PhysicalSizeZ": 1.5,
        "PhysicalSizeZUnit": "µm",
    }
    tifffile.imwrite(path, PIXELS, ome=True, metadata=metadata)
    return path


@pytest.mark.parametrize("key", KEYS, ids=map(str, KEYS))
def test_a_lazy_stack_is_indexed_like_an_array(stack: Path, key: tuple[object, ...]) -> None:
    with open_image(stack) as image:
        lazy = LazyStack(image, 1)
        assert (lazy.shape, lazy.ndim, len(lazy), lazy.dtype) == ((3, 30, 40), 3, 3, np.uint16)
        np.testing.assert_array_equal(lazy[key], PIXELS[:, 1][key])


@pytest.mark.parametrize("at_once", [0, 2**26], ids=["lazy", "whole"])
def test_a_file_shows_with_its_size_and_goes_without_a_trace(
    stack: Path, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "AT_ONCE", at_once)
    viewer = ViewerModel()
    others = viewer.add_labels(np.zeros((3, 30, 40), np.uint8))
    opened = OpenedFile(viewer, FileSource(stack))
    assert [layer.name for layer in opened.layers] == ["cells channel 1", "cells channel 2"]
    assert list(viewer.layers) == [*opened.layers, others]
    for channel, layer in enumerate(opened.layers):
        assert tuple(layer.scale) == (1.5, 0.3, 0.2)
        assert [str(unit) for unit in layer.units] == ["micrometer"] * 3
        assert layer.axis_labels == ("z", "y", "x")
        np.testing.assert_array_equal(np.asarray(layer.data), PIXELS[:, channel])
        assert layer.contrast_limits[1] == PIXELS[1, channel].max()
    viewer.dims.set_current_step(0, 2)
    viewer.dims.ndisplay = 3
    viewer.layers.remove(opened.layers[0])
    opened.close()
    assert list(viewer.layers) == [others]


@pytest.mark.parametrize("at_once", [0, 2**26], ids=["lazy", "whole"])
def test_colours_are_one_layer(
    tmp_path: Path, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "AT_ONCE", at_once)
    pixels = np.random.default_rng(1).integers(0, 255, (2, 20, 30, 3), np.uint8)
    tifffile.imwrite(tmp_path / "slide.tif", pixels, photometric="rgb")
    (layer,) = OpenedFile(ViewerModel(), FileSource(tmp_path / "slide.tif")).layers
    assert layer.rgb
    np.testing.assert_array_equal(np.asarray(layer.data), pixels)


def test_a_missing_file_adds_nothing(tmp_path: Path) -> None:
    viewer = ViewerModel()
    with pytest.raises(InputError, match="Check the path"):
        OpenedFile(viewer, FileSource(tmp_path / "none.tif"))
    assert not viewer.layers
