"""How large a pixel of a layer is."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("napari")

from napari.components import ViewerModel

from napari_segloop.core.workboxes import WorkBox
from napari_segloop.session.workarea import WorkArea
from napari_segloop.widgets.sources import LayerSource


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        pytest.param(("um", "um", "um"), (0.5, 0.25), id="micrometres"),
        pytest.param(("s", "nm", "nm"), (0.0005, 0.00025), id="nanometres in time"),
        pytest.param(None, None, id="pixels"),
    ],
)
def test_the_pixel_size_of_a_layer_and_of_an_area_in_it(
    units: tuple[str, ...] | None, expected: tuple[float, float] | None
) -> None:
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros((3, 40, 50)), scale=(3, 0.5, 0.25), units=units)
    source = LayerSource([image], viewer)
    area = WorkArea(source, WorkBox((0, 0, 0), (1, 20, 20)))
    assert source.pixel_size == area.pixel_size == (expected and pytest.approx(expected))
