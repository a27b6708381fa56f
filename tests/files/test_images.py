"""Images and labels from TIFF and PNG, against the arrays that were saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_segloop.core.errors import InputError
from napari_segloop.files import planes, tiff
from napari_segloop.files.images import open_image, open_labels
from tests.files.saved import DEEP, GREY, RGB, RNG, STACK, read_all, save_tiff

if TYPE_CHECKING:
    from pathlib import Path

    from tests.files.saved import Pixels

IMAGEJ = {"imagej": True, "metadata": {"axes": "ZYX"}}
TIFFS = [
    pytest.param(GREY, {}, "YX", GREY[None], id="plain"),
    pytest.param(GREY, {"tile": (32, 32), "compression": "zlib"}, "YX", GREY[None], id="tiles"),
    pytest.param(GREY, {"compression": "lzw", "predictor": True}, "YX", GREY[None], id="lzw"),
    pytest.param(GREY, {"compression": "zstd", "bigtiff": True}, "YX", GREY[None], id="bigtiff"),
    pytest.param(GREY, {"byteorder": ">"}, "YX", GREY[None], id="big-endian"),
    pytest.param(
        GREY, {"byteorder": ">", "compression": "zlib"}, "YX", GREY[None], id="big-endian-coded"
    ),
    pytest.param(GREY / 3, {}, "YX", GREY[None] / 3, id="float64"),
    pytest.param(GREY.astype(np.int16), {}, "YX", GREY[None].astype(np.int16), id="int16"),
    pytest.param(GREY > 900, {}, "YX", GREY[None] > 900, id="1-bit"),
    pytest.param(STACK, {}, "QYX", STACK[:, None], id="5-pages"),
    pytest.param(STACK, {"metadata": None}, "IYX", STACK[:, None], id="5-pages-no-notes"),
    pytest.param(STACK[:3], {}, "QYX", STACK[:3, None], id="3-planes-saved-as-colours"),
    pytest.param(STACK[:3], {"photometric": "minisblack"}, "QYX", STACK[:3, None], id="3-pages"),
    pytest.param(STACK[:4], {"compression": "zlib"}, "QYX", STACK[:4, None], id="4-planes"),
    pytest.param(STACK, IMAGEJ, "ZYX", STACK[:, None], id="imagej"),
    pytest.param(
        DEEP, {"imagej": True, "metadata": {"axes": "TZCYX"}}, "TZCYX", DEEP, id="imagej-5d"
    ),
    pytest.param(
        DEEP, {"ome": True, "metadata": {"axes": "TCZYX"}}, "TCZYX", DEEP.swapaxes(1, 2), id="ome"
    ),
    pytest.param(RGB, {}, "YXS", np.moveaxis(RGB, 2, 0), id="rgb"),
    pytest.param(
        RGB, {"photometric": "minisblack"}, "YXS", np.moveaxis(RGB, 2, 0), id="rgb-as-pages"
    ),
    pytest.param(
        np.dstack([RGB, RGB[..., :1]]), {}, "YXS", np.moveaxis(RGB, 2, 0), id="rgba-opacity-dropped"
    ),
    pytest.param(np.stack([RGB, RGB]), {}, "QYXS", np.moveaxis([RGB, RGB], 3, 1), id="rgb-stack"),
]


@pytest.mark.parametrize(("array", "options", "axes", "expected"), TIFFS)
def test_tiff_is_read_as_it_was_saved(
    tmp_path: Path, array: Pixels, options: dict[str, Any], axes: str, expected: object
) -> None:
    with open_image(save_tiff(tmp_path / "a.tif", array, **options)) as image:
        assert (image.name, image.axes, image.shape) == ("a", axes, array.shape)
        read = read_all(image)
        assert read.dtype.isnative
        np.testing.assert_array_equal(read, expected)
        plane = image.plane(next(image.indices()))
        np.testing.assert_array_equal(
            plane.read(slice(7, 19), slice(3, 30)), read[(0,) * (read.ndim - 3)][:, 7:19, 3:30]
        )


def test_pages_saved_one_by_one_are_a_stack(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        for plane in STACK:
            writer.write(plane, compression="zlib")
    with open_image(tmp_path / "a.tif") as image:
        np.testing.assert_array_equal(read_all(image)[:, 0], STACK)


PNGS = [
    pytest.param(GREY, "YX", GREY[None], id="grey16"),
    pytest.param(STACK[0], "YX", STACK[:1], id="grey8"),
    pytest.param(RGB, "YXS", np.moveaxis(RGB, 2, 0), id="rgb8"),
    pytest.param(np.dstack([RGB, RGB[..., 0]]), "YXS", np.moveaxis(RGB, 2, 0), id="rgba8"),
    pytest.param(
        np.dstack([GREY, GREY + 1, GREY + 2]),
        "YXS",
        np.stack([GREY, GREY + 1, GREY + 2]),
        id="rgb16",
    ),
    pytest.param(np.dstack([GREY, GREY]), "YX", GREY[None], id="grey16-with-opacity"),
    pytest.param(RGB[..., :2], "YX", RGB[None, ..., 0], id="grey8-with-opacity"),
]


@pytest.mark.parametrize(("array", "axes", "expected"), PNGS)
def test_png_is_read_as_it_was_saved(
    tmp_path: Path, array: Pixels, axes: str, expected: object
) -> None:
    (tmp_path / "A.PNG").write_bytes(imagecodecs.png_encode(np.ascontiguousarray(array)))
    with open_image(tmp_path / "A.PNG") as image:
        assert (image.name, image.axes) == ("A", axes)
        np.testing.assert_array_equal(read_all(image), expected)


def test_palette_is_colours_in_images_and_numbers_in_labels(tmp_path: Path) -> None:
    numbers = (np.arange(20).reshape(4, 5) % 3).astype(np.uint8)
    picture = Image.fromarray(numbers).convert("P")
    picture.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    picture.save(tmp_path / "a.png")
    np.testing.assert_array_equal(open_labels(tmp_path / "a.png").read(), numbers)
    colours = read_all(open_image(tmp_path / "a.png"))
    np.testing.assert_array_equal(
        colours, np.eye(3, dtype=np.uint8)[numbers].transpose(2, 0, 1) * 255
    )


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_1_bit_labels_are_0_and_1(tmp_path: Path, name: str) -> None:
    Image.fromarray(GREY > 9_000).save(tmp_path / name)
    labels = open_labels(tmp_path / name)
    assert labels.dtype == labels.read().dtype == np.uint8
    np.testing.assert_array_equal(labels.read(), GREY > 9_000)


@pytest.mark.parametrize("channels", [(5,), (-1,), (0, 0), ()], ids=str)
def test_channels_that_do_not_exist_are_refused(tmp_path: Path, channels: tuple[int, ...]) -> None:
    path = save_tiff(tmp_path / "a.tif", STACK)
    with pytest.raises(InputError, match="from 0 to 4"):
        open_image(path, axes="CYX", channels=channels)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        pytest.param(RGB, "colours", id="rgb"),
        pytest.param(GREY.astype(np.float32), "float32", id="float"),
        pytest.param(GREY.astype(np.complex64), "complex", id="complex"),
    ],
)
def test_labels_must_be_whole_numbers(tmp_path: Path, array: Pixels, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        open_labels(save_tiff(tmp_path / "a_mask.tif", array))
    assert caught.value.file == str(tmp_path / "a_mask.tif")


def test_negative_labels_are_refused_when_read(tmp_path: Path) -> None:
    labels = open_labels(save_tiff(tmp_path / "a.tif", GREY.astype(np.int32) - 700))
    with pytest.raises(InputError, match="from 0 upwards"):
        labels.read()


def overwrite_tiles(path: Path, keep: set[int]) -> None:
    """Damage every tile but some."""
    with tifffile.TiffFile(path) as file:
        places = list(zip(file.pages[1].dataoffsets, file.pages[1].databytecounts, strict=True))
    with path.open("r+b") as file:
        for number, (offset, count) in enumerate(places):
            if number not in keep:
                file.seek(offset)
                file.write(b"\xff" * count)


def test_a_window_of_a_large_file_is_read_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiff, "WHOLE_PAGE", 0)
    monkeypatch.setattr(planes, "SMALL", 0)
    big = RNG.integers(0, 9, (2, 1024, 1024)).astype(np.uint8)
    path = save_tiff(tmp_path / "a.tif", big, tile=(256, 256), compression="zlib")
    overwrite_tiles(path, keep={5, 6})
    with open_image(path) as image:
        plane = image.plane((1,))
        window = plane.read(slice(300, 500), slice(300, 600))
        np.testing.assert_array_equal(window[0], big[1, 300:500, 300:600])
        with pytest.raises(InputError, match=r"a\.tif"):
            plane.read(slice(0, 500), slice(300, 600))


def test_a_closed_file_opens_again(tmp_path: Path) -> None:
    path = save_tiff(tmp_path / "a.tif", STACK, compression="zlib")
    image = open_image(path)
    first = read_all(image)
    image.close()
    np.testing.assert_array_equal(read_all(image), first)
    image.close()
