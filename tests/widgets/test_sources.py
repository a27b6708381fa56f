"""Every kind of Image layer as a source of planes; numpy on the data is the reference."""

from __future__ import annotations

import gc
import threading
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
import pytest
import zarr
from napari.components import ViewerModel
from napari.layers import Image, Labels

from napari_segloop.core.errors import InputError, SegLoopError
from napari_segloop.widgets.sources import LayerSource, in_remembered_order

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


PIXELS = np.arange(2 * 3 * 16 * 20, dtype=np.uint16).reshape(2, 3, 16, 20)
ROWS, COLUMNS = slice(3, 11), slice(5, 17)


def as_read_only(array: np.ndarray) -> np.ndarray:
    copy = array.copy()
    copy.flags.writeable = False
    return copy


def as_memmap(array: np.ndarray, folder: Path) -> np.ndarray:
    np.save(folder / "pixels.npy", array)
    return np.load(folder / "pixels.npy", mmap_mode="r")


KINDS: dict[str, Callable[[np.ndarray, Path], Any]] = {
    "numpy": lambda array, _: array,
    "dask": lambda array, _: da.from_array(array, chunks=(1, 1, 8, 8)),
    "zarr": lambda array, folder: (
        zarr.save_array(folder / "a.zarr", array) or zarr.open_array(folder / "a.zarr", mode="r")
    ),
    "read-only": lambda array, _: as_read_only(array),
    "memmap": as_memmap,
    "multiscale": lambda array, _: [array, array[..., ::2, ::2]],
    "big-endian": lambda array, _: array.astype(">u2"),
}


@pytest.fixture
def viewer() -> ViewerModel:
    return ViewerModel()


