"""The engine from the viewer's side: it never waits, and nothing outlives it."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_segloop.core.errors import InputError
from napari_segloop.core.firstmasks import FirstMaskSettings, first_mask
from napari_segloop.core.ranking import RankSettings, rank_regions
from napari_segloop.engine.client import Engine
from napari_segloop.engine.messages import ChildChanged, JobDone, JobFailed
from napari_segloop.engine.requests import (
    FirstMaskAnswer,
    FirstMaskRequest,
    RankAnswer,
    RankItem,
    RankRequest,
)
from tests.engine.conftest import FAULTY, PATIENCE, asking

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.engine.conftest import Listener

    Listen = Callable[[Engine], Listener]

IMAGE = np.zeros((64, 80), np.uint16)
IMAGE[20:40, 30:50] = 900


def gone(number: int) -> bool:
    """Wait until a process is gone; one that waits to be buried counts as such."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            os.kill(number, 0)
        except ProcessLookupError:
            return True
        asked = ["ps", "-o", "stat=", "-p", str(number)]
        state = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
        if state.startswith("Z") or not state:
            return True
        time.sleep(0.05)
    return False


def pid_of(listener: Listener) -> int:
    answer = listener.done(asking("well")).answer
    assert isinstance(answer, FirstMaskAnswer)
    return int(answer.labels[0, 0])


def test_a_threshold_job_does_not_wait_for_torch(usual: Listener) -> None:
    usual.engine.start("heavy")
    answer = usual.done(FirstMaskRequest(IMAGE)).answer
    assert isinstance(answer, FirstMaskAnswer)
    np.testing.assert_array_equal(answer.labels, first_mask(IMAGE, answer.settings))
    ready = [m for m in usual.said if isinstance(m, ChildChanged) and m.state == "ready"]
    assert [m.lane for m in ready] == ["light"]


def test_settings_are_taken_when_given(usual: Listener) -> None:
    settings = FirstMaskSettings(objects="dark", smoothing=0, separate=True)
    answer = usual.done(FirstMaskRequest(IMAGE, settings)).answer
    assert isinstance(answer, FirstMaskAnswer)
    assert answer.settings == settings
    np.testing.assert_array_equal(answer.labels, first_mask(IMAGE, settings))


def test_settings_that_are_chosen_separate_objects(usual: Listener) -> None:
    answer = usual.done(FirstMaskRequest(IMAGE, objects=True)).answer
    assert isinstance(answer, FirstMaskAnswer)
    assert answer.settings.separate
    np.testing.assert_array_equal(answer.labels, first_mask(IMAGE, answer.settings))


def test_places_of_several_planes_come_worst_first(usual: Listener) -> None:
    settings, labels = RankSettings(window=32, top=3), np.zeros((64, 80), np.uint8)
    rng = np.random.default_rng(0)
    planes = [rng.integers(0, high, labels.shape).astype(np.uint8) for high in (50, 200, 100)]
    items = tuple(
        RankItem(number, (number,), labels, None, plane) for number, plane in enumerate(planes)
    )
    answer = usual.done(RankRequest(items, settings)).answer
    assert isinstance(answer, RankAnswer)
    found = [
        (number, region)
        for number, plane in enumerate(planes)
        for region in rank_regions(plane, labels, None, settings, (number,))
    ]
    assert answer.places == tuple(sorted(found, key=lambda place: -place[1].score)[:3])
    assert answer.places[0][0] == 1


def test_before_a_network_exists_places_hold_foreground(usual: Listener) -> None:
    labels = first_mask(IMAGE, FirstMaskSettings())
    request = RankRequest((RankItem(5, (2,), labels),), RankSettings(window=32, top=3))
    answer = usual.done(request).answer
    assert isinstance(answer, RankAnswer)
    image, region = answer.places[0]
    assert (image, region.index) == (5, (2,))
    assert labels[region.slices].any()


def test_an_error_of_ours_keeps_its_words(usual: Listener) -> None:
    failed = usual.failed(FirstMaskRequest(np.zeros((2, 3, 64, 80))))
    assert type(failed.error) is InputError
    assert "(2, 3, 64, 80)" in str(failed.error)


def test_an_image_without_numbers_is_refused_before_it_is_sent(usual: Listener) -> None:
    with pytest.raises(InputError):
        usual.engine.submit(FirstMaskRequest(IMAGE.astype(complex)))


