"""A disk that is full, locked, gone or broken: said in plain words, and nothing is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("resource")

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that everybody can reach, unlike that of pytest."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        yield Path(name)


@pytest.fixture
def small_disk(place: Path) -> Iterator[Path]:
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m,mode=777", "tmpfs", str(place)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def live_through(fault: str, folder: Path) -> str:
    """What the save said while the fault was there."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.store.faulty_disk", fault, folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["well"]
    assert told["said"] is not None, "it said that it had saved"
    assert "os error" not in told["said"]
    assert "What was saved before is safe" in told["said"]
    return told["said"]


def test_files_that_may_not_grow(place: Path) -> None:
    assert "Free some space" in live_through("small_files", place / "a.segloop")


def test_a_full_disk(small_disk: Path) -> None:
    said = live_through("full", small_disk / "a.segloop")
    assert "no space left" in said
    assert "Free some space" in said


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_a_folder_that_may_not_be_written(place: Path) -> None:
    said = live_through("forbidden", place / "a.segloop")
    assert "permission denied" in said
    assert "Get the right to write there" in said


def test_a_drive_that_was_taken_away(place: Path) -> None:
    assert "Bring the folder or its drive back" in live_through("gone", place / "a.segloop")


def test_a_disk_that_fails(place: Path) -> None:
    said = live_through("failing", place / "a.segloop")
    assert "input/output error" in said
    assert "Check this disk" in said
