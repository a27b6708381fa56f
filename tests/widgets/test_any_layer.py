"""Image layers of every kind through the loop: in place, walked, painted, taught and predicted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
import pytest

pytest.importorskip("napari")

from napari_segloop.samples.crystals import crystals
from napari_segloop.widgets.layer_chooser import ImageChoice
from napari_segloop.widgets.sources import LayerSource

if TYPE_CHECKING:
    from napari.layers import Image
    from numpy.typing import NDArray

    from tests.widgets.real_window import Face

CRYSTALS = crystals(seed=0, shape=(128, 160)).image
STACK = np.stack([CRYSTALS, CRYSTALS[::-1]])


def with_holes(image: NDArray[Any]) -> NDArray[Any]:
    """Not every pixel is a number."""
    image = image.astype(np.float32)
    image[:20, :20], image[50, 50] = np.nan, np.inf
    return image


def read_only(image: NDArray[Any]) -> NDArray[Any]:
    image = image.copy()
    image.flags.writeable = False
    return image


KINDS: dict[str, tuple[Any, dict[str, Any]]] = {
    "in place": (
        CRYSTALS,
        {"scale": (0.5, 2), "translate": (9, -5), "rotate": 30, "shear": [0.4], "units": "um"},
    ),
    "turned stack": (
        STACK,
        {"scale": (3, 1, 1), "rotate": [[1, 0, 0], [0, 0, -1], [0, 1, 0]], "units": "nm"},
    ),
    "multiscale, dask": ([da.from_array(CRYSTALS.astype(">u2")), CRYSTALS[::2, ::2]], {}),
    "not a number": (read_only(with_holes(CRYSTALS)), {}),
    "one pixel": (np.ones((1, 1), np.uint8), {}),
}


def add(face: Face, name: str, data: object, **keywords: object) -> Image:
    """Add a layer and open it; all others are excluded."""
    layer = face.viewer.add_image(data, name=name, **keywords)
    session = face.session
    for image in session.state.images:
        session.exclude(image.id, True)
    number = session.add_source(LayerSource([layer], face.viewer))
    face.until(lambda: session.desk.images.state(number).planes)
    session.open(number)
    face.turn()
    face.until(lambda: session.view is not None and session.view[0] == number)
    return layer


def walk_and_paint(face: Face) -> None:
    """The first place is in view, accepting it checks it and no more; a stroke is undone."""
    session, masks, checked = face.session, face.masks, face.checked
    session.start_checking()
    face.turn()
    _, index, (top, left, bottom, right) = session.view
    rows, columns = session.queue.here.region.slices
    assert top <= rows.start
    assert left <= columns.start
    assert rows.stop <= bottom
    assert columns.stop <= right
    session.accept()
    session.stop_checking()
    face.turn()
    accepted = np.zeros(checked.data.shape, bool)
    accepted[(*index, rows, columns)] = True
    np.testing.assert_array_equal(checked.data == 1, accepted)
    before, middle = masks.data.copy(), tuple(length // 2 for length in masks.data.shape)
    masks.paint(middle, 1 - int(masks.data[middle]))
    face.turn()
    assert checked.data[middle] == 1
    masks.undo()
    face.turn()
    np.testing.assert_array_equal(masks.data, before)


def test_every_kind_of_layer(hidden: Face) -> None:
    session = hidden.session
    session.answer_task("classes")
    for name, (data, keywords) in KINDS.items():
        layer = add(hidden, name, data, **keywords)
        np.testing.assert_allclose(hidden.masks.extent.world, layer.extent.world, err_msg=name)
        assert hidden.masks.units == layer.units
        session.make_first_masks()
        hidden.until(lambda: not session.errands)
        hidden.turn()
        walk_and_paint(hidden)
    colours = add(hidden, "colours", np.stack([CRYSTALS] * 4, -1), rgb=True)
    for image in session.state.images:
        session.exclude(image.id, False)
    check_other_channels(hidden, colours)


def check_other_channels(face: Face, colours: Image) -> None:
    """One image with other channels is named; without it all others teach and are predicted."""
    session = face.session
    session.import_labels(session.state.images[-1].id, (), CRYSTALS // 128)
    session.train(seconds=2)
    face.until(lambda: not session.errands)
    assert f"3 in {colours.name}" in session.state.told.text
    assert "Exclude" in session.state.told.remedy
    session.exclude(session.state.images[-1].id, True)
    session.train(seconds=2)
    face.until(lambda: not session.errands)
    assert session.state.version == 1
    session.exclude(session.state.images[-1].id, False)
    session.predict("all")
    face.until(lambda: not session.errands)
    unpredicted = {key[0] for key in session._unpredicted()}
    assert unpredicted == {session.state.images[-1].id}


def test_layers_together_and_along_an_axis(hidden: Face) -> None:
    session, viewer = hidden.session, hidden.viewer
    session.answer_task("classes")
    pixels = np.random.default_rng(0).integers(0, 255, (3, 2, 40, 30), np.uint16)
    along = viewer.add_image(pixels, name="t c", scale=(2, 1, 0.5, 0.5))
    red, green = (viewer.add_image(pixels[0, n], name=name) for n, name in enumerate("rg"))
    for choice in (ImageChoice((along,), False, 1), ImageChoice((green, red), True, None)):
        hidden.dock.choices._add_images(choice)
        hidden.turn(5)
    stack, pair = session.state.images
    assert (session.source(stack.id).leading, session.source(stack.id).channels) == ((3,), 2)
    np.testing.assert_array_equal(hidden.masks.scale, (2, 0.5, 0.5))
    assert session.source(pair.id).channel_names == ("g", "r")
    offers = hidden.dock.choices._offers(type(red))
    assert [offer.name for offer in offers] == ["g", "r", "t c"]
    colours = viewer.add_image(np.zeros((40, 30, 3), np.uint8), name="rgb", rgb=True)
    (offer,) = (o for o in hidden.dock.choices._offers(type(red)) if o.key is colours)
    assert offer.shape == (40, 30)
