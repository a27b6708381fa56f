"""What is wrong with a machine, in plain words."""

from __future__ import annotations

import platform
from collections.abc import Callable
from typing import Any

import pytest

from napari_segloop.cli import faults
from napari_segloop.cli.faults import Imports, explain, find_faults
from napari_segloop.cli.import_check import PACKAGES
from napari_segloop.cli.machine import machine, memory

Command = Callable[..., Any]
FINE = {"threads": 2, "cuda_build": None, "cuda": [], "mps": False}


@pytest.fixture(autouse=True)
def no_graphics_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults.shutil, "which", lambda name: None)


@pytest.mark.parametrize(
    ("complaint", "word"),
    [
        pytest.param("RuntimeError: operator torchvision::nms does not exist",
                     "CPU-only torch", id="torch and torchvision of two builds"),
        pytest.param("ModuleNotFoundError: No module named 'torch'",
                     "pip install torch", id="no torch"),
        pytest.param("ModuleNotFoundError: No module named 'timm'",
                     "napari-segloop", id="a part is missing"),
        pytest.param("OSError: [WinError 1114] DLL c10.dll",
                     "Visual C++", id="Windows' libraries"),
        pytest.param("ImportError: libcudart.so.12: cannot open shared object file",
                     "--force-reinstall", id="CUDA's libraries"),
        pytest.param("exit code -4", "segmentation-models-pytorch", id="a crash"),
    ],
)  # fmt: skip
def test_failed_imports_are_explained(complaint: str, word: str) -> None:
    error = explain(Imports(PACKAGES[:2], {}, complaint))
    assert word in str(error)


def test_nothing_is_wrong_where_nothing_is_wrong() -> None:
    assert list(find_faults(Imports(PACKAGES, FINE, ""))) == []


def test_an_old_torch_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "installed", lambda name: "2.9.1+cpu")
    (fault,) = find_faults(Imports(PACKAGES, FINE, ""))
    assert "2.10" in fault.expected
    assert "2.9.1" in fault.got


@pytest.mark.parametrize(("build", "word"), [(None, "CPU-only"), ("12.8", "driver")])
def test_an_idle_graphics_processor_is_told(
    monkeypatch: pytest.MonkeyPatch, build: str | None, word: str
) -> None:
    monkeypatch.setattr(faults.shutil, "which", lambda name: "/usr/bin/nvidia-smi")
    (fault,) = find_faults(Imports(PACKAGES, FINE | {"cuda_build": build}, ""))
    assert word in str(fault)


def test_a_missing_temporary_folder_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "temporary_works", lambda: False)
    (fault,) = find_faults(Imports(PACKAGES, FINE, ""))
    assert "TMPDIR" in fault.remedy


def test_little_memory_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "memory", lambda: 0.9)
    (fault,) = find_faults(Imports(PACKAGES, FINE, ""))
    assert "0.9 GiB" in fault.got


def test_the_machine_is_this_one() -> None:
    assert machine()["python"] == platform.python_version()
    size = memory()
    assert size is None or 0.1 < size < 1e5


def test_doctor_tries_the_imports_and_is_exit_1_where_something_is_wrong(
    monkeypatch: pytest.MonkeyPatch, segloop: Command
) -> None:
    call = segloop("doctor")
    assert call.last["event"] == "result"
    assert call.last["versions"]["torch"]
    assert call.last["torch"]["threads"] >= 1
    speeds = call.last["torch"]["speeds"]
    assert min(speeds["prediction"].values()) > 0
    assert any(name.startswith(speeds["precision"]) for name in speeds["prediction"])
    assert call.code == (0 if call.last["ok"] else 1)
    broken = Imports((), {}, "ModuleNotFoundError: No module named 'torch'")
    monkeypatch.setattr("napari_segloop.cli.diagnosis.try_imports", lambda: broken)
    call = segloop("doctor")
    assert call.code == 1
    assert call.last["ok"] is False
    assert call.last["faults"][0]["remedy"].startswith("Install it")
