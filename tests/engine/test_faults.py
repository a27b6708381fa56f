"""Whatever goes wrong in a child ends in one plain message, and the next job works."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import TYPE_CHECKING

import pytest

from napari_segloop.core.errors import ResourceError
from napari_segloop.core.events import Notice
from napari_segloop.engine.client import Engine
from napari_segloop.engine.failures import ChildError, JobFault
from napari_segloop.engine.lane import Limits
from napari_segloop.engine.messages import (
    ChildChanged,
    JobDone,
    JobEvent,
    JobFailed,
    JobStarted,
)
from napari_segloop.engine.requests import FirstMaskAnswer
from tests.engine.conftest import FAULTY, asking

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.engine.conftest import Listener

    Listen = Callable[[Engine], Listener]

WELL = asking("well")


def pid(listener: Listener) -> int:
    """The process that works well."""
    answer = listener.done(WELL).answer
    assert isinstance(answer, FirstMaskAnswer)
    return int(answer.labels[0, 0])


def is_running(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(
    ("word", "kind", "words"),
    [
        pytest.param("memory", ResourceError, "memory", id="out-of-memory"),
        pytest.param("shape", JobFault, "RuntimeError: The size of tensor a (3)", id="shape"),
        pytest.param("leave", JobFault, "SystemExit: 3", id="sys-exit"),
    ],
)
def test_an_error_ends_its_job_and_the_same_child_goes_on(
    faulty: Listener, word: str, kind: type, words: str
) -> None:
    before = pid(faulty)
    failed = faulty.failed(asking(word))
    assert type(failed.error) is kind
    assert words in str(failed.error)
    assert "\n" not in str(failed.error)
    assert failed.error.remedy
    assert not failed.cancelled
    assert pid(faulty) == before


@pytest.mark.parametrize(
    ("word", "words"),
    [
        pytest.param("kill", "killed (SIGKILL), perhaps because memory ran out", id="killed"),
        pytest.param("crash", "crashed (SIGSEGV)", id="segmentation-fault"),
        pytest.param("end", "ended by itself (code 3)", id="ended"),
        pytest.param("garbage", "'Segmentation fault", id="garbage"),
    ],
)
def test_a_child_that_dies_fails_its_job_and_the_waiting_one_gets_a_new_child(
    faulty: Listener, word: str, words: str
) -> None:
    before = pid(faulty)
    faulty.read = len(faulty.said)
    job, waiting = faulty.engine.submit(asking(word)), faulty.engine.submit(WELL)
    told = faulty.state("dead")
    failed = faulty.end_of(job)
    assert isinstance(failed, JobFailed)
    assert isinstance(failed.error, ChildError)
    assert words in str(failed.error)
    assert words in told.text
    assert "new one" in told.text
    done = faulty.end_of(waiting)
    assert isinstance(done, JobDone)
    assert not is_running(before)


def test_a_child_killed_from_outside_while_idle_is_told_and_replaced(faulty: Listener) -> None:
    before = pid(faulty)
    faulty.read = len(faulty.said)
    os.kill(before, signal.SIGKILL)
    assert "killed" in faulty.state("dead").text
    assert pid(faulty) != before


def test_stray_prints_do_no_harm(faulty: Listener) -> None:
    before = pid(faulty)
    faulty.done(asking("print"))
    assert pid(faulty) == before


def test_a_stopped_child_is_not_answering_until_it_goes_on(listen: Listen) -> None:
    patient = listen(Engine(FAULTY, limits=Limits(silence=3)))
    number = pid(patient)
    patient.read = len(patient.said)
    os.kill(number, signal.SIGSTOP)
    assert "not answering" in patient.state("silent").text
    os.kill(number, signal.SIGCONT)
    patient.state("ready")
    assert pid(patient) == number


def test_a_stopped_child_is_replaced_by_restart(listen: Listen) -> None:
    patient = listen(Engine(FAULTY, limits=Limits(silence=3)))
    number = pid(patient)
    patient.read = len(patient.said)
    job = patient.engine.submit(asking("sleep"))
    waiting = patient.engine.submit(WELL)
    patient.until(lambda m: isinstance(m, JobEvent) and m.job == job)
    os.kill(number, signal.SIGSTOP)
    patient.state("silent")
    patient.engine.restart("light")
    failed, done = patient.end_of(job), patient.end_of(waiting)
    assert isinstance(failed, JobFailed)
    assert "restart" in str(failed.error)
    assert isinstance(done, JobDone)
    assert pid(patient) != number
    while is_running(number):
        time.sleep(0.01)


def test_a_job_that_says_nothing_is_told_of(listen: Listen) -> None:
    listener = listen(Engine(FAULTY, limits=Limits(quiet=1)))
    job = listener.engine.submit(asking("patient"))
    assert "said nothing" in listener.state("quiet").text
    listener.engine.cancel(job)
    failed = listener.end_of(job)
    assert isinstance(failed, JobFailed)
    assert failed.cancelled


def test_jobs_run_in_order_one_at_a_time_and_a_waiting_one_is_cancelled_at_once(
    faulty: Listener,
) -> None:
    first = faulty.engine.submit(asking("patient"))
    second, third, fourth = (faulty.engine.submit(WELL) for _ in range(3))
    faulty.until(lambda m: isinstance(m, JobEvent) and m.job == first)
    faulty.engine.cancel(third)
    failed = faulty.end_of(third)
    assert isinstance(failed, JobFailed)
    assert failed.cancelled
    assert not faulty.of_job(second, JobStarted)
    faulty.engine.cancel(first)
    faulty.end_of(fourth)
    started = [m.job for m in faulty.said if isinstance(m, JobStarted) and m.job >= first]
    assert started == [first, second, fourth]
    ended = [m.job for m in faulty.said if isinstance(m, JobDone) and m.job >= first]
    assert ended == [second, fourth]


def test_painting_reaches_a_job_that_runs(faulty: Listener) -> None:
    job = faulty.engine.submit(asking("painting"))
    faulty.until(lambda m: isinstance(m, JobEvent) and m.job == job)
    faulty.engine.set_painting(True)
    assert isinstance(faulty.end_of(job), JobDone)
    faulty.engine.set_painting(False)


def test_painting_is_known_to_a_child_that_starts_later(listen: Listen) -> None:
    engine = Engine(FAULTY)
    engine.set_painting(True)
    listen(engine).done(asking("painting"))


def test_events_come_in_order_before_the_answer(faulty: Listener) -> None:
    job = faulty.done(WELL).job
    found = [m for m in faulty.said if getattr(m, "job", None) == job]
    assert [type(m) for m in found] == [JobStarted, JobEvent, JobDone]
    assert isinstance(found[1], JobEvent)
    assert found[1].event == Notice("well")


SCRIPTS = {
    "no-python": ["/nowhere/python"],
    "no-package": [sys.executable, "-c", "import a_package_that_is_not_there"],
    "other-program": ["sh", "-c", "echo Welcome to the cluster; sleep 60"],
    "ends-at-once": ["true"],
    "other-version": [
        sys.executable, "-c",
        ("import napari_segloop as n, runpy; n.__version__ = '0.0.0'; "
        "runpy.run_module('napari_segloop.engine.worker', run_name='__main__')"),
    ],
    "speaks-then-dies": [
        sys.executable, "-c",
        "from napari_segloop.engine import worker; worker.warm_up = None; worker.main()",
    ],
}  # fmt: skip
SAID = {
    "no-python": "/nowhere/python",
    "no-package": "a_package_that_is_not_there",
    "other-program": "Welcome to the cluster",
    "ends-at-once": "ended by itself (code 0)",
    "other-version": "version 0.0.0",
    "speaks-then-dies": "TypeError",
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_child_that_cannot_start_is_told_once(name: str, listen: Listen) -> None:
    listener = listen(Engine(SCRIPTS[name]))
    jobs = [listener.engine.submit(WELL) for _ in range(3)]
    for job in jobs:
        failed = listener.end_of(job)
        assert isinstance(failed, JobFailed)
        assert SAID[name] in str(failed.error)
        assert failed.error.remedy
    changes = [m.state for m in listener.said if isinstance(m, ChildChanged)]
    assert changes == ["starting", "dead"]
    assert listener.engine.poll() == []
