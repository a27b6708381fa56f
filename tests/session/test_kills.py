"""A session is killed at any moment: what it called saved is there, and nothing is made up.

Children are forked from a warm one. `--kills 300` for more; PART_OF_KILLS of them die here.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

from napari_segloop.session.opening import open_project_at
from napari_segloop.store.mirror import read_mark
from napari_segloop.store.project import Project
from tests.session.conftest import photo
from tests.session.killed_session import FIRST_ID, SIDE, of_project, stroke

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_segloop.store.annotations import Annotations

ROOT = Path(__file__).parents[2]
PART_OF_KILLS = 0.3  # the others: tests/store/test_kills.py and test_mirror.py
UNTIL = ("", "version", "", "", "taught", "", "training", "", "")
"""Words after which sessions die, one after the other; "" for any. All others teach a model."""
MOST_LINES = 60
LONGEST_PAUSE = 0.1
PATIENCE = 10.0

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


@dataclass
class Known:
    """What is known from the words of all sessions so far.

    ``states`` has the strokes that are to be seen in each state that ever was; ``since`` lists
    those that may be on the disk, the one that was called saved last at the beginning.
    """

    states: dict[str, tuple[int, ...]] = field(default_factory=dict)
    since: list[str] = field(default_factory=list)
    strokes: tuple[int, ...] = ()
    number: int = 0
    snapshots: set[str] = field(default_factory=set)
    models: set[str] = field(default_factory=set)
    is_taught: bool = False
    was_found: bool = False
    back: str = ""
    acknowledged: int = 0

    def hear(self, line: str) -> None:
        word, *rest = line.split()
        getattr(self, f"hear_{word}")(*rest)

    def hear_stroke(self, number: str) -> None:
        self.number = int(number)
        self.strokes = (*self.strokes, self.number)

    def hear_state(self, state: str) -> None:
        self.states[state] = self.strokes
        self.since.append(state)

    def hear_safe(self, state: str) -> None:
        """Take note that nothing older may be on the disk from now on."""
        last = len(self.since) - 1 - self.since[::-1].index(state)
        del self.since[:last]
        self.acknowledged += 1

    def hear_training(self) -> None:
        self.is_taught = True

    def hear_version(self) -> None:
        self.is_taught = True

    def hear_taught(self, *models: str) -> None:
        self.models |= set(models)

    def hear_snapshot(self, snapshot: str) -> None:
        self.snapshots.add(snapshot)

    def hear_back(self, state: str) -> None:
        assert state in self.states
        self.back = state

    def hear_restored(self) -> None:
        self.since, self.strokes, self.back = [self.back], self.states[self.back], ""

    def hear_same(self, state: str) -> None:
        """Take note of a state that is an older one, but for versions that came since."""
        assert state == self.since[0] or self.is_taught

    def hear_stayed(self, _: str) -> None:
        self.back = ""

    def hear_opened(self, state: str) -> None:
        assert state == self.since[0] or not self.was_found, "opened as another state"
        self.since = [state]

    def found(self, state: str) -> None:
        """Take note of what is on the disk; a project that was only begun shows nothing."""
        self.was_found = True
        assert state in {*self.since, self.back}, "no state that may be there"
        self.since, self.back, self.strokes = [state], "", self.states[state]


def assert_shows(store: Annotations, strokes: tuple[int, ...]) -> None:
    """Look for each stroke by its number, without trusting what the session said of itself."""
    wanted = np.zeros((2, SIDE, SIDE), np.uint32)
    for number in strokes:
        image, window = stroke(number)
        wanted[(image - 1, *window)] = FIRST_ID + number
    for image in {stroke(number)[0] for number in strokes}:
        plane, ids = store.plane(image, ()), wanted[image - 1]
        assert np.array_equal(plane["labels"][ids > 0], ids[ids > 0])
        assert plane["checked"][ids > 0].all()
        assert store.image(image).checked[""] == np.count_nonzero(plane["checked"] == 1)


def examine(home: Path, known: Known) -> None:
    """Open the project as its owner would, and compare it with what is known."""
    folders = list((home / "projects").glob("*.segloop"))
    known.strokes = () if not known.acknowledged else known.strokes
    assert len(folders) <= 1
    assert folders or not known.acknowledged
    for folder in folders:
        with open_project_at(folder) as project:
            assert not project.is_read_only
            if not project.annotations.project().images:  # begun, and nothing more
                assert not known.acknowledged
                continue
            known.found(of_project(project.annotations))
            assert_shows(project.annotations, known.strokes)
            assert project.annotations.check() == []
            assert known.snapshots <= {each.id for each in project.history()}
            assert known.models <= set(project.models.ids())
            for version in project.annotations.project().versions:
                assert project.models.get(version.model)
    for folder in (home / "drive").glob("*.segloop"):
        assert_copy(folder, known)


def assert_copy(folder: Path, known: Known) -> None:
    """Look at the second copy, unless the first one was not finished."""
    mark = read_mark(folder)
    if mark is not None and mark.updated:
        with Project.open(folder) as copy:
            assert copy.is_read_only
            assert of_project(copy.annotations) in known.states
            assert copy.annotations.check() == []


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for name in ("images", "drive"):
        (tmp_path / name).mkdir()
    for seed in (1, 2):
        tifffile.imwrite(tmp_path / "images" / f"disc{seed}.tif", photo(seed, SIDE))
    return tmp_path


@pytest.fixture
def lives(home: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.session.killed_session", home],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.stdin.close()


def children(process: int) -> set[int]:
    """Return the engine's processes of a session, where the system tells them."""
    tasks = Path(f"/proc/{process}/task").glob("*/children")
    return {int(each) for path in tasks for each in path.read_text().split()}


