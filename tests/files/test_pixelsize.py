"""Pixel sizes from all that TIFF files say about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from napari_segloop.files.images import open_image
from napari_segloop.files.pixelsize import PixelSize
from tests.files.saved import GREY, save_tiff

if TYPE_CHECKING:
    from pathlib import Path


SIZES = [
    pytest.param({"resolution": (300, 300), "resolutionunit": "INCH"}, None, id="300-dpi"),
    pytest.param({"resolution": (5, 5), "resolutionunit": "NONE"}, None, id="no-unit"),
    pytest.param(
        {"resolution": (50_000, 40_000), "resolutionunit": "CENTIMETER"}, (0.25, 0.2, None), id="cm"
    ),
    pytest.param(
        {"imagej": True, "resolution": (1, 1), "metadata": {"unit": "pixel"}}, None, id="px"
    ),
    pytest.param(
        {"imagej": True, "resolution": (5, 4), "metadata": {"unit": "\\u00B5m", "spacing": 2.0}},
        (0.25, 0.2, 2.0),
        id="imagej",
    ),
    pytest.param(
        {
            "ome": True,
            "metadata": {
                "axes": "YX",
                "PhysicalSizeX": 100,
                "PhysicalSizeXUnit": "nm",
                "PhysicalSizeY": 0.2,
            },
        },
        (0.2, 0.1, None),
        id="ome",
    ),
]


@pytest.mark.parametrize(("options", "expected"), SIZES)
def test_pixel_size(tmp_path: Path, options: dict[str, Any], expected: object) -> None:
    size = open_image(save_tiff(tmp_path / "a.tif", GREY, **options)).pixel_size
    assert size == (expected and PixelSize(*map(pytest.approx, expected)))
