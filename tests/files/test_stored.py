"""Broken and hostile files: one kind of error, which names the file."""

from __future__ import annotations

import json
import os
import pickle
import struct
import zlib
from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np
import pytest
import tifffile
import zarr

from napari_segloop.core.errors import InputError
from napari_segloop.files.images import open_image

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_segloop.files.images import ImageFile

    Pixels = NDArray[Any]

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 60_000, (70, 90)).astype(np.uint16)
STACK = RNG.integers(0, 200, (5, 40, 30)).astype(np.uint8)


def written_tiff(path: Path, array: Pixels, **options: object) -> Path:
    tifffile.imwrite(path, array, **options)
    return path


def read_every_plane(image: ImageFile) -> None:
    for index in image.indices():
        image.plane(index).read(slice(None), slice(None))


def cut(path: Path, share: float = 0.5) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


def png_chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def png_bomb(path: Path, side: int) -> Path:
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(999))), (b"IEND", b"")]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*c) for c in chunks))
    return path


def tiff_bomb(path: Path) -> Path:
    written_tiff(path, np.zeros((16, 16), np.uint8), tile=(16, 16), compression="zlib")
    with tifffile.TiffFile(path, mode="r+") as file:
        for tag in ("ImageWidth", "ImageLength"):
            file.pages[0].tags[tag].overwrite(10**6)
    return path


def zarr_array_file(path: Path, content: bytes = b"x", **changes: object) -> Path:
    path.mkdir()
    header = {
        "zarr_format": 2,
        "shape": [4, 4],
        "chunks": [4, 4],
        "dtype": "|u1",
        "compressor": None,
        "fill_value": 0,
        "order": "C",
        "filters": None,
    }
    (path / ".zarray").write_text(json.dumps(header | changes))
    (path / "0.0").write_bytes(content)
    return path


def zarr_pointing_to(path: Path, place: str) -> Path:
    group = zarr.create_group(path)
    group.attrs["multiscales"] = [{"axes": ["y", "x"], "datasets": [{"path": place}]}]
    return path


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


BROKEN = [
    pytest.param(lambda d: d / "missing.tif", id="missing"),
    pytest.param(lambda d: written(d / "a.tif", b""), id="empty-tiff"),
    pytest.param(lambda d: written(d / "a.png", b""), id="empty-png"),
    pytest.param(lambda d: written(d / "a.tif", b"just text"), id="text-as-tiff"),
    pytest.param(lambda d: written(d / "a.png", b"just text"), id="text-as-png"),
    pytest.param(lambda d: written(d / "a.jpg", b"x"), id="other-suffix"),
    pytest.param(lambda d: written(d / "a.zarr", b"x"), id="file-as-zarr"),
    pytest.param(lambda d: cut(written_tiff(d / "a.tif", GREY)), id="half-a-tiff"),
    pytest.param(
        lambda d: cut(written_tiff(d / "a.tif", GREY, compression="zlib")), id="half-a-coded-tiff"
    ),
    pytest.param(
        lambda d: cut(written_tiff(d / "a.tif", STACK, metadata=None)), id="stack-without-its-end"
    ),
    pytest.param(
        lambda d: cut(written(d / "a.png", imagecodecs.png_encode(GREY))), id="half-a-png"
    ),
    pytest.param(
        lambda d: cut(written(d / "a.png", imagecodecs.png_encode(np.dstack([GREY] * 3)))),
        id="half-a-deep-png",
    ),
    pytest.param(lambda d: png_bomb(d / "a.png", 60_000), id="png-bomb"),
    pytest.param(lambda d: png_bomb(d / "a.png", 2**31 - 1), id="png-too-large"),
    pytest.param(lambda d: tiff_bomb(d / "a.tif"), id="tiff-bomb"),
    pytest.param(
        lambda d: zarr_array_file(d / "a.zarr", shape=[10**6] * 2, chunks=[10**6] * 2),
        id="zarr-in-one-huge-chunk",
    ),
    pytest.param(lambda d: zarr_pointing_to(d / "a.zarr", "../b.zarr"), id="zarr-leading-out"),
    pytest.param(lambda d: zarr_pointing_to(d / "a.zarr", "/etc"), id="zarr-absolute"),
    pytest.param(lambda d: zarr_pointing_to(d / "a.zarr", "0"), id="zarr-without-pixels"),
    pytest.param(lambda d: written_tiff(d / "a.tif", GREY.astype(np.complex64)), id="complex"),
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("make", BROKEN)
def test_broken_files_are_named(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    path = make(tmp_path)
    with pytest.raises(InputError) as caught:
        read_every_plane(open_image(path))
    assert caught.value.file == str(path)


class Payload:
    def __init__(self, folder: str) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (self.folder,)


def test_reading_a_zarr_never_unpickles(tmp_path: Path) -> None:
    content = pickle.dumps(Payload(str(tmp_path / "ran")))
    path = zarr_array_file(tmp_path / "a.zarr", content, filters=[{"id": "pickle"}])
    with pytest.raises(InputError):
        read_every_plane(open_image(path))
    assert not (tmp_path / "ran").exists()


def test_a_large_mosaic_in_png_is_no_bomb(tmp_path: Path) -> None:
    side = 20_000  # 400 million pixels: above 179 million, at which Pillow refuses
    assert open_image(png_bomb(tmp_path / "a.png", side)).shape == (side, side)