def wait_for_commit(home: Path) -> None:
    """Wait until the newest state is another one, and not a moment longer."""
    (place,) = home.glob("projects/*.segloop/annotations/refs/branch.main/ref.json")
    before, end = place.read_bytes(), time.monotonic() + PATIENCE
    while place.read_bytes() == before:
        assert time.monotonic() < end, "nothing is committed"


def live_and_die(
    home: Path, lives: subprocess.Popen[str], known: Known, chance: random.Random, until: str
) -> set[int]:
    """Let a session say some lines or one word, and live a little longer; hear all it said."""
    lives.stdin.write(f"{chance.randrange(1 << 30)} {known.number} {int(bool(until))}\n")
    lives.stdin.flush()
    word, number = lives.stdout.readline().split()
    assert word == "child"
    for _ in range(100_000 if until else chance.randrange(MOST_LINES)):
        line = lives.stdout.readline()
        assert line != "dead\n", "it died of itself"
        known.hear(line)
        if until and line.startswith(until):
            break
    if until == "version":
        wait_for_commit(home)
    else:
        time.sleep(chance.uniform(0, 2.0 if until == "training" else LONGEST_PAUSE))
    engines = children(int(number))
    os.kill(int(number), signal.SIGKILL)
    for line in lives.stdout:
        if line == "dead\n":
            return engines
        known.hear(line)
    pytest.fail("the warm session died")


def assert_gone(processes: set[int]) -> None:
    end = time.monotonic() + PATIENCE
    while any(Path(f"/proc/{each}").exists() for each in processes):
        assert time.monotonic() < end, "an engine outlives its session"
        time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.timeout(900)  # for three hundred
def test_no_kill_loses_what_was_called_saved(
    home: Path, lives: subprocess.Popen[str], request: pytest.FixtureRequest
) -> None:
    kills = round(PART_OF_KILLS * request.config.getoption("--kills"))
    known, chance, engines = Known(), random.Random(kills), set[int]()
    for at in range(kills):
        engines |= live_and_die(home, lives, known, chance, UNTIL[at % len(UNTIL)])
        examine(home, known)
    assert known.acknowledged > kills
    assert known.models
    assert len(known.snapshots) > kills // 2
    assert_gone(engines)