def test_the_worker_runs_behind_a_shell_as_it_would_behind_ssh(listen: Listen) -> None:
    shell = ["sh", "-c", 'exec "$0" "$@"', sys.executable, "-m", "napari_segloop.engine.worker"]
    away = listen(Engine(shell, remote=True))
    answer = away.done(FirstMaskRequest(IMAGE)).answer
    assert isinstance(answer, FirstMaskAnswer)
    assert answer.labels.any()


def test_an_array_in_a_file_is_read_there_but_sent_to_another_computer(
    usual: Listener, tmp_path: Path
) -> None:
    np.save(tmp_path / "pixels.npy", np.stack([IMAGE, IMAGE.T.reshape(64, 80)]))
    plane = np.load(tmp_path / "pixels.npy", mmap_mode="r")[1]
    answer = usual.done(FirstMaskRequest(plane)).answer
    assert isinstance(answer, FirstMaskAnswer)
    np.testing.assert_array_equal(answer.labels, first_mask(np.array(plane), answer.settings))


def test_a_full_pipe_does_not_hold_the_caller(listen: Listen) -> None:
    listener = listen(Engine([sys.executable, "-c", "import time; time.sleep(600)"]))
    listener.engine.submit(FirstMaskRequest(np.zeros((4000, 4000), np.uint16)))
    assert [m.state for m in listener.engine.poll() if isinstance(m, ChildChanged)] == ["starting"]
    listener.engine.close()
    assert listener.engine.poll() == []


def test_closing_ends_children_also_stopped_and_sleeping_ones(listen: Listen) -> None:
    listeners = [listen(Engine(FAULTY)) for _ in range(2)]
    numbers = [pid_of(listener) for listener in listeners]
    os.kill(numbers[0], signal.SIGSTOP)
    listeners[1].engine.submit(asking("sleep"))
    for listener in listeners:
        listener.engine.close()
        listener.engine.close()
        assert listener.engine.poll() == []
    assert all(map(gone, numbers))


def test_an_engine_that_is_forgotten_takes_its_children_along() -> None:
    from tests.engine.conftest import Listener  # noqa: PLC0415

    number = pid_of(Listener(Engine(FAULTY)))
    gc.collect()
    assert gone(number)


def test_no_pipe_stays_open(listen: Listen) -> None:
    before = set(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else set()
    for _ in range(3):
        listener = listen(Engine(FAULTY))
        pid_of(listener)
        listener.engine.close()
    after = set(os.listdir("/proc/self/fd")) if before else set()
    assert len(after) <= len(before) + 1


VIEWER = """
import sys, time
from napari_segloop.engine.client import Engine
from napari_segloop.engine.messages import JobDone, JobEvent
from napari_segloop.engine.requests import FirstMaskRequest
import numpy as np
engine = Engine(sys.argv[1:])
for word in (b"well", b"sleep"):
    engine.submit(FirstMaskRequest(np.frombuffer(word, np.uint8)[np.newaxis]))
while True:
    for message in engine.poll():
        if isinstance(message, JobDone):
            print(message.answer.labels[0, 0], flush=True)
        if isinstance(message, JobEvent) and message.event.text == "sleep":
            print("asleep", flush=True)
            WHAT
    time.sleep(0.01)
"""


@pytest.mark.parametrize("what", ["time.sleep(3600)", "sys.exit()", "os._exit(1)"])
def test_no_child_outlives_the_viewer(what: str) -> None:
    script = VIEWER.replace("WHAT", what).replace("import sys,", "import os, sys,")
    viewer = subprocess.Popen(
        [sys.executable, "-c", script, *FAULTY], stdout=subprocess.PIPE, text=True
    )
    assert viewer.stdout is not None
    number, asleep = int(viewer.stdout.readline()), viewer.stdout.readline()
    assert asleep == "asleep\n"
    if "sleep" in what:
        viewer.kill()
    viewer.wait()
    viewer.stdout.close()
    assert gone(number)


def test_an_unknown_job_is_cancelled_without_a_word(usual: Listener) -> None:
    usual.engine.cancel(10**6)
    job = usual.engine.submit(FirstMaskRequest(IMAGE))
    assert isinstance(usual.end_of(job), JobDone | JobFailed)
    usual.engine.cancel(job)
    assert not [m for m in usual.engine.poll() if isinstance(m, JobFailed)]
