"""The loop's layers: placed like their image, small, never the user's own pixels; work areas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dask.array as da
import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels, Shapes

from napari_segloop.core.classes import ClassTable
from napari_segloop.core.errors import InputError, ResourceError
from napari_segloop.core.workboxes import WorkBox
from napari_segloop.session.workarea import WorkArea
from napari_segloop.widgets.labels_layers import make_layers, masks_colours
from napari_segloop.widgets.placement import Placement
from napari_segloop.widgets.sources import LayerSource
from napari_segloop.widgets.userlabels import copy_labels, why_not_in_place
from napari_segloop.widgets.workarea import area_in_shape, area_in_view

if TYPE_CHECKING:
    from pathlib import Path

PIXELS = np.arange(3 * 2 * 20 * 30, dtype=np.uint16).reshape(3, 2, 20, 30)


def image(viewer: ViewerModel) -> Image:
    """Channels between two leading axes would be axis 1; here they are axis 0 of four."""
    turn = np.eye(4)
    turn[2:, 2:] = [[0.8, -0.6], [0.6, 0.8]]
    layer = viewer.add_image(
        PIXELS,
        scale=(1, 3, 0.5, 0.25),
        translate=(0, 7, 40, 50),
        rotate=turn,
        shear=[0, 0, 0, 0, 0, 0.2],
        affine=np.diag([1, 1, 1, 2, 1]),
        units=("pixel", "um", "um", "um"),
        axis_labels=("c", "z", "y", "x"),
        name="cells",
    )
    assert isinstance(layer, Image)
    return layer


def test_the_layers_lie_where_the_image_lies() -> None:
    layer = image(ViewerModel())
    made = make_layers("cells", (2, 20, 30), Placement.of(layer, 0), classes=None)
    assert [each.name for each in made.all()] == [
        "cells uncertainty",
        "cells masks",
        "cells checked",
    ]
    assert [str(each.data.dtype) for each in made.all()] == ["uint8", "uint16", "uint8"]
    for each in made.all():
        for point in ((0, 0, 0), (1, 13, 22)):
            np.testing.assert_allclose(
                each.data_to_world(point), layer.data_to_world((0, *point))[1:]
            )
        assert each.units == layer.units[1:]
        assert each.axis_labels == ("z", "y", "x")
    assert not made.uncertainty.visible
    assert tuple(made.uncertainty.contrast_limits) == (0, 255)
    np.testing.assert_allclose(made.checked.colormap.map(np.array([0]))[0, 3], 0)


def test_classes_have_the_colours_of_their_table() -> None:
    table = ClassTable.first("classes").add("membrane", "#102030")
    colours = masks_colours(table)
    value = table.classes[-1].value
    mapped = colours.map(np.array([0, value], np.uint8))
    np.testing.assert_allclose(mapped[1], np.array([16, 32, 48, 255]) / 255, atol=0.01)
    assert mapped[0, 3] == 0


def test_a_whole_copy_above_2_gib_is_refused_with_a_work_area() -> None:
    placement = Placement.of(Image(np.zeros((4, 4))))
    with pytest.raises(ResourceError, match="make a work area"):
        make_layers("big", (600, 2048, 2048), placement, classes=None)


def test_labels_of_the_user_are_copied_and_never_edited(tmp_path: Path) -> None:
    values = np.zeros((20, 30), np.int64)
    values[3:5] = 300
    np.save(tmp_path / "labels.npy", values)
    frozen = values.copy()
    frozen.flags.writeable = False
    kinds = [
        np.load(tmp_path / "labels.npy", mmap_mode="r+"),
        da.from_array(values),
        frozen,
        [values, values[::2, ::2]],
        values,
    ]
    reasons = []
    for data in kinds:
        layer = Labels(data, multiscale=isinstance(data, list))
        copy = copy_labels(layer, (20, 30), objects=True)
        assert copy.dtype == np.uint16
        np.testing.assert_array_equal(copy, values)
        copy[:] = 1
        reasons.append(why_not_in_place(layer))
        with pytest.raises(InputError, match="from 0 to 255"):
            copy_labels(layer, (20, 30), objects=False)
        with pytest.raises(InputError, match=r"shape \(20, 31\)"):
            copy_labels(layer, (20, 31), objects=True)
    assert np.load(tmp_path / "labels.npy").max() == 300
    assert values.max() == 300
    assert [bool(reason) for reason in reasons] == [True, True, True, True, False]


def test_a_work_area_reads_through_the_image_and_lies_in_place() -> None:
    viewer = ViewerModel()
    layer = image(viewer)
    source = LayerSource([layer], viewer)
    area = WorkArea(source, WorkBox((1, 4, 10), (2, 14, 25)))
    assert (area.leading, area.plane_shape, area.channels) == ((1,), (10, 15), 3)
    np.testing.assert_array_equal(
        area.read((0,), slice(2, 5), slice(3, 9)), PIXELS[:, 1, 6:9, 13:19]
    )
    place = source.placement.moved(area.box.start)
    made = make_layers(area.name, (1, 10, 15), place, classes=None)
    np.testing.assert_allclose(
        made.masks.data_to_world((0, 2, 3)), layer.data_to_world((0, 1, 6, 13))[1:]
    )
    viewer.layers.remove(layer)
    assert not area.is_alive()
    with pytest.raises(InputError, match="no such layer"):
        area.read((0,), slice(0, 2), slice(0, 2))
    with pytest.raises(InputError, match="inside an image"):
        WorkArea(source, WorkBox((0, 0, 0), (3, 20, 30)))


def test_a_work_area_of_what_is_in_view_or_drawn() -> None:
    viewer = ViewerModel()
    viewer.canvas.size = (100, 100)
    data = da.zeros((50, 40_000, 40_000), chunks=(1, 1000, 1000), dtype=np.uint8)
    layer = viewer.add_image(data, scale=(4, 2, 2), contrast_limits=(0, 1))
    source = LayerSource([layer], viewer)
    viewer.dims.set_point(0, 4 * 7)
    viewer.scene.camera.center, viewer.scene.camera.zoom = (0, 2000, 4000), 0.5
    place = source.placement
    area = area_in_view(viewer, source, place)
    assert area.box == WorkBox((7, 950, 1950), (8, 1051, 2051))
    assert area_in_view(viewer, source, place, [(5, 9)]).box.shape == (4, 101, 101)
    drawn = Shapes([[[28, 200, 300], [28, 200, 400], [28, 260, 400], [28, 260, 300]]])
    assert area_in_shape(drawn, source, place).box == WorkBox((7, 100, 150), (8, 131, 201))
    viewer.scene.camera.zoom = 1e-4
    with pytest.raises(InputError, match="at most 2 GiB"):
        area_in_view(viewer, source, place, [(0, 50)])
    with pytest.raises(InputError, match="Drag one"):
        area_in_shape(Shapes(ndim=3), source, place)