def read_in_thread(source: LayerSource, index: tuple[int, ...]) -> np.ndarray:
    found: list[np.ndarray] = []
    thread = threading.Thread(target=lambda: found.append(source.read(index, ROWS, COLUMNS)))
    thread.start()
    thread.join()
    return found[0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_of_any_kind_is_read_on_a_thread(
    viewer: ViewerModel, kind: str, tmp_path: Path
) -> None:
    data = KINDS[kind](PIXELS, tmp_path)
    layer = viewer.add_image(
        data, multiscale=kind == "multiscale", scale=(1, 2, 0.5, 0.5), units=("s", "um", "um", "um")
    )
    source = LayerSource([layer], viewer)
    assert (source.leading, source.plane_shape, source.channels) == ((2, 3), (16, 20), 1)
    window = read_in_thread(source, (1, 2))
    np.testing.assert_array_equal(window, PIXELS[1, 2, ROWS, COLUMNS][None])
    window[:] = 0
    np.testing.assert_array_equal(
        source.read((1, 2), ROWS, COLUMNS)[0], PIXELS[1, 2, ROWS, COLUMNS]
    )


@pytest.mark.parametrize("axis", [0, 1])
def test_a_channel_axis_is_no_leading_axis(viewer: ViewerModel, axis: int) -> None:
    source = LayerSource([viewer.add_image(PIXELS)], viewer, channel_axis=axis)
    assert source.leading == ((3,), (2,))[axis]
    assert source.channels == (2, 3)[axis]
    expected = np.moveaxis(PIXELS, axis, 0)[:, 1, ROWS, COLUMNS]
    np.testing.assert_array_equal(source.read((1,), ROWS, COLUMNS), expected)


def test_a_channel_axis_is_found_by_its_label(viewer: ViewerModel) -> None:
    layer = viewer.add_image(PIXELS, axis_labels=("t", "channel", "y", "x"))
    assert LayerSource([layer], viewer).channel_axis == 1


@pytest.mark.parametrize("samples", [3, 4])
def test_colours_are_channels_and_opacity_is_none(viewer: ViewerModel, samples: int) -> None:
    data = np.random.default_rng(0).integers(0, 255, (2, 16, 20, samples), np.uint8)
    source = LayerSource([viewer.add_image(data, rgb=True)], viewer)
    assert (source.leading, source.channels) == ((2,), 3)
    expected = np.moveaxis(data[1, ROWS, COLUMNS, :3], -1, 0)
    np.testing.assert_array_equal(source.read((1,), ROWS, COLUMNS), expected)


def test_layers_chosen_together_are_channels_in_a_remembered_order(viewer: ViewerModel) -> None:
    red, green = (viewer.add_image(PIXELS[0] + n, name=name) for n, name in ((1, "r"), (2, "g")))
    source = LayerSource([green, red], viewer)
    assert (source.name, source.channel_names, source.channels) == ("g", ("g", "r"), 2)
    expected = np.stack([PIXELS[0, 1] + 2, PIXELS[0, 1] + 1])[:, ROWS, COLUMNS]
    np.testing.assert_array_equal(source.read((1,), ROWS, COLUMNS), expected)
    assert in_remembered_order([red, green], source.channel_names) == [green, red]


def test_a_layer_is_followed_when_it_is_renamed_and_hidden(viewer: ViewerModel) -> None:
    layer = viewer.add_image(PIXELS, name="before")
    source = LayerSource([layer], viewer)
    layer.name, layer.visible = "after", False
    viewer.add_image(PIXELS[:1], name="before")
    assert source.is_alive()
    assert source.name == "after"
    assert source.where == "open layer"


def test_what_was_removed_or_reshaped_is_told(viewer: ViewerModel) -> None:
    layer = viewer.add_image(PIXELS, name="cells")
    source = LayerSource([layer], viewer)
    layer.data = PIXELS[0]
    assert not source.is_alive()
    assert "'cells' have shape (3, 16, 20) now, not (2, 3, 16, 20)" in source.gone
    assert "add the layer again" in source.gone
    with pytest.raises(SegLoopError, match=r"'cells' with shape .* got shape \(3, 16, 20\)"):
        source.read((0, 0), ROWS, COLUMNS)
    layer.data = PIXELS + 1
    assert source.is_alive()
    viewer.layers.remove(layer)
    assert not source.is_alive()
    assert "was removed" in source.gone
    with pytest.raises(SegLoopError, match="no such layer"):
        source.read((0, 0), ROWS, COLUMNS)


def test_a_source_keeps_no_removed_layer_in_memory(viewer: ViewerModel) -> None:
    layer = Image(PIXELS)
    source = LayerSource([layer], viewer)
    del layer
    gc.collect()
    assert source.layers == ()
    assert not source.is_alive()
    assert source.name


@pytest.mark.parametrize(
    ("make", "message"),
    [
        pytest.param(list, "an Image layer, got none", id="none"),
        pytest.param(lambda: [Labels(np.zeros((4, 4), int))], "the Labels layer", id="labels"),
        pytest.param(
            lambda: [Image(np.zeros((4, 4))), Image(np.zeros((4, 5)))], "same shape", id="shapes"
        ),
    ],
)
def test_what_is_no_image_is_refused(
    viewer: ViewerModel, make: Callable[[], list[Any]], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        LayerSource(make(), viewer)


@pytest.mark.parametrize(
    ("aspect", "other"),
    [
        ("scale", {"scale": (0.5, 0.25)}),
        ("translate", {"translate": (0, 1)}),
        ("rotate", {"rotate": 5}),
        ("shear", {"shear": [0.1]}),
        ("affine", {"affine": np.array([[1, 0, 3], [0, 1, 0], [0, 0, 1]])}),
        ("units", {"units": ("nm", "nm")}),
    ],
)
def test_channels_lie_on_each_other(
    viewer: ViewerModel, aspect: str, other: dict[str, Any]
) -> None:
    place: dict[str, Any] = {"scale": (0.5, 0.5), "units": ("um", "um")}
    one = viewer.add_image(PIXELS[0, 0], name="dapi", **place)
    near = viewer.add_image(PIXELS[0, 1], name="near", **place, translate=(0.1, 0))
    two = viewer.add_image(PIXELS[0, 1], name="gfp", **{**place, **other})
    assert LayerSource([one, near], viewer).channels == 2
    message = f"{aspect} .* of 'dapi', .* of 'gfp'.*Give both layers the same {aspect}, or add them"
    with pytest.raises(InputError, match=message):
        LayerSource([one, two], viewer)


@pytest.mark.parametrize("axis", [2, 3, -1])
def test_rows_and_columns_are_no_channels(viewer: ViewerModel, axis: int) -> None:
    with pytest.raises(InputError, match="a channel axis before rows"):
        LayerSource([viewer.add_image(PIXELS)], viewer, channel_axis=axis)
