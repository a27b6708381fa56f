"""A file is whole or absent, whatever goes wrong while it is written."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from napari_segloop.core.durable import replacing
from napari_segloop.core.errors import OutputError

if TYPE_CHECKING:
    from pathlib import Path

FULL_DISK = """
import resource, sys
from pathlib import Path
from napari_segloop.core.durable import replacing
from napari_segloop.core.errors import OutputError
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    with replacing(Path(sys.argv[1])) as temporary:
        temporary.write_bytes(bytes(5000))
except OutputError as error:
    sys.exit(f"told: {error}")
"""


def write_half(path: Path, raised: BaseException) -> None:
    with replacing(path) as temporary:
        temporary.write_bytes(b"half")
        raise raised


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("before", [None, b"old"], ids=["new", "old"])
def test_a_file_takes_its_place(tmp_path: Path, before: bytes | None) -> None:
    path = tmp_path / "model"
    if before:
        path.write_bytes(before)
    with replacing(path) as temporary:
        temporary.write_bytes(b"new")
        assert (path.read_bytes() if before else None) == before
        assert temporary.parent == path.parent
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["model"]


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        pytest.param(OSError(28, "No space left on device"), OutputError, id="disk-full"),
        pytest.param(ValueError("wrong"), ValueError, id="a-fault"),
        pytest.param(KeyboardInterrupt(), KeyboardInterrupt, id="interrupt"),
    ],
)
def test_after_a_failure_the_old_file_is_there_and_nothing_else(
    tmp_path: Path, raised: BaseException, told: type[BaseException]
) -> None:
    path = tmp_path / "model"
    path.write_bytes(b"old")
    with pytest.raises(told):
        write_half(path, raised)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["model"]


def test_a_full_disk_is_told_with_the_file_and_a_remedy(tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.write_bytes(b"old")
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("told: ")
    assert str(path) in done.stderr
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["model"]


def below_a_file(folder: Path) -> Path:
    (folder / "file").write_bytes(b"")
    return folder / "file" / "model"


def a_folder(folder: Path) -> Path:
    (folder / "model" / "inside").mkdir(parents=True)
    return folder / "model"


def a_pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe")
    return folder / "pipe"


@pytest.mark.parametrize(
    "place",
    [
        pytest.param(lambda folder: folder / "missing" / "model", id="missing-folder"),
        pytest.param(below_a_file, id="below-a-file"),
        pytest.param(a_folder, id="a-folder"),
        pytest.param(a_pipe, id="a-pipe"),
        pytest.param(lambda folder: folder / ("x" * 300), id="name-too-long"),
    ],
)
def test_impossible_places_are_told(tmp_path: Path, place: object) -> None:
    path = place(tmp_path)
    before = names(tmp_path)
    with pytest.raises(OutputError) as error, replacing(path) as temporary:
        temporary.write_bytes(b"new")
    assert error.value.file == str(path)
    assert names(tmp_path) == before


def test_a_file_that_was_never_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(OutputError), replacing(tmp_path / "model"):
        pass
    assert names(tmp_path) == []
