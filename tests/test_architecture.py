"""The rooms of docs/architecture.md, seen from a running interpreter.

import-linter reads the source; here each module is imported and `sys.modules` tells what came
along, whoever brought it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

from napari_segloop.cli.main import COMMANDS

PACKAGE = "napari_segloop"
SOURCE = Path(__file__).parents[1] / "src" / PACKAGE
SCREEN = {"napari", "qtpy", "PyQt6", "PySide6", "psygnal"}
TORCH = {"torch", "torchvision", "segmentation_models_pytorch", "timm"}
FILES = {"zarr", "icechunk", "tifffile", "imagecodecs"}
NUMBERS = {"numpy", "scipy", "skimage"}

# The half of core that a viewer and a head node of a cluster may import: whatever is not here
# reaches torch, or belongs here.
TORCH_FREE_CORE = {
    "alikeness",
    "annotator",
    "appearance",
    "checkstate",
    "classes",
    "comparing",
    "corrections",
    "durable",
    "errormodel",
    "errorplane",
    "errors",
    "estimate",
    "evaluate",
    "evaluate_objects",
    "evaluate_uncertainty",
    "events",
    "example",
    "familiarity",
    "firstmasks",
    "firstplaces",
    "foldmap",
    "folds",
    "fragments",
    "givenmasks",
    "guard",
    "holdout",
    "images",
    "interiors",
    "judging",
    "labelclass",
    "labels",
    "learningcurve",
    "lesson",
    "looks",
    "magnification",
    "meandice",
    "medians",
    "modelheader",
    "modelinfo",
    "normalize",
    "object_uncertainty",
    "objectcounts",
    "objectids",
    "objectrates",
    "objects",
    "objecttruth",
    "outlook",
    "packing",
    "places",
    "plan",
    "planearrays",
    "planestate",
    "plateau",
    "prediction",
    "queueing",
    "ranges",
    "ranking",
    "reasons",
    "regions",
    "rehearsaldesk",
    "schedule",
    "seldom",
    "settings",
    "spotchecks",
    "strategies",
    "suspects",
    "suspicions",
    "tilereading",
    "tiling",
    "touched",
    "touching",
    "truth",
    "windows",
    "windowsize",
    "workboxes",
}

LISTEN = """
import importlib, json, sys
names, watched = json.loads(sys.argv[1]), set(json.loads(sys.argv[2]))
for name in names:
    before = set(sys.modules)
    importlib.import_module(name)
    if came := sorted(watched & (set(sys.modules) - before)):
        print(json.dumps([name, came]))
"""

HELP = """
import sys
from napari_segloop.cli.main import main
try:
    main(sys.argv[2:])
except SystemExit as end:
    assert not end.code, end.code
    came = sorted(set(sys.argv[1].split()) & set(sys.modules))
    sys.exit(f"brought {came}" if came else 0)
"""


def modules(room: str) -> list[str]:
    """Every module of a room, with its full name."""
    paths = sorted((SOURCE / room).rglob("*.py"))
    parts = (path.relative_to(SOURCE).with_suffix("").parts for path in paths)
    return [".".join((PACKAGE, *part)).removesuffix(".__init__") for part in parts]


def core(*, torch_free: bool) -> list[str]:
    listed = {f"{PACKAGE}.core", *(f"{PACKAGE}.core.{name}" for name in TORCH_FREE_CORE)}
    return [name for name in modules("core") if (name in listed) is torch_free]


def engine() -> list[str]:
    """What the viewer's side may import, and the worker before it imports torch."""
    with_torch = (".excerpt", ".networks", ".proofreads")
    return [name for name in modules("engine") if not name.endswith(with_torch)]


def brought_by(names: list[str], watched: set[str]) -> list[str]:
    arguments = [json.dumps(names), json.dumps(sorted(watched))]
    command = [sys.executable, "-c", LISTEN, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    ("names", "watched"),
    [
        pytest.param(core(torch_free=True), SCREEN | TORCH | FILES | {"dask"}, id="core"),
        pytest.param(core(torch_free=False), SCREEN | FILES | {"dask"}, id="core-with-torch"),
        pytest.param(modules("files"), SCREEN | TORCH | {"dask"}, id="files"),
        pytest.param(
            modules("store"), SCREEN | TORCH | {"dask", "tifffile", "imagecodecs"}, id="store"
        ),
        pytest.param(modules("samples"), SCREEN | TORCH | {"dask"}, id="samples"),
        pytest.param(engine(), SCREEN | TORCH | FILES | {"dask"}, id="engine"),
        pytest.param(modules("session"), (SCREEN | TORCH | {"dask"}) - {"psygnal"}, id="session"),
        pytest.param(modules("widgets"), TORCH | {"pyqtgraph"}, id="widgets"),
        pytest.param(modules("cli"), SCREEN | {"dask"}, id="cli"),
    ],
)
def test_importing_a_room_brings_nothing_that_it_must_not_know(
    names: list[str], watched: set[str]
) -> None:
    assert names
    assert brought_by(names, watched) == []


def test_every_room_is_in_the_table_above() -> None:
    rooms = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    assert rooms == {"core", "files", "store", "samples", "engine", "session", "widgets", "cli"}


def test_a_module_of_core_reaches_torch_or_is_listed_as_free_of_it() -> None:
    graph = grimp.build_graph(PACKAGE, include_external_packages=True, cache_dir=None)
    names = {name.rpartition(".")[2] for name in modules("core")} - {"core"}
    free = {name for name in names if not graph.chain_exists(f"{PACKAGE}.core.{name}", "torch")}
    assert free == TORCH_FREE_CORE


@pytest.mark.parametrize(
    "path", sorted(SOURCE.glob("*/__init__.py")), ids=lambda path: path.parent.name
)
def test_a_room_opens_empty(path: Path) -> None:
    assert path.read_text("utf-8") == ""


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_answers_before_numpy_is_imported(command: str) -> None:
    watched = " ".join(SCREEN | TORCH | FILES | NUMBERS)
    call = [sys.executable, "-c", HELP, watched, *command.split(), "--help"]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Usage: segloop" in done.stdout
