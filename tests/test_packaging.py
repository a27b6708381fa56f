"""What is installed, pinned and tracked, and how the set-up behaves when something is missing."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING

import npe2
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import napari_segloop

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
DEMANDED = [
    Requirement(x) for x in [*PROJECT["dependencies"], *(y for z in EXTRAS.values() for y in z)]
]
PINS = [
    line.split("==")
    for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="about Debian's packages")
WITH_MAKE = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
HOME = re.compile(r"(?<![\w.>})\]*/-])/(?:work|root|home|Users|opt|mnt)/\w|[A-Z]:\\\\?Users")


@pytest.fixture
def system() -> ModuleType:
    """Load scripts/system.py, which is no module of the package."""
    spec = importlib.util.spec_from_file_location("system", ROOT / "scripts" / "system.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def tracked() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in names.split("\0") if name and (ROOT / name).is_file()]


def test_the_installed_version_is_the_package_s() -> None:
    assert distribution("napari-segloop").version == napari_segloop.__version__


def test_segloop_is_a_command() -> None:
    (script,) = distribution("napari-segloop").entry_points.select(group="console_scripts")
    assert script.name == "segloop"
    assert callable(script.load())


def test_napari_finds_the_manifest_and_the_top_level_has_it_too() -> None:
    manifest = npe2.PluginManifest.from_distribution("napari-segloop")
    assert manifest.name == "napari-segloop"
    assert npe2.PluginManifest.from_file(ROOT / "napari.yaml").contributions == (
        manifest.contributions
    )


@pytest.mark.parametrize("demand", DEMANDED, ids=str)
def test_each_dependency_has_a_pin_that_satisfies_it(demand: Requirement) -> None:
    (version,) = (pin[1] for pin in PINS if pin[0] == canonicalize_name(demand.name))
    assert demand.specifier.contains(version)


def test_pins_are_names_and_versions_that_every_platform_has() -> None:
    names = [pin[0] for pin in PINS]
    assert all(len(pin) == 2 and re.fullmatch(r"[0-9.]+", pin[1]) for pin in PINS)
    assert len(set(names)) == len(names)
    assert not [name for name in names if name.startswith(("nvidia", "cuda", "triton"))]


def test_nothing_tracked_names_a_place_on_one_machine() -> None:
    found = []
    for path in tracked():
        lines = path.read_bytes().decode("utf-8", "ignore").splitlines()
        found += [f"{path.name}: {line}" for line in lines if HOME.search(line)]
    assert found == []


def test_no_lock_file_is_tracked() -> None:
    names = [path.name for path in tracked()]
    assert [name for name in names if name.endswith(".lock") or name.startswith("pylock")] == []


def test_pre_commit_runs_what_make_test_runs() -> None:
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    targets = [hook["entry"].removeprefix("make ") for hook in repository["hooks"]]
    rules = (line.partition(":") for line in (ROOT / "Makefile").read_text().splitlines())
    needs = {name: rest.partition("##")[0].split() for name, _, rest in rules}
    assert targets == [*needs["lint"], "test"]
    assert needs["test"] == ["screen", "lint", "pytest"]


@ON_LINUX
def test_without_rights_the_apt_line_is_printed_and_nothing_else_happens() -> None:
    # An empty PATH hides Xvfb, and apt-get with it.
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "system.py", "check"],
        env={"PATH": "", "CI": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    (line,) = (line for line in done.stderr.splitlines() if "apt-get" in line)
    assert "apt-get install --yes --no-install-recommends xvfb" in line
    assert "sudo" not in line


@pytest.mark.parametrize(
    ("task", "root", "environment", "installs"),
    [
        pytest.param("check", True, {"CI": "true"}, True, id="ci"),
        pytest.param("check", True, {"SYSTEM": "1"}, True, id="allowed"),
        pytest.param("check", True, {"CI": "false", "SYSTEM": "0"}, False, id="forbidden"),
        pytest.param("check", True, {}, False, id="unasked"),
        pytest.param("check", False, {"CI": "true"}, False, id="ci-without-root"),
        pytest.param("install", True, {}, True, id="make-system"),
        pytest.param("install", False, {}, False, id="make-system-without-root"),
    ],
)
def test_system_packages_are_installed_only_with_leave(
    system: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    task: str,
    root: bool,
    environment: dict[str, str],
    installs: bool,
) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr(system, "missing_for_tests", lambda: ["xvfb"])
    monkeypatch.setattr(system, "on_debian_as_root", lambda: root)
    monkeypatch.setattr(system, "install", lambda packages: asked.append(packages) or 0)
    for name in ("CI", "SYSTEM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert system.main([task]) == (0 if installs else 2)
    assert bool(asked) is installs


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A set-up checkout: an environment that works, with a stamp newer than what it is made of."""
    folder = tmp_path / "checkout"
    (folder / ".venv" / "bin").mkdir(parents=True)
    shutil.copy(ROOT / "Makefile", folder)
    (folder / ".venv" / "bin" / "python").symlink_to(sys.executable)
    for age, name in enumerate((".venv/.complete", "pyproject.toml", "constraints.txt")):
        (folder / name).write_text(f"{folder}\n")
        os.utime(folder / name, (1e9 - age, 1e9 - age))
    return folder


def would_install(folder: Path) -> bool:
    done = subprocess.run(
        ["make", "--dry-run", "setup"], cwd=folder, capture_output=True, text=True, check=True
    )
    return "pip install" in done.stdout


@WITH_MAKE
def test_a_finished_set_up_is_not_repeated(checkout: Path) -> None:
    assert not would_install(checkout)


@WITH_MAKE
@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_a_changed_demand_installs_again(checkout: Path, name: str) -> None:
    os.utime(checkout / name, (2e9, 2e9))
    assert would_install(checkout)


@WITH_MAKE
@pytest.mark.parametrize(
    "harm",
    [
        pytest.param(lambda folder: (folder / ".venv/.complete").unlink(), id="interrupted"),
        pytest.param(lambda folder: (folder / ".venv/bin/python").unlink(), id="python-gone"),
        pytest.param(lambda folder: shutil.rmtree(folder / ".venv"), id="deleted"),
    ],
)
def test_a_half_made_environment_is_finished(checkout: Path, harm: object) -> None:
    harm(checkout)
    assert would_install(checkout)


@WITH_MAKE
def test_a_moved_checkout_installs_again(checkout: Path) -> None:
    assert would_install(checkout.rename(checkout.with_name("moved")))


@ON_LINUX
@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="Xvfb is not installed: make system")
def test_there_is_a_screen_to_draw_on(qapp: object) -> None:
    assert os.environ["DISPLAY"]
    assert qapp.platformName() == "xcb"
