"""Each sample opens in a real napari viewer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari import Viewer

pytest.importorskip("napari")
pytest.importorskip("qtpy")

OBJECTS = {"crystals truth": "uint8", "crystals objects": "uint16"}
CASES = [
    pytest.param(
        "crystals", {"crystals": "uint8", **OBJECTS}, (1, 1), "micrometer micrometer", id="image"
    ),
    pytest.param(
        "crystal_stack",
        {"crystals": "uint8", **OBJECTS},
        (300 / 13, 1, 1),
        "micrometer micrometer micrometer",
        id="stack",
    ),
    pytest.param(
        "crystal_movie",
        {"crystals brightfield": "uint8", "crystals fluorescence": "uint8", **OBJECTS},
        (1, 1, 1),
        "pixel micrometer micrometer",
        id="movie",
    ),
    pytest.param("cell", {"cell": "uint8"}, (0.107, 0.107), "micrometer micrometer", id="real"),
]


@pytest.mark.parametrize(("key", "dtypes", "scale", "units"), CASES)
def test_sample_opens(
    make_napari_viewer: Callable[[], Viewer],
    key: str,
    dtypes: dict[str, str],
    scale: tuple[float, ...],
    units: str,
) -> None:
    viewer = make_napari_viewer()
    viewer.open_sample("napari-segloop", key)
    assert {layer.name: str(layer.data.dtype) for layer in viewer.layers} == dtypes
    for layer in viewer.layers:
        assert tuple(layer.scale) == pytest.approx(scale)
        assert [str(unit) for unit in layer.units] == units.split()
    assert len({layer.data.shape for layer in viewer.layers}) == 1


def test_truth_can_be_painted_on(make_napari_viewer: Callable[[], Viewer]) -> None:
    viewer = make_napari_viewer()
    viewer.open_sample("napari-segloop", "crystals")
    truth = viewer.layers["crystals truth"]
    truth.brush_size = 3
    truth.selected_label = 2
    truth.paint((5, 5), 2)
    assert truth.data[5, 5] == 2
