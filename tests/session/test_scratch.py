"""Pieces in the scratch file come back as they were, room is used again, faults are said."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from typing import TYPE_CHECKING

import hypothesis.strategies as st
import pytest
from hypothesis import given

from napari_segloop.core.errors import InputError, OutputError
from napari_segloop.session.scratch import Piece, Scratch

if TYPE_CHECKING:
    from pathlib import Path


@given(
    steps=st.lists(st.one_of(st.binary(min_size=1, max_size=40), st.integers(0, 9)), max_size=40)
)
def test_what_is_held_is_never_overwritten(
    tmp_path_factory: pytest.TempPathFactory, steps: list[bytes | int]
) -> None:
    scratch = Scratch(tmp_path_factory.getbasetemp() / "pieces")
    held = list[tuple[Piece, bytes]]()
    for step in steps:
        if isinstance(step, bytes):
            held.append((scratch.write(step), step))
        elif step < len(held):
            del held[step]
        assert all(piece.read() == content for piece, content in held)
        ends = sorted((piece.start, piece.start + piece.length) for piece, _ in held)
        assert all(one[1] <= other[0] for one, other in pairwise(ends))
        assert not ends or ends[-1][1] <= scratch.size
    scratch.close()


def test_room_is_used_again(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path)
    kept = scratch.write(b"x" * 10)
    for _ in range(100):
        scratch.write(b"y" * 1000)
    assert scratch.size <= 2010
    assert kept.read() == b"x" * 10
    scratch.close()


def test_the_file_is_made_when_needed_and_gone_at_the_end(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "yet"
    scratch = Scratch(folder)
    assert not folder.exists()
    piece = scratch.write(b"abc")
    scratch.close()
    assert not folder.exists()
    with pytest.raises(InputError, match="closed"):
        piece.read()
    with pytest.raises(OutputError, match="closed"):
        scratch.write(b"abc")


def test_damage_is_found(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path)
    piece = scratch.write(b"abcdef")
    assert scratch._file is not None
    scratch._file.seek(2)
    scratch._file.write(b"?")
    with pytest.raises(InputError, match="other content"):
        piece.read()
    scratch._file.truncate(3)
    with pytest.raises(InputError, match="other content"):
        piece.read()


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="stay in memory"):
        Scratch(tmp_path / "file" / "folder").write(b"abc")


FULL = """
import pathlib, resource, sys
from napari_segloop.core.errors import OutputError
from napari_segloop.session.scratch import Scratch
scratch = Scratch(pathlib.Path(sys.argv[1]))
first = scratch.write(b"a" * 5000)
resource.setrlimit(resource.RLIMIT_FSIZE, (8000, 8000))
try:
    scratch.write(b"b" * 5000)
except OutputError:
    small = scratch.write(b"c" * 2000)
    assert first.read() == b"a" * 5000
    assert small.read() == b"c" * 2000
    print("said")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are another system's")
def test_a_full_disk_is_said_and_harms_nothing_else(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FULL, str(tmp_path / "models")]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ended.stdout == "said\n"
