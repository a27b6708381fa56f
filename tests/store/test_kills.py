"""A painter is killed at any moment: no acknowledged stroke is lost, no state is made up.

Children are forked from a warm one, so that many deaths take seconds. `--kills 300` for more.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_segloop.store.annotations import Annotations
from tests.store.killed_painter import stroke
from tests.store.painting import ARRAYS, SMALL

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PART_OF_KILLS = 0.5  # the others: test_mirror.py and tests/session/test_kills.py
MOST_LINES = 16
FIRST_PAUSE = 0.05
"""Seconds; then as long as the painter takes for a save: death comes in all of its steps."""

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


@dataclass
class Known:
    """What is known from the painter's words: which strokes each snapshot is made of."""

    head: str
    strokes: dict[str, tuple[int, ...]]
    kept: set[str] = field(default_factory=set)
    pending: tuple[int, ...] | None = None
    last: int = 0
    acknowledged: int = 0

    def hear(self, line: str) -> None:
        word, *rest = line.split()
        if word == "will":
            self.last = int(rest[0])
            assert rest[1] == self.head
            self.pending = (*self.strokes[self.head], self.last)
        elif word == "back":
            self.pending = self.strokes[rest[0]]
        elif word == "kept":
            self.kept.add(rest[0])
        elif word == "done":
            self.acknowledge(rest[1])
            self.acknowledged += 1
        elif word == "open":
            assert int(rest[0]) == (self.strokes[self.head] or (0,))[-1]

    def acknowledge(self, snapshot: str) -> None:
        assert self.pending is not None
        self.head, self.strokes[snapshot], self.pending = snapshot, self.pending, None


@lru_cache(maxsize=8)
def painted(strokes: tuple[int, ...]) -> dict[str, np.ndarray]:
    """What strokes make of an empty image, without a store; fifty at a time are remembered."""
    if not strokes:
        return {name: np.zeros((2, SMALL.rows, SMALL.columns), np.uint8) for name in ARRAYS}
    begun = (len(strokes) - 1) // 50 * 50
    planes = {name: pixels.copy() for name, pixels in painted(strokes[:begun]).items()}
    for number in strokes[begun:]:
        for chunk in stroke(number).chunks:
            for name in ARRAYS:
                pixels = getattr(chunk, name)
                if pixels is not None:
                    height, width = pixels.shape
                    rows, columns = (
                        slice(chunk.y, chunk.y + height),
                        slice(chunk.x, chunk.x + width),
                    )
                    planes[name][(*chunk.index, rows, columns)] = pixels
    return planes


def assert_shows(store: Annotations, strokes: tuple[int, ...], snapshot: str) -> None:
    wanted = painted(strokes)
    for z in (0, 1):
        found = store.plane(1, (z,), snapshot)
        for name in ARRAYS:
            assert np.array_equal(found[name], wanted[name][z]), (name, z, strokes[-3:])


def examine(folder: Path, known: Known, chance: random.Random) -> None:
    """Open the project as its owner would, and compare it with what is known."""
    with Annotations.open(folder) as store:
        history = {each.id: each for each in store.history()}
        newest = store.history()[0].id
        if newest != known.head:  # committed, and killed before it could say so
            assert history[newest].parent == known.head
            known.acknowledge(newest)
        known.pending = None
        assert known.kept <= {each.id for each in history.values() if each.is_kept}
        assert_shows(store, known.strokes[newest], newest)
        if known.kept:
            kept = chance.choice(sorted(known.kept))
            assert_shows(store, known.strokes[kept], kept)
        assert store.check() == []


@pytest.fixture
def kills(request: pytest.FixtureRequest) -> int:
    return round(PART_OF_KILLS * request.config.getoption("--kills"))


@pytest.fixture
def project(tmp_path: Path) -> tuple[Path, Known]:
    folder = tmp_path / "killed.segloop"
    with Annotations.create(folder) as store:
        made = store.save(stroke(1))
    return folder, Known(made.id, {made.id: (1,)}, last=1)


@pytest.fixture
def painter(project: tuple[Path, Known]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.store.killed_painter", project[0]],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.stdin.close()


def live_and_die(painter: subprocess.Popen[str], known: Known, chance: random.Random) -> None:
    """Let a painter say some lines, and a little longer; hear all it said before it died."""
    painter.stdin.write(f"{chance.randrange(1 << 30)} {known.last}\n")
    painter.stdin.flush()
    word, number = painter.stdout.readline().split()
    assert word == "child"
    pause = FIRST_PAUSE
    for _ in range(chance.randrange(MOST_LINES)):
        began = time.monotonic()
        known.hear(painter.stdout.readline())
        pause = max(pause, time.monotonic() - began)  # on this machine, now
    time.sleep(chance.uniform(0, pause))
    os.kill(int(number), signal.SIGKILL)
    for line in painter.stdout:
        if line == "dead\n":
            return
        known.hear(line)
    pytest.fail("the warm painter died")


@pytest.mark.slow
@pytest.mark.timeout(900)  # for three hundred
def test_no_kill_loses_an_acknowledged_stroke(
    project: tuple[Path, Known], painter: subprocess.Popen[str], kills: int
) -> None:
    folder, known = project
    chance = random.Random(kills)
    for _ in range(kills):
        live_and_die(painter, known, chance)
        examine(folder, known, chance)
    assert known.acknowledged > kills
    assert len(known.kept) > kills // 20
