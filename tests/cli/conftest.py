"""What the tests of the command line share: tiny files, one trained model, and ways to call it.

Most calls run in this process, since importing torch takes seconds; a few run the real command.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

from napari_segloop.cli.main import run
from napari_segloop.cli.report import Reporter

if TYPE_CHECKING:
    from pathlib import Path

Command = Callable[..., "Call"]
FIFTH_OF_A_MICROMETRE = {"resolution": (50_000, 50_000), "resolutionunit": "CENTIMETER"}
QUICK = ("--steps", "3", "--encoder", "mobilenet_v2")


@dataclass(frozen=True)
class Call:
    """What came of a command."""

    code: int
    out: str
    err: str

    @property
    def events(self) -> list[dict]:
        return [json.loads(line, parse_constant=refuse) for line in self.out.splitlines()]

    @property
    def last(self) -> dict:
        return self.events[-1]

    def of(self, kind: str) -> list[dict]:
        return [event for event in self.events if event["event"] == kind]


def refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


@pytest.fixture(scope="session")
def segloop() -> Command:
    """Return a way to run a command in this process, with --json."""
    return run_here


@pytest.fixture(scope="session")
def real_segloop() -> Command:
    """Return a way to run a command as users do."""
    return run_really


def run_here(*arguments: object) -> Call:
    given = [str(argument) for argument in (*arguments, "--json")]
    out, err = io.StringIO(), io.StringIO()
    code = run(given, Reporter(json=True, out=out, err=err))
    return Call(code, out.getvalue(), err.getvalue())


def run_really(*arguments: object, cwd: Path | None = None) -> Call:
    command = [sys.executable, "-m", "napari_segloop.cli.main", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)
    return Call(done.returncode, done.stdout, done.stderr)


def scene(seed: int, side: int = 64) -> tuple[np.ndarray, np.ndarray]:
    """Return an image of bright discs on noise, and their ids."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side]
    ids = np.zeros((side, side), np.uint16)
    for number, (row, column) in enumerate(((16, 16), (18, 46), (46, 20), (44, 46)), start=1):
        top, left = np.array([row, column]) * side // 64 + rng.integers(-3, 4, 2)
        ids[(y - top) ** 2 + (x - left) ** 2 < (side // 7) ** 2] = number
    image = rng.normal(60, 8, (side, side)) + 90 * (ids > 0)
    return image.clip(0, 255).astype(np.uint8), ids


def write(path: Path, array: np.ndarray, **options: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(path, array, **options)
    return path


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Three images with classes, ids, and what is checked; never changed by a test."""
    root = tmp_path_factory.mktemp("files")
    for number in range(3):
        image, ids = scene(number)
        checked = np.zeros(ids.shape, np.uint8)
        checked[:, :40] = 1
        write(root / "images" / f"a{number}.tif", image, **FIFTH_OF_A_MICROMETRE)
        write(root / "classes" / f"a{number}_mask.tif", (ids > 0).astype(np.uint8) * 7)
        write(root / "ids" / f"a{number}_cp_masks.tif", ids)
        write(root / "checked" / f"a{number}.tif", checked)
    names = ("images", "classes", "ids", "checked")
    return SimpleNamespace(root=root, **{name: root / name for name in names})


def teach(files: SimpleNamespace, model: Path, labels: str, *options: object) -> SimpleNamespace:
    call = run_here(
        "train",
        "--images", files.images,
        "--labels", files.root / labels,
        "--model", model,
        *QUICK,
        *options,
    )  # fmt: skip
    assert call.code == 0, call.err
    return SimpleNamespace(path=model, call=call)


@pytest.fixture(scope="session")
def trained(files: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """A model for classes."""
    model = tmp_path_factory.mktemp("models") / "classes.segloop"
    return teach(files, model, "classes", "--checked", files.checked)


@pytest.fixture(scope="session")
def trained_on_objects(
    files: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory
) -> SimpleNamespace:
    """A model for objects."""
    model = tmp_path_factory.mktemp("models") / "objects.segloop"
    return teach(files, model, "ids", "--task", "objects")
