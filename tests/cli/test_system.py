"""Clock, Ctrl-C, refusals of the system, and places to write to."""

from __future__ import annotations

import errno
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from napari_segloop.cli.clock import process_age
from napari_segloop.cli.failures import for_each, in_words
from napari_segloop.cli.interrupt import stop_on_interrupt
from napari_segloop.cli.outputs import check_file, check_not_input, make_folder
from napari_segloop.cli.report import Reporter
from napari_segloop.core.errors import InputError, OutputError

AS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


def test_the_clock_counts_from_the_start_of_the_process() -> None:
    program = (
        "import time; time.sleep(1)\n"
        "from napari_segloop.cli.clock import process_age; print(process_age())"
    )
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    whole = time.monotonic() - started
    age = float(done.stdout)
    assert age <= whole + 0.02
    if sys.platform == "linux":
        assert age >= 1


def test_the_clock_goes_on() -> None:
    before = time.monotonic()
    first = process_age()
    time.sleep(0.05)
    passed = process_age() - first
    assert 0.04 <= passed <= time.monotonic() - before + 0.02  # the kernel counts in hundredths


def test_the_first_interrupt_asks_and_the_second_ends() -> None:
    before = signal.getsignal(signal.SIGINT)  # a shell's background job has it ignored
    told = []
    with stop_on_interrupt(lambda: told.append("stopping")) as should_stop:
        assert not should_stop()
        signal.raise_signal(signal.SIGINT)
        assert should_stop()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert told == ["stopping"]
    assert signal.getsignal(signal.SIGINT) is before


def test_the_handler_is_taken_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with stop_on_interrupt(lambda: None):
        pass
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(
    ("number", "word"),
    [
        pytest.param(errno.ENOSPC, "room", id="disk full"),
        pytest.param(errno.EACCES, "rights", id="no rights"),
        pytest.param(errno.EROFS, "may write", id="read-only"),
    ],
)
def test_refusals_of_the_system_are_sentences(number: int, word: str) -> None:
    error = in_words(OSError(number, os.strerror(number), "a.tif"))
    assert isinstance(error, OutputError)
    assert error.file == "a.tif"
    assert word in error.remedy


def test_unknown_refusals_stay_what_they_are() -> None:
    with pytest.raises(OSError, match="libcudart"):
        in_words(OSError("libcudart.so.12: cannot open"))


def test_one_failure_does_not_stop_the_others() -> None:
    done = []

    def work(path: Path) -> None:
        if path.name == "bad":
            raise InputError("an image", "noise", "Export it again.")
        if path.name == "full":
            raise OSError(errno.ENOSPC, "")
        done.append(path.name)

    out, err = io.StringIO(), io.StringIO()
    reporter = Reporter(json=True, out=out, err=err)
    failed = for_each([Path(name) for name in ("a", "bad", "full", "b")], work, reporter)
    assert done == ["a", "b"]
    assert failed == ["bad", "full"]
    assert '"file": "bad"' in out.getvalue()
    assert reporter.started


def test_a_place_that_can_be_written_is_accepted(tmp_path: Path) -> None:
    check_file(tmp_path / "model", [tmp_path / "other"])
    make_folder(tmp_path / "new" / "deeper")
    assert list((tmp_path / "new" / "deeper").iterdir()) == []


@pytest.mark.parametrize(
    "place",
    [
        pytest.param("", id="a folder instead of a file"),
        pytest.param("none/model", id="a folder that is not there"),
        pytest.param("file/model", id="a file as folder"),
        pytest.param("file", id="an input"),
        pytest.param("zarr/inside", id="inside an input"),
    ],
)
def test_places_that_cannot_be_written_are_refused(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "zarr").mkdir()
    with pytest.raises(OutputError):
        check_file(tmp_path / place, [tmp_path / "file", tmp_path / "zarr"])


def test_an_input_is_found_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "image").touch()
    (tmp_path / "link").symlink_to(tmp_path / "image")
    with pytest.raises(OutputError, match="overwritten"):
        check_not_input([tmp_path / "link"], [tmp_path / "image"])


@pytest.mark.skipif(AS_ROOT, reason="root may write everywhere")
def test_a_read_only_folder_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="permission"):
        check_file(tmp_path / "model")


def test_a_file_in_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="a file"):
        make_folder(tmp_path / "file")
