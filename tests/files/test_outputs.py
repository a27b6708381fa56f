"""Where results go, as lists of names."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_segloop.core.errors import InputError
from napari_segloop.files.outputs import output_paths

PLACES = [
    pytest.param(["a/x.png", "a/y.ome.tif"], ["x.tif", "y.tif"], id="one-folder"),
    pytest.param(["a/x.png", "b/y.png"], ["x.tif", "y.tif"], id="different-names"),
    pytest.param(["a/x.png", "b/x.png"], ["a/x.tif", "b/x.tif"], id="one-name"),
    pytest.param(["p/a/x.png", "p/b/X.png"], ["a/x.tif", "b/X.tif"], id="one-name-but-for-case"),
    pytest.param(["a/x.png", "a/b/x.png", "a/y.tif"], ["x.tif", "b/x.tif", "y.tif"], id="nested"),
    pytest.param(["a/m.zarr", "a/n.ome.zarr"], ["m.ome.zarr", "n.ome.zarr"], id="zarr"),
]


@pytest.mark.parametrize(("inputs", "files"), PLACES)
def test_places(inputs: list[str], files: list[str]) -> None:
    targets = output_paths([Path(name) for name in inputs], Path("out"))
    assert [target.root.as_posix() for target in targets] == [f"out/{name}" for name in files]


def test_names_of_all_results() -> None:
    tiff, zarr = output_paths([Path("x.png"), Path("m.zarr")], Path("out"))
    assert tiff.labels == Path("out/x.tif")
    assert tiff.uncertainty == Path("out/x.uncertainty.tif")
    assert tiff.probabilities == Path("out/x.probabilities.tif")
    assert tiff.classes == Path("out/x.classes.tif")
    assert zarr.labels == Path("out/m.ome.zarr/labels/segloop")
    assert zarr.uncertainty == Path("out/m.ome.zarr/labels/uncertainty")


FAULTS = [
    pytest.param(["a/x.tif"], "a", id="over-the-input"),
    pytest.param(["a/x.png", "a/x.uncertainty.tif"], "a", id="extra-result-over-an-input"),
    pytest.param(["a/x.tif", "b/y.tif"], "b/../a", id="another-spelling"),
    pytest.param(["a/m.ome.zarr"], "a", id="zarr-over-itself"),
    pytest.param(["a/m.ome.zarr"], "a/m.ome.zarr", id="into-the-input"),
    pytest.param(["a/m.ome.zarr"], "a/m.ome.zarr/labels", id="deep-into-the-input"),
    pytest.param(["a/x.png", "a/x.tif"], "out", id="one-name-in-one-folder"),
    pytest.param(["a/x.png", "a/x.uncertainty.png"], "out", id="one-result-for-two"),
]


@pytest.mark.parametrize(("inputs", "output"), FAULTS)
def test_outputs_that_would_overwrite_are_refused(
    tmp_path: Path, inputs: list[str], output: str
) -> None:
    for name in [*inputs, "b/keep"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(InputError):
        output_paths([tmp_path / name for name in inputs], tmp_path / output)


def test_a_link_to_an_input_is_an_input(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "x.tif").write_bytes(b"")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(InputError):
        output_paths([tmp_path / "link" / "x.tif"], tmp_path / "real")
