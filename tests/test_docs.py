"""The documents say what is so: links lead somewhere, commands run, tables match the code."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
import tifffile

from napari_segloop.cli.main import COMMANDS

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
DECISIONS = sorted(ROOT.glob("docs/decisions/*.md"))
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")
DEMANDS = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")


def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def first_cells(document: str) -> list[str]:
    """The first column of every table."""
    return re.findall(r"^\| ([^|]+?) \|", document, re.MULTILINE)


def commands_of(document: str) -> list[list[str]]:
    """Every line of a bash block that calls segloop."""
    blocks = re.findall(r"^```bash\n(.*?)^```", document, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return [shlex.split(line) for line in lines if line.startswith("segloop ")]


def shortened(command: list[str]) -> list[str]:
    """The command as written, but for two steps instead of so many minutes."""
    if "--minutes" not in command:
        return command
    at = command.index("--minutes")
    return [*command[:at], "--steps", "2", *command[at + 2 :]]


def write_disc(folder: Path, name: str, centre: int) -> None:
    rows, columns = np.mgrid[:96, :96]
    disc = (rows - 48) ** 2 + (columns - centre) ** 2 < 20**2
    noise = np.random.default_rng(centre).normal(100, 10, disc.shape)
    for part, pixels in {
        "images": (noise + 80 * disc).astype(np.uint8),
        "masks": disc.astype(np.uint8),
        "checked": np.ones(disc.shape, np.uint8),
    }.items():
        (folder / part).mkdir(exist_ok=True)
        tifffile.imwrite(folder / part / name, pixels)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    targets = LINK.findall(path.read_text("utf-8"))
    assert [target for target in targets if not (path.parent / target).exists()] == []


@pytest.mark.slow
@pytest.mark.timeout(900)  # six processes that each import torch, on machines that may be busy
def test_the_commands_of_the_readme_run_in_their_order(tmp_path: Path) -> None:
    for number, centre in enumerate((30, 48, 66)):
        write_disc(tmp_path, f"cell{number}.tif", centre)
    commands = commands_of(text("README.md"))
    assert len(commands) >= 6
    script = Path(sys.executable).with_name("segloop")
    for command in commands:
        done = subprocess.run(
            [script, *shortened(command)[1:]],
            cwd=tmp_path,
            env=os.environ | {"CUDA_VISIBLE_DEVICES": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{shlex.join(command)}\n{done.stderr}"
    written = {"cells.safetensors", "cells2.safetensors", "places.csv"}
    assert written <= {path.name for path in tmp_path.iterdir()}
    assert (tmp_path / "results" / "cell1.uncertainty.tif").exists()


def test_the_readme_has_every_command_in_its_table() -> None:
    cells = [cell.strip("`").split() for cell in first_cells(text("README.md"))]
    assert [cell[1] for cell in cells if cell[0] == "segloop"] == list(COMMANDS)


def test_the_readme_begins_with_the_two_commands() -> None:
    block = text("README.md").split("```")[1]
    assert [line.split("#")[0].strip() for line in block.splitlines()[1:]] == [
        "make demo",
        "make test",
    ]


def test_the_architecture_has_every_room_and_every_file_it_names() -> None:
    document = text("docs/architecture.md")
    source = ROOT / "src" / "napari_segloop"
    rooms = {path.parent.name for path in source.glob("*/__init__.py")}
    named = {cell.strip("`/") for cell in first_cells(document) if cell.endswith("/`")}
    assert named == rooms
    files = re.findall(r"`(\w+/\w+\.py)`", document)
    assert files
    assert [
        file for file in files if not ((source / file).exists() or (ROOT / file).exists())
    ] == []


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = [int(path.name[:4]) for path in DECISIONS]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_is_one_page_with_its_reasons(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    assert lines[0].startswith(f"# {path.name[:4]} ")
    headings = [line[3:] for line in lines if line.startswith("## ")]
    assert headings == ["Context", "Decision", "Consequences"]
    assert len(lines) <= 60


def test_contributing_says_what_each_dependency_is_for() -> None:
    project = tomllib.loads(text("pyproject.toml"))["project"]
    extras = project["optional-dependencies"].values()
    demanded = [*project["dependencies"], *(line for extra in extras for line in extra)]
    names = {DEMANDS.match(line)[0] for line in demanded}
    tables = text("CONTRIBUTING.md").partition("## Dependencies")[2]
    headings = {"always installed", "`all`", "`dev`, `bench`", "`fastai`", "---"}
    assert set(first_cells(tables)) - headings == names


def test_the_changelog_knows_the_version_or_is_still_collecting() -> None:
    sections = re.findall(r"^## \[(.+?)\]", text("CHANGELOG.md"), re.MULTILINE)
    assert sections[0] == "Unreleased"
